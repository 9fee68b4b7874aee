//! The settings of a gradient fit.

use serde::{Deserialize, Serialize};
use statenet_metrics::losses::Loss;

use super::schedule::Schedule;
use crate::{
    error::{Error, Result},
    optimizers::AdamWConfig,
};

/// How a model is fitted by gradients.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `optimizer` | AdamW, learning rate 1e-3, no decay | SPEC of the published recipe |
/// | `schedule` | the rate falls to 0.3 of itself after 10 stale epochs, twice | fine weights at the end |
/// | `batch` | 1 | stimuli per step |
/// | `loss` | mean squared error | |
/// | `clip` | 1.0 | largest gradient norm |
/// | `max_epochs` | 1000 | |
/// | `patience` | 20 | epochs without improvement after which a fit has converged |
/// | `seed` | 0 | order of stimuli, noise |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitConfig {
    /// The optimiser.
    pub optimizer: AdamWConfig,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Stimuli per step, at least 1.
    pub batch: usize,
    /// What is minimised.
    pub loss: Loss,
    /// Largest gradient norm; `None` does not clip.
    pub clip: Option<f64>,
    /// Epochs allowed, at least 1.
    pub max_epochs: usize,
    /// Epochs without improvement of the validation score after which the fit has converged, at least 1.
    pub patience: usize,
    /// Seed of the order of stimuli and of training noise.
    pub seed: u64,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            optimizer: AdamWConfig::default(),
            schedule: Schedule::Plateau { patience: 10, factor: 0.3, times: 2 },
            batch: 1,
            loss: Loss::Mse,
            clip: Some(1.0),
            max_epochs: 1000,
            patience: 20,
            seed: 0,
        }
    }
}

impl FitConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        for (setting, n) in
            [("batch size", self.batch), ("number of epochs", self.max_epochs), ("patience", self.patience)]
        {
            if n == 0 {
                return Err(Error::Setting { setting, got: n.to_string(), expected: "1 or more" });
            }
        }
        let AdamWConfig { learning_rate, beta1, beta2, eps, weight_decay } = self.optimizer;
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let checks = [
            ("learning rate", learning_rate, positive(learning_rate), "above 0"),
            ("beta1", beta1, (0.0..1.0).contains(&beta1), "0 or more, below 1"),
            ("beta2", beta2, (0.0..1.0).contains(&beta2), "0 or more, below 1"),
            ("eps", eps, positive(eps), "above 0"),
            ("weight decay", weight_decay, weight_decay >= 0.0 && weight_decay.is_finite(), "0 or more"),
            ("clipping norm", self.clip.unwrap_or(1.0), self.clip.is_none_or(positive), "above 0"),
        ];
        match checks.into_iter().find(|(_, _, right, _)| !right) {
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
