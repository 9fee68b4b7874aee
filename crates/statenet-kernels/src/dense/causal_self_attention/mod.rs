//! Multi-head self-attention over all bins so far or a window of them (Vaswani et al. 2017, section 3.2.2), with the maps
//! before and after it.
//!
//! ```text
//! [q, k, v] = W_in x + b_in    z = attend(turn q, turn k, v)    y = W_out z + b_out
//! turn: (q[2i], q[2i+1]) <- (q[2i] cos a - q[2i+1] sin a, q[2i] sin a + q[2i+1] cos a),    a = a[t,i] as given
//! ```
//! Without turns q and k stay as they are; with them attention knows how far apart two bins are (Su et al. 2024, eq. 34).
//! Each head attends with its D = units / heads channels as [`causal_attention`](crate::causal_attention()) has it, scores
//! over sqrt(D). Kept for the backward pass: z and the logarithms of the softmax's sums; q, k and v are computed
//! again, of one stimulus after the other.

mod cpu;
pub(crate) mod reference;

use candle_core::Tensor;

use crate::{
    dense::causal_attention::Sizes,
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "causal_self_attention";

/// Weights of a self-attention and how it attends; names and shapes are those of PyTorch's `nn.MultiheadAttention`.
#[derive(Clone, Copy, Debug)]
pub struct SelfAttention<'a> {
    /// Of queries, keys and values, one after the other, (3 U, U).
    pub in_weight: &'a Tensor,
    /// (3 U).
    pub in_bias: &'a Tensor,
    /// (U, U).
    pub out_weight: &'a Tensor,
    /// (U).
    pub out_bias: &'a Tensor,
    /// Heads, which share out the U units.
    pub heads: usize,
    /// Bins that each bin sees, itself included; all if `None`.
    pub window: Option<usize>,
    /// Cosine and sine of the angle by which a bin's queries and keys are turned, (T, D / 2, 2) with D = U / heads, the
    /// same for every head; none are turned if `None`. Gets no gradient.
    pub turns: Option<&'a Tensor>,
}

fn check(x: &Tensor, attention: SelfAttention<'_>) -> Result<Sizes> {
    let SelfAttention { in_weight, in_bias, out_weight, out_bias, heads, window, turns } = attention;
    let check = Check::new(OP);
    let [batch, units, time] = check.dims("x", x, [None; 3])?;
    check.dims("in_weight", in_weight, [Some(3 * units), Some(units)])?;
    check.dims("in_bias", in_bias, [Some(3 * units)])?;
    check.dims("out_weight", out_weight, [Some(units), Some(units)])?;
    check.dims("out_bias", out_bias, [Some(units)])?;
    check.dtypes(&[
        ("x", x),
        ("in_weight", in_weight),
        ("in_bias", in_bias),
        ("out_weight", out_weight),
        ("out_bias", out_bias),
    ])?;
    let divides = heads > 0 && units.is_multiple_of(heads);
    check.range("heads", heads as f64, divides, "a divisor of the number of units")?;
    let depth = units / heads;
    if let Some(turns) = turns {
        check.range(
            "units of a head",
            depth as f64,
            depth.is_multiple_of(2),
            "an even number, to be turned in pairs",
        )?;
        check.dims("turns", turns, [Some(time), Some(depth / 2), Some(2)])?;
        check.dtype("turns", turns, x)?;
    }
    let window = window.unwrap_or(time);
    check.range("window", window as f64, window > 0, "at least 1")?;
    Ok(Sizes { batch, heads, time, earlier: 0, depth, window: window.min(time) })
}

/// What scores are multiplied by.
fn scale(sizes: Sizes) -> f64 {
    1.0 / (sizes.depth as f64).sqrt()
}

/// Self-attention in which a bin sees itself and bins before it.
///
/// - `x`: (B, U, T).
/// - Returns (B, U, T).
///
/// Without state: a stream is made of [`affine`](crate::affine()) and [`causal_attention`](crate::causal_attention())
/// with the keys and values of the bins before.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::Range`](crate::Error::Range) for `heads`, `window` and heads of an
/// odd number of units that are to be turned,
/// [`Error::DType`](crate::Error::DType) or [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{SelfAttention, causal_self_attention};
///
/// let x = Tensor::new(&[[[1f32, 3.0, 8.0]]], &Device::Cpu)?; // one unit, 3 bins
/// let in_weight = Tensor::new(&[[0f32], [0.0], [1.0]], &Device::Cpu)?; // equal scores: a mean
/// let in_bias = Tensor::new(&[0f32, 0.0, 0.0], &Device::Cpu)?;
/// let out_weight = Tensor::new(&[[10f32]], &Device::Cpu)?;
/// let out_bias = Tensor::new(&[1f32], &Device::Cpu)?;
/// let attention = SelfAttention {
///     in_weight: &in_weight,
///     in_bias: &in_bias,
///     out_weight: &out_weight,
///     out_bias: &out_bias,
///     heads: 1,
///     window: None,
///     turns: None,
/// };
/// let y = causal_self_attention(&x, attention)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [11.0, 21.0, 41.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn causal_self_attention(x: &Tensor, attention: SelfAttention<'_>) -> Result<Tensor> {
    let sizes = check(x, attention)?;
    run(
        cpu::CausalSelfAttention { sizes, scale: scale(sizes) },
        [
            Input::one("x", x),
            Input::packed([
                ("in_weight", attention.in_weight),
                ("in_bias", attention.in_bias),
                ("out_weight", attention.out_weight),
                ("out_bias", attention.out_bias),
            ]),
            Input::optional("turns", attention.turns).constant(),
        ],
        Ok,
        || reference::causal_self_attention(x, attention),
    )
}
