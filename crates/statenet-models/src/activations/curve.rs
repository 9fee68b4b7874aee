//! What the static curves have in common: the trait, their range, and parameters that a softplus keeps positive.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::Step;

use crate::{
    error::{Result, config_error},
    params::{
        init::Init,
        softplus::inverse_softplus,
        store::{Scope, set_vector},
    },
    tensors::f64_values,
};

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

/// A static curve per neuron.
pub(crate) trait Activation: Send + Sync {
    /// `(B, N, T)` to `(B, N, T)`.
    fn apply(&self, x: &Tensor) -> Result<Tensor>;

    /// The curves of a single bin, (N) to (N); `None` where nothing is to be done.
    fn step(&self) -> Result<Option<Box<dyn Step>>>;

    /// Sets the curve of each neuron for its mean rate (N), and returns the x at which it gives that rate.
    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>>;

    /// Shifts the curve of each neuron so that at 0 it gives what it gave at these values (N).
    ///
    /// # Errors
    /// If the curve has no shift; configs that need one are refused.
    fn shift_by(&self, _values: &[f64]) -> Result<()> {
        Err(config_error("bias", false, "true: the curve has no shift of its own"))
    }
}

/// A per-neuron number that is kept positive by a softplus (`raw_NAME`), or free (`NAME`).
pub(super) struct Curved {
    stored: Tensor,
    pub(super) positive: bool,
}

impl Curved {
    pub(super) fn new(
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
    pub(super) fn value(&self) -> Result<Tensor> {
        if self.positive { Ok(statenet_kernels::softplus(&self.stored)?) } else { Ok(self.stored.clone()) }
    }

    pub(super) fn values(&self) -> Result<Vec<f64>> {
        f64_values(&self.value()?)
    }

    /// Sets a positive floor to a twentieth of each neuron's mean rate, of a silent neuron to that of one that fires little. A floor near the
    /// mean leaves a curve that is almost flat there.
    pub(super) fn start_below(&self, mean_rates: &[f64]) -> Result<()> {
        self.set(mean_rates.iter().map(|rate| FLOOR * rate.max(QUIET)))
    }

    /// Sets the numbers; positive ones are kept at 1e-4 or more.
    pub(super) fn set(&self, values: impl Iterator<Item = f64>) -> Result<()> {
        const SMALLEST: f64 = 1e-4;
        let stored = |v: f64| if self.positive { inverse_softplus(v.max(SMALLEST)) } else { v };
        set_vector(&self.stored, &values.map(stored).collect::<Vec<_>>())
    }
}

/// The floor of a curve at the start of a fit, as a share of the mean rate.
pub(super) const FLOOR: f64 = 0.05;

/// The least mean rate for which a curve is scaled, in spikes per bin: a silent neuron gets the scale of this one.
pub(super) const QUIET: f64 = 1e-3;
