//! The laws that every model must obey, as functions on `&dyn ResponseModel`.
//!
//! Each returns what it broke as an [`Error::Law`] that says where and by how much. Run them on a model of your own:
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_core::{Axes, Seed, TimeBin};
//! use statenet_models::{laws, zoo};
//!
//! let axes = Axes::new(8, 2, TimeBin::from_millis(5.0)?);
//! let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
//! let sound = Tensor::ones((2, 1, 8, 20), DType::F32, &Device::Cpu)?;
//! laws::causal(&*model, &sound, 11)?;
//! laws::streaming(&*model, &sound, &[1, 7, 20])?;
//! laws::batch_independent(&*model, &sound)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algebra;
pub(crate) mod gradients;
mod persistence;
#[cfg(feature = "proptest")]
pub mod strategies;
mod time;

use candle_core::{DType, Tensor};

pub use self::{
    algebra::{batch_independent, neurons_independent, parameter_names_unique, pure},
    gradients::{every_parameter_learns, gradients_match_differences},
    persistence::{checkpoint_round_trip, config_round_trip, same_seed_same_weights, state_round_trip},
    time::{causal, forgets, prefix_stable, real_time, reset_is_new, streaming},
};
use crate::error::{During, Error, Result};

/// Largest difference allowed between two ways to compute the same rates, relative to the largest rate (at least 1):
/// matrix products sum in another order.
#[must_use]
pub fn tolerance(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => 1e-10,
        _ => 1e-5,
    }
}

/// What broke a law.
#[derive(Debug, thiserror::Error)]
#[error("{law}: {what}")]
pub struct Violation {
    /// The law.
    pub law: &'static str,
    /// Where, and by how much.
    pub what: String,
}

pub(crate) fn broken(law: &'static str, what: impl Into<String>) -> Error {
    Error::Law(Box::new(Violation { law, what: what.into() }))
}

/// The entries of a tensor as f64, row by row.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    tensor
        .to_dtype(DType::F64)
        .and_then(|t| t.flatten_all())
        .and_then(|t| t.to_vec1())
        .during("reading a tensor")
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
    let (a, b) = (numbers(a)?, numbers(b)?);
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
    let bits = |t: &Tensor| Ok::<_, Error>(numbers(t)?.into_iter().map(f64::to_bits).collect::<Vec<_>>());
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
