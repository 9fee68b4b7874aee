//! The Legendre memory unit unrolled into plain tensors.

use candle_core::Tensor;

use super::{LmuWeights, OP, Sizes, check};
use crate::error::{Error, Result};

/// [`lmu`](crate::lmu()) from plain tensors, on any device.
///
/// Its graph is some twenty operations deep per bin, and Candle's backward pass recurses over it: keep T below a
/// few thousand.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn lmu(
    inputs: &Tensor,
    weights: LmuWeights<'_>,
    h0: &Tensor,
    m0: &Tensor,
) -> Result<(Tensor, Tensor, Tensor)> {
    let sizes = check(inputs, weights, h0, m0)?;
    compute(inputs, weights, h0, m0, sizes).map_err(Error::in_op(OP))
}

fn compute(
    inputs: &Tensor,
    LmuWeights { w_h, w_m, e_h, e_m, ad, bd }: LmuWeights<'_>,
    h0: &Tensor,
    m0: &Tensor,
    Sizes { time, hidden, memory, .. }: Sizes,
) -> candle_core::Result<(Tensor, Tensor, Tensor)> {
    let turned = |x: &Tensor| x.t()?.contiguous();
    let (w_h, w_m, ad) = (turned(w_h)?, turned(w_m)?, turned(&ad.detach())?);
    let column = |x: &Tensor, n: usize| x.reshape((n, 1))?.contiguous();
    let (e_h, e_m) = (column(e_h, hidden)?, column(e_m, memory)?);
    let bd = bd.detach();
    let (mut h, mut m) = (h0.contiguous()?, m0.contiguous()?);
    let mut states = Vec::with_capacity(time);
    for t in 0..time {
        let v = inputs.narrow(1, t, 1)?.squeeze(1)?;
        let part = |from: usize, n: usize| v.narrow(1, from, n)?.contiguous();
        let u = ((part(hidden, 1)? + h.matmul(&e_h)?)? + m.matmul(&e_m)?)?;
        m = (m.matmul(&ad)? + u.broadcast_mul(&bd.unsqueeze(0)?)?)?;
        h = ((part(0, hidden)? + h.matmul(&w_h)?)? + m.matmul(&w_m)?)?.tanh()?;
        states.push(h.clone());
    }
    Ok((Tensor::stack(&states, 1)?, h, m))
}
