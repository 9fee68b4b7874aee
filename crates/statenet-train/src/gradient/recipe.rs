//! Settings that bring each kind of model to convergence.

use statenet_models::{Architecture, ModelConfig, readouts::ReadoutConfig};

use super::config::FitConfig;

/// Learning rate of receptive fields. A thousand weights over neighbouring bands and lags act together: a step of
/// 1e-3 in each moves the rate by more than the rate itself, and the fit never settles (CCnorm .25 on NS1, where it
/// reaches .68 with this one).
const RECEPTIVE_FIELD_RATE: f64 = 1e-4;

impl FitConfig {
    /// The settings with which a model converges: those of [`default`](Self::default), with a learning rate of 1e-4
    /// where the readout is a receptive field.
    #[must_use]
    pub fn recipe(model: &ModelConfig) -> Self {
        let mut recipe = Self::default();
        if let Architecture::Pipeline(pipeline) = &model.model
            && matches!(pipeline.readout, ReadoutConfig::Strf(_))
        {
            recipe.optimizer.learning_rate = RECEPTIVE_FIELD_RATE;
        }
        recipe
    }
}
