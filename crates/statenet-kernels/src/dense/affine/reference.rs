//! The affine map by Candle's own product, sum and transposition.

use candle_core::Tensor;

use super::{OP, Sizes, check};
use crate::{
    Layout,
    error::{Error, Result},
    pointwise::then::Then,
};

/// [`affine`](crate::affine) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn affine(
    x: &Tensor,
    from: Layout,
    weight: &Tensor,
    bias: Option<&Tensor>,
    to: Layout,
) -> Result<Tensor> {
    affine_then(x, from, weight, bias, to, Then::Identity)
}

/// [`affine_then`](crate::affine_then) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn affine_then(
    x: &Tensor,
    from: Layout,
    weight: &Tensor,
    bias: Option<&Tensor>,
    to: Layout,
    then: Then,
) -> Result<Tensor> {
    let sizes = check(x, from, weight, bias, then)?;
    let run = || then.of_tensor(&compute(x, from, weight, bias, to, sizes)?);
    run().map_err(Error::in_op(OP))
}

fn compute(
    x: &Tensor,
    from: Layout,
    weight: &Tensor,
    bias: Option<&Tensor>,
    to: Layout,
    Sizes { batch, inputs, outputs, time }: Sizes,
) -> candle_core::Result<Tensor> {
    let rows = match from {
        Layout::ChannelsFirst => x.transpose(1, 2)?,
        Layout::TimeFirst => x.clone(),
    };
    let rows = rows.contiguous()?.reshape((batch * time, inputs))?;
    let product = rows.matmul(&weight.t()?.contiguous()?)?;
    let product = match bias {
        Some(bias) => product.broadcast_add(bias)?,
        None => product,
    };
    let product = product.reshape((batch, time, outputs))?;
    match to {
        Layout::ChannelsFirst => product.transpose(1, 2)?.contiguous(),
        Layout::TimeFirst => Ok(product),
    }
}
