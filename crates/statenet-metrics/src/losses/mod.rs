//! Losses for gradient descent: differentiable, masked, on tensors of any device and float type.
//!
//! The operations themselves are in `statenet-kernels`; this module gives them the names that options and configs use, and has
//! the [penalties] on weights that are added to them.

pub mod penalties;

use std::{fmt, str::FromStr};

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A loss between a predicted rate and a target, usually the PSTH.
///
/// All but `correlation` average over the valid bins of each neuron, then over the neurons that have any, so that all neurons
/// have the same weight however long they were recorded.
///
/// | name | per bin, p the rate and y the target | for |
/// |---|---|---|
/// | `mse` | (p - y)^2 | all responses |
/// | `poisson` | p - y ln(max(p, e) + e), e = 1e-8: the negative log-likelihood of Poisson counts without the constant ln y! | spike counts |
/// | `correlation` | minus the correlation of p and y within stimuli, mean over neurons | all responses |
/// | `gaussian` | ((p - y)^2 / v + ln v) / 2: the negative log-likelihood of Gaussian responses with a variance v of each neuron | all responses |
/// | `negative_binomial` | negative log-likelihood of counts of mean p and variance p + a p^2, a a dispersion of each neuron, without ln y! | spike counts |
///
/// The variance and the dispersion are one number per neuron, constant over time ([`Spread`]): parameters of the fit beside
/// those of the model, which a fitter learns, or which are given.
///
/// - `correlation` knows neither scale nor offset: rates fitted with it have the shape of the response and no unit. A neuron
///   whose rate is constant has no gradient.
/// - `gaussian` differs from `mse` in what neurons weigh: each counts by the inverse of its residual variance.
/// - Where targets are means over R repeats, `poisson` and (at a given dispersion) `negative_binomial` have the gradient of the
///   mean over single repeats; a learned variance or dispersion is that of the means, below that of a single repeat.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_metrics::losses::Loss;
///
/// let loss: Loss = "mse".parse()?;
/// let rate = Tensor::new(&[[[1f64, 2.0, 9.0]]], &Device::Cpu)?;
/// let target = Tensor::new(&[[[0f64, 4.0, f64::NAN]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[[1f64, 1.0, 0.0]]], &Device::Cpu)?;
/// assert_eq!(loss.apply(&rate, &target, &mask, None)?.to_scalar::<f64>()?, (1.0 + 4.0) / 2.0);
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
    /// Negative correlation.
    Correlation,
    /// Negative Gaussian log-likelihood with a variance of each neuron.
    Gaussian,
    /// Negative log-likelihood of negative binomial counts with a dispersion of each neuron.
    NegativeBinomial,
}

/// What a loss has to know of each neuron's noise: one number per neuron, in logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// ln v, v the variance of the response around the rate.
    LogVariance,
    /// ln a, where counts of mean p have the variance p + a p^2.
    LogDispersion,
}

impl Spread {
    /// Where a fit starts, from mean and variance over time of a neuron's training responses.
    ///
    /// The variance is that of a model that gives the mean. The dispersion is the one with which all variance over time
    /// were noise, held within .01 to 10.
    #[must_use]
    pub fn start(self, mean: f64, variance: f64) -> f64 {
        match self {
            Self::LogVariance if variance > f64::from(f32::MIN_POSITIVE) => variance.ln(),
            Self::LogVariance => 0.0,
            Self::LogDispersion if mean > 0.0 => ((variance - mean) / (mean * mean)).clamp(0.01, 10.0).ln(),
            Self::LogDispersion => 0.0,
        }
    }

    /// Its name: `log_variance`, `log_dispersion`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LogVariance => "log_variance",
            Self::LogDispersion => "log_dispersion",
        }
    }
}

impl Loss {
    /// All losses.
    pub const ALL: [Self; 5] =
        [Self::Mse, Self::Poisson, Self::Correlation, Self::Gaussian, Self::NegativeBinomial];

