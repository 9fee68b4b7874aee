//! The static curve of a config, and that of the identity.

use candle_core::Tensor;
use statenet_kernels::Step;

use super::{
    config::ActivationConfig, curve::Activation, double_exponential::DoubleExponential,
    exponential::Exponential, sigmoid::Sigmoid, softplus::Softplus, unit_softplus::UnitSoftplus,
};
use crate::{error::Result, params::store::Scope};

/// The static curve of a config: the config itself, or the curve behind a contrast gain.
pub(super) fn build(
    config: &ActivationConfig,
    n_neurons: usize,
    scope: &mut Scope<'_>,
) -> Result<Box<dyn Activation>> {
    Ok(match config.curve() {
        ActivationConfig::Exponential(curve) => Box::new(Exponential::new(curve, n_neurons, scope)?),
        // A contrast gain behind another is refused by `validate`.
        ActivationConfig::Identity | ActivationConfig::ContrastGain(_) => Box::new(Identity),
        ActivationConfig::Softplus(curve) => Box::new(Softplus::new(curve, n_neurons, scope)?),
        ActivationConfig::UnitSoftplus => Box::new(UnitSoftplus(n_neurons)),
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

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        Ok(mean_rates.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::Seed;

    use super::*;
    use crate::{
        activations::{CurveConfig, Output},
        params::store::ParamStore,
    };

    #[test]
    fn every_curve_starts_at_the_mean_rates() {
        let rates = [0.02, 0.11, 0.3, 2.0];
        let curve = |output| CurveConfig { output };
        for output in [Output::NonNegative, Output::Signed] {
            for config in [
                ActivationConfig::Identity,
                ActivationConfig::Softplus(curve(output)),
                ActivationConfig::UnitSoftplus,
                ActivationConfig::Sigmoid(curve(output)),
                ActivationConfig::Exponential(curve(output)),
                ActivationConfig::DoubleExponential(curve(output)),
            ] {
                let mut store = ParamStore::new(Seed::new(1), DType::F64, &Device::Cpu);
                let activation = build(&config, rates.len(), &mut store.root()).unwrap();
                let start = activation.init_to_mean_rates(&rates).unwrap();
                let x = Tensor::new(start, &Device::Cpu).unwrap().reshape((1, rates.len(), 1)).unwrap();
                let back = activation.apply(&x).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
                for (rate, back) in rates.iter().zip(back) {
                    assert!((rate - back).abs() < 1e-9, "{config:?}: {rate} {back}");
                }
            }
        }
    }

    #[test]
    fn the_floor_of_a_softplus_starts_far_below_the_mean_rate_of_a_neuron_that_fires_little() {
        let rates = [1e-3, 0.01, 0.03, 0.5];
        let mut store = ParamStore::new(Seed::new(1), DType::F64, &Device::Cpu);
        let config = ActivationConfig::softplus();
        let activation = build(&config, rates.len(), &mut store.root()).unwrap();
        activation.init_to_mean_rates(&rates).unwrap();
        let silent = Tensor::full(-50f64, (1, rates.len(), 1), &Device::Cpu).unwrap();
        let floors = activation.apply(&silent).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        for (rate, floor) in rates.iter().zip(floors) {
            assert!(floor < 0.11 * rate, "a floor of {floor} for a mean of {rate}");
        }
    }
}
