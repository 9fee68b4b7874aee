//! Whether a model fits a recording, and which of its neurons the model predicts.

use std::borrow::Cow;

use statenet_data::Recording;
use statenet_models::ResponseModel;

use crate::error::{Error, Result};

/// The recording with the neurons that a model predicts, in the model's order.
///
/// Neurons are matched by id. A model whose ids are not known (built from numbers alone) is taken to predict all neurons in the
/// recording's order.
///
/// # Errors
/// [`Error::Data`] with the ids that the recording lacks; [`Error::Mismatch`] for another number of neurons where ids are unknown.
pub fn recording_for<'a>(model: &dyn ResponseModel, recording: &'a Recording) -> Result<Cow<'a, Recording>> {
    let ids = model.config().axes.map(|axes| axes.neuron_ids).unwrap_or_default();
    if ids.is_empty() {
        let (model, n) = (model.n_neurons(), recording.n_neurons());
        let mismatch = Error::Mismatch { what: "neurons", model, recording: n };
        return if model == n { Ok(Cow::Borrowed(recording)) } else { Err(mismatch) };
    }
    let same =
        ids.len() == recording.n_neurons() && ids.iter().zip(recording.neurons()).all(|(id, n)| id == n.id());
    Ok(if same { Cow::Borrowed(recording) } else { Cow::Owned(recording.with_neurons(&ids)?) })
}

/// Checks that a model is of responses in the unit of a recording, if it says of which.
pub(crate) fn expect_same_unit(model: &dyn ResponseModel, recording: &Recording) -> Result<()> {
    let (model, recording) = (model.config().axes, recording.response_unit());
    match model.map(|axes| axes.response_unit) {
        Some(model) if model != *recording => Err(Error::ModelUnit { model, recording: recording.clone() }),
        _ => Ok(()),
    }
}

/// Checks that model and recording have the same number of bands.
pub(crate) fn expect_same_bands(model: &dyn ResponseModel, recording: &Recording) -> Result<()> {
    let (model, recording) = (model.n_bands(), recording.n_bands());
    if model == recording { Ok(()) } else { Err(Error::Mismatch { what: "bands", model, recording }) }
}
