//! The checks of the encoder's arguments.

use candle_core::Tensor;

use crate::{
    error::Result,
    filters::{frequency_taps::Sizes, locally_connected},
    tensor::arguments::Check,
};

pub(super) const OP: &str = "local_encoder";

pub(super) fn check(
    x: &Tensor,
    weights: &Tensor,
    biases: &Tensor,
    gain: &Tensor,
    bias: &Tensor,
    stride: usize,
    eps: f64,
) -> Result<Sizes> {
    let check = Check::new(OP);
    let sizes = locally_connected::check(OP, x, weights, biases, stride)?;
    check.dims("gain", gain, [Some(sizes.channels)])?;
    check.dims("bias", bias, [Some(sizes.channels)])?;
    check.range("eps", eps, eps > 0.0 && eps.is_finite(), "positive and finite")?;
    check.dtypes(&[("x", x), ("gain", gain), ("bias", bias)])?;
    Ok(sizes)
}
