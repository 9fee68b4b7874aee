//! Models behind a prefilter that adapts to the sound (Willmore et al. 2016; Rançon et al. 2024).

use statenet_core::Axes;

use crate::{
    config::{Architecture, ModelConfig},
    prefilters::{AdaptransConfig, IcAdaptationConfig, PrefilterConfig},
};

/// [`ln`](super::ln()) behind the inferior colliculus' adaptation to mean sound level.
#[must_use]
pub fn ln_ic(axes: &Axes) -> ModelConfig {
    behind(PrefilterConfig::IcAdaptation(IcAdaptationConfig::default()), super::ln(axes))
}

/// [`statenet_gru`](super::statenet_gru) behind AdapTrans.
#[must_use]
pub fn statenet_gru_adaptrans(axes: &Axes) -> ModelConfig {
    behind(PrefilterConfig::Adaptrans(AdaptransConfig::default()), super::statenet_gru(axes))
}

fn behind(prefilter: PrefilterConfig, mut model: ModelConfig) -> ModelConfig {
    if let Architecture::Pipeline(pipeline) = &mut model.model {
        pipeline.prefilter = prefilter;
    }
    model
}
