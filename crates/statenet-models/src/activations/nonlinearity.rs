//! The last step of every model: a static curve per neuron, after a contrast gain if there is one.

use candle_core::Tensor;
use statenet_core::Axes;
use statenet_kernels::Step;

use super::{config::ActivationConfig, contrast_gain::ContrastGain, curve::Activation, static_curve::build};
use crate::{
    error::Result,
    model::{memory::Memory, state::State},
    params::store::Scope,
};

/// Drives `(B, N, T)` and the sound `(B, 1, F, T)` that led to them, to rates `(B, N, T)`.
pub(crate) struct Nonlinearity {
    curve: Box<dyn Activation>,
    gain: Option<ContrastGain>,
}

impl Nonlinearity {
    pub(crate) fn new(config: &ActivationConfig, axes: &Axes, scope: &mut Scope<'_>) -> Result<Self> {
        let n = axes.n_neurons;
        let ActivationConfig::ContrastGain(gain) = config else {
            return Ok(Self { curve: build(config, n, scope)?, gain: None });
        };
        let curve = build(&gain.curve, n, &mut scope.enter("curve"))?;
        Ok(Self { curve, gain: Some(ContrastGain::new(gain, axes, scope)?) })
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.gain.as_ref().map_or(Ok(()), |gain| gain.init_state(batch, state))
    }

    pub(crate) fn chunk(&self, drive: &Tensor, sound: &Tensor, state: &mut State) -> Result<Tensor> {
        match &self.gain {
            Some(gain) => self.curve.apply(&gain.chunk(drive, sound, state)?),
            None => self.curve.apply(drive),
        }
    }

    pub(crate) fn memory(&self) -> Memory {
        if self.gain.is_some() { Memory::Unbounded } else { Memory::Frames(1) }
    }

    /// Appends the steps from drives to rates to those from a frame to drives.
    pub(crate) fn behind(&self, drives: Vec<Box<dyn Step>>) -> Result<Vec<Box<dyn Step>>> {
        let mut all = match &self.gain {
            Some(gain) => vec![gain.around(drives)?],
            None => drives,
        };
        all.extend(self.curve.step()?);
        Ok(all)
    }

    /// Sets the curve of each neuron for its mean rate (N), and returns the drive at which it gives that rate.
    pub(crate) fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        let values = self.curve.init_to_mean_rates(mean_rates)?;
        match &self.gain {
            Some(gain) => gain.drives_of(&values),
            None => Ok(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{
        activations::{ContrastGainConfig, CurveConfig},
        params::store::ParamStore,
    };

    #[test]
    fn a_contrast_gain_starts_at_the_mean_rates_where_the_contrast_is_that_of_the_recording() {
        let rates = [0.1, 0.4];
        let axes = Axes::new(3, 2, TimeBin::from_millis(5.0).unwrap());
        for curve in [
            ActivationConfig::Identity,
            ActivationConfig::Sigmoid(CurveConfig::default()),
            ActivationConfig::Exponential(CurveConfig::default()),
        ] {
            let gain = ContrastGainConfig { curve: Box::new(curve), ..ContrastGainConfig::default() };
            let config = ActivationConfig::ContrastGain(gain);
            let mut store = ParamStore::new(Seed::new(1), DType::F64, &Device::Cpu);
            let nonlinearity = Nonlinearity::new(&config, &axes, &mut store.root()).unwrap();
            let drives = nonlinearity.init_to_mean_rates(&rates).unwrap();
            let drives = Tensor::new(drives, &Device::Cpu).unwrap().reshape((1, 2, 1)).unwrap();
            let sound = Tensor::zeros((1, 1, 3, 1), DType::F64, &Device::Cpu).unwrap();
            let mut state = State::new();
            nonlinearity.init_state(1, &mut state).unwrap();
            let back = nonlinearity.chunk(&drives, &sound, &mut state).unwrap().flatten_all().unwrap();
            for (rate, back) in rates.iter().zip(back.to_vec1::<f64>().unwrap()) {
                assert!((rate - back).abs() < 1e-9, "{config:?}: {rate} {back}");
            }
        }
    }
}
