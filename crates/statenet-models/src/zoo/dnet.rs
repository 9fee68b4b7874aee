//! DNet: hidden receptive fields whose units leak (Rahman et al. 2019).

use statenet_core::Axes;

use super::{published, window::default_lags};
use crate::{
    activations::ActivationConfig,
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    cores::{CoreConfig, DnetConfig},
    layers::leaky_integrator::LeakConfig,
    readouts::{LinearReadoutConfig, ReadoutConfig},
    strfs::StrfConfig,
};

/// 20 hidden units with full receptive fields of 200 ms, sigmoid, time constants around 2 bins, no output curve.
#[must_use]
pub fn dnet(axes: &Axes) -> ModelConfig {
    let strf = StrfConfig::full(default_lags(axes));
    let core = CoreConfig::Dnet(DnetConfig { hidden: 20, strf, leak: LeakConfig::default() });
    let readout = LinearReadoutConfig { leak: None, bias: true, activation: ActivationConfig::Identity };
    let readout = ReadoutConfig::Linear(readout);
    published(axes, PipelineConfig::new(core, readout))
}
