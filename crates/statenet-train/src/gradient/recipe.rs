//! The settings with which each kind of model converges.

use statenet_metrics::losses::penalties::Penalties;
use statenet_models::{
    ModelConfig,
    zoo::{Recipe, RecipePenalties},
};

use super::{averaging::Averaging, config::FitConfig, schedule::Schedule};
use crate::optimizers::AdamWConfig;

impl FitConfig {
    /// The settings with which a model converges: those of [`default`](Self::default), with what the model's [`Recipe`] sets.
    #[must_use]
    pub fn recipe(model: &ModelConfig) -> Self {
        Self::default().with_recipe(Recipe::of(model))
    }

    fn with_recipe(self, recipe: Recipe) -> Self {
        let Recipe {
            learning_rate,
            weight_decay,
            batch,
            penalties,
            cosine_epochs,
            warm_up,
            ema_decay,
            noise,
        } = recipe;
        let RecipePenalties { l1, l2, smooth_bands, smooth_lags } = penalties;
        let (schedule, max_epochs) =
            cosine_epochs.map_or((self.schedule, self.max_epochs), |epochs| (Schedule::Cosine, epochs));
        Self {
            optimizer: AdamWConfig { learning_rate, weight_decay, ..self.optimizer },
            batch,
            penalties: Penalties { l1, l2, smooth_bands, smooth_lags },
            schedule,
            max_epochs,
            warm_up,
            noise,
            averaging: ema_decay.map_or(self.averaging, |decay| Averaging::Ema { decay }),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_without_needs_of_its_own_has_the_default_settings() {
        assert_eq!(FitConfig::default().with_recipe(Recipe::DEFAULT), FitConfig::default());
    }

    #[test]
    fn all_that_a_recipe_sets_is_set() {
        let penalties = RecipePenalties { l1: 0.1, l2: 0.2, smooth_bands: 0.3, smooth_lags: 0.4 };
        let recipe = Recipe {
            learning_rate: 0.5,
            weight_decay: 0.6,
            batch: 7,
            penalties,
            cosine_epochs: Some(80),
            warm_up: 9,
            ema_decay: Some(0.95),
            noise: 0.05,
        };
        let config = FitConfig::default().with_recipe(recipe);
        assert_eq!((config.optimizer.learning_rate, config.optimizer.weight_decay), (0.5, 0.6));
        assert_eq!(config.penalties.factors().map(|(_, factor)| factor), [0.1, 0.2, 0.3, 0.4]);
        assert_eq!((config.batch, config.schedule, config.max_epochs), (7, Schedule::Cosine, 80));
        assert_eq!(
            (config.warm_up, config.noise, config.averaging),
            (9, 0.05, Averaging::Ema { decay: 0.95 })
        );
        assert!(config.validate().is_ok());
    }
}
