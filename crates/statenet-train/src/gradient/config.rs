//! The settings of a gradient fit.

use serde::{Deserialize, Serialize};
use statenet_core::{ResponseUnit, Seed};
use statenet_data::Crop;
use statenet_metrics::losses::{Loss, penalties::Penalties};

use super::{averaging::Averaging, schedule::Schedule};
use crate::{
    error::{Error, Result},
    optimizers::AdamWConfig,
};

/// Settings of a gradient fit.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `optimizer` | AdamW, learning rate 1e-3, no decay | as in the published recipe |
/// | `schedule` | learning rate times 0.3 after 10 epochs without improvement, at most twice | fine adjustment at the end |
/// | `warm_up` | 0 | epochs in which the learning rate rises linearly, before the schedule |
/// | `averaging` | none | which average of weights is validated and kept |
/// | `batch` | 1 | stimuli per step |
/// | `loss` | mean squared error | of [continuous responses](statenet_core::ResponseUnit) in deviations of each neuron, the Gaussian likelihood |
/// | `penalties` | none | L1, L2 and smoothness of weights, added to the loss of each step |
/// | `clip` | 1.0 | gradients with a larger norm are scaled down |
/// | `max_epochs` | 1000 | |
/// | `patience` | 20 | epochs without improvement after which the fit stops; five times as many while its score is below .1 |
/// | `crop` | none | of each stimulus a random [`Crop`] a step, after a warm-up that does not count |
/// | `noise` | 0 | deviation of the noise on the sound of each step, in deviations of each band |
/// | `seed` | 0 | order of stimuli, places of crops, training noise |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitConfig {
    /// The optimiser.
    pub optimizer: AdamWConfig,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Epochs in which the learning rate rises linearly, step by step, from near 0 to the value of the optimiser. A fit of no
    /// more epochs ends on the way.
    pub warm_up: usize,
    /// Which average of weights is validated and kept.
    pub averaging: Averaging,
    /// Stimuli per step, at least 1.
    pub batch: usize,
    /// The loss to minimise.
    pub loss: Loss,
    /// Penalties on weights, added to the loss.
    pub penalties: Penalties,
    /// Largest gradient norm, to which larger gradients are scaled down; `None` for no clipping.
    pub clip: Option<f64>,
    /// Maximum number of epochs, at least 1.
    pub max_epochs: usize,
    /// Number of epochs without improvement of the validation score after which the fit stops, at least 1.
    pub patience: usize,
    /// Random crops of training stimuli in place of whole ones; `None` for whole ones. Validation stimuli are always whole.
    pub crop: Option<Crop>,
    /// Deviation of the Gaussian noise that is added to the sound of each training step, at each band and bin, in deviations of each band; 0 or more.
    /// Of models that do not [scale their bands](statenet_models::ResponseModel::input_scaling) before anything is learned: 0.
    pub noise: f64,
    /// Seed of the order of stimuli, of the places of crops and of training noise.
    pub seed: Seed,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            optimizer: AdamWConfig::default(),
            schedule: Schedule::Plateau { patience: 10, factor: 0.3, times: 2 },
            warm_up: 0,
            averaging: Averaging::None,
            batch: 1,
            loss: Loss::Mse,
            penalties: Penalties::default(),
            clip: Some(1.0),
            max_epochs: 1000,
            patience: 20,
            crop: None,
            noise: 0.0,
            seed: Seed::new(0),
        }
    }
}

impl FitConfig {
    /// Checks that the loss is one of responses in this unit.
    ///
    /// # Errors
    /// [`Error::LossUnit`] for a likelihood of spike counts (`poisson`, `negative_binomial`) of continuous responses.
    pub fn expect_unit(&self, unit: &ResponseUnit) -> Result<()> {
        if self.loss.is_of_counts() && !unit.is_spikes() {
            return Err(Error::LossUnit { loss: self.loss.name(), unit: unit.clone() });
        }
        Ok(())
    }

    /// Checks that every setting is in range.
    pub(crate) fn validate(&self) -> Result<()> {
        for (setting, n) in
            [("batch size", self.batch), ("number of epochs", self.max_epochs), ("patience", self.patience)]
        {
            if n == 0 {
                return Err(Error::Setting { setting, got: n.to_string(), expected: "1 or more" });
            }
        }
        self.averaging.validate()?;
        if let Some(crop) = &self.crop {
            crop.validate()?;
        }
        let AdamWConfig { learning_rate, beta1, beta2, eps, weight_decay, decayed: _ } = self.optimizer;
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let checks = [
            ("learning rate", learning_rate, positive(learning_rate), "above 0"),
            ("beta1", beta1, (0.0..1.0).contains(&beta1), "0 or more, below 1"),
            ("beta2", beta2, (0.0..1.0).contains(&beta2), "0 or more, below 1"),
            ("eps", eps, positive(eps), "above 0"),
            ("weight decay", weight_decay, weight_decay >= 0.0 && weight_decay.is_finite(), "0 or more"),
            ("noise on sound", self.noise, self.noise >= 0.0 && self.noise.is_finite(), "0 or more"),
            ("clipping norm", self.clip.unwrap_or(1.0), self.clip.is_none_or(positive), "above 0"),
        ];
        let factors = self
            .penalties
            .factors()
            .map(|(name, factor)| (name, factor, factor >= 0.0 && factor.is_finite(), "0 or more"));
        match checks.into_iter().chain(factors).find(|(_, _, right, _)| !right) {
            Some((setting, got, _, expected)) => {
                Err(Error::Setting { setting, got: got.to_string(), expected })
            }
            None => self.schedule.validate(),
        }
    }
}

impl Schedule {
    fn validate(&self) -> Result<()> {
        match *self {
            Self::Plateau { factor, .. } if !(factor > 0.0 && factor < 1.0) => Err(Error::Setting {
                setting: "plateau factor",
                got: factor.to_string(),
                expected: "above 0, below 1",
            }),
            Self::Plateau { patience: 0, .. } => Err(Error::Setting {
                setting: "plateau patience",
                got: "0".to_owned(),
                expected: "1 or more",
            }),
            _ => Ok(()),
        }
    }
}
