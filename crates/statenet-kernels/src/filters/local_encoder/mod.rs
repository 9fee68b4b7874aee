//! StateNet's encoder in one pass: [`locally_connected`](crate::locally_connected) filters, normalised over
//! channels ([`channel_norm`](crate::channel_norm)), through a sigmoid.
//!
//! ```text
//! a[b,c,l,t] = w[c,l] + sum_{i<Ci, k<K} W[c, i K + k, l] x[b, i, l S + k, t]
//! m = mean_c a    s = 1 / sqrt(mean_c (a-m)^2 + eps)    v = (a-m) s    y = sigmoid(gain[c] v + bias[c])
//! ```
//! Time bins do not mix (Rançon et al. 2025; the variance is the biased one). Nothing is kept for the
//! backward pass: computing a again costs K multiplications, less than writing and reading it.

mod arguments;
mod cpu;
pub(crate) mod reference;
mod step;

use candle_core::Tensor;

use self::arguments::check;
pub use self::step::LocalEncoderStep;
use crate::{
    error::Result,
    tensor::driver::{Input, run},
};

/// sigmoid(gain (a - mean) / sqrt(variance + eps) + bias) of locally connected filters a, mean and variance
/// over channels.
///
/// - `x`: (B, Ci, F, T).  `weights`: (C, Ci K, L), tap `i K + k` for input i and band k of the filter.
///   `biases`: (C, L).  `gain`, `bias`: (C).  `stride`: S bands from one position to the next;
///   L = floor((F-K)/S) + 1.  `eps`: added to the variance, positive (PyTorch: 1e-5).
/// - Returns (B, C, L, T).
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) (also where L does not fit F, K and S),
/// [`Error::Range`](crate::Error::Range) for `stride` and `eps`, [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
///
/// let x = Tensor::new(&[[[[3f64], [1.0]]]], &Device::Cpu)?; // 2 bands, one bin
/// let weights = Tensor::new(&[[[1f64], [0.0]], [[0.0], [1.0]]], &Device::Cpu)?; // K = 2, one position
/// let biases = Tensor::zeros((2, 1), DType::F64, &Device::Cpu)?;
/// let gain = Tensor::ones(2, DType::F64, &Device::Cpu)?;
/// let bias = Tensor::zeros(2, DType::F64, &Device::Cpu)?;
/// let y = statenet_kernels::local_encoder(&x, &weights, &biases, &gain, &bias, 1, 1e-12)?;
/// let y = y.flatten_all()?.to_vec1::<f64>()?; // each channel is a band: mean 2, variance 1
/// assert!((y[0] - 0.7311).abs() < 1e-4 && (y[1] - 0.2689).abs() < 1e-4); // sigmoid(1), sigmoid(-1)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn local_encoder(
    x: &Tensor,
    weights: &Tensor,
    biases: &Tensor,
    gain: &Tensor,
    bias: &Tensor,
    stride: usize,
    eps: f64,
) -> Result<Tensor> {
    let sizes = check(x, weights, biases, gain, bias, stride, eps)?;
    run(
        cpu::LocalEncoder { sizes, eps },
        [
            Input::one("x", x),
            Input::one("weights", weights),
            Input::packed([("biases", biases), ("gain", gain), ("bias", bias)]),
        ],
        Ok,
        || reference::local_encoder(x, weights, biases, gain, bias, stride, eps),
    )
}
