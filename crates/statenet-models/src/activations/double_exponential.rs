//! Double exponential (Gompertz curve) with its own slope, shift, height and floor per neuron (Thorson et al. 2015).
//!
//! ```text
//! r(x) = a exp(-exp(k x - s)) + b,    a = sp(raw_a), b = sp(raw_b), or themselves if signed
//! ```
//! Increasing where k < 0: the sign of k is free.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::{
    curve::{Activation, CurveConfig, Curved},
    sigmoid::{height_and_floor, start_height_and_floor},
};
use crate::{
    error::Result,
    params::{
        init::Init,
        store::{Scope, set_vector},
    },
    tensors::f64_values,
};

pub(crate) struct DoubleExponential {
    slope: Tensor,
    shift: Tensor,
    height: Curved,
    floor: Curved,
}

impl DoubleExponential {
    pub(crate) fn new(config: &CurveConfig, n: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let slope = scope.parameter("k", n, Init::within(0.5))?;
        let shift = scope.parameter("s", n, Init::Uniform { low: 0.5, high: 1.5 })?;
        let (height, floor) = height_and_floor("a", "b", config, n, scope)?;
        Ok(Self { slope, shift, height, floor })
    }
}

impl Activation for DoubleExponential {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let (height, floor) = (self.height.value()?, self.floor.value()?);
        Ok(statenet_kernels::double_exponential_curve(x, &self.slope, &self.shift, &height, &floor)?)
    }

    fn step(&self) -> Result<Option<Box<dyn Step>>> {
        let (height, floor) = (self.height.value()?, self.floor.value()?);
        let curve = steps::OutputCurve::double_exponential(&self.slope, &self.shift, &height, &floor)?;
        Ok(Some(Box::new(curve)))
    }

    /// A curve that falls or hardly rises is turned to rise first: rates rise with the drive.
    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        const LEAST_SLOPE: f64 = 0.25;
        let shares = start_height_and_floor(&self.height, &self.floor, mean_rates)?;
        let slopes: Vec<f64> =
            f64_values(&self.slope)?.into_iter().map(|k| -k.abs().max(LEAST_SLOPE)).collect();
        set_vector(&self.slope, &slopes)?;
        let shifts = f64_values(&self.shift)?;
        let inverse = |((share, shift), slope): ((f64, f64), f64)| (shift + (-share.ln()).ln()) / slope;
        Ok(shares.into_iter().zip(shifts).zip(slopes).map(inverse).collect())
    }

    fn shift_by(&self, values: &[f64]) -> Result<()> {
        let (shifts, slopes) = (f64_values(&self.shift)?, f64_values(&self.slope)?);
        let moved = values.iter().zip(slopes).zip(shifts).map(|((x, k), s)| s - k * x);
        set_vector(&self.shift, &moved.collect::<Vec<_>>())
    }
}
