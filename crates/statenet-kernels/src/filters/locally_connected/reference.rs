//! The locally connected encoder as one matrix product per position.

use candle_core::Tensor;

use super::{OP, check};
use crate::{
    error::{Error, Result},
    filters::frequency_taps::Sizes,
};

/// [`locally_connected`](crate::locally_connected) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn locally_connected(x: &Tensor, weights: &Tensor, biases: &Tensor, stride: usize) -> Result<Tensor> {
    let sizes = check(OP, x, weights, biases, stride)?;
    let filter = |l| weights.narrow(2, l, 1)?.contiguous()?.squeeze(2);
    let bias = biases.reshape((1, sizes.channels, sizes.positions, 1)).map_err(Error::in_op(OP))?;
    products(x, filter, &bias, sizes).map_err(Error::in_op(OP))
}

/// The sums of all positions, where `filter(l)` is (C, Ci K) and `bias` broadcasts to (B, C, L, T).
pub(crate) fn products(
    x: &Tensor,
    filter: impl Fn(usize) -> candle_core::Result<Tensor>,
    bias: &Tensor,
    Sizes { batch, inputs, time, channels, width, positions, stride, .. }: Sizes,
) -> candle_core::Result<Tensor> {
    let taps = inputs * width;
    let mut y = Vec::with_capacity(positions);
    for l in 0..positions {
        let bands = x.narrow(2, l * stride, width)?.contiguous()?.reshape((batch, taps, time))?;
        let filter = filter(l)?.unsqueeze(0)?.broadcast_as((batch, channels, taps))?.contiguous()?;
        y.push(filter.matmul(&bands)?);
    }
    Tensor::stack(&y, 2)?.broadcast_add(bias)
}
