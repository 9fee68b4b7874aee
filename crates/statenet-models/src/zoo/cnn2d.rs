//! 2D-CNN: convolutions over frequency and time (Pennington & David 2023).

use statenet_core::Axes;

use super::published;
use crate::{
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    cores::{Conv2dConfig, CoreConfig},
    readouts::{LinearReadoutConfig, ReadoutConfig},
};

/// Three convolutions of 10 channels over 3 bands and 9 bins, 20 hidden units, softplus readout.
///
/// With fewer than 7 bands filters are as wide as fits.
#[must_use]
pub fn cnn2d(axes: &Axes) -> ModelConfig {
    let mut conv = Conv2dConfig::default();
    conv.kernel_bands = conv.kernel_bands.min((axes.n_bands.max(1) - 1) / conv.layers + 1);
    let readout = ReadoutConfig::Linear(LinearReadoutConfig::default());
    let core = CoreConfig::Conv2d(conv);
    published(axes, PipelineConfig::new(core, readout))
}
