//! How the models of the zoo are fitted.

use crate::{
    backbones::BackboneConfig,
    build::{
        architecture::{Architecture, PipelineConfig},
        model_config::ModelConfig,
    },
    cores::CoreConfig,
    front_ends::FrontEndConfig,
    readouts::ReadoutConfig,
};

/// The settings with which a fit of a model converges, as far as they depend on the model. Chosen by cross-validation over the sounds of NS1
/// that do not test (docs/src/how-to/recipes.md).
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
    /// What a model without a recipe of its own is fitted with: one of your own, or one with a front end or core that was not searched.
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

    /// Strong decay of the weights, whose moving average over steps is kept; the learning rate rises over the first epochs,
    /// without which some fits to one neuron that fires little find nothing.
    const fn averaged(learning_rate: f64, weight_decay: f64, ema_decay: f64, warm_up: usize) -> Self {
        Self { learning_rate, weight_decay, ema_decay: Some(ema_decay), warm_up, ..Self::DEFAULT }
    }

    /// StateNet and the 2-D CNN: .832 over folds of NS1 for StateNet-GRU, where [`DEFAULT`](Self::DEFAULT) has .809; .775 and .764 for the CNN.
    pub const NETWORK: Self = Self::averaged(3e-3, 0.5, 0.99, 3);

    /// Receptive fields as readouts. A thousand weights over neighbouring bands and lags act together: a step of 1e-3 in
    /// each moves the rate by more than the rate itself, and the fit never settles. LN has .694 over folds of NS1, .685 without decay,
    /// smoothness and average.
    pub const RECEPTIVE_FIELD: Self = Self {
        penalties: RecipePenalties { smooth_bands: 1e-2, smooth_lags: 3e-3, ..Self::DEFAULT.penalties },
        ..Self::averaged(1e-4, 0.5, 0.98, 5)
    };

    /// DNet, whose leaking units saturate and need a high rate: .707 over folds of NS1, where 1e-2 without decay has .621.
    pub const LEAKY_UNITS: Self = Self::averaged(2e-2, 0.1, 0.99, 3);

    /// NRF: .720 over folds of NS1, where [`DEFAULT`](Self::DEFAULT) has .665.
    pub const HIDDEN_FIELDS: Self = Self::averaged(6e-3, 0.5, 0.99, 3);

    /// The transformer: .679 over folds of NS1, where 3e-3 without decay has .574.
    pub const ATTENTION: Self = Self::averaged(2e-3, 1.0, 0.99, 3);

    /// The low-rank LN, a few hundred weights that all neurons share: .705 over folds of NS1, where what an earlier search
    /// found (1.7e-2, decay .026, no average) has .699.
    pub const LOW_RANK: Self = Self::averaged(3e-2, 0.1, 0.98, 5);

    /// The 1-D CNN: .781 over folds of NS1, where what an earlier search found (1.7e-3, decay .26, no average) has .760.
    pub const RECTIFIED: Self = Self::averaged(3e-3, 0.5, 0.97, 5);

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
            (CoreConfig::Statenet(statenet), _)
                if learns_to_hear(pipeline) || matches!(statenet.backbone, BackboneConfig::Mamba(_)) =>
            {
                Self::DEFAULT
            }
            (CoreConfig::Statenet(_) | CoreConfig::Conv2d(_), _) => Self::NETWORK,
            (CoreConfig::Nrf(_), _) => Self::HIDDEN_FIELDS,
            (CoreConfig::Dnet(_), _) => Self::LEAKY_UNITS,
            (CoreConfig::Transformer(_), _) => Self::ATTENTION,
            (CoreConfig::LowRank(_), _) => Self::LOW_RANK,
            (CoreConfig::Conv1d(_), _) => Self::RECTIFIED,
            _ => Self::DEFAULT,
        }
    }
}

/// Whether a front end has parameters of its own.
fn learns_to_hear(pipeline: &PipelineConfig) -> bool {
    matches!(pipeline.front_end.as_deref(), Some(FrontEndConfig::Sincnet(_) | FrontEndConfig::Leaf(_)))
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
