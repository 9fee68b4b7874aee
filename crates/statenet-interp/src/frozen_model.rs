//! A model as gradients see it: with frozen parameters, and of bands in standard deviations over the training sounds.
//!
//! Sounds come as recorded, and so do dreams leave. In between a band is what the model's scaling makes of it, so that a map
//! does not depend on the unit in which a band was recorded. The samples of a model that hears are not scaled.

use candle_core::Tensor;
use ndarray::{Array2, ArrayView2};
use statenet_core::{Input, Standardization};
use statenet_models::ResponseModel;

use crate::error::{During, Result};

/// A model that is differentiated with respect to scaled sounds only: its frozen copy, or the model itself where it has none.
pub(crate) struct FrozenModel<'a> {
    model: &'a dyn ResponseModel,
    frozen: Option<Box<dyn ResponseModel>>,
    /// How bands are scaled; `None` if they are not.
    scaling: Option<Standardization>,
}

impl<'a> FrozenModel<'a> {
    pub(crate) fn new(model: &'a dyn ResponseModel) -> Result<Self> {
        let (mut frozen, mut scaling) = (model.frozen()?, None);
        if let (Some(copy), Input::Cochleagram) = (&mut frozen, model.config().input()) {
            scaling = copy.input_scaling()?;
            if let Some(scaling) = &scaling {
                copy.scale_input(&Standardization::identity(scaling.n_bands()))?;
            }
        }
        Ok(Self { model, frozen, scaling })
    }

    /// The model of scaled sounds.
    pub(crate) fn model(&self) -> &dyn ResponseModel {
        self.frozen.as_deref().unwrap_or(self.model)
    }

    /// Sounds `(B, 1, F, T)` as recorded, scaled, in the dtype of the model and on its device, detached.
    pub(crate) fn scaled(&self, sounds: &Tensor) -> Result<Tensor> {
        let sounds = of_model(self.model, sounds)?;
        let Some(scaling) = &self.scaling else { return Ok(sounds) };
        let column = |values: &[f32]| {
            Tensor::new(values, sounds.device())?.to_dtype(sounds.dtype())?.reshape((1, 1, (), 1))
        };
        let scaled =
            || sounds.broadcast_sub(&column(scaling.mean())?)?.broadcast_div(&column(scaling.std())?);
        scaled().during("scaling sounds")
    }

    /// One value of each band (F), scaled.
    pub(crate) fn scaled_levels(&self, levels: &[f64]) -> Vec<f64> {
        let Some(scaling) = &self.scaling else { return levels.to_vec() };
        let scale = scaling.mean().iter().zip(scaling.std());
        levels.iter().zip(scale).map(|(x, (&mean, &std))| (x - f64::from(mean)) / f64::from(std)).collect()
    }

    /// A scaled sound `(F, T)` as it would have been recorded.
    pub(crate) fn as_recorded(&self, sound: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        match &self.scaling {
            Some(scaling) => Ok(scaling.undo(&sound)?),
            None => Ok(sound.to_owned()),
        }
    }
}

/// A sound in the dtype of a model and on its device, detached.
pub(crate) fn of_model(model: &dyn ResponseModel, sound: &Tensor) -> Result<Tensor> {
    sound
        .to_dtype(model.dtype())
        .and_then(|s| s.to_device(model.device())?.contiguous())
        .map(|s| s.detach())
        .during("converting a sound")
}
