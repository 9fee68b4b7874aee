//! Whether a model fits a recording.

use statenet_data::Recording;
use statenet_models::ResponseModel;

use crate::error::{Error, Result};

/// Checks that model and recording have the same numbers of bands and neurons.
pub(crate) fn expect_same_axes(model: &dyn ResponseModel, recording: &Recording) -> Result<()> {
    let pairs = [
        ("bands", model.n_bands(), recording.n_bands()),
        ("neurons", model.n_neurons(), recording.n_neurons()),
    ];
    match pairs.into_iter().find(|(_, model, recording)| model != recording) {
        Some((what, model, recording)) => Err(Error::Mismatch { what, model, recording }),
        None => Ok(()),
    }
}
