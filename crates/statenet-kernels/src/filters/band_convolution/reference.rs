//! The band convolution as one matrix product per position.

use candle_core::Tensor;

use super::{OP, check};
use crate::{
    error::{Error, Result},
    filters::locally_connected::reference::products,
};

/// [`band_convolution`](crate::band_convolution) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn band_convolution(x: &Tensor, weight: &Tensor, bias: &Tensor, stride: usize) -> Result<Tensor> {
    let sizes = check(x, weight, bias, stride)?;
    let filter = |_| weight.contiguous()?.reshape((sizes.channels, sizes.inputs * sizes.width));
    let bias = bias.reshape((1, sizes.channels, 1, 1)).map_err(Error::in_op(OP))?;
    products(x, filter, &bias, sizes).map_err(Error::in_op(OP))
}