    /// The loss of a batch: a scalar, differentiable with respect to the rate, and to the spread if it has one.
    ///
    /// - `rate`: (B, N, T), spikes per bin. For the losses of counts the logarithm has no gradient at rates of 0 or below.
    /// - `target`: (B, N, T), the response. `mask`: (B, N, T), of the same type, 0 where nothing was recorded; values of
    ///   rate and target there are ignored, even NaN.
    /// - `spread`: (N), the loss's [`spread`](Self::spread); `None` for a loss without one.
    /// - Returns 0 if no bin is valid.
    ///
    /// # Errors
    /// [`Error::Loss`] if shapes, types or devices differ; [`Error::Spread`] if a spread is missing, or given to a loss without
    /// one.
    pub fn apply(
        &self,
        rate: &Tensor,
        target: &Tensor,
        mask: &Tensor,
        spread: Option<&Tensor>,
    ) -> Result<Tensor> {
        let computed = match (self, spread) {
            (Self::Mse, None) => statenet_kernels::masked_mse(rate, target, mask),
            (Self::Poisson, None) => statenet_kernels::masked_poisson(rate, target, mask),
            (Self::Correlation, None) => statenet_kernels::masked_correlation(rate, target, mask),
            (Self::Gaussian, Some(spread)) => statenet_kernels::masked_gaussian(rate, target, mask, spread),
            (Self::NegativeBinomial, Some(spread)) => {
                statenet_kernels::masked_negative_binomial(rate, target, mask, spread)
            }
            _ => return Err(Error::Spread { loss: self.name(), takes: self.spread().map(Spread::name) }),
        };
        computed.map_err(|source| Error::Loss { loss: self.name(), source: Box::new(source) })
    }

