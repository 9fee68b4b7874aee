//! Causal attention over all bins so far or a window of them (Vaswani et al. 2017, eq. 1), without the matrix
//! of all pairs of bins.
//!
//! ```text
//! s[i,j] = scale q[i] k[j]    p[i,j] = exp(s[i,j] - m[i]),    i - window < j <= i
//! m[i] = ln sum_j exp s[i,j]    y[i] = sum_j p[i,j] v[j]
//!
//! gv[j] = sum_i p[i,j] gy[i]    gs[i,j] = p[i,j] (gy[i] v[j] - gy[i] y[i])
//! gq[i] = scale sum_j gs[i,j] k[j]    gk[j] = scale sum_i gs[i,j] q[i]
//! ```
//! Queries are taken in blocks, whose scores stay in the second-level cache; the backward pass computes them
//! again (Dao et al. 2022). Kept for it: m. Pairs beyond the mask are left out, but for those within a block.
//!
//! Dropout of single probabilities needs the matrix of all pairs that this avoids:
//! [`causal_attention_dropped`](crate::causal_attention_dropped).

mod arguments;
pub(crate) mod cpu;
mod dropped;
pub(crate) mod reference;
mod step;

use candle_core::Tensor;

pub(crate) use self::arguments::Sizes;
use self::arguments::check;
pub use self::{dropped::causal_attention_dropped, step::CausalAttentionStep};
use crate::{
    error::Result,
    tensor::driver::{Input, run},
};

/// softmax(scale q kᵀ) v, in which a bin sees itself and bins before it.
///
/// - `q`: (B, heads, T, D).  `k`, `v`: (B, heads, S, D) with S >= T: the last T are those of the bins of `q`,
///   the S-T before them what a chunk carries over from the chunks before it.
/// - `scale`: of the scores, usually 1/sqrt(D).  `window`: bins that each bin sees, itself included; all if
///   `None`.
/// - Returns (B, heads, T, D).
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::Range`](crate::Error::Range),
/// [`Error::DType`](crate::Error::DType) or [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let zero = Tensor::new(&[[[[0f32], [0.0], [0.0]]]], &Device::Cpu)?; // equal scores: a mean
/// let v = Tensor::new(&[[[[1f32], [3.0], [8.0]]]], &Device::Cpu)?;
/// let all = statenet_kernels::causal_attention(&zero, &zero, &v, 1.0, None)?;
/// assert_eq!(all.flatten_all()?.to_vec1::<f32>()?, [1.0, 2.0, 4.0]);
/// let two = statenet_kernels::causal_attention(&zero, &zero, &v, 1.0, Some(2))?;
/// assert_eq!(two.flatten_all()?.to_vec1::<f32>()?, [1.0, 2.0, 5.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn causal_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    scale: f64,
    window: Option<usize>,
) -> Result<Tensor> {
    let sizes = check(q, k, v, scale, window)?;
    run(
        cpu::CausalAttention { sizes, scale },
        [Input::one("q", q), Input::one("k", k), Input::one("v", v)],
        Ok,
        || reference::causal_attention(q, k, v, scale, window),
    )
}
