//! Sigmoid with its own centre, width, height and floor per neuron.
//!
//! ```text
//! r(x) = b sigma((x - c) / d) + a,    a = sp(raw_a), b = sp(raw_b), or themselves if signed
//! ```

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::curve::{Activation, CurveConfig, Curved, QUIET};
use crate::{
    error::Result,
    params::{init::Init, store::Scope},
    tensors::f64_values,
};

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

/// Moves height and floor to the scale of the rates and returns the share of its height at which each curve gives the
/// mean rate.
///
/// Drawn heights and floors are those of z-scored responses; around a mean of 0.1 spikes per bin a floor of 0.5 cannot
/// be left. A floor of a twentieth and a height of ten times the mean leave room for silence and for bursts. A signed
/// curve keeps its height and has the mean in its middle.
pub(super) fn start_height_and_floor(
    height: &Curved,
    floor: &Curved,
    mean_rates: &[f64],
) -> Result<Vec<f64>> {
    const HEIGHT: f64 = 10.0;
    if floor.positive {
        height.set(mean_rates.iter().map(|r| HEIGHT * r.max(QUIET)))?;
        floor.start_below(mean_rates)?;
    } else {
        let heights = height.values()?;
        floor.set(mean_rates.iter().zip(heights).map(|(rate, height)| rate - height / 2.0))?;
    }
    let (heights, floors) = (height.values()?, floor.values()?);
    let share = |((rate, height), floor): ((&f64, f64), f64)| ((rate - floor) / height).clamp(0.02, 0.98);
    Ok(mean_rates.iter().zip(heights).zip(floors).map(share).collect())
}

impl Activation for Sigmoid {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let (height, floor) = (self.height.value()?, self.floor.value()?);
        Ok(statenet_kernels::sigmoid_curve(x, &self.center, &self.width, &height, &floor)?)
    }

    fn step(&self) -> Result<Option<Box<dyn Step>>> {
        let (height, floor) = (self.height.value()?, self.floor.value()?);
        let curve = steps::OutputCurve::sigmoid(&self.center, &self.width, &height, &floor)?;
        Ok(Some(Box::new(curve)))
    }

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        let shares = start_height_and_floor(&self.height, &self.floor, mean_rates)?;
        let (centers, widths) = (f64_values(&self.center)?, f64_values(&self.width)?);
        let inverse =
            |((share, center), width): ((f64, f64), f64)| center + width * (share / (1.0 - share)).ln();
        Ok(shares.into_iter().zip(centers).zip(widths).map(inverse).collect())
    }
}
