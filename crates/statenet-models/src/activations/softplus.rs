//! Softplus with its own sharpness and floor per neuron.
//!
//! ```text
//! r(x) = sp(beta x) / beta + b,    beta = sp(raw_beta),    b = sp(raw_b), or b itself if signed
//! ```
//! Starts at beta of 5 to 6, so that r(0) is near the mean rate of cortical neurons per 5 ms bin; at beta 1 it would
//! start at 0.7 and fits collapse to the mean.

use candle_core::Tensor;

use super::{Activation, CurveConfig, Curved, numbers};
use crate::{error::Result, init::Init, params::Scope};

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

    fn invert(&self, rates: &[f64]) -> Result<Vec<f64>> {
        let betas = numbers(&statenet_kernels::softplus(&self.raw_beta)?)?;
        let floors = self.floor.values()?;
        let inverse = |((&rate, beta), floor): ((&f64, f64), f64)| {
            // Below the floor there is no inverse: start where the curve has risen by a hundredth of its knee.
            let rise = (beta * (rate - floor)).max(0.01);
            (rise + (-(-rise).exp_m1()).ln()) / beta
        };
        Ok(rates.iter().zip(betas).zip(floors).map(inverse).collect())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::Seed;

    use super::*;
    use crate::{activations::Output, params::ParamStore};

    #[test]
    fn the_curve_at_its_inverse_gives_the_rate() {
        for output in [Output::NonNegative, Output::Signed] {
            let mut store = ParamStore::new(Seed::new(1), DType::F64, &Device::Cpu);
            let curve = Softplus::new(&CurveConfig { output }, 3, &mut store.root()).unwrap();
            let rates = [0.11, 0.3, 2.0];
            let x =
                Tensor::new(curve.invert(&rates).unwrap(), &Device::Cpu).unwrap().reshape((1, 3, 1)).unwrap();
            let back = curve.apply(&x).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
            for (rate, back) in rates.iter().zip(back) {
                assert!((rate - back).abs() < 1e-12, "{output:?}: {rate} {back}");
            }
        }
    }
}
