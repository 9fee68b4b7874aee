//! The encoder as filters, normalisation and sigmoid one after the other.

use candle_core::Tensor;

use super::arguments::check;
use crate::{
    error::Result,
    filters::locally_connected::reference::locally_connected,
    pointwise::{channel_norm::reference::channel_norm, then::Then},
};

/// [`local_encoder`](crate::local_encoder) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn local_encoder(
    x: &Tensor,
    weights: &Tensor,
    biases: &Tensor,
    gain: &Tensor,
    bias: &Tensor,
    stride: usize,
    eps: f64,
) -> Result<Tensor> {
    check(x, weights, biases, gain, bias, stride, eps)?;
    let a = locally_connected(x, weights, biases, stride)?;
    channel_norm(&a, gain, bias, eps, Then::Sigmoid)
}
