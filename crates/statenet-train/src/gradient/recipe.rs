//! Settings that bring each kind of model to convergence.

use statenet_models::{Architecture, ModelConfig, cores::CoreConfig, readouts::ReadoutConfig};

use super::config::FitConfig;

/// Learning rate of receptive fields. A thousand weights over neighbouring bands and lags act together: a step of
/// 1e-3 in each moves the rate by more than the rate itself, and the fit never settles (CCnorm .25 on NS1, where it
/// reaches .68 with this one).
const RECEPTIVE_FIELD_RATE: f64 = 1e-4;

/// Learning rate of DNet, whose leaking units saturate: at 1e-3 validation stops improving on NS1 at a CCnorm of .50, at
/// this one at .74.
const LEAKING_RATE: f64 = 1e-2;

/// Learning rate of the transformer.
const ATTENTION_RATE: f64 = 3e-3;

impl FitConfig {
    /// The settings with which a model converges: those of [`default`](Self::default), with a learning rate of 1e-4
    /// where the readout is a receptive field, 1e-2 for DNet and 3e-3 for the transformer. Chosen by validation scores.
    #[must_use]
    pub fn recipe(model: &ModelConfig) -> Self {
        let mut recipe = Self::default();
        let Architecture::Pipeline(pipeline) = &model.model else { return recipe };
        let rate = &mut recipe.optimizer.learning_rate;
        match (&pipeline.core, &pipeline.readout) {
            (_, ReadoutConfig::Strf(_)) => *rate = RECEPTIVE_FIELD_RATE,
            (CoreConfig::Dnet(_), _) => *rate = LEAKING_RATE,
            (CoreConfig::Transformer(_), _) => *rate = ATTENTION_RATE,
            _ => {}
        }
        recipe
    }
}
