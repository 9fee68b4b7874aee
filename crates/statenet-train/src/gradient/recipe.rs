//! The settings with which each kind of model converges.

use statenet_models::{ModelConfig, zoo::Recipe};

use super::config::FitConfig;
use crate::optimizers::AdamWConfig;

impl FitConfig {
    /// The settings with which a model converges: those of [`default`](Self::default), with the learning rate and
    /// the weight decay of the model's [`Recipe`].
    #[must_use]
    pub fn recipe(model: &ModelConfig) -> Self {
        let mut settings = Self::default();
        let Recipe { learning_rate, weight_decay } = Recipe::of(model);
        settings.optimizer = AdamWConfig { learning_rate, weight_decay, ..settings.optimizer };
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_without_needs_of_its_own_has_the_default_settings() {
        let AdamWConfig { learning_rate, weight_decay, .. } = FitConfig::default().optimizer;
        assert_eq!(Recipe { learning_rate, weight_decay }, Recipe::DEFAULT);
    }
}
