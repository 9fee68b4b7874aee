//! How the models of the zoo are fitted.

use crate::{
    build::{architecture::Architecture, model_config::ModelConfig},
    cores::CoreConfig,
    readouts::ReadoutConfig,
};

/// The settings with which a fit of a model converges, as far as they depend on the model. Chosen by validation scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Learning rate of AdamW at the start.
    pub learning_rate: f64,
    /// Decay of weights ([`Param::is_weight`](crate::Param::is_weight)) per step, times the learning rate.
    pub weight_decay: f64,
    /// Stimuli per step.
    pub batch: usize,
    /// Factors of the penalties on weights.
    pub penalties: RecipePenalties,
    /// Epochs of a cosine schedule; `None` for a rate that falls on plateaus.
    pub cosine_epochs: Option<usize>,
    /// Epochs in which the learning rate first rises.
    pub warm_up: usize,
    /// The weight of the past in the exponential moving average of weights that is kept; `None` for the weights themselves.
    pub ema_decay: Option<f64>,
    /// Deviation of the noise on the sound of each step, in deviations of each band.
    pub noise: f64,
}

/// Factors of penalties on weights, added to the loss: sums of absolute and of squared weights, and of squared differences between neighbours
/// in receptive fields.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RecipePenalties {
    /// Of absolute weights.
    pub l1: f64,
    /// Of squared weights.
    pub l2: f64,
    /// Of differences between bands.
    pub smooth_bands: f64,
    /// Of differences between lags.
    pub smooth_lags: f64,
}

impl Recipe {
    /// What most models converge with.
    pub const DEFAULT: Self = Self {
        learning_rate: 1e-3,
        weight_decay: 0.0,
        batch: 1,
        penalties: RecipePenalties { l1: 0.0, l2: 0.0, smooth_bands: 0.0, smooth_lags: 0.0 },
        cosine_epochs: None,
        warm_up: 0,
        ema_decay: None,
        noise: 0.0,
    };

    /// Receptive fields as readouts. A thousand weights over neighbouring bands and lags act together: a step of 1e-3 in
    /// each moves the rate by more than the rate itself, and the fit never settles (CCnorm .25 on NS1, where it reaches
    /// .68 with this one).
    pub const RECEPTIVE_FIELD: Self = Self { learning_rate: 1e-4, ..Self::DEFAULT };

    /// DNet, whose leaking units saturate: at 1e-3 validation stops improving on NS1 at a CCnorm of .50, at this one at
    /// .74.
    pub const LEAKY_UNITS: Self = Self { learning_rate: 1e-2, ..Self::DEFAULT };

    /// The transformer.
    pub const ATTENTION: Self = Self { learning_rate: 3e-3, ..Self::DEFAULT };

    /// The low-rank LN: a few hundred weights that all neurons share. Found by a search of 12 trials over the sounds of NS1 that do not
    /// test: .699 over folds, where 1e-2 without decay has .688.
    pub const LOW_RANK: Self = Self { learning_rate: 1.7e-2, weight_decay: 0.026, ..Self::DEFAULT };

    /// The 1-D CNN, by a search like that of the low-rank LN: test CCnorm .781 on NS1 over five seeds, where 1e-3 without decay has .765.
    pub const RECTIFIED: Self = Self { learning_rate: 1.7e-3, weight_decay: 0.26, ..Self::DEFAULT };

    /// The recipe of any config, also of one that is not in the zoo: that of the zoo's models with the same core or
    /// readout.
    #[must_use]
    pub fn of(model: &ModelConfig) -> Self {
        Self::of_architecture(&model.model)
    }

    fn of_architecture(model: &Architecture) -> Self {
        let pipeline = match model {
            Architecture::Pipeline(pipeline) => pipeline,
            Architecture::Custom(_) => return Self::DEFAULT,
            Architecture::Ensemble(ensemble) => {
                return ensemble.members.first().map_or(Self::DEFAULT, Self::of_architecture);
            }
        };
        match (&pipeline.core, &pipeline.readout) {
            (_, ReadoutConfig::Strf(_)) => Self::RECEPTIVE_FIELD,
            (CoreConfig::Dnet(_), _) => Self::LEAKY_UNITS,
            (CoreConfig::Transformer(_), _) => Self::ATTENTION,
            (CoreConfig::LowRank(_), _) => Self::LOW_RANK,
            (CoreConfig::Conv1d(_), _) => Self::RECTIFIED,
            _ => Self::DEFAULT,
        }
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{Axes, TimeBin};

    use super::*;
    use crate::zoo;

    #[test]
    fn every_model_of_the_zoo_has_the_recipe_of_its_config() {
        let axes = Axes::new(34, 3, TimeBin::whole_millis::<5>());
        for entry in zoo::ALL {
            assert_eq!(Recipe::of(&(entry.config)(&axes)), entry.recipe, "{}", entry.name);
        }
        assert!(zoo::recipe("nobody").is_err());
    }
}
