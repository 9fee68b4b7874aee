//! NRF: a network of hidden receptive fields (Harper et al. 2016).

use statenet_core::Axes;

use super::{published, window::default_lags};
use crate::{
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    cores::{CoreConfig, NrfConfig},
    readouts::{LinearReadoutConfig, ReadoutConfig},
    strfs::StrfConfig,
};

/// 20 hidden units with full receptive fields of 200 ms, tanh, softplus readout.
#[must_use]
pub fn nrf(axes: &Axes) -> ModelConfig {
    let core = CoreConfig::Nrf(NrfConfig { hidden: 20, strf: StrfConfig::full(default_lags(axes)) });
    let readout = ReadoutConfig::Linear(LinearReadoutConfig::default());
    published(axes, PipelineConfig::new(core, readout))
}
