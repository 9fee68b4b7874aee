//! Sigmoid with its own centre, width, height and floor per neuron.
//!
//! ```text
//! r(x) = b sigma((x - c) / d) + a,    a = sp(raw_a), b = sp(raw_b), or themselves if signed
//! ```

use candle_core::Tensor;

use super::{Activation, CurveConfig, Curved, numbers};
use crate::{error::Result, init::Init, params::Scope};

pub(crate) struct Sigmoid {
    center: Tensor,
    width: Tensor,
    height: Curved,
    floor: Curved,
}

impl Sigmoid {
    pub(crate) fn new(config: &CurveConfig, n: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let center = scope.parameter("c", n, Init::within(0.5))?;
        let width = scope.parameter("d", n, Init::Uniform { low: 0.5, high: 1.5 })?;
        let (height, floor) = height_and_floor("b", "a", config, n, scope)?;
        Ok(Self { center, width, height, floor })
    }
}

/// Height and floor as sigmoid and double exponential start them.
pub(super) fn height_and_floor(
    height: &str,
    floor: &str,
    config: &CurveConfig,
    n: usize,
    scope: &mut Scope<'_>,
) -> Result<(Curved, Curved)> {
    let raw_height = Init::Uniform { low: -0.43, high: 1.40 };
    let raw_floor = Init::Uniform { low: -1.43, high: 0.43 };
    let free_height = Init::Uniform { low: 0.5, high: 1.5 };
    let free_floor = Init::Uniform { low: 0.0, high: 1.0 };
    let height = Curved::new(height, n, config.output, raw_height, free_height, scope)?;
    let floor = Curved::new(floor, n, config.output, raw_floor, free_floor, scope)?;
    Ok((height, floor))
}

/// The share of its height at which a rate lies, kept inside the curve's range so that it can start there.
pub(super) fn share_of_height(rate: f64, height: f64, floor: f64) -> f64 {
    ((rate - floor) / height).clamp(0.02, 0.98)
}

impl Activation for Sigmoid {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let (height, floor) = (self.height.value()?, self.floor.value()?);
        Ok(statenet_kernels::sigmoid_curve(x, &self.center, &self.width, &height, &floor)?)
    }

    fn invert(&self, rates: &[f64]) -> Result<Vec<f64>> {
        let (centers, widths) = (numbers(&self.center)?, numbers(&self.width)?);
        let (heights, floors) = (self.height.values()?, self.floor.values()?);
        let inverse = |(n, &rate): (usize, &f64)| {
            let share = share_of_height(rate, heights[n], floors[n]);
            centers[n] + widths[n] * (share / (1.0 - share)).ln()
        };
        Ok(rates.iter().enumerate().take(centers.len()).map(inverse).collect())
    }
}
