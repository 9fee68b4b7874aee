//! StateNet's locally connected encoder: a filter of its own for every position along the frequency axis.
//!
//! ```text
//! y[b,c,l,t] = v[c,l] + sum_{i<Ci, k<K} W[c, i K + k, l] x[b, i, l S + k, t],    l < L = floor((F-K)/S) + 1
//! ```
//! Time bins do not mix. [`band_convolution`](crate::band_convolution) is the same with one filter for
//! all positions.

mod cpu;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::Result,
    filters::frequency_taps::Sizes,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "locally_connected";

/// The sizes of a call of `op`, this operation or one that begins with it.
pub(crate) fn check(
    op: &'static str,
    x: &Tensor,
    weights: &Tensor,
    biases: &Tensor,
    stride: usize,
) -> Result<Sizes> {
    let check = Check::new(op);
    check.range("stride", stride as f64, stride > 0, "at least 1")?;
    let [batch, inputs, bands, time] = check.dims("x", x, [None; 4])?;
    let [channels, taps, _] = check.dims("weights", weights, [None; 3])?;
    let width = (taps / inputs).max(1);
    let positions = bands.checked_sub(width).map_or(0, |room| room / stride + 1);
    check.dims("weights", weights, [Some(channels), Some(width * inputs), Some(positions)])?;
    check.dims("biases", biases, [Some(channels), Some(positions)])?;
    check.dtypes(&[("x", x), ("weights", weights), ("biases", biases)])?;
    Ok(Sizes { batch, inputs, bands, time, channels, width, positions, stride })
}

/// Filters along frequency that are not shared between positions, in every time bin.
///
/// - `x`: (B, Ci, F, T).  `weights`: (C, Ci K, L), tap `i K + k` for input i and band k of the filter.
///   `biases`: (C, L).  `stride`: S bands from one position to the next; L = floor((F-K)/S) + 1.
/// - Returns (B, C, L, T).
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) (also where L does not fit F, K and S),
/// [`Error::Range`](crate::Error::Range) if `stride` is 0, [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let x = Tensor::new(&[[[[1f32], [2.0], [3.0]]]], &Device::Cpu)?; // 3 bands, one bin
/// let weights = Tensor::new(&[[[1f32, 0.0], [0.0, 10.0]]], &Device::Cpu)?; // K = 2 at L = 2 positions
/// let biases = Tensor::new(&[[0.5f32, 0.0]], &Device::Cpu)?;
/// let y = statenet_kernels::locally_connected(&x, &weights, &biases, 1)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [1.5, 30.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn locally_connected(x: &Tensor, weights: &Tensor, biases: &Tensor, stride: usize) -> Result<Tensor> {
    let sizes = check(OP, x, weights, biases, stride)?;
    run(
        cpu::LocallyConnected(sizes),
        [Input::one("x", x), Input::one("weights", weights), Input::one("biases", biases)],
        Ok,
        || reference::locally_connected(x, weights, biases, stride),
    )
}
