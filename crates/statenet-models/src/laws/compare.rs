//! How laws compare tensors, and how they report what differs.

use candle_core::{DType, Tensor};

use crate::{
    error::{Error, Result},
    tensors::f64_values,
};

/// Largest difference allowed between two ways to compute the same rates, relative to the largest rate (at least 1):
/// matrix products sum in another order.
#[must_use]
pub fn tolerance(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => 1e-10,
        _ => 1e-5,
    }
}

pub(crate) fn broken(law: &'static str, what: impl Into<String>) -> Error {
    Error::Law { law, what: what.into() }
}

/// Fails unless two tensors agree to `tolerance` relative to their largest entry (at least 1).
pub(crate) fn expect_close(
    law: &'static str,
    what: &str,
    a: &Tensor,
    b: &Tensor,
    tolerance: f64,
) -> Result<()> {
    if a.dims() != b.dims() {
        return Err(broken(law, format!("{what}: shapes {:?} and {:?}", a.dims(), b.dims())));
    }
    let (a, b) = (f64_values(a)?, f64_values(b)?);
    let scale = a.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    let worst = a.iter().zip(&b).map(|(x, y)| if x == y { 0.0 } else { (x - y).abs() }).fold(0.0, nan_max);
    if worst <= tolerance * scale {
        Ok(())
    } else {
        Err(broken(law, format!("{what}: differs by {worst:e}")))
    }
}

/// Fails unless two tensors have the same bits.
pub(crate) fn expect_equal(law: &'static str, what: &str, a: &Tensor, b: &Tensor) -> Result<()> {
    let bits = |t: &Tensor| Ok::<_, Error>(f64_values(t)?.into_iter().map(f64::to_bits).collect::<Vec<_>>());
    if a.dims() == b.dims() && bits(a)? == bits(b)? {
        Ok(())
    } else {
        Err(broken(law, format!("{what}: not the same bits")))
    }
}

/// A maximum in which NaN wins, so that it is never overlooked.
fn nan_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
