//! Self-attention from the affine maps and the attention of plain tensors.

use candle_core::Tensor;

use super::{OP, SelfAttention, check, scale};
use crate::{
    Layout,
    dense::{affine::reference::affine, causal_attention::reference::causal_attention},
    error::{Error, Result},
};

/// [`causal_self_attention`](crate::causal_self_attention) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn causal_self_attention(x: &Tensor, attention: SelfAttention<'_>) -> Result<Tensor> {
    let sizes = check(x, attention)?;
    let (batch, time, units) = (sizes.batch, sizes.time, sizes.heads * sizes.depth);
    let (channels, bins) = (Layout::ChannelsFirst, Layout::TimeFirst);
    let qkv = affine(x, channels, attention.in_weight, Some(attention.in_bias), bins)?;
    let part = |i: usize| {
        let run = || {
            let part = qkv.narrow(2, i * units, units)?.contiguous()?;
            part.reshape((batch, time, sizes.heads, sizes.depth))?.transpose(1, 2)?.contiguous()
        };
        run().map_err(Error::in_op(OP))
    };
    let (mut q, mut k) = (part(0)?, part(1)?);
    if let Some(turns) = attention.turns {
        q = turn(&q, turns).map_err(Error::in_op(OP))?;
        k = turn(&k, turns).map_err(Error::in_op(OP))?;
    }
    let z = causal_attention(&q, &k, &part(2)?, scale(sizes), Some(sizes.window))?;
    let joined = z.transpose(1, 2).and_then(|z| z.contiguous()?.reshape((batch, time, units)));
    let joined = joined.map_err(Error::in_op(OP))?;
    affine(&joined, bins, attention.out_weight, Some(attention.out_bias), channels)
}

/// (B, heads, T, D) turned in pairs.
fn turn(x: &Tensor, turns: &Tensor) -> candle_core::Result<Tensor> {
    let (batch, heads, time, depth) = x.dims4()?;
    let turns = turns.detach().unsqueeze(0)?.unsqueeze(0)?;
    let (cos, sin) = (turns.narrow(4, 0, 1)?, turns.narrow(4, 1, 1)?);
    let pairs = x.reshape((batch, heads, time, depth / 2, 2))?;
    let (a, b) = (pairs.narrow(4, 0, 1)?, pairs.narrow(4, 1, 1)?);
    let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
    let second = (a.broadcast_mul(&sin)? + b.broadcast_mul(&cos)?)?;
    Tensor::cat(&[first, second], 4)?.reshape((batch, heads, time, depth))
}
