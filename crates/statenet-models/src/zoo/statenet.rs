//! StateNet with any of its backbones (Rançon, Masquelier & Cottereau 2025, Communications Biology 8:1456).

use statenet_core::Axes;

use super::published;
use crate::{
    backbones::{BackboneConfig, GatedConfig, LmuConfig, MambaConfig, S4Config, S4dConfig},
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    cores::{CoreConfig, StatenetConfig},
    encoders::{EncoderConfig, LocallyConnectedConfig},
    readouts::{LinearReadoutConfig, ReadoutConfig},
};

/// Locally connected encoder (7 channels, kernel 7, stride 3), a backbone of as many units, softplus readout.
///
/// With fewer than 7 bands the kernel is as wide as the axis.
#[must_use]
pub fn statenet(axes: &Axes, backbone: BackboneConfig) -> ModelConfig {
    let mut places = LocallyConnectedConfig::default();
    places.kernel = places.kernel.min(axes.n_bands.max(1));
    let encoder = EncoderConfig::LocallyConnected(places);
    let core = StatenetConfig { encoder, backbone, ..StatenetConfig::default() };
    let readout = ReadoutConfig::Linear(LinearReadoutConfig::default());
    let core = CoreConfig::Statenet(core);
    published(axes, PipelineConfig::new(core, readout))
}

/// [`statenet`] with a gated recurrent unit.
#[must_use]
pub fn statenet_gru(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::Gru(GatedConfig::default()))
}

/// [`statenet_gru`] whose units start with time constants of up to a second (Tallec & Ollivier 2018), in place of all alike.
///
/// It finds slow neurons that a fit from equal units misses, for which maps and memories of simulated neurons are the better;
/// of NS1 it predicts a little less (docs/src/results/zoo.md).
#[must_use]
pub fn statenet_gru_chrono(axes: &Axes) -> ModelConfig {
    const LONGEST_MS: f64 = 1000.0;
    let chrono = Some((LONGEST_MS / axes.dt.ms()).max(2.0));
    statenet(axes, BackboneConfig::Gru(GatedConfig { chrono, ..GatedConfig::default() }))
}

/// [`statenet`] with a long short-term memory.
#[must_use]
pub fn statenet_lstm(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::Lstm(GatedConfig::default()))
}

/// [`statenet`] with an Elman network.
#[must_use]
pub fn statenet_rnn(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::Rnn(GatedConfig::default()))
}

/// [`statenet`] with a subtractive-gated LSTM.
#[must_use]
pub fn statenet_sublstm(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::Sublstm(GatedConfig::default()))
}

/// [`statenet`] with a Legendre memory unit of 128 coefficients over 99 bins.
#[must_use]
pub fn statenet_lmu(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::Lmu(LmuConfig::default()))
}

/// [`statenet`] with a Mamba block.
#[must_use]
pub fn statenet_mamba(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::Mamba(MambaConfig::default()))
}

/// [`statenet`] with an S4 block of 64 states per unit.
#[must_use]
pub fn statenet_s4(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::S4(S4Config::default()))
}

/// [`statenet`] with an S4D block of 64 states per unit.
#[must_use]
pub fn statenet_s4d(axes: &Axes) -> ModelConfig {
    statenet(axes, BackboneConfig::S4d(S4dConfig::default()))
}
