//! Exponential with its own slope, scale and floor per neuron: the canonical curve of Poisson counts (Paninski 2004).
//!
//! ```text
//! r(x) = a exp(k x) + b,    a = sp(raw_a), b = sp(raw_b), or themselves if signed
//! ```
//! Straight where k x is above 10, where the curve is 22,026 a: a sound louder than all of a fit gives a large rate and
//! not infinity. k is free and starts positive.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::{
    curve::{Activation, CurveConfig, Curved, FLOOR, QUIET},
    sigmoid::height_and_floor,
};
use crate::{
    error::Result,
    params::{init::Init, store::Scope},
    tensors::f64_values,
};

pub(crate) struct Exponential {
    slope: Tensor,
    scale: Curved,
    floor: Curved,
}

impl Exponential {
    pub(crate) fn new(config: &CurveConfig, n: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let slope = scope.parameter("k", n, Init::Uniform { low: 0.5, high: 1.5 })?;
        let (scale, floor) = height_and_floor("a", "b", config, n, scope)?;
        Ok(Self { slope, scale, floor })
    }
}

impl Activation for Exponential {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let (scale, floor) = (self.scale.value()?, self.floor.value()?);
        Ok(statenet_kernels::exponential_curve(x, &self.slope, &scale, &floor)?)
    }

    fn step(&self) -> Result<Option<Box<dyn Step>>> {
        let (scale, floor) = (self.scale.value()?, self.floor.value()?);
        Ok(Some(Box::new(steps::OutputCurve::exponential(&self.slope, &scale, &floor)?)))
    }

    /// The curve has no scale of its own that x could not have: a keeps its drawn value, and a signed curve has its mean
    /// where x is 0.
    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        let scales = self.scale.values()?;
        if self.floor.positive {
            self.floor.start_below(mean_rates)?;
        } else {
            self.floor.set(mean_rates.iter().zip(&scales).map(|(rate, scale)| rate - scale))?;
        }
        let (floors, slopes) = (self.floor.values()?, f64_values(&self.slope)?);
        let inverse = |(((rate, scale), floor), slope): (((&f64, f64), f64), f64)| {
            // A silent neuron starts where its curve has risen by the floor.
            ((rate - floor).max(FLOOR * QUIET) / scale).ln() / slope
        };
        Ok(mean_rates.iter().zip(scales).zip(floors).zip(slopes).map(inverse).collect())
    }
}
