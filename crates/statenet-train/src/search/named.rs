//! Recipes of others by name.

use serde_json::{Value, json};

use super::RecipeFields;

impl RecipeFields {
    /// The settings with which the paper of StateNet fitted NS1, as far as a fit here has them: AdamW at 1e-3 that lets all parameters decay by
    /// .02, one stimulus a step, mean squared error, 300 epochs at a constant rate without clipping. The paper keeps the epoch with the best
    /// validation loss, a fit here that with the best validation score.
    #[must_use]
    pub fn paper() -> Self {
        Self::published([
            ("max_epochs", json!(300)),
            ("patience", json!(300)),
            ("optimizer.weight_decay", json!(0.02)),
        ])
    }

    /// The defaults of the published implementation's fitter (version 0.1): AdamW at 1e-3 that lets all parameters decay by 1e-4, one stimulus a
    /// step, mean squared error, at most 1000 epochs at a constant rate without clipping, and an end after 10 epochs without a better CCnorm.
    #[must_use]
    pub fn reference() -> Self {
        Self::published([
            ("max_epochs", json!(1000)),
            ("patience", json!(10)),
            ("optimizer.weight_decay", json!(1e-4)),
        ])
    }

    /// What both have in common, and what differs.
    fn published(own: [(&str, Value); 3]) -> Self {
        let shared = [
            ("optimizer.learning_rate", json!(1e-3)),
            ("optimizer.decayed", json!("all")),
            ("schedule", json!("constant")),
            ("batch", json!(1)),
            ("loss", json!("mse")),
            ("clip", Value::Null),
            ("averaging", json!("none")),
            ("warm_up", json!(0)),
            ("noise", json!(0.0)),
            ("penalties.l1", json!(0.0)),
            ("penalties.l2", json!(0.0)),
            ("penalties.smooth_bands", json!(0.0)),
            ("penalties.smooth_lags", json!(0.0)),
        ];
        let fields = shared.into_iter().chain(own).map(|(field, value)| (field.to_owned(), value));
        Self { fit: fields.collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{Axes, TimeBin};
    use statenet_models::zoo;

    use super::*;
    use crate::{FitConfig, Schedule, optimizers::Decayed};

    #[test]
    fn every_model_can_be_fitted_by_the_recipes_of_others() {
        let axes = Axes::new(34, 3, TimeBin::whole_millis::<5>());
        for entry in zoo::taking(statenet_core::Input::Cochleagram) {
            let base = FitConfig::recipe(&(entry.config)(&axes));
            for (recipe, decay, patience) in
                [(RecipeFields::paper(), 0.02, 300), (RecipeFields::reference(), 1e-4, 10)]
            {
                let config = recipe.fit_config(&base).unwrap();
                assert!(config.validate().is_ok(), "{}", entry.name);
                assert_eq!((config.optimizer.learning_rate, config.optimizer.weight_decay), (1e-3, decay));
                assert_eq!(
                    (config.schedule, config.clip, config.patience),
                    (Schedule::Constant, None, patience)
                );
                assert_eq!(config.optimizer.decayed, Decayed::All);
                // Nothing of the model's own recipe is left.
                assert_eq!(config, recipe.fit_config(&FitConfig::default()).unwrap(), "{}", entry.name);
            }
        }
    }
}
