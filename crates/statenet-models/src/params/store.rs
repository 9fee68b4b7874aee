//! The parameter store: ordered, strict, and a backend of `candle_nn::VarBuilder`.
//!
//! A first value depends on (seed, full name) only: same seed, same weights, whatever else the model holds. Values are
//! replaced all together or not at all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use candle_core::{DType, Device, Shape, Tensor, Var};
use candle_nn::{VarBuilder, var_builder::SimpleBackend};
use statenet_core::{Need, RandomStream, Seed};

use crate::{
    config::limits::expect_numbers,
    error::{During, Error, Result},
    model::mode::Pass,
    params::init::{Init, from_candle},
    tensors,
};

/// Whether an entry of the store is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Trained by gradients.
    Parameter,
    /// Kept with the model, set by other means: running statistics, fixed matrices.
    Buffer,
}

/// One named tensor of a model.
#[derive(Clone, Debug)]
pub struct Param {
    /// Full name, such as `core.backbone.weight_hh_l0`.
    pub name: String,
    /// The variable; its storage is shared with the module that uses it.
    pub var: Var,
    /// Trained or not.
    pub(crate) role: Role,
}

impl Param {
    /// Whether gradients train it; buffers (running statistics, fixed matrices) are set by other means.
    #[must_use]
    pub fn is_trained(&self) -> bool {
        self.role == Role::Parameter
    }
}

/// The named parameters and buffers of a model, in the order in which the model made them.
#[derive(Debug)]
pub struct ParamStore {
    entries: Vec<Param>,
    seed: Seed,
    dtype: DType,
    device: Device,
    frozen: bool,
    /// The module whose parameters alone are trained; `None`: those of all.
    trains_only: Option<&'static str>,
    /// How much may still be made; `None`: anything.
    room: Option<Room>,
}

/// Room for the parameters whose values are in a file.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    numbers: usize,
    /// The file.
    origin: String,
}

impl Room {
    /// Room for the numbers of a file, and for the few that a model has beyond those: a model of another architecture, which is
    /// then refused with the names that differ, should be built if it is small.
    pub(crate) fn for_values(values: &BTreeMap<String, Tensor>, origin: impl Into<String>) -> Self {
        const MORE: usize = 1 << 20;
        let numbers = values.values().map(Tensor::elem_count).fold(MORE, usize::saturating_add);
        Self { numbers, origin: origin.into() }
    }

    fn take(&mut self, name: &str, shape: &Shape, n: usize) -> Result<()> {
        self.numbers = self.numbers.checked_sub(n).ok_or_else(|| Error::Parameters {
            origin: self.origin.clone(),
            problem: format!("with {name} of shape {:?} it has more numbers than the file", shape.dims()),
        })?;
        Ok(())
    }
}

impl ParamStore {
    /// An empty store. `dtype` is f32, or f64 for gradient checks.
    #[must_use]
    pub fn new(seed: Seed, dtype: DType, device: &Device) -> Self {
        Self {
            entries: Vec::new(),
            seed,
            dtype,
            device: device.clone(),
            frozen: false,
            trains_only: None,
            room: None,
        }
    }

    /// An empty store whose parameters autograd does not track: a model built on it has gradients with respect to its
    /// stimulus only. They are zeros until they are [loaded](Self::load).
    #[must_use]
    pub fn frozen(seed: Seed, dtype: DType, device: &Device) -> Self {
        Self { frozen: true, ..Self::new(seed, dtype, device) }
    }

    /// A store in which the parameters of one module are trained, and those of all others are buffers.
    pub(crate) fn training_only(self, module: &'static str) -> Self {
        Self { trains_only: Some(module), ..self }
    }

    /// Whether the parameters of some modules are buffers here.
    pub(crate) fn keeps_modules(&self) -> bool {
        self.trains_only.is_some()
    }

    /// A store that refuses parameters beyond some room, before it makes them: the sizes of a checkpoint's model are what its
    /// config claims.
    pub(crate) fn with_room(self, room: Option<Room>) -> Self {
        Self { room, ..self }
    }

    /// An empty store for a part of a model, with a seed of its own and the room that is left.
    pub(crate) fn of_part(&self, name: &str) -> Self {
        let (seed, device, room) = (self.seed.child(name), self.device.clone(), self.room.clone());
        let Self { dtype, frozen, trains_only, .. } = *self;
        Self { entries: Vec::new(), seed, dtype, device, frozen, trains_only, room }
    }

