//! The last step of every model: a static curve per neuron, after a contrast gain if there is one, and the scaling of continuous responses.

use candle_core::Tensor;
use statenet_core::{Axes, Standardization};
use statenet_kernels::Step;

use super::{config::ActivationConfig, contrast_gain::ContrastGain, curve::Activation, static_curve::build};
use crate::{
    error::Result,
    layers::response_scaling::ResponseScaling,
    model::{memory::Memory, state::State},
    params::store::{ParamStore, Scope},
};

/// Drives `(B, N, T)` and the sound `(B, 1, F, T)` that led to them, to rates `(B, N, T)`.
pub(crate) struct Nonlinearity {
    curve: Box<dyn Activation>,
    gain: Option<ContrastGain>,
    /// Of continuous responses.
    response: Option<ResponseScaling>,
    is_signed: bool,
}

impl Nonlinearity {
    pub(crate) fn new(config: &ActivationConfig, axes: &Axes, scope: &mut Scope<'_>) -> Result<Self> {
        let n = axes.n_neurons;
        let (response, is_signed) = (ResponseScaling::new(axes, scope)?, config.is_signed());
        let ActivationConfig::ContrastGain(gain) = config else {
            return Ok(Self { curve: build(config, n, scope)?, gain: None, response, is_signed });
        };
        let curve = build(&gain.curve, n, &mut scope.enter("curve"))?;
        Ok(Self { curve, gain: Some(ContrastGain::new(gain, axes, scope)?), response, is_signed })
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.gain.as_ref().map_or(Ok(()), |gain| gain.init_state(batch, state))
    }

    pub(crate) fn chunk(&self, drive: &Tensor, sound: &Tensor, state: &mut State) -> Result<Tensor> {
        let curved = match &self.gain {
            Some(gain) => self.curve.apply(&gain.chunk(drive, sound, state)?),
            None => self.curve.apply(drive),
        };
        match &self.response {
            Some(response) => response.apply(&curved?),
            None => curved,
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
        all.extend(self.response.as_ref().map(ResponseScaling::step).transpose()?);
        Ok(all)
    }

    /// Sets the mean and deviation of continuous responses, in the store that the model was built on; spike counts have none.
    pub(crate) fn scale_output(&self, scaling: &Standardization, store: &ParamStore) -> Result<()> {
        self.response.as_ref().map_or(Ok(()), |response| response.set(scaling, self.is_signed, store))
    }

    /// What one unit of a drive adds to each neuron's response (N), as far as it is linear: 1 for spike counts.
    pub(crate) fn deviations(&self) -> Result<Option<Vec<f64>>> {
        self.response.as_ref().map(ResponseScaling::deviations).transpose()
    }

    /// Sets the curve of each neuron so that a drive of 0 gives its mean rate (N).
    pub(crate) fn init_without_drive(&self, mean_rates: &[f64]) -> Result<()> {
        self.curve.shift_by(&self.init_to_mean_rates(mean_rates)?)
    }

    /// Sets the curve of each neuron for its mean rate (N), and returns the drive at which it gives that rate.
    pub(crate) fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<Vec<f64>> {
        let scaled = self.response.as_ref().map(|response| response.undo(mean_rates)).transpose()?;
        let values = self.curve.init_to_mean_rates(scaled.as_deref().unwrap_or(mean_rates))?;
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
