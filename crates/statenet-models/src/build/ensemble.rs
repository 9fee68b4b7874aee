//! Several models of the same neurons as one, whose rates are averaged.
//!
//! ```text
//! rate(t) = sum over members of rate_i(t) / K
//! ```
//! Networks that were fitted from different first weights err in different places: the mean of their rates is closer to the neurons'
//! than those of any one (Hansen & Salamon 1990).

use candle_core::Tensor;
use statenet_core::{Axes, Input, Seed, Standardization};
use statenet_kernels::{Step, steps};

use crate::{
    build::{
        architecture::{Architecture, EnsembleConfig},
        model_config::{FORMAT, ModelConfig},
        response_model::ResponseModel,
    },
    error::{During, Result, config_error},
    model::{memory::Memory, mode::Mode, state::State},
    params::store::ParamStore,
};

/// Several models of the same neurons as one, whose rates are averaged.
///
/// It is scored, streamed, saved and interpreted as any model. Parameters keep their values and are named behind
/// `member.I`. A fit of it fits all members together; members that are to err differently are fitted one by one first.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_models::{Mode, ResponseModel, ensemble_of, zoo};
///
/// let axes = Axes::new(34, 2, TimeBin::from_millis(5.0)?);
/// let member = |seed| zoo::statenet_gru(&axes).build(Seed::new(seed), &Device::Cpu);
/// let ensemble = ensemble_of(vec![member(0)?, member(1)?])?;
/// assert_eq!(ensemble.config().slug(), "statenet-gru-h70-ensemble2");
/// let sound = Tensor::ones((1, 1, 34, 3), DType::F32, &Device::Cpu)?;
/// assert_eq!(ensemble.forward(&sound, Mode::Eval)?.dims(), [1, 2, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) for no member or more than 64, for an ensemble in an ensemble, and for members of other axes, precision or
/// device than the first.
pub fn ensemble_of(members: Vec<Box<dyn ResponseModel>>) -> Result<Box<dyn ResponseModel>> {
    let ensemble = Ensemble::new(members)?;
    ensemble.config().validate()?;
    Ok(Box::new(ensemble))
}

pub(crate) struct Ensemble {
    members: Vec<Box<dyn ResponseModel>>,
    /// The variables of all members.
    params: ParamStore,
    axes: Axes,
}

impl Ensemble {
    /// The name of a member in names of parameters and states.
    pub(crate) fn name(member: usize) -> String {
        format!("member.{member}")
    }

    pub(crate) fn new(members: Vec<Box<dyn ResponseModel>>) -> Result<Self> {
        let field = |i: usize| format!("ensemble.members.{i}");
        let Some(first) = members.first() else {
            return Err(config_error("ensemble.members", "empty", "at least one model"));
        };
        let axes = first.config().axes()?.clone();
        for (i, member) in members.iter().enumerate() {
            if member.config().axes()? != &axes {
                return Err(config_error(
                    &field(i),
                    "a model of other bands, neurons or bins",
                    "the axes of the first",
                ));
            }
            if member.dtype() != first.dtype() || !member.device().same_device(first.device()) {
                return Err(config_error(
                    &field(i),
                    "a model of another precision or device",
                    "those of the first",
                ));
            }
        }
        let parts = members.iter().enumerate().map(|(i, member)| (Self::name(i), member.params()));
        let params = ParamStore::gathered(parts);
        let params = params.ok_or_else(|| config_error("ensemble.members", "empty", "at least one model"))?;
        Ok(Self { members, params, axes })
    }

    /// The mean of what each member gives, in the order of the members.
    fn mean(&self, of: impl Fn(&str, &dyn ResponseModel) -> Result<Tensor>) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        for (i, member) in self.members.iter().enumerate() {
            let rates = of(&Self::name(i), &**member)?;
            sum = Some(match sum {
                Some(sum) => (sum + rates).during("averaging the rates of an ensemble")?,
                None => rates,
            });
        }
        let sum = sum.ok_or_else(|| config_error("ensemble.members", "empty", "at least one model"))?;
        (sum / self.members.len() as f64).during("averaging the rates of an ensemble")
    }

    /// The mean of whole stimuli; every member has noise and statistics of its own in training.
    fn mean_of_whole(
        &self,
        mode: Mode<'_>,
        of: impl Fn(&dyn ResponseModel, Mode<'_>) -> Result<Tensor>,
    ) -> Result<Tensor> {
        self.mean(|name, member| match mode {
            Mode::Eval => of(member, Mode::Eval),
            Mode::Train(pass) => {
                let own = pass.of_part(name);
                let rates = of(member, Mode::Train(&own))?;
                pass.record_part(name, &own);
                Ok(rates)
            }
        })
    }

    /// An ensemble of copies of all members; `None` if one has none.
    fn of_copies(
        copies: impl Iterator<Item = Result<Option<Box<dyn ResponseModel>>>>,
    ) -> Result<Option<Box<dyn ResponseModel>>> {
        Ok(match copies.collect::<Result<Option<Vec<_>>>>()? {
            Some(members) => Some(Box::new(Self::new(members)?)),
            None => None,
        })
    }

    /// Whether every member makes the same cochleagram of a sound: the same front end, and none that was learned.
    fn hears_as_one(&self) -> bool {
        let front_end = |member: &dyn ResponseModel| match member.config().model {
            Architecture::Pipeline(pipeline) => pipeline.front_end,
            _ => None,
        };
        let learned = |member: &dyn ResponseModel| {
            member.params().trained().any(|param| param.name.starts_with("front_end."))
        };
        let first = self.members.first().and_then(|member| front_end(&**member));
        self.members.iter().all(|member| front_end(&**member) == first && !learned(&**member))
    }
}

