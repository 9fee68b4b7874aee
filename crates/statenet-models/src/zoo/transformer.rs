//! Transformer: causal attention over the last second (Vaswani et al. 2017; Rançon et al. 2025).

use statenet_core::{Axes, Millis};

use super::published;
use crate::{
    activations::ActivationConfig,
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    cores::{CoreConfig, Positions, TransformerConfig},
    readouts::{LinearReadoutConfig, ReadoutConfig},
};

/// One layer of one head over patches of 45 ms and all bands as 48 numbers, the last second of them, rotary positions, no
/// output curve.
///
/// The published model takes patches of one bin, attends to the whole sound so far and counts positions from its start:
/// `patch_bins` 1, `window` left out, `positions` sinusoidal. With one bin validation stops improving on NS1 at a CCnorm of
/// .40 whatever the learning rate (.70 with 45 ms).
#[must_use]
pub fn transformer(axes: &Axes) -> ModelConfig {
    let bins = |ms: f64| Millis::new(ms).map_or(1, |time| axes.dt.nearest_bins(time).max(1));
    let core = CoreConfig::Transformer(TransformerConfig {
        patch_bins: bins(45.0),
        window: Some(bins(1000.0)),
        positions: Positions::Rotary,
        ..TransformerConfig::default()
    });
    let readout = LinearReadoutConfig { leak: None, bias: true, activation: ActivationConfig::Identity };
    let readout = ReadoutConfig::Linear(readout);
    published(axes, PipelineConfig::new(core, readout))
}