    /// Takes the room of a part that was built on a store of its own.
    pub(crate) fn take_room(&mut self, part: &Self) -> Result<()> {
        let Some(room) = &mut self.room else { return Ok(()) };
        for param in &part.entries {
            room.take(&param.name, param.var.shape(), param.var.elem_count())?;
        }
        Ok(())
    }

    /// The entries of several stores as one, each name behind that of its part: the same variables, so that setting them changes the
    /// parts.
    pub(crate) fn gathered<'a>(parts: impl Iterator<Item = (String, &'a Self)>) -> Option<Self> {
        let mut all: Option<Self> = None;
        for (name, part) in parts {
            let all = all.get_or_insert_with(|| Self {
                entries: Vec::new(),
                seed: part.seed,
                dtype: part.dtype,
                device: part.device.clone(),
                frozen: part.frozen,
                trains_only: part.trains_only,
                room: None,
            });
            let renamed = |param: &Param| Param { name: format!("{name}.{}", param.name), ..param.clone() };
            all.entries.extend(part.entries.iter().map(renamed));
        }
        all
    }

    /// Builds a model of candle-nn layers on a store of ours.
    ///
    /// ```
    /// use candle_core::{DType, Device};
    /// use statenet_core::Seed;
    /// use statenet_models::ParamStore;
    ///
    /// let (layer, params) = ParamStore::with_var_builder(Seed::new(1), DType::F32, &Device::Cpu, |vb| {
    ///     candle_nn::linear(3, 2, vb.pp("readout"))
    /// })?;
    /// let names: Vec<_> = params.iter().map(|p| p.name.as_str()).collect();
    /// assert_eq!(names, ["readout.weight", "readout.bias"]);
    /// assert_eq!(params.n_trained(), 3 * 2 + 2);
    /// # let _ = layer;
    /// # Ok::<(), statenet_models::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Tensor`] if `build` fails.
    pub fn with_var_builder<M>(
        seed: Seed,
        dtype: DType,
        device: &Device,
        build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
    ) -> Result<(M, Self)> {
        let shared = Arc::new(Mutex::new(Self::new(seed, dtype, device)));
        let backend: Box<dyn SimpleBackend> = Box::new(SharedStore(Arc::clone(&shared)));
        let model =
            build(VarBuilder::from_backend(backend, dtype, device.clone())).during("building a model")?;
        let mut store = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = Self::new(seed, dtype, device);
        Ok((model, std::mem::replace(&mut *store, empty)))
    }

    /// The scope at the root of the store.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { store: self, prefix: String::new() }
    }

    /// The seed of the first values.
    #[must_use]
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The precision of every entry.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Where every entry lives.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = &Param> {
        self.entries.iter()
    }

    /// The trained entries in order.
    pub fn trained(&self) -> impl Iterator<Item = &Param> {
        self.entries.iter().filter(|p| p.is_trained())
    }

    /// How many numbers are trained.
    #[must_use]
    pub fn n_trained(&self) -> usize {
        self.trained().map(|p| p.var.elem_count()).sum()
    }

    /// The entry of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.entries.iter().find(|p| p.name == name)
    }

    /// A copy of every value, which [`load`](Self::load) restores.
    ///
    /// # Errors
    /// [`Error::Tensor`] if there is no memory for it.
    pub fn snapshot(&self) -> Result<BTreeMap<String, Tensor>> {
        let copied =
            |p: &Param| Ok((p.name.clone(), p.var.as_detached_tensor().copy().during("copying parameters")?));
        self.entries.iter().map(copied).collect()
    }

    /// Sets every value. The names must be exactly the store's, the shapes too; precision and device are converted.
    ///
    /// # Errors
    /// [`Error::Parameters`] if a name is missing, unknown or of another shape, in which case nothing has changed.
    pub fn load(&self, values: &BTreeMap<String, Tensor>, origin: &str) -> Result<()> {
        let missing = self
            .entries
            .iter()
            .filter(|p| !values.contains_key(&p.name))
            .map(|p| format!("{} is missing", p.name));
        let unknown =
            values.keys().filter(|name| self.get(name).is_none()).map(|name| format!("{name} is unknown"));
        let misshapen = self.entries.iter().filter_map(|p| {
            let value = values.get(&p.name)?;
            let differs = value.dims() != p.var.dims();
            differs.then(|| format!("{} has shape {:?}, expected {:?}", p.name, value.dims(), p.var.dims()))
        });
        let mistyped =
            values.iter().filter(|(_, value)| !tensors::is_read(value.dtype())).map(|(name, value)| {
                format!("{name} has numbers of type {:?}, expected {}", value.dtype(), tensors::READ)
            });
        let problems: Vec<String> = mistyped.chain(misshapen).chain(missing).chain(unknown).collect();
        if !problems.is_empty() {
            const SHOWN: usize = 3;
            let more = problems.len().saturating_sub(SHOWN);
            let mut problem = problems.into_iter().take(SHOWN).collect::<Vec<_>>().join("; ");
            if more > 0 {
                problem.push_str(&format!("; and {more} more"));
            }
            return Err(Error::Parameters { origin: origin.to_owned(), problem });
        }
        let converted = self
            .entries
            .iter()
            .filter_map(|p| values.get(&p.name))
            .map(|v| {
                v.to_dtype(self.dtype).and_then(|v| v.to_device(&self.device)).and_then(|v| v.contiguous())
            })
            .collect::<candle_core::Result<Vec<_>>>()
            .during("converting parameters")?;
        for (param, value) in self.entries.iter().zip(&converted) {
            param.var.set(value).during("setting a parameter")?;
        }
        Ok(())
    }

    /// Replaces the values of a vector by its name.
    pub(crate) fn set_values(&self, name: &str, values: &[f64]) -> Result<()> {
        match self.get(name) {
            Some(param) => set_vector(param.var.as_tensor(), values),
            None => {
                let problem = format!("{name} is missing");
                Err(Error::Parameters { origin: "a model".to_owned(), problem })
            }
        }
    }

    /// Folds the statistics of a training pass into the buffers that they belong to.
    ///
    /// # Errors
    /// [`Error::Parameters`] if a statistic names no buffer of this store.
    pub fn fold(&self, pass: &Pass) -> Result<()> {
        for statistic in pass.statistics() {
            let param = self.get(&statistic.buffer).filter(|p| !p.is_trained());
            let Some(param) = param else {
                let problem = format!("{} is not a buffer", statistic.buffer);
                return Err(Error::Parameters { origin: "training pass".to_owned(), problem });
            };
            let m = statistic.momentum;
            let old = param.var.as_detached_tensor();
            let new = ((old * (1.0 - m)).during("folding a batch statistic")?
                + (statistic.value.detach() * m).during("folding a batch statistic")?)
            .during("folding a batch statistic")?;
            param.var.set(&new).during("setting a buffer")?;
        }
        Ok(())
    }

    fn insert(
        &mut self,
        name: String,
        shape: &Shape,
        role: Role,
        first_values: impl FnOnce(Seed, &str) -> Vec<f64>,
    ) -> Result<Tensor> {
        if self.get(&name).is_some() {
            return Err(Error::DuplicateParameter { name });
        }
        let n = expect_numbers(&name, shape)?;
        let is_kept = |module: &str| module_of(&name) != module;
        let role = if self.trains_only.is_some_and(is_kept) { Role::Buffer } else { role };
        if let Some(room) = &mut self.room {
            room.take(&name, shape, n)?;
        }
        // First values are drawn in f64, made f32, and copied to a variable.
        Need::of_values(shape.dims(), 8 + 4 + 4).ensure(
            format!("parameter {name} of shape {:?}", shape.dims()),
            "use fewer bands, neurons or hidden units, or a shorter window",
        )?;
        // The values of a frozen store are loaded later.
        let values = if self.frozen && role == Role::Parameter {
            vec![0.0; shape.elem_count()]
        } else {
            first_values(self.seed, &name)
        };
        let tensor = match self.dtype {
            DType::F64 => Tensor::from_vec(values, shape.clone(), &self.device),
            _ => Tensor::from_vec(
                values.iter().map(|&v| v as f32).collect::<Vec<f32>>(),
                shape.clone(),
                &self.device,
            ),
        }
        .and_then(|t| t.to_dtype(self.dtype));
        let var = tensor.and_then(|t| Var::from_tensor(&t)).during("creating a parameter")?;
        let param = Param { name, var, role };
        let handle = self.handle(&param);
        self.entries.push(param);
        Ok(handle)
    }

    /// What a module holds of a variable: tracked by autograd if it is trained. The storage is the variable's own, so
    /// that setting the variable changes the module.
    fn handle(&self, Param { var, role, .. }: &Param) -> Tensor {
        match role {
            Role::Parameter if !self.frozen => var.as_tensor().clone(),
            _ => var.as_detached_tensor(),
        }
    }
}

