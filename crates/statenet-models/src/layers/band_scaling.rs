//! Scaling of a cochleagram's bands, before any other stage sees them.
//!
//! ```text
//! y[f,t] = (x[f,t] - mean[f]) / std[f]
//! ```
//! In and out (B, 1, F, T). Two buffers of F numbers, 0 and 1 until a fitter sets them from training sounds: what they are as
//! recorded or, behind a front end, what that made of them before the fit. Then they stay, also where the front end is trained on.

use candle_core::Tensor;
use statenet_core::Standardization;
use statenet_kernels::{Step, StepSizes};

use crate::{
    error::{During, Result, config_error},
    params::{
        init::Init,
        store::{ParamStore, Scope},
    },
    tensors::f64_values,
};

/// Mean and deviation of each band.
pub(crate) struct BandScaling {
    mean: Tensor,
    std: Tensor,
    /// Their names in the store.
    names: [String; 2],
}

impl BandScaling {
    pub(crate) fn new(n_bands: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let mean = scope.buffer("mean", n_bands, Init::ZEROS)?;
        let std = scope.buffer("std", n_bands, Init::ONES)?;
        Ok(Self { mean, std, names: ["mean", "std"].map(|name| scope.name(name)) })
    }

    pub(crate) fn apply(&self, bands: &Tensor) -> Result<Tensor> {
        if self.changes_nothing()? {
            return Ok(bands.clone());
        }
        let scaled = || {
            let (mean, std) = (self.mean.reshape((1, 1, (), 1))?, self.std.reshape((1, 1, (), 1))?);
            bands.broadcast_sub(&mean.detach())?.broadcast_div(&std.detach())
        };
        scaled().during("scaling bands")
    }

    pub(crate) fn get(&self) -> Result<Standardization> {
        let [mean, std] = self.numbers()?;
        Ok(Standardization::new(mean, std)?)
    }

    /// Sets the buffers in the store that the model was built on.
    pub(crate) fn set(&self, scaling: &Standardization, store: &ParamStore) -> Result<()> {
        let n_bands = self.mean.elem_count();
        if scaling.n_bands() != n_bands {
            let got = format!("for {} bands", scaling.n_bands());
            return Err(config_error("input scaling", got, format!("for the model's {n_bands}")));
        }
        let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        let [mean, std] = &self.names;
        store.set_values(mean, &wide(scaling.mean()))?;
        store.set_values(std, &wide(scaling.std()))
    }

    /// The same, bin by bin; `None` if it changes nothing.
    pub(crate) fn step(&self) -> Result<Option<Box<dyn Step>>> {
        if self.changes_nothing()? {
            return Ok(None);
        }
        let [mean, std] = self.numbers()?;
        Ok(Some(Box::new(ScalingStep { mean, std })))
    }

    fn changes_nothing(&self) -> Result<bool> {
        let [mean, std] = self.numbers()?;
        Ok(mean.iter().all(|&m| m == 0.0) && std.iter().all(|&s| s == 1.0))
    }

    fn numbers(&self) -> Result<[Vec<f32>; 2]> {
        let numbers =
            |t: &Tensor| Ok::<_, crate::Error>(f64_values(t)?.into_iter().map(|x| x as f32).collect());
        Ok([numbers(&self.mean)?, numbers(&self.std)?])
    }
}

/// [`BandScaling`] of single frames.
struct ScalingStep {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Step for ScalingStep {
    fn name(&self) -> &'static str {
        "band scaling"
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.mean.len(), state: 0, outputs: self.mean.len() }
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        let scale = self.mean.iter().zip(&self.std);
        for ((y, x), (mean, std)) in output.iter_mut().zip(input).zip(scale) {
            *y = (x - mean) / std;
        }
    }
}
