//! The bands of a front end scaled for the stages behind it.
//!
//! ```text
//! y[f,t] = (x[f,t] - mean[f]) / std[f]
//! ```
//! In and out (B, 1, F, T). Two buffers of F numbers, 0 and 1 until a fitter sets them from the front end's output on training
//! sounds; then they stay, also where the front end is trained on.

use candle_core::Tensor;
use statenet_core::Standardization;

use crate::{
    error::{During, Result, config_error},
    params::{
        init::Init,
        store::{ParamStore, Scope},
    },
    tensors::f64_values,
};

/// Mean and deviation of each band.
pub(crate) struct Scaling {
    mean: Tensor,
    std: Tensor,
    /// Their names in the store.
    names: [String; 2],
}

impl Scaling {
    pub(crate) fn new(n_bands: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let mean = scope.buffer("mean", n_bands, Init::ZEROS)?;
        let std = scope.buffer("std", n_bands, Init::ONES)?;
        Ok(Self { mean, std, names: ["mean", "std"].map(|name| scope.name(name)) })
    }

    pub(crate) fn apply(&self, bands: &Tensor) -> Result<Tensor> {
        let scaled = || {
            let (mean, std) = (self.mean.reshape((1, 1, (), 1))?, self.std.reshape((1, 1, (), 1))?);
            bands.broadcast_sub(&mean.detach())?.broadcast_div(&std.detach())
        };
        scaled().during("scaling bands")
    }

    pub(crate) fn get(&self) -> Result<Standardization> {
        let numbers =
            |t: &Tensor| Ok::<_, crate::Error>(f64_values(t)?.into_iter().map(|x| x as f32).collect());
        Ok(Standardization::new(numbers(&self.mean)?, numbers(&self.std)?)?)
    }

    /// Sets the buffers in the store that the model was built on.
    pub(crate) fn set(&self, scaling: &Standardization, store: &ParamStore) -> Result<()> {
        let n_bands = self.mean.elem_count();
        if scaling.n_bands() != n_bands {
            let got = format!("for {} bands", scaling.n_bands());
            return Err(config_error("input scaling", got, format!("for {n_bands}, those of the front end")));
        }
        let wide = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        let [mean, std] = &self.names;
        store.set_values(mean, &wide(scaling.mean()))?;
        store.set_values(std, &wide(scaling.std()))
    }
}
