//! Softplus as it is, the same for every neuron and without parameters.
//!
//! ```text
//! r(x) = sp(x) = ln(1 + e^x)
//! ```

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::curve::Activation;
use crate::{error::Result, params::softplus::inverse_softplus};

/// The curve of N neurons.
pub(super) struct UnitSoftplus(pub(super) usize);

impl Activation for UnitSoftplus {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        Ok(statenet_kernels::softplus(x)?)
    }

    fn step(&self) -> Result<Option<Box<dyn Step>>> {
        Ok(Some(Box::new(steps::Softplus::new(self.0)?)))
    }

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        // Softplus has no inverse at 0.
        const LEAST: f64 = 1e-3;
        Ok(mean_rates.iter().map(|rate| inverse_softplus(rate.max(LEAST))).collect())
    }
}
