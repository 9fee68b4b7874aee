//! Doubts that a program voices: on standard error, also under `--quiet`, and in the JSON files that it leaves.

use serde::Serialize;
use statenet::{core::Warning, prelude::*};

use crate::launch::complain;

/// The doubts of a run, in the order in which they came up.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Warnings(Vec<Warning>);

impl Warnings {
    /// Voices a doubt, once.
    pub(crate) fn add(&mut self, warning: Warning) {
        if self.0.contains(&warning) {
            return;
        }
        complain(format_args!("warning: {warning}"));
        self.0.push(warning);
    }

    /// Voices several.
    pub(crate) fn extend(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        for warning in warnings {
            self.add(warning);
        }
    }

    /// Voices what is doubtful about a recording and its split.
    ///
    /// # Errors
    /// If the split names stimuli that the recording does not have.
    pub(crate) fn about(&mut self, recording: &Recording, split: &Split) -> anyhow::Result<()> {
        self.extend(recording.doubts()?);
        self.extend(split.similar_sounds().iter().map(|similar| {
            let message =
                format!("{similar}: scores are too good where a test sound is like a training sound");
            Warning::new("similar_sounds", message, recording.name())
        }));
        self.extend(recording.band_doubts(split)?);
        Ok(())
    }

    /// The doubts so far.
    pub(crate) fn as_slice(&self) -> &[Warning] {
        &self.0
    }
}
