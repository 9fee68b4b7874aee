//! Scaling of the output to the unit of continuous responses, behind the output curve.
//!
//! ```text
//! r[n,t] = mean[n] + std[n] x[n,t]
//! ```
//! In and out (B, N, T). Two buffers of N numbers, 0 and 1 until a fitter sets them from training responses. Weights and curve then work
//! around 0 on a scale of 1 whatever the unit, and a fit in mV is one in V. Spike counts are not scaled.

use candle_core::Tensor;
use statenet_core::{Axes, Standardization};
use statenet_kernels::{Step, StepSizes};

use crate::{
    error::{During, Result, config_error},
    params::{
        init::Init,
        store::{ParamStore, Scope},
    },
    tensors::f64_values,
};

/// Mean and deviation of each neuron's response.
#[derive(Clone)]
pub(crate) struct ResponseScaling {
    mean: Tensor,
    std: Tensor,
    /// Their names in the store.
    names: [String; 2],
}

impl ResponseScaling {
    /// The scaling of a model for these axes; `None` for spike counts.
    pub(crate) fn new(axes: &Axes, scope: &mut Scope<'_>) -> Result<Option<Self>> {
        if axes.response_unit.is_spikes() {
            return Ok(None);
        }
        let mut scope = scope.enter("response");
        let mean = scope.buffer("mean", axes.n_neurons, Init::ZEROS)?;
        let std = scope.buffer("std", axes.n_neurons, Init::ONES)?;
        Ok(Some(Self { mean, std, names: ["mean", "std"].map(|name| scope.name(name)) }))
    }

    /// `(B, N, T)`, or `(B, N)`, in the unit of the responses.
    pub(crate) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let scaled = || {
            let (mut mean, mut std) = (self.mean.detach(), self.std.detach());
            if x.rank() == 3 {
                (mean, std) = (mean.unsqueeze(1)?, std.unsqueeze(1)?);
            }
            x.broadcast_mul(&std)?.broadcast_add(&mean)
        };
        scaled().during("scaling responses")
    }

    /// What comes before the scaling where these responses (N) come after it.
    pub(crate) fn undo(&self, responses: &[f64]) -> Result<Vec<f64>> {
        let (mean, std) = (f64_values(&self.mean)?, f64_values(&self.std)?);
        Ok(responses.iter().zip(mean).zip(std).map(|((r, mean), std)| (r - mean) / std).collect())
    }

    /// The deviation of each neuron's response (N).
    pub(crate) fn deviations(&self) -> Result<Vec<f64>> {
        f64_values(&self.std)
    }

    /// Sets the buffers in the store that the model was built on. Where the curve before the scaling gives nothing below 0, the mean stays 0,
    /// and so does the least response.
    pub(crate) fn set(&self, scaling: &Standardization, is_signed: bool, store: &ParamStore) -> Result<()> {
        let n_neurons = self.mean.elem_count();
        if scaling.n_bands() != n_neurons {
            let got = format!("for {} neurons", scaling.n_bands());
            return Err(config_error("output scaling", got, format!("for the model's {n_neurons}")));
        }
        let mean = |&mean: &f32| if is_signed { f64::from(mean) } else { 0.0 };
        let [mean_name, std_name] = &self.names;
        store.set_values(mean_name, &scaling.mean().iter().map(mean).collect::<Vec<_>>())?;
        store.set_values(std_name, &scaling.std().iter().map(|&std| f64::from(std)).collect::<Vec<_>>())
    }

    /// The same, bin by bin.
    pub(crate) fn step(&self) -> Result<Box<dyn Step>> {
        let numbers =
            |t: &Tensor| -> Result<Vec<f32>> { Ok(f64_values(t)?.into_iter().map(|x| x as f32).collect()) };
        Ok(Box::new(ScalingStep { mean: numbers(&self.mean)?, std: numbers(&self.std)? }))
    }
}

/// [`ResponseScaling`] of single bins.
struct ScalingStep {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Step for ScalingStep {
    fn name(&self) -> &'static str {
        "response scaling"
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.mean.len(), state: 0, outputs: self.mean.len() }
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        let scale = self.mean.iter().zip(&self.std);
        for ((y, x), (mean, std)) in output.iter_mut().zip(input).zip(scale) {
            *y = x * std + mean;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::{Seed, TimeBin};

    use super::*;

    fn scaling(is_signed: bool) -> ResponseScaling {
        let dt = TimeBin::whole_millis::<5>();
        let axes = Axes { response_unit: "mV".parse().unwrap(), ..Axes::new(3, 2, dt) };
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let scaling = ResponseScaling::new(&axes, &mut store.root()).unwrap().unwrap();
        let numbers = Standardization::new(vec![-60.0, 10.0], vec![5.0, 2.0]).unwrap();
        scaling.set(&numbers, is_signed, &store).unwrap();
        scaling
    }

    #[test]
    fn responses_get_their_mean_and_deviation() {
        let x = Tensor::new(&[[[0.0, 1.0], [-1.0, 0.5]]], &Device::Cpu).unwrap();
        let applied = |is_signed| scaling(is_signed).apply(&x).unwrap().to_vec3::<f64>().unwrap();
        assert_eq!(applied(true), [[[-60.0, -55.0], [8.0, 11.0]]]);
        assert_eq!(applied(false), [[[0.0, 5.0], [-2.0, 1.0]]]);
        assert_eq!(scaling(true).undo(&[-55.0, 8.0]).unwrap(), [1.0, -1.0]);
    }

    #[test]
    fn spikes_are_not_scaled() {
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let axes = Axes::new(3, 2, TimeBin::whole_millis::<5>());
        assert!(ResponseScaling::new(&axes, &mut store.root()).unwrap().is_none());
    }
}