    /// What the loss has to know of each neuron's noise, if anything.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        match self {
            Self::Gaussian => Some(Spread::LogVariance),
            Self::NegativeBinomial => Some(Spread::LogDispersion),
            Self::Mse | Self::Poisson | Self::Correlation => None,
        }
    }

    /// Whether it is a likelihood of spike counts, and so makes no sense for responses in mV or in standard deviations.
    #[must_use]
    pub fn is_of_counts(&self) -> bool {
        matches!(self, Self::Poisson | Self::NegativeBinomial)
    }

    /// The name in options and configs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::Poisson => "poisson",
            Self::Correlation => "correlation",
            Self::Gaussian => "gaussian",
            Self::NegativeBinomial => "negative_binomial",
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
        let named = Self::ALL.into_iter().find(|loss| loss.name() == name);
        named.ok_or_else(|| Error::UnknownLoss { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use statenet_core::Seed;

    use super::*;

    fn tensor(name: &str, shape: (usize, usize, usize), low: f64) -> Tensor {
        let mut stream = Seed::new(6).stream(name);
        let values: Vec<f64> = (0..shape.0 * shape.1 * shape.2).map(|_| stream.uniform(low, 2.0)).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    fn value(loss: Loss, rate: &Tensor, target: &Tensor, mask: &Tensor) -> f64 {
        loss.apply(rate, target, mask, spread(loss, rate).as_ref()).unwrap().to_scalar().unwrap()
    }

    /// A number for each neuron, if the loss takes one.
    fn spread(loss: Loss, rate: &Tensor) -> Option<Tensor> {
        let of_neuron = |n: usize| -0.7 + 0.6 * n as f64;
        let values: Vec<f64> = (0..rate.dim(1).unwrap()).map(of_neuron).collect();
        loss.spread().map(|_| Tensor::new(values, &Device::Cpu).unwrap())
    }

    #[test]
    fn names_round_trip() {
        for loss in Loss::ALL {
            assert_eq!(loss.name().parse::<Loss>().unwrap(), loss);
            assert_eq!(serde_json::to_string(&loss).unwrap(), format!("\"{loss}\""));
        }
        assert_eq!(
            "mae".parse::<Loss>().unwrap_err().to_string(),
            "loss is \"mae\", expected mse, poisson, correlation, gaussian or negative_binomial"
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
        for loss in Loss::ALL {
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
        for loss in Loss::ALL {
            let grads = loss.apply(&rate, &target, &mask, spread(loss, &rate).as_ref()).unwrap();
            let grads = grads.backward().unwrap();
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
        let error = Loss::Mse.apply(&rate, &target, &target, None).unwrap_err();
        assert_eq!(error.to_string(), "the mse loss cannot be computed");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("target has shape (1, 2, 4), expected (1, 2, 5)"), "{source}");
    }

    #[test]
    fn a_missing_or_a_superfluous_spread_is_named() {
        let (rate, target) = (tensor("rate", (1, 2, 5), 0.1), tensor("target", (1, 2, 5), 0.0));
        let mask = target.ones_like().unwrap();
        let missing = Loss::Gaussian.apply(&rate, &target, &mask, None).unwrap_err();
        assert_eq!(missing.to_string(), "the gaussian loss needs log_variance, a number of each neuron");
        let two = Tensor::new(&[0f64, 0.0], &Device::Cpu).unwrap();
        let superfluous = Loss::Mse.apply(&rate, &target, &mask, Some(&two)).unwrap_err();
        assert_eq!(superfluous.to_string(), "the mse loss takes no number of each neuron");
    }

    /// At the variance that is the mean squared error, and nowhere else, the loss has no slope in the variance.
    #[test]
    fn the_best_variance_is_the_mean_squared_error() {
        let (rate, target) = (tensor("rate", (2, 2, 50), 0.1), tensor("target", (2, 2, 50), 0.0));
        let mask = target.ones_like().unwrap();
        let error = (&rate - &target).unwrap().sqr().unwrap().mean((0, 2)).unwrap();
        let spread = Var::from_tensor(&error.log().unwrap()).unwrap();
        let loss = Loss::Gaussian.apply(&rate, &target, &mask, Some(&spread)).unwrap();
        let slope: Vec<f64> = loss.backward().unwrap().get(&spread).unwrap().to_vec1().unwrap();
        assert!(slope.iter().all(|s| s.abs() < 1e-12), "{slope:?}");
        let off = Var::from_tensor(&(spread.as_tensor() + 0.5).unwrap()).unwrap();
        let loss = Loss::Gaussian.apply(&rate, &target, &mask, Some(&off)).unwrap();
        let slope: Vec<f64> = loss.backward().unwrap().get(&off).unwrap().to_vec1().unwrap();
        assert!(slope.iter().all(|s| *s > 0.05), "{slope:?}");
    }

    /// The likelihood of many counts of known dispersion is highest at that dispersion.
    #[test]
    fn the_best_dispersion_is_that_of_the_counts() {
        let (dispersion, n) = (0.5, 20_000);
        let mut stream = Seed::new(3).stream("counts");
        let counts: Vec<f64> = (0..n)
            .map(|_| {
                // A Gamma rate of shape 2 and mean 3, as a sum of exponentials.
                let rate = 3.0 * dispersion * (stream.exponential() + stream.exponential());
                f64::from(stream.poisson(rate))
            })
            .collect();
        let target = Tensor::from_vec(counts, (1, 1, n), &Device::Cpu).unwrap();
        let rate = (target.ones_like().unwrap() * 3.0).unwrap();
        let loss = |log: f64| {
            let log = Tensor::new(&[log], &Device::Cpu).unwrap();
            let loss = Loss::NegativeBinomial.apply(&rate, &target, &target.ones_like().unwrap(), Some(&log));
            loss.unwrap().to_scalar::<f64>().unwrap()
        };
        let best = (-40..40).map(|i| f64::from(i) * 0.05).min_by(|a, b| loss(*a).total_cmp(&loss(*b)));
        // Its standard error is about .02 in the logarithm.
        assert!((best.unwrap() - f64::ln(dispersion)).abs() < 0.08, "{best:?}");
    }

    #[test]
    fn a_fit_starts_at_the_variance_of_the_responses() {
        assert_eq!(Spread::LogVariance.start(3.0, 1.0), 0.0);
        assert_eq!(Spread::LogDispersion.start(2.0, 6.0), 0.0);
        assert_eq!(Spread::LogDispersion.start(2.0, 1.0), f64::ln(0.01));
        assert_eq!(Spread::LogDispersion.start(0.0, 0.0), 0.0);
        assert_eq!(Spread::LogVariance.start(0.0, 0.0), 0.0);
    }
}
