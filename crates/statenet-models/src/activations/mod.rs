//! Output nonlinearities: what turns a neuron's drive into its firing rate, `(B, N, T)` to `(B, N, T)`.
//!
//! | curve | r(x) | parameters per neuron |
//! |---|---|---|
//! | identity | x | 0 |
//! | softplus | sp(beta x) / beta + b | 2 |
//! | sigmoid | b sigma((x - c) / d) + a | 4 |
//! | exponential | a exp(k x) + b | 3 |
//! | double exponential | a exp(-exp(k x - s)) + b | 4 |
//! | contrast gain | any of these, of a drive that the contrast of the sound scales and shifts | F + 2 and the curve's |
//!
//! sp(x) = ln(1 + e^x). Scales that must be positive are stored before a softplus (`raw_*`).

mod contrast_gain;
mod double_exponential;
mod exponential;
mod nonlinearity;
mod sigmoid;
mod softplus;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::Step;

pub use self::contrast_gain::ContrastGainConfig;
pub(crate) use self::nonlinearity::Nonlinearity;
use self::{
    double_exponential::DoubleExponential, exponential::Exponential, sigmoid::Sigmoid, softplus::Softplus,
};
use crate::{
    error::Result,
    params::{
        init::Init,
        store::{Scope, set_vector},
    },
};

/// Which output curve.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationConfig {
    /// The value as it is.
    #[default]
    Identity,
    /// Softplus with its own sharpness and floor per neuron.
    Softplus(CurveConfig),
    /// Sigmoid with its own centre, width, height and floor per neuron.
    Sigmoid(CurveConfig),
    /// Exponential with its own slope, scale and floor per neuron.
    Exponential(CurveConfig),
    /// Double exponential (Gompertz) with its own slope, shift, height and floor per neuron.
    DoubleExponential(CurveConfig),
    /// One of the others, whose slope and threshold depend on the contrast of the sound.
    ContrastGain(ContrastGainConfig),
}

/// What the parametric curves share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CurveConfig {
    /// Whether the rate may be below zero. Default non_negative.
    pub output: Output,
}

/// The range of an output curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Floor and height are kept positive: for spike rates.
    #[default]
    NonNegative,
    /// Floor and height are free: for membrane potentials and z-scored responses.
    Signed,
}

impl ActivationConfig {
    /// Softplus for spike rates.
    #[must_use]
    pub fn softplus() -> Self {
        Self::Softplus(CurveConfig::default())
    }

    /// A short name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Softplus(_) => "softplus",
            Self::Sigmoid(_) => "sigmoid",
            Self::Exponential(_) => "exponential",
            Self::DoubleExponential(_) => "double-exponential",
            Self::ContrastGain(_) => "contrast-gain",
        }
    }

    /// The static curve: itself, or that behind a contrast gain.
    pub(crate) fn curve(&self) -> &Self {
        match self {
            Self::ContrastGain(gain) => &gain.curve,
            curve => curve,
        }
    }

    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::ContrastGain(gain) => gain.validate(axes, &format!("{field}.contrast_gain")),
            _ => Ok(()),
        }
    }
}

/// A static curve per neuron.
pub(crate) trait Activation: Send + Sync {
    /// `(B, N, T)` to `(B, N, T)`.
    fn apply(&self, x: &Tensor) -> Result<Tensor>;

    /// The curves of a single bin, (N) to (N); `None` where nothing is to be done.
    fn step(&self) -> Result<Option<Box<dyn Step>>>;

    /// Moves the curve of each neuron to where its rates are, and returns the x at which it gives its mean rate.
    fn start_at(&self, mean_rates: &[f64]) -> Result<Vec<f64>>;
}

