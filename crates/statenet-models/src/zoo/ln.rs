//! LN: a receptive field and a static output curve per neuron (Chichilnisky 2001; Machens, Wehr & Zador 2004).

use statenet_core::Axes;

use super::linear::with_curve;
use crate::{activations::ActivationConfig, build::model_config::ModelConfig};

/// A full receptive field of 200 ms per neuron, then a softplus of its own.
#[must_use]
pub fn ln(axes: &Axes) -> ModelConfig {
    with_curve(axes, ActivationConfig::softplus())
}
