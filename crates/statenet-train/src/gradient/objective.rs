//! What a fit minimises: the loss, with what it learns of each neuron's noise, and the penalties on weights.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor, Var, backprop::GradStore};
use candle_nn::Optimizer;
use statenet_metrics::{
    Spread,
    losses::penalties::{Penalized, Penalties},
};
use statenet_models::{Param, ParamStore, ResponseModel};

use super::config::FitConfig;
use crate::{
    error::{During, Error, Result},
    optimizers::{AdamW, AdamWConfig, Moments},
};

/// The spread is learned this many times faster than weights: each of its numbers is a mean of one neuron alone.
const SPREAD_RATE: f64 = 10.0;

/// Loss and penalties of a fit.
pub(super) struct Objective<'a> {
    config: &'a FitConfig,
    learned: Option<Learned>,
    penalized: Vec<Penalized>,
}

/// The number of each neuron that a loss learns, with its own optimiser.
struct Learned {
    spread: Spread,
    var: Var,
    optimizer: AdamW,
}

impl<'a> Objective<'a> {
    /// `start` are mean and variance of each neuron's training responses, as the loss sees them.
    ///
    /// # Errors
    /// [`Error::Setting`] if smoothness is asked for and the model has no receptive field on a grid.
    pub(super) fn new(
        config: &'a FitConfig,
        model: &dyn ResponseModel,
        start: &[(f64, f64)],
    ) -> Result<Self> {
        let learned = config.loss.spread().map(|spread| {
            let values: Vec<f64> =
                start.iter().map(|&(mean, variance)| spread.start(mean, variance)).collect();
            let place = || {
                let values = Tensor::new(values, &Device::Cpu)?;
                let var = Var::from_tensor(&values.to_dtype(model.dtype())?.to_device(model.device())?)?;
                let config = AdamWConfig { weight_decay: 0.0, ..config.optimizer.clone() };
                let optimizer = AdamW::new(vec![var.clone()], config)?;
                candle_core::Result::Ok(Learned { spread, var, optimizer })
            };
            place().during("preparing the loss")
        });
        let penalized = penalized(model.params(), &config.penalties)?;
        Ok(Self { config, learned: learned.transpose()?, penalized })
    }

    /// The loss with its penalties: a scalar.
    pub(super) fn apply(&self, rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let spread = self.learned.as_ref().map(|learned| learned.var.as_tensor());
        let loss = self.config.loss.apply(rate, target, mask, spread)?;
        match self.config.penalties.apply(&self.penalized)? {
            Some(penalty) => (loss + penalty).during("adding penalties"),
            None => Ok(loss),
        }
    }

    /// One step of what the loss learns itself; `factor` is that of the schedule at this step.
    pub(super) fn step(&mut self, grads: &GradStore, factor: f64) -> Result<()> {
        let Some(learned) = &mut self.learned else { return Ok(()) };
        learned.optimizer.set_learning_rate(SPREAD_RATE * self.config.optimizer.learning_rate * factor);
        learned.optimizer.step(grads).during("optimiser step of the loss")
    }

    /// Adds what the loss learned, and its moments, to those of the model.
    pub(super) fn save(&self, current: &mut BTreeMap<String, Tensor>, moments: &mut Moments) -> Result<()> {
        let Some(learned) = &self.learned else { return Ok(()) };
        let name = name_of(learned.spread);
        let copied = learned.var.as_detached_tensor().copy().during("copying what the loss learned")?;
        let own = learned.optimizer.moments().during("reading moments")?;
        moments.by_name.extend(own.by_name.into_values().map(|kept| (name.clone(), kept)));
        current.insert(name, copied);
        Ok(())
    }

    /// Takes what [`save`](Self::save) added, and goes on from it. Returns false if it is not there.
    pub(super) fn resume(
        &mut self,
        current: &mut BTreeMap<String, Tensor>,
        moments: &mut Moments,
    ) -> Result<bool> {
        let Some(learned) = &mut self.learned else { return Ok(true) };
        let name = name_of(learned.spread);
        let (Some(value), Some(kept)) = (current.remove(&name), moments.by_name.remove(&name)) else {
            return Ok(false);
        };
        // The optimiser of one variable calls it by its number.
        let own = Moments { n_steps: moments.n_steps, by_name: BTreeMap::from([("0".to_owned(), kept)]) };
        if value.dims() != learned.var.dims() {
            return Ok(false);
        }
        let set = value.to_dtype(learned.var.dtype()).and_then(|value| learned.var.set(&value));
        set.during("resuming the loss")?;
        learned.optimizer.resume(&own).during("resuming the loss")
    }

    /// What the loss learned, under its name: a number of each neuron.
    pub(super) fn learned(&self) -> Result<Option<(Spread, Vec<f64>)>> {
        let Some(learned) = &self.learned else { return Ok(None) };
        let values = learned.var.to_device(&Device::Cpu).and_then(|v| v.to_dtype(DType::F64)?.to_vec1());
        Ok(Some((learned.spread, values.during("reading what the loss learned")?)))
    }
}

fn name_of(spread: Spread) -> String {
    format!("loss.{}", spread.name())
}

/// The weights that penalties act on.
///
/// Smoothness acts on receptive fields that are stored as numbers over bands and lags, whole or separable.
fn penalized(params: &ParamStore, penalties: &Penalties) -> Result<Vec<Penalized>> {
    if penalties.is_none() {
        return Ok(Vec::new());
    }
    let weights: Vec<Penalized> = params.trained().filter(|param| param.is_weight()).map(of_param).collect();
    let smooths = penalties.smooth_bands != 0.0 || penalties.smooth_lags != 0.0;
    if smooths && weights.iter().all(|w| w.bands.is_none() && w.lags.is_none()) {
        return Err(Error::Setting {
            setting: "smoothness over bands or lags",
            got: "above 0".to_owned(),
            expected: "0 for a model without receptive fields over bands and lags",
        });
    }
    Ok(weights)
}

/// Whether a model has receptive fields whose smoothness can be penalised.
pub(crate) fn has_fields(params: &ParamStore) -> bool {
    let weights = params.trained().filter(|param| param.is_weight()).map(of_param);
    weights.into_iter().any(|weights| weights.bands.is_some() || weights.lags.is_some())
}

fn of_param(param: &Param) -> Penalized {
    let (scope, name) = param.name.rsplit_once('.').unwrap_or(("", &param.name));
    let weights = param.var.as_tensor();
    let is_field = weights.rank() == 4 && scope.split('.').any(|part| part == "strf");
    // Whole: (O, C, F, K). Separable: (O, C, F, rank) and (O, C, rank, K).
    let bands = (is_field && matches!(name, "weight" | "weight_f")).then_some(2);
    let lags = (is_field && matches!(name, "weight" | "weight_t")).then_some(3);
    Penalized { weights: weights.clone(), bands, lags }
}
