//! The settings with which each kind of model converges.

use statenet_models::{ModelConfig, zoo::Recipe};

use super::config::FitConfig;

impl FitConfig {
    /// The settings with which a model converges: those of [`default`](Self::default), with the learning rate of the
    /// model's [`Recipe`].
    #[must_use]
    pub fn recipe(model: &ModelConfig) -> Self {
        let mut settings = Self::default();
        settings.optimizer.learning_rate = Recipe::of(model).learning_rate;
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_without_needs_of_its_own_has_the_default_settings() {
        assert_eq!(FitConfig::default().optimizer.learning_rate, Recipe::DEFAULT.learning_rate);
    }
}