/// The module of a model that a parameter is of: the first part of its full name.
pub(crate) fn module_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Replaces the values of a vector parameter; what a module holds of a buffer is refused, since setting it would not reach the
/// store.
pub(crate) fn set_vector(parameter: &Tensor, values: &[f64]) -> Result<()> {
    if !parameter.is_variable() {
        let refused = candle_core::Error::Msg("the tensor is no variable".to_owned());
        return Err(refused).during("setting first values");
    }
    let values = Tensor::new(values, parameter.device()).and_then(|v| v.to_dtype(parameter.dtype()));
    let values = values.during("computing first values")?;
    Var::from_tensor(parameter).and_then(|var| var.set(&values)).during("setting first values")
}

/// A place in the store under a prefix: what a module is built from.
#[derive(Debug)]
pub struct Scope<'a> {
    store: &'a mut ParamStore,
    prefix: String,
}

impl Scope<'_> {
    /// The scope of a part of this module.
    pub fn enter(&mut self, part: &str) -> Scope<'_> {
        let prefix = self.name(part);
        Scope { store: self.store, prefix }
    }

    /// A trained parameter.
    ///
    /// # Errors
    /// [`Error::DuplicateParameter`] if the name is taken.
    pub fn parameter(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Tensor> {
        let (name, shape) = (self.name(name), shape.into());
        let n = expect_numbers(&name, &shape)?;
        self.store.insert(name, &shape, Role::Parameter, |seed, name| init.draw(seed, name, n))
    }

    /// A trained parameter whose first values (row by row) are computed, by drawing from its own stream or not.
    ///
    /// # Errors
    /// [`Error::DuplicateParameter`] if the name is taken, [`Error::Tensor`] if there are too few or too many values.
    pub fn parameter_with(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        first_values: impl FnOnce(&mut RandomStream) -> Vec<f64>,
    ) -> Result<Tensor> {
        let name = self.name(name);
        let values = |seed: Seed, name: &str| first_values(&mut seed.stream(name));
        self.store.insert(name, &shape.into(), Role::Parameter, values)
    }

    /// A buffer: saved with the model, not trained.
    ///
    /// # Errors
    /// [`Error::DuplicateParameter`] if the name is taken.
    pub fn buffer(&mut self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Tensor> {
        let (name, shape) = (self.name(name), shape.into());
        let n = expect_numbers(&name, &shape)?;
        self.store.insert(name, &shape, Role::Buffer, |seed, name| init.draw(seed, name, n))
    }

    /// A buffer whose first values are computed, as in [`parameter_with`](Self::parameter_with).
    ///
    /// # Errors
    /// As [`parameter_with`](Self::parameter_with).
    pub fn buffer_with(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        first_values: impl FnOnce(&mut RandomStream) -> Vec<f64>,
    ) -> Result<Tensor> {
        let name = self.name(name);
        let values = |seed: Seed, name: &str| first_values(&mut seed.stream(name));
        self.store.insert(name, &shape.into(), Role::Buffer, values)
    }

    /// The full name of something in this scope.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}

/// The store behind a `VarBuilder`, while a model is being built.
struct SharedStore(Arc<Mutex<ParamStore>>);

impl SimpleBackend for SharedStore {
    /// A name that is asked for again is a shared parameter: the same variable, if the shape is the same.
    fn get(
        &self,
        shape: Shape,
        name: &str,
        init: candle_nn::Init,
        _dtype: DType,
        _device: &Device,
    ) -> candle_core::Result<Tensor> {
        let mut store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = store.get(name) {
            if there.var.shape() != &shape {
                candle_core::bail!(
                    "parameter {name} has shape {:?}, asked for with {shape:?}",
                    there.var.shape()
                );
            }
            return Ok(store.handle(there));
        }
        let init = from_candle(init, &shape);
        let draw = |seed: Seed, name: &str| init.draw(seed, name, shape.elem_count());
        store.insert(name.to_owned(), &shape, Role::Parameter, draw).map_err(candle_core::Error::wrap)
    }

    fn get_unchecked(&self, name: &str, _dtype: DType, _device: &Device) -> candle_core::Result<Tensor> {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match store.get(name) {
            Some(param) => Ok(store.handle(param)),
            None => candle_core::bail!("parameter {name} has no shape yet"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> ParamStore {
        let mut store = ParamStore::new(Seed::new(5), DType::F32, &Device::Cpu);
        let mut root = store.root();
        root.enter("a").parameter("weight", (2, 3), Init::within(1.0)).unwrap();
        root.enter("b").buffer("mean", 2, Init::ZEROS).unwrap();
        store
    }

    #[test]
    fn a_first_value_depends_on_seed_and_name_only() {
        let alone = store();
        let mut other = ParamStore::new(Seed::new(5), DType::F32, &Device::Cpu);
        other.root().enter("before").parameter("weight", 7, Init::within(1.0)).unwrap();
        other.root().enter("a").parameter("weight", (2, 3), Init::within(1.0)).unwrap();
        let values =
            |s: &ParamStore| s.get("a.weight").unwrap().var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(&alone), values(&other));
    }

    #[test]
    fn names_are_unique() {
        let mut store = store();
        let again = store.root().enter("a").parameter("weight", 1, Init::ZEROS);
        assert_eq!(again.unwrap_err().to_string(), "two parameters are called a.weight");
    }

    #[test]
    fn loading_is_strict_and_all_or_nothing() {
        let store = store();
        let before = store.snapshot().unwrap();
        let mut wrong = before.clone();
        wrong.insert("b.mean".into(), Tensor::ones(3, DType::F32, &Device::Cpu).unwrap());
        wrong.insert("c".into(), Tensor::ones(3, DType::F32, &Device::Cpu).unwrap());
        wrong.insert("a.weight".into(), Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap());
        let error = store.load(&wrong, "model.safetensors").unwrap_err().to_string();
        assert_eq!(
            error,
            "model.safetensors: parameters of another model: b.mean has shape [3], expected [2]; c is unknown"
        );
        let same = |name: &str| {
            let now = store.get(name).unwrap().var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            now == before[name].flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert!(same("a.weight") && same("b.mean"));
    }

    #[test]
    fn a_handle_follows_its_variable_and_a_buffer_is_not_tracked() {
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let weight = store.root().parameter("weight", 1, Init::ONES).unwrap();
        let buffer = store.root().buffer("mean", 1, Init::ONES).unwrap();
        assert!(weight.track_op() && !buffer.track_op());
        let twos = Tensor::new(&[2f64], &Device::Cpu).unwrap();
        store.load(&[("weight".into(), twos.clone()), ("mean".into(), twos)].into(), "test").unwrap();
        assert_eq!(weight.to_vec1::<f64>().unwrap(), [2.0]);
        assert_eq!(buffer.to_vec1::<f64>().unwrap(), [2.0]);
    }

    #[test]
    fn a_frozen_store_tracks_nothing() {
        let mut store = ParamStore::frozen(Seed::new(0), DType::F64, &Device::Cpu);
        assert!(!store.root().parameter("weight", 1, Init::ONES).unwrap().track_op());
        assert_eq!(store.n_trained(), 1);
    }

    #[test]
    fn statistics_of_a_pass_are_folded_into_their_buffers() {
        use crate::model::mode::Statistic;
        let store = store();
        let pass = Pass::new(Seed::new(0), None);
        let value = Tensor::new(&[10f32, 20.], &Device::Cpu).unwrap();
        pass.record(Statistic { buffer: "b.mean".into(), value: value.clone(), momentum: 0.1 });
        store.fold(&pass).unwrap();
        assert_eq!(store.get("b.mean").unwrap().var.to_vec1::<f32>().unwrap(), [1.0, 2.0]);
        pass.record(Statistic { buffer: "a.weight".into(), value, momentum: 0.1 });
        assert!(matches!(store.fold(&pass), Err(Error::Parameters { .. })));
    }
}
