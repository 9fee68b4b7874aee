//! The streaming state of a model: ordered, named tensors.
//!
//! Cloning, saving and moving to another device are written here once, for every model. A module keeps its tensors
//! under the name of its scope (`core.backbone.h`).

use std::path::Path;

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Error, Result},
    tensors,
};

/// What a model remembers between two chunks of a stream, for B streams at once.
///
/// Made by [`ResponseModel::init_state`](crate::ResponseModel::init_state). A clone is independent of its original.
///
/// The first axis of every tensor is the stream. Tensors are detached from their graph, so that a stream of any length
/// takes constant memory, unless the state [keeps it](Self::keeping_graph).
#[derive(Clone, Debug, Default)]
pub struct State {
    entries: Vec<(String, Tensor)>,
    keeps_graph: bool,
    /// How many models, one inside the other, take this state through their chunks frame by frame.
    depth: usize,
}

impl State {
    /// An empty state: that of a model without memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tensor of a name, whose shape must be as given; it holds real numbers.
    ///
    /// # Errors
    /// [`Error::State`] if the name is missing, its shape is another, or it holds whole numbers: a state of another model or batch, or a
    /// damaged one. Sums of whole numbers could overflow.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<&Tensor> {
        let found = self.entries.iter().find(|(n, _)| n == name).map(|(_, t)| t);
        let (got, expected) = match found {
            Some(tensor) if tensor.dims() != shape => (format!("{:?}", tensor.dims()), format!("{shape:?}")),
            Some(tensor) if !tensor.dtype().is_float() => {
                (format!("of type {}", tensor.dtype().as_str()), "real numbers".to_owned())
            }
            Some(tensor) => return Ok(tensor),
            None => ("missing".to_owned(), format!("{shape:?}")),
        };
        Err(Error::State { name: name.to_owned(), got, expected })
    }

    /// Sets the tensor of a name; a new name goes last. The tensor is detached from its graph unless the state
    /// [keeps it](Self::keeping_graph).
    pub fn set(&mut self, name: &str, tensor: &Tensor) {
        let tensor = if self.keeps_graph { tensor.clone() } else { tensor.detach() };
        match self.entries.iter_mut().find(|(n, _)| n == name) {
            Some((_, there)) => *there = tensor,
            None => self.entries.push((name.to_owned(), tensor)),
        }
    }

    /// A state through which one can differentiate: the rates of the chunks that follow, and what they leave in the
    /// state, have gradients with respect to their frames and the model's parameters.
    ///
    /// For interpretation, and for training through time: memory grows with every chunk.
    #[must_use]
    pub fn keeping_graph(self) -> Self {
        Self { keeps_graph: true, ..self }
    }

    /// Whether chunks keep their graph.
    #[must_use]
    pub fn keeps_graph(&self) -> bool {
        self.keeps_graph
    }

    /// The streams of some rows, in their order; a row may come several times.
    ///
    /// # Errors
    /// [`Error::Tensor`] for a row that does not exist.
    pub fn select(&self, rows: &[u32]) -> Result<Self> {
        let selected = |(name, tensor): &(String, Tensor)| {
            let rows = Tensor::from_slice(rows, rows.len(), tensor.device());
            let chosen = rows.and_then(|rows| tensor.contiguous()?.index_select(&rows, 0));
            Ok((name.clone(), chosen.during("selecting streams")?))
        };
        let entries = self.entries.iter().map(selected).collect::<Result<_>>()?;
        Ok(Self { entries, keeps_graph: self.keeps_graph, depth: 0 })
    }

    /// Names and tensors in the order in which the modules stand in the model.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.entries.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Bytes held, the same however long the stream has run.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.entries.iter().map(|(_, t)| t.elem_count() * t.dtype().size_in_bytes()).sum()
    }

    /// The same state on another device.
    ///
    /// # Errors
    /// [`Error::Tensor`] if the copy fails.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        let moved = |(name, tensor): &(String, Tensor)| {
            Ok((name.clone(), tensor.to_device(device).during("moving a state")?))
        };
        let entries = self.entries.iter().map(moved).collect::<Result<_>>()?;
        Ok(Self { entries, keeps_graph: self.keeps_graph, depth: 0 })
    }

    /// Saves the state as a safetensors file, atomically.
    ///
    /// # Errors
    /// [`Error::Write`] if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = tensors::serialize(self.iter())?;
        Ok(statenet_core::atomic::write_file(path, |w| w.write_all(&bytes))?)
    }

    /// Loads a saved state.
    ///
    /// The order is that of the names, which no model depends on.
    ///
    /// # Errors
    /// [`Error::File`] if the file is missing or damaged.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self { entries: tensors::read(path, device)?.into_iter().collect(), ..Self::default() })
    }

    /// Takes the entries whose names begin with a prefix, in order, out of this state.
    pub(crate) fn take(&mut self, prefix: &str) -> Self {
        let entries = std::mem::take(&mut self.entries);
        let (taken, left) = entries.into_iter().partition(|(name, _)| name.starts_with(prefix));
        self.entries = left;
        Self { entries: taken, keeps_graph: self.keeps_graph, depth: 0 }
    }

    /// The state of a part of the model: the entries named behind the part, without its name.
    pub(crate) fn part(&self, part: &str) -> Self {
        let own = |(name, tensor): &(String, Tensor)| {
            Some((name.strip_prefix(part)?.strip_prefix('.')?.to_owned(), tensor.clone()))
        };
        Self { entries: self.entries.iter().filter_map(own).collect(), ..self.clone() }
    }

    /// Sets the entries of a part, named behind it.
    pub(crate) fn set_part(&mut self, part: &str, state: &Self) {
        for (name, tensor) in &state.entries {
            self.set(&format!("{part}.{name}"), tensor);
        }
    }

    /// Notes that a chunk is taken frame by frame; `false` where chunks and steps only call each other.
    pub(crate) fn begin_steps(&mut self) -> bool {
        const DEEPEST: usize = 16;
        let ends = self.depth < DEEPEST;
        self.depth += usize::from(ends);
        ends
    }

    /// The end of what [`begin_steps`](Self::begin_steps) began.
    pub(crate) fn end_steps(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Sets the tensor of a name to zeros, the first state of most modules.
    pub(crate) fn set_zeros(
        &mut self,
        name: &str,
        shape: &[usize],
        dtype: DType,
        device: &Device,
    ) -> Result<()> {
        self.set(name, &Tensor::zeros(shape, dtype, device).during("creating a state")?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;
    use statenet_core::{Axes, Seed, TimeBin};

    use super::*;
    use crate::{ResponseModel, zoo};

    fn model() -> Box<dyn ResponseModel> {
        let axes = Axes::new(8, 2, TimeBin::whole_millis::<5>());
        zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu).unwrap()
    }

    #[test]
    fn a_graph_is_kept_where_it_is_asked_for() {
        let model = model();
        let sound = Var::ones((1, 1, 8, 3), DType::F32, &Device::Cpu).unwrap();
        for kept in [false, true] {
            let state = model.init_state(1).unwrap();
            let mut state = if kept { state.keeping_graph() } else { state };
            model.chunk(sound.as_tensor(), &mut state).unwrap();
            let rates = model.chunk(sound.as_tensor(), &mut state).unwrap();
            let h = state.get("core.backbone.h", &[1, 7]).unwrap();
            for end in [&rates, h] {
                let grads = end.sum_all().unwrap().backward().unwrap();
                assert_eq!(grads.get(sound.as_tensor()).is_some(), kept);
            }
        }
    }

    #[test]
    fn whole_numbers_are_refused() {
        let mut state = State::new();
        state.set("z", &Tensor::zeros((1, 2), DType::U8, &Device::Cpu).unwrap());
        let message = state.get("z", &[1, 2]).unwrap_err().to_string();
        assert!(message.contains("of type u8") && message.contains("real numbers"), "{message}");
    }

    #[test]
    fn streams_are_selected_in_order_and_with_repetition() {
        let model = model();
        let values: Vec<f32> = (0..3 * 8 * 2).map(|i| (i % 7) as f32).collect();
        let sounds = Tensor::from_vec(values, (3, 1, 8, 2), &Device::Cpu).unwrap();
        let mut state = model.init_state(3).unwrap();
        model.chunk(&sounds, &mut state).unwrap();
        let h = |state: &State, n: usize| {
            state.get("core.backbone.h", &[n, 7]).unwrap().to_vec2::<f32>().unwrap()
        };
        let (all, some) = (h(&state, 3), h(&state.select(&[2, 0, 2, 2]).unwrap(), 4));
        assert_eq!(some, [2, 0, 2, 2].map(|i: usize| all[i].clone()));
        assert!(state.select(&[3]).is_err());
    }
}
