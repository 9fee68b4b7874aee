//! Models that hear: a front end before a model of cochleagrams, and ICNet, which needs no cochleagram.

use statenet_core::Axes;

use super::{ln::ln, published, statenet::statenet_gru};
use crate::{
    activations::ActivationConfig,
    build::{
        architecture::{Architecture, PipelineConfig},
        model_config::ModelConfig,
    },
    cores::{CoreConfig, IcnetConfig},
    front_ends::{FrontEndConfig, GammatoneConfig, LeafConfig, MelConfig, SincnetConfig},
    readouts::{LinearReadoutConfig, ReadoutConfig},
};

/// LN behind a mel spectrogram.
#[must_use]
pub fn mel_ln(axes: &Axes) -> ModelConfig {
    behind(FrontEndConfig::Mel(MelConfig::default()), ln, axes)
}

/// StateNet-GRU behind a mel spectrogram.
#[must_use]
pub fn mel_statenet_gru(axes: &Axes) -> ModelConfig {
    behind(FrontEndConfig::Mel(MelConfig::default()), statenet_gru, axes)
}

/// StateNet-GRU behind gammatone filters.
#[must_use]
pub fn gammatone_statenet_gru(axes: &Axes) -> ModelConfig {
    behind(FrontEndConfig::Gammatone(GammatoneConfig::default()), statenet_gru, axes)
}

/// LN behind band-passes with learned cut-offs.
#[must_use]
pub fn sincnet_ln(axes: &Axes) -> ModelConfig {
    behind(FrontEndConfig::Sincnet(SincnetConfig::default()), ln, axes)
}

/// StateNet-GRU behind band-passes with learned cut-offs.
#[must_use]
pub fn sincnet_statenet_gru(axes: &Axes) -> ModelConfig {
    behind(FrontEndConfig::Sincnet(SincnetConfig::default()), statenet_gru, axes)
}

/// LN behind learned Gabor filters and gain control.
#[must_use]
pub fn leaf_ln(axes: &Axes) -> ModelConfig {
    behind(FrontEndConfig::Leaf(LeafConfig::default()), ln, axes)
}

/// StateNet-GRU behind learned Gabor filters and gain control.
#[must_use]
pub fn leaf_statenet_gru(axes: &Axes) -> ModelConfig {
    behind(FrontEndConfig::Leaf(LeafConfig::default()), statenet_gru, axes)
}

/// ICNet as published: strided convolutions over filtered sound, a weighted sum of 64 channels, a softplus.
#[must_use]
pub fn icnet(axes: &Axes) -> ModelConfig {
    let readout = LinearReadoutConfig { leak: None, bias: true, activation: ActivationConfig::UnitSoftplus };
    published(
        axes,
        PipelineConfig::new(CoreConfig::Icnet(IcnetConfig::default()), ReadoutConfig::Linear(readout)),
    )
}

/// A model of the front end's bands, for axes of sound.
fn behind(front_end: FrontEndConfig, model: fn(&Axes) -> ModelConfig, axes: &Axes) -> ModelConfig {
    let bands = Axes::new(front_end.n_bands(), axes.n_neurons, axes.dt);
    let mut config = model(&Axes { response_unit: axes.response_unit.clone(), ..bands }).for_axes(axes);
    if let Architecture::Pipeline(pipeline) = &mut config.model {
        pipeline.front_end = Some(Box::new(front_end));
    }
    config
}
