//! Penalties on weights, which are added to a loss: functions on tensors, differentiable.
//!
//! ```text
//! L1          sum_i |w_i|                          few weights that are not 0 (Tibshirani 1996)
//! L2          sum_i w_i^2                          small weights: ridge (Hoerl & Kennard 1970)
//! smoothness  sum_i (w_{i+1} - w_i)^2 along an axis    neighbouring bands or lags alike (a Gaussian prior on differences, as in
//!                                                  the smoothness priors of Sahani & Linden 2003)
//! ```
//!
//! They are sums, as in the equations of ridge and lasso, so that the strength of each depends on the number of weights, and on
//! their scale.

use candle_core::{Result as TensorResult, Tensor};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// sum |w|. Its gradient at a weight of 0 is 0, so that weights that start at 0 stay there unless the loss moves them.
///
/// # Errors
/// [`Error::Penalty`] if Candle fails.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_metrics::losses::penalties;
///
/// let w = Tensor::new(&[[1f64, -2.0, 4.0]], &Device::Cpu)?;
/// assert_eq!(penalties::l1(&w)?.to_scalar::<f64>()?, 7.0);
/// assert_eq!(penalties::l2(&w)?.to_scalar::<f64>()?, 21.0);
/// assert_eq!(penalties::smoothness(&w, 1)?.to_scalar::<f64>()?, 9.0 + 36.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn l1(weights: &Tensor) -> Result<Tensor> {
    // Candle's gradient of |w| at 0 is 1.
    named("l1", || (weights * weights.detach().sign()?)?.sum_all())
}

/// sum w^2.
///
/// # Errors
/// [`Error::Penalty`] if Candle fails.
pub fn l2(weights: &Tensor) -> Result<Tensor> {
    named("l2", || weights.sqr()?.sum_all())
}

/// Sum of the squared differences of neighbours along an axis; 0 if it has one entry.
///
/// # Errors
/// [`Error::Penalty`] if there is no such axis, or Candle fails.
pub fn smoothness(weights: &Tensor, axis: usize) -> Result<Tensor> {
    named("smoothness", || {
        let n = weights.dim(axis)?;
        if n < 2 {
            return Tensor::zeros((), weights.dtype(), weights.device());
        }
        (weights.narrow(axis, 1, n - 1)? - weights.narrow(axis, 0, n - 1)?)?.sqr()?.sum_all()
    })
}

fn named(penalty: &'static str, compute: impl FnOnce() -> TensorResult<Tensor>) -> Result<Tensor> {
    compute().map_err(|source| Error::Penalty { penalty, source: Box::new(source) })
}

/// How strong each penalty is; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Penalties {
    /// Factor of [`l1`] over all weights.
    pub l1: f64,
    /// Factor of [`l2`] over all weights. AdamW's weight decay differs: it is not divided by the size of gradients.
    pub l2: f64,
    /// Factor of [`smoothness`] over the bands of receptive fields.
    pub smooth_bands: f64,
    /// Factor of [`smoothness`] over the lags of receptive fields.
    pub smooth_lags: f64,
}

/// A tensor of weights, and which of its axes are bands and lags of a receptive field.
#[derive(Clone, Debug)]
pub struct Penalized {
    /// The weights.
    pub weights: Tensor,
    /// The axis of bands.
    pub bands: Option<usize>,
    /// The axis of lags.
    pub lags: Option<usize>,
}

impl Penalties {
    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The factors with their names.
    #[must_use]
    pub fn factors(&self) -> [(&'static str, f64); 4] {
        let Self { l1, l2, smooth_bands, smooth_lags } = *self;
        [("l1", l1), ("l2", l2), ("smooth bands", smooth_bands), ("smooth lags", smooth_lags)]
    }

    /// The sum of all penalties: a scalar, or `None` where none applies.
    ///
    /// # Errors
    /// [`Error::Penalty`] if Candle fails.
    pub fn apply(&self, weights: &[Penalized]) -> Result<Option<Tensor>> {
        let mut total: Option<Tensor> = None;
        let mut add = |factor: f64, penalty: &dyn Fn() -> Result<Tensor>| -> Result<()> {
            if factor != 0.0 {
                let penalty = penalty()?;
                total = Some(named("sum", || {
                    let scaled = (penalty * factor)?;
                    total.as_ref().map_or(Ok(scaled.clone()), |total| total + &scaled)
                })?);
            }
            Ok(())
        };
        for Penalized { weights, bands, lags } in weights {
            add(self.l1, &|| l1(weights))?;
            add(self.l2, &|| l2(weights))?;
            if let Some(bands) = *bands {
                add(self.smooth_bands, &|| smoothness(weights, bands))?;
            }
            if let Some(lags) = *lags {
                add(self.smooth_lags, &|| smoothness(weights, lags))?;
            }
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use statenet_core::Seed;

    use super::*;

    fn field() -> Vec<f64> {
        let mut stream = Seed::new(2).stream("weights");
        (0..24).map(|_| stream.normal()).collect()
    }

    fn tensor(values: Vec<f64>) -> Tensor {
        Tensor::from_vec(values, (2, 1, 4, 3), &Device::Cpu).unwrap()
    }

    #[test]
    fn gradients_are_finite_differences() {
        let all = Penalties { l1: 0.3, l2: 0.7, smooth_bands: 0.2, smooth_lags: 1.1 };
        let total = |weights: Tensor| {
            all.apply(&[Penalized { weights, bands: Some(2), lags: Some(3) }]).unwrap().unwrap()
        };
        let var = Var::from_tensor(&tensor(field())).unwrap();
        let grads = total(var.as_tensor().clone()).backward().unwrap();
        let gradient: Vec<f64> = grads.get(&var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for (i, got) in gradient.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut values = field();
                values[i] += by;
                total(tensor(values)).to_scalar::<f64>().unwrap()
            };
            let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((got - numeric).abs() < 1e-7, "{i}: {got} for {numeric}");
        }
    }

    #[test]
    fn smoothness_by_hand_along_each_axis() {
        let w = Tensor::new(&[[1f64, 3.0], [0.0, 7.0]], &Device::Cpu).unwrap();
        let value = |axis| smoothness(&w, axis).unwrap().to_scalar::<f64>().unwrap();
        assert_eq!((value(0), value(1)), (1.0 + 16.0, 4.0 + 49.0));
        let one = Tensor::new(&[[1f64], [4.0]], &Device::Cpu).unwrap();
        assert_eq!(smoothness(&one, 1).unwrap().to_scalar::<f64>().unwrap(), 0.0);
    }

    #[test]
    fn a_weight_of_zero_has_no_l1_slope_and_no_penalty_no_tensor() {
        let var = Var::new(&[0f64, -2.0], &Device::Cpu).unwrap();
        let grads = l1(&var).unwrap().backward().unwrap();
        assert_eq!(grads.get(&var).unwrap().to_vec1::<f64>().unwrap(), [0.0, -1.0]);
        let weights = [Penalized { weights: var.as_tensor().clone(), bands: None, lags: None }];
        assert!(Penalties::default().is_none());
        assert!(Penalties::default().apply(&weights).unwrap().is_none());
        let smooth = Penalties { smooth_lags: 1.0, ..Penalties::default() };
        assert!(smooth.apply(&weights).unwrap().is_none());
    }

    #[test]
    fn an_axis_that_is_not_there_is_an_error() {
        let w = Tensor::new(&[1f64, 2.0], &Device::Cpu).unwrap();
        assert_eq!(smoothness(&w, 3).unwrap_err().to_string(), "the penalty smoothness cannot be computed");
    }
}