impl ResponseModel for Ensemble {
    fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.mean_of_whole(mode, |member, mode| member.forward(cochleagram, mode))
    }

    fn init_state(&self, batch: usize) -> Result<State> {
        let mut state = State::new();
        for (i, member) in self.members.iter().enumerate() {
            state.set_part(&Self::name(i), &member.init_state(batch)?);
        }
        Ok(state)
    }

    fn chunk(&self, cochleagram: &Tensor, state: &mut State) -> Result<Tensor> {
        // The caller's state changes only if every member succeeded.
        let next = std::cell::RefCell::new(state.clone());
        let rates = self.mean(|name, member| {
            let mut own = next.borrow().part(name);
            let rates = member.chunk(cochleagram, &mut own)?;
            next.borrow_mut().set_part(name, &own);
            Ok(rates)
        })?;
        *state = next.into_inner();
        Ok(rates)
    }

    fn advance(&self, cochleagram: &Tensor, state: &mut State) -> Result<()> {
        let mut next = state.clone();
        for (i, member) in self.members.iter().enumerate() {
            let mut own = next.part(&Self::name(i));
            member.advance(cochleagram, &mut own)?;
            next.set_part(&Self::name(i), &own);
        }
        *state = next;
        Ok(())
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut chains: Vec<Box<dyn Step>> = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let Some(steps) = member.steps()? else { return Ok(None) };
            chains.push(Box::new(steps::Sequential::new(steps)?));
        }
        Ok(Some(vec![Box::new(steps::Average::new(chains)?)]))
    }

    fn frozen(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        Self::of_copies(self.members.iter().map(ResponseModel::frozen))
    }

    fn config(&self) -> ModelConfig {
        let members = self.members.iter().map(|member| member.config().model).collect();
        let model = Architecture::Ensemble(EnsembleConfig { members });
        ModelConfig { format: FORMAT, axes: Some(self.axes.clone()), model }
    }

    fn with_new_readout(&self, axes: &Axes, seed: Seed) -> Result<Option<Box<dyn ResponseModel>>> {
        let mut members = Vec::with_capacity(self.members.len());
        for (i, member) in self.members.iter().enumerate() {
            match member.with_new_readout(axes, seed.child(&format!("member.{i}")))? {
                Some(member) => members.push(member),
                None => return Ok(None),
            }
        }
        ensemble_of(members).map(Some)
    }

    fn keeps_core(&self) -> bool {
        self.members.iter().all(ResponseModel::keeps_core)
    }

    fn params(&self) -> &ParamStore {
        &self.params
    }

    fn n_neurons(&self) -> usize {
        self.axes.n_neurons
    }

    fn n_bands(&self) -> usize {
        self.axes.n_bands
    }

    fn memory(&self) -> Memory {
        self.members.iter().map(ResponseModel::memory).max().unwrap_or(Memory::Frames(1))
    }

    fn cochleagram(&self, sound: &Tensor) -> Result<Option<Tensor>> {
        match self.members.first() {
            Some(first) if self.config().input() == Input::Sound && self.hears_as_one() => {
                first.cochleagram(sound)
            }
            _ => Ok(None),
        }
    }

    fn behind_front_end(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        if !self.hears_as_one() {
            return Ok(None);
        }
        Self::of_copies(self.members.iter().map(ResponseModel::behind_front_end))
    }

    /// That of all members; `None` if they scale bands differently.
    fn input_scaling(&self) -> Result<Option<Standardization>> {
        let scalings = self.members.iter().map(ResponseModel::input_scaling);
        let scalings = scalings.collect::<Result<Vec<_>>>()?;
        let (Some(first), true) =
            (scalings.first(), self.config().input() == Input::Cochleagram || self.hears_as_one())
        else {
            return Ok(None);
        };
        Ok(if scalings.iter().all(|scaling| scaling == first) { first.clone() } else { None })
    }

    fn scale_input(&mut self, scaling: &Standardization) -> Result<()> {
        self.members.iter_mut().try_for_each(|member| member.scale_input(scaling))
    }

    fn forward_scaled(&self, scaled: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.mean_of_whole(mode, |member, mode| member.forward_scaled(scaled, mode))
    }

    fn scale_output(&mut self, scaling: &Standardization) -> Result<()> {
        self.members.iter_mut().try_for_each(|member| member.scale_output(scaling))
    }

    fn init_to_mean_rates(&mut self, mean_rates: &[f64]) -> Result<()> {
        self.members.iter_mut().try_for_each(|member| member.init_to_mean_rates(mean_rates))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{checkpoint, laws, zoo};

    fn axes() -> Axes {
        Axes::new(12, 3, TimeBin::whole_millis::<5>())
    }

    fn sound(n_bins: usize) -> Tensor {
        let values = (0..2 * 12 * n_bins).map(|i| ((i * 37 % 101) as f32 - 50.0) / 40.0).collect();
        Tensor::from_vec(values, (2, 1, 12, n_bins), &Device::Cpu).unwrap()
    }

    fn mixed() -> Box<dyn ResponseModel> {
        let build =
            |name, seed| zoo::by_name(name, &axes()).unwrap().build(Seed::new(seed), &Device::Cpu).unwrap();
        ensemble_of(vec![build("statenet-gru", 0), build("statenet-gru", 1), build("cnn2d", 2)]).unwrap()
    }

    #[test]
    fn rates_are_the_mean_of_the_members() {
        let ensemble = mixed();
        let (x, mut sum) = (sound(40), 0.0);
        for (name, seed) in [("statenet-gru", 0), ("statenet-gru", 1), ("cnn2d", 2)] {
            let member = zoo::by_name(name, &axes()).unwrap().build(Seed::new(seed), &Device::Cpu).unwrap();
            let rates = member.forward(&x, Mode::Eval).unwrap();
            sum += rates.get(1).unwrap().get(2).unwrap().get(30).unwrap().to_scalar::<f32>().unwrap();
        }
        let rates = ensemble.forward(&x, Mode::Eval).unwrap();
        let got = rates.get(1).unwrap().get(2).unwrap().get(30).unwrap().to_scalar::<f32>().unwrap();
        assert!((got - sum / 3.0).abs() < 1e-6, "{got} {sum}");
    }

    #[test]
    fn it_obeys_the_laws() {
        let (model, x) = (mixed(), sound(60));
        let folder = tempfile::tempdir().unwrap();
        let registry = crate::Registry::new();
        laws::causal(&*model, &x, 31).unwrap();
        laws::prefix_stable(&*model, &x, 17).unwrap();
        laws::streaming(&*model, &x, &[1, 7, 60]).unwrap();
        laws::real_time(&*model, &x).unwrap();
        laws::batch_independent(&*model, &x).unwrap();
        laws::pure(&*model, &x).unwrap();
        laws::scales_as_it_says(&*model, &x).unwrap();
        laws::parameter_names_unique(&*model).unwrap();
        laws::config_round_trip(&registry, &*model).unwrap();
        laws::same_seed_same_weights(&registry, &model.config(), Seed::new(9)).unwrap();
        laws::checkpoint_round_trip(&registry, &*model, &x, folder.path().join("m")).unwrap();
        laws::state_round_trip(&*model, &x, folder.path().join("s")).unwrap();
        laws::every_parameter_learns(&*model, &x, Seed::new(4)).unwrap();
    }

    #[test]
    fn gradients_match_differences() {
        let model = crate::Registry::new();
        let model = model.build(&mixed().config(), Seed::new(1), DType::F64, &Device::Cpu).unwrap();
        let x = sound(30).to_dtype(DType::F64).unwrap();
        laws::gradients_match_differences(&*model, &x, Seed::new(5), 6).unwrap();
    }

    #[test]
    fn what_cannot_be_averaged_is_refused() {
        let other = Axes::new(12, 4, TimeBin::whole_millis::<5>());
        let build = |axes: &Axes| zoo::ln(axes).build(Seed::new(0), &Device::Cpu).unwrap();
        let message = |members| ensemble_of(members).err().unwrap().to_string();
        assert_eq!(message(vec![]), "ensemble.members is empty, expected at least one model");
        assert_eq!(
            message(vec![build(&axes()), build(&other)]),
            "ensemble.members.1 is a model of other bands, neurons or bins, expected the axes of the first"
        );
        assert_eq!(
            message(vec![build(&axes()), mixed()]),
            "model.ensemble.members.1 is an ensemble, expected a model that is no ensemble"
        );
    }

    #[test]
    fn a_checkpoint_that_claims_more_members_than_its_file_holds_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        checkpoint::save(&path, &*mixed(), &crate::CheckpointMetadata::default()).unwrap();
        let text = std::fs::read_to_string(path.join("config.json")).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let members = value.pointer_mut("/config/model/ensemble/members").unwrap().as_array_mut().unwrap();
        members.push(members[0].clone());
        std::fs::write(path.join("config.json"), value.to_string()).unwrap();
        let message = checkpoint::load(&path, &Device::Cpu).err().unwrap().to_string();
        assert!(message.contains("member.3."), "{message}");
    }
}
