//! Recordings cut into pieces, for `--cut`.

use anyhow::Context;
use statenet::{
    data::{Cut, Stimulus},
    prelude::*,
};

/// The recording cut into pieces, unless it is already cut in this way; as it is if no cut is given.
///
/// # Errors
/// If it cannot be cut so.
pub(crate) fn cut(recording: Recording, cut: Option<&Cut>) -> anyhow::Result<Recording> {
    match cut {
        Some(cut) if recording.cut_by().as_ref() != Some(cut) => Ok(recording.cut(cut)?),
        _ => Ok(recording),
    }
}

/// How the recording was cut to which a checkpoint's model was fitted.
///
/// # Errors
/// If the checkpoint does not say it in the form of this library.
pub(crate) fn cut_of(metadata: &CheckpointMetadata) -> anyhow::Result<Option<Cut>> {
    let cut = metadata.training.get("cut");
    cut.map(|cut| serde_json::from_value(cut.clone()).context("the cut in the checkpoint")).transpose()
}

/// Seconds of all stimuli together.
pub(crate) fn seconds(recording: &Recording) -> f64 {
    recording.dt().seconds() * recording.stimuli().iter().map(Stimulus::n_bins).sum::<usize>() as f64
}
