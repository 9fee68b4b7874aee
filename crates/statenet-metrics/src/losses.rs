//! Losses for gradient descent: differentiable, masked, on tensors of any device and float type.
//!
//! The operations themselves are in `statenet-kernels`; this module gives them the names that options and configs use.

use std::{fmt, str::FromStr};

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A loss between a predicted rate and a target, usually the PSTH.
///
/// Both average over the valid bins of each neuron, then over the neurons that have any, so that all neurons have the same
/// weight however long they were recorded.
///
/// | name | per bin, p the rate and y the target |
/// |---|---|
/// | `mse` | (p - y)^2 |
/// | `poisson` | p - y ln(max(p, e) + e), e = 1e-8: the negative log-likelihood of Poisson counts without the constant ln y! |
///
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_metrics::losses::Loss;
///
/// let loss: Loss = "mse".parse()?;
/// let rate = Tensor::new(&[[[1f64, 2.0, 9.0]]], &Device::Cpu)?;
/// let target = Tensor::new(&[[[0f64, 4.0, f64::NAN]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[[1f64, 1.0, 0.0]]], &Device::Cpu)?;
/// assert_eq!(loss.apply(&rate, &target, &mask)?.to_scalar::<f64>()?, (1.0 + 4.0) / 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Loss {
    /// Mean squared error.
    #[default]
    Mse,
    /// Negative Poisson log-likelihood.
    Poisson,
}

impl Loss {
    /// The loss of a batch: a scalar, differentiable with respect to the rate.
    ///
    /// - `rate`: (B, N, T), spikes per bin. For `poisson` the logarithm has no gradient at rates of 0 or below.
    /// - `target`: (B, N, T), the response. `mask`: (B, N, T), of the same type, 0 where nothing was recorded; values of
    ///   rate and target there are ignored, even NaN.
    /// - Returns 0 if no bin is valid.
    ///
    /// # Errors
    /// [`Error::Loss`] if shapes, types or devices differ.
    pub fn apply(&self, rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let computed = match self {
            Self::Mse => statenet_kernels::masked_mse(rate, target, mask),
            Self::Poisson => statenet_kernels::masked_poisson(rate, target, mask),
        };
        computed.map_err(|source| Error::Loss { loss: self.name(), source: Box::new(source) })
    }

    /// The name in options and configs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::Poisson => "poisson",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Loss {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "mse" => Ok(Self::Mse),
            "poisson" => Ok(Self::Poisson),
            _ => Err(Error::UnknownLoss { name: name.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use statenet_core::Seed;

    use super::*;

    const BOTH: [Loss; 2] = [Loss::Mse, Loss::Poisson];

    fn tensor(name: &str, shape: (usize, usize, usize), low: f64) -> Tensor {
        let mut stream = Seed::new(6).stream(name);
        let values: Vec<f64> = (0..shape.0 * shape.1 * shape.2).map(|_| stream.uniform(low, 2.0)).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    fn value(loss: Loss, rate: &Tensor, target: &Tensor, mask: &Tensor) -> f64 {
        loss.apply(rate, target, mask).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn names_round_trip() {
        for loss in BOTH {
            assert_eq!(loss.name().parse::<Loss>().unwrap(), loss);
            assert_eq!(serde_json::to_string(&loss).unwrap(), format!("\"{loss}\""));
        }
        assert_eq!(
            "mae".parse::<Loss>().unwrap_err().to_string(),
            "loss is \"mae\", expected mse or poisson"
        );
    }

    #[test]
    fn padding_changes_nothing() {
        let (rate, target) = (tensor("rate", (1, 2, 5), 0.1), tensor("target", (1, 2, 5), 0.0));
        let pad = |x: &Tensor, with: f64| {
            let tail = (Tensor::zeros((1, 2, 3), x.dtype(), &Device::Cpu).unwrap() + with).unwrap();
            Tensor::cat(&[x, &tail], 2).unwrap()
        };
        let ones = target.ones_like().unwrap();
        for loss in BOTH {
            let short = value(loss, &rate, &target, &ones);
            let padded = value(loss, &pad(&rate, -7.0), &pad(&target, f64::NAN), &pad(&ones, 0.0));
            assert!((short - padded).abs() < 1e-14, "{loss}: {padded} for {short}");
        }
    }

    #[test]
    fn gradients_are_finite_differences_and_zero_under_the_mask() {
        let shape = (2, 3, 4);
        let rate = Var::from_tensor(&tensor("rate", shape, 0.2)).unwrap();
        let mut stream = Seed::new(7).stream("mask");
        let mask: Vec<f64> = (0..24).map(|_| f64::from(u8::from(stream.unit() < 0.6))).collect();
        let target: Vec<f64> =
            mask.iter().map(|&valid| if valid > 0.0 { stream.uniform(0.0, 3.0) } else { f64::NAN }).collect();
        let mask = Tensor::from_vec(mask, shape, &Device::Cpu).unwrap();
        let target = Tensor::from_vec(target, shape, &Device::Cpu).unwrap();
        for loss in BOTH {
            let grads = loss.apply(&rate, &target, &mask).unwrap().backward().unwrap();
            let gradient: Vec<f64> = grads.get(&rate).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let at: Vec<f64> = rate.flatten_all().unwrap().to_vec1().unwrap();
            let valid: Vec<f64> = mask.flatten_all().unwrap().to_vec1().unwrap();
            for i in 0..24 {
                let moved = |step: f64| {
                    let mut at = at.clone();
                    at[i] += step;
                    value(loss, &Tensor::from_vec(at, shape, &Device::Cpu).unwrap(), &target, &mask)
                };
                let numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((gradient[i] - numeric).abs() < 1e-8, "{loss}: {} for {numeric}", gradient[i]);
                assert!(valid[i] > 0.0 || gradient[i] == 0.0);
            }
        }
    }

    #[test]
    fn a_wrong_shape_names_loss_and_array() {
        let (rate, target) = (tensor("rate", (1, 2, 5), 0.1), tensor("target", (1, 2, 4), 0.0));
        let error = Loss::Mse.apply(&rate, &target, &target).unwrap_err();
        assert_eq!(error.to_string(), "the mse loss cannot be computed");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("target has shape (1, 2, 4), expected (1, 2, 5)"), "{source}");
    }
}
