//! Transformer: causal attention over the last second (Vaswani et al. 2017; Rançon et al. 2025).

use statenet_core::{Axes, Millis};

use crate::{
    activations::ActivationConfig,
    config::{ModelConfig, PipelineConfig},
    cores::{CoreConfig, Positions, TransformerConfig},
    prefilters::PrefilterConfig,
    readouts::{LinearReadoutConfig, ReadoutConfig},
};

/// One layer of one head over frames of 48 numbers, the last second of bins, rotary positions, no output curve.
///
/// The published model attends to the whole sound so far and counts positions from its start: `window` left out,
/// `positions` sinusoidal.
#[must_use]
pub fn transformer(axes: &Axes) -> ModelConfig {
    const WINDOW_MS: f64 = 1000.0;
    let window = Millis::new(WINDOW_MS).map_or(1, |window| axes.dt.nearest_bins(window));
    let core = CoreConfig::Transformer(TransformerConfig {
        window: Some(window),
        positions: Positions::Rotary,
        ..TransformerConfig::default()
    });
    let readout = LinearReadoutConfig { leak: None, activation: ActivationConfig::Identity };
    let readout = ReadoutConfig::Linear(readout);
    ModelConfig::pipeline(axes, PipelineConfig { prefilter: PrefilterConfig::None, core, readout })
}
