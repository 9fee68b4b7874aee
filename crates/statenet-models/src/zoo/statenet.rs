//! StateNet with a GRU (Rançon, Masquelier & Cottereau 2025, Communications Biology 8:1456).

use statenet_core::Axes;

use crate::{
    config::{ModelConfig, PipelineConfig},
    cores::{CoreConfig, StatenetConfig},
    encoders::{EncoderConfig, LocallyConnectedConfig},
    prefilters::PrefilterConfig,
    readouts::{LinearReadoutConfig, ReadoutConfig},
};

/// Locally connected encoder (7 channels, kernel 7, stride 3), GRU of as many units, softplus readout.
///
/// With fewer than 7 bands the kernel is as wide as the axis.
#[must_use]
pub fn statenet_gru(axes: &Axes) -> ModelConfig {
    let mut places = LocallyConnectedConfig::default();
    places.kernel = places.kernel.min(axes.n_bands.max(1));
    let core =
        StatenetConfig { encoder: EncoderConfig::LocallyConnected(places), ..StatenetConfig::default() };
    let readout = ReadoutConfig::Linear(LinearReadoutConfig::default());
    let core = CoreConfig::Statenet(core);
    ModelConfig::pipeline(axes, PipelineConfig { prefilter: PrefilterConfig::None, core, readout })
}
