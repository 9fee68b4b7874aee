//! Softplus with its own sharpness and floor per neuron.
//!
//! ```text
//! r(x) = sp(beta x) / beta + b,    beta = sp(raw_beta),    b = sp(raw_b), or b itself if signed
//! ```
//! Starts at beta of 5 to 6, so that r(0) is near the mean rate of cortical neurons per 5 ms bin; at beta 1 it would
//! start at 0.7 and fits collapse to the mean. A fit moves the floor to a twentieth of each neuron's mean rate first.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::curve::{Activation, CurveConfig, Curved, FLOOR, QUIET};
use crate::{
    error::Result,
    params::{init::Init, softplus::inverse_softplus, store::Scope},
    tensors::f64_values,
};

pub(crate) struct Softplus {
    raw_beta: Tensor,
    floor: Curved,
}

impl Softplus {
    pub(crate) fn new(config: &CurveConfig, n: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let raw_beta = scope.parameter("raw_beta", n, Init::Uniform { low: 5.0, high: 6.0 })?;
        let raw = Init::Uniform { low: -5.0, high: -3.0 };
        let floor = Curved::new("b", n, config.output, raw, Init::within(0.1), scope)?;
        Ok(Self { raw_beta, floor })
    }
}

impl Activation for Softplus {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let beta = statenet_kernels::softplus(&self.raw_beta)?;
        Ok(statenet_kernels::softplus_curve(x, &beta, &self.floor.value()?)?)
    }

    fn step(&self) -> Result<Option<Box<dyn Step>>> {
        let beta = statenet_kernels::softplus(&self.raw_beta)?;
        Ok(Some(Box::new(steps::OutputCurve::softplus(&beta, &self.floor.value()?)?)))
    }

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        let betas = f64_values(&statenet_kernels::softplus(&self.raw_beta)?)?;
        if !self.floor.positive {
            // At 0 the curve lies ln(2) / beta above its floor.
            let below = betas.iter().zip(mean_rates).map(|(beta, rate)| rate - std::f64::consts::LN_2 / beta);
            self.floor.set(below)?;
            return Ok(vec![0.0; mean_rates.len()]);
        }
        self.floor.start_below(mean_rates)?;
        let floors = self.floor.values()?;
        let inverse = |((&rate, beta), floor): ((&f64, f64), f64)| {
            inverse_softplus(beta * (rate - floor).max((1.0 - FLOOR) * QUIET)) / beta
        };
        Ok(mean_rates.iter().zip(betas).zip(floors).map(inverse).collect())
    }
}