/// The static curve of a config.
fn build(config: &ActivationConfig, n_neurons: usize, scope: &mut Scope<'_>) -> Result<Box<dyn Activation>> {
    Ok(match config.curve() {
        ActivationConfig::Exponential(curve) => Box::new(Exponential::new(curve, n_neurons, scope)?),
        // A contrast gain behind another is refused by `validate`.
        ActivationConfig::Identity | ActivationConfig::ContrastGain(_) => Box::new(Identity),
        ActivationConfig::Softplus(curve) => Box::new(Softplus::new(curve, n_neurons, scope)?),
        ActivationConfig::Sigmoid(curve) => Box::new(Sigmoid::new(curve, n_neurons, scope)?),
        ActivationConfig::DoubleExponential(curve) => {
            Box::new(DoubleExponential::new(curve, n_neurons, scope)?)
        }
    })
}

struct Identity;

impl Activation for Identity {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn step(&self) -> Result<Option<Box<dyn Step>>> {
        Ok(None)
    }

    fn start_at(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        Ok(mean_rates.to_vec())
    }
}

/// A per-neuron number that is kept positive by a softplus (`raw_NAME`), or free (`NAME`).
struct Curved {
    stored: Tensor,
    positive: bool,
}

impl Curved {
    fn new(
        name: &str,
        n: usize,
        output: Output,
        raw: Init,
        free: Init,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        Ok(match output {
            Output::NonNegative => {
                Self { stored: scope.parameter(&format!("raw_{name}"), n, raw)?, positive: true }
            }
            Output::Signed => Self { stored: scope.parameter(name, n, free)?, positive: false },
        })
    }

    /// The number itself, (N).
    fn value(&self) -> Result<Tensor> {
        if self.positive { Ok(statenet_kernels::softplus(&self.stored)?) } else { Ok(self.stored.clone()) }
    }

    fn values(&self) -> Result<Vec<f64>> {
        numbers(&self.value()?)
    }

    /// Sets the numbers; positive ones are kept at 1e-4 or more.
    fn set(&self, values: impl Iterator<Item = f64>) -> Result<()> {
        const SMALLEST: f64 = 1e-4;
        let stored = |v: f64| if self.positive { inverse_softplus(v.max(SMALLEST)) } else { v };
        set_vector(&self.stored, &values.map(stored).collect::<Vec<_>>())
    }
}

/// The floor of a curve at the start of a fit, as a share of the mean rate.
const FLOOR: f64 = 0.05;

/// A silent neuron gets the scale of one that hardly fires.
const QUIET: f64 = 1e-3;

/// The x at which sp(x) = y, y above 0.
pub(crate) fn inverse_softplus(y: f64) -> f64 {
    y + (-(-y).exp_m1()).ln()
}

/// The entries of a vector, as f64.
fn numbers(vector: &Tensor) -> Result<Vec<f64>> {
    use crate::error::During;
    vector.to_dtype(candle_core::DType::F64).and_then(|t| t.to_vec1()).during("reading parameters")
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::Seed;

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn every_curve_starts_at_the_mean_rates() {
        let rates = [0.02, 0.11, 0.3, 2.0];
        let curve = |output| CurveConfig { output };
        for output in [Output::NonNegative, Output::Signed] {
            for config in [
                ActivationConfig::Identity,
                ActivationConfig::Softplus(curve(output)),
                ActivationConfig::Sigmoid(curve(output)),
                ActivationConfig::Exponential(curve(output)),
                ActivationConfig::DoubleExponential(curve(output)),
            ] {
                let mut store = ParamStore::new(Seed::new(1), DType::F64, &Device::Cpu);
                let activation = build(&config, rates.len(), &mut store.root()).unwrap();
                let start = activation.start_at(&rates).unwrap();
                let x = Tensor::new(start, &Device::Cpu).unwrap().reshape((1, rates.len(), 1)).unwrap();
                let back = activation.apply(&x).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
                for (rate, back) in rates.iter().zip(back) {
                    // A softplus cannot go below its floor, which is drawn up to 0.05 (signed: 0.1).
                    let tolerance = if matches!(config, ActivationConfig::Softplus(_)) { 0.1 } else { 1e-9 };
                    assert!((rate - back).abs() < tolerance, "{config:?}: {rate} {back}");
                }
            }
        }
    }
}
