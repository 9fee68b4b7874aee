//! Double exponential (Gompertz curve) with its own slope, shift, height and floor per neuron (Thorson et al. 2015).
//!
//! ```text
//! r(x) = a exp(-exp(k x - s)) + b,    a = sp(raw_a), b = sp(raw_b), or themselves if signed
//! ```
//! Increasing where k < 0: the sign of k is free.

use candle_core::Tensor;

use super::{
    Activation, CurveConfig, Curved, numbers,
    sigmoid::{height_and_floor, share_of_height},
};
use crate::{error::Result, init::Init, params::Scope};

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

    fn invert(&self, rates: &[f64]) -> Result<Vec<f64>> {
        let (slopes, shifts) = (numbers(&self.slope)?, numbers(&self.shift)?);
        let (heights, floors) = (self.height.values()?, self.floor.values()?);
        let inverse = |(n, &rate): (usize, &f64)| {
            let share = share_of_height(rate, heights[n], floors[n]);
            // A nearly flat curve gets there at no reasonable x: stay within a few of its widths.
            let slope = if slopes[n].abs() < 0.05 { 0.05f64.copysign(slopes[n]) } else { slopes[n] };
            (shifts[n] + (-share.ln()).ln()) / slope
        };
        Ok(rates.iter().enumerate().take(slopes.len()).map(inverse).collect())
    }
}
