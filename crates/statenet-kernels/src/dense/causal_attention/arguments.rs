//! Sizes of causal attention, and the checks of its arguments.

use candle_core::Tensor;

use crate::{error::Result, tensor::arguments::Check};

pub(super) const OP: &str = "causal_attention";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) heads: usize,
    pub(crate) time: usize,
    /// Keys before those of the first query.
    pub(crate) earlier: usize,
    pub(crate) depth: usize,
    /// Bins that a query sees, itself included.
    pub(crate) window: usize,
}

pub(super) fn check(q: &Tensor, k: &Tensor, v: &Tensor, scale: f64, window: Option<usize>) -> Result<Sizes> {
    let check = Check::new(OP);
    let [batch, heads, time, depth] = check.dims("q", q, [None; 4])?;
    let like_q = [Some(batch), Some(heads), None, Some(depth)];
    let [.., keys, _] = check.dims("k", k, like_q)?;
    check.range("k's number of bins", keys as f64, keys >= time, "at least that of q")?;
    check.dims("v", v, [Some(batch), Some(heads), Some(keys), Some(depth)])?;
    check.dtypes(&[("q", q), ("k", k), ("v", v)])?;
    check.range("scale", scale, scale.is_finite(), "finite")?;
    let window = window.unwrap_or(keys);
    check.range("window", window as f64, window > 0, "at least 1")?;
    Ok(Sizes { batch, heads, time, earlier: keys - time, depth, window: window.min(keys) })
}
