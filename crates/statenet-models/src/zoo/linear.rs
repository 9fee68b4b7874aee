//! Linear: one receptive field per neuron (Aertsen & Johannesma 1981; deCharms et al. 1998).

use statenet_core::Axes;

use super::{published, window::default_lags};
use crate::{
    activations::ActivationConfig,
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    cores::CoreConfig,
    readouts::{NormConfig, ReadoutConfig, StrfReadoutConfig},
    strfs::StrfConfig,
};

/// A full receptive field of 200 ms per neuron, no output curve.
#[must_use]
pub fn linear(axes: &Axes) -> ModelConfig {
    with_curve(axes, ActivationConfig::Identity)
}

/// A full receptive field of 200 ms per neuron through an output curve.
pub(super) fn with_curve(axes: &Axes, activation: ActivationConfig) -> ModelConfig {
    let strf = StrfConfig::full(default_lags(axes));
    let readout = ReadoutConfig::Strf(StrfReadoutConfig { strf, norm: NormConfig::None, activation });
    published(axes, PipelineConfig::new(CoreConfig::None, readout))
}
