//! One stimulus of a raw recording, with the responses of all neurons.

use ndarray::Array2;
use statenet_core::TimeBin;

use super::sound::RawSound;
use crate::recording::Metadata;

/// A stimulus and what each neuron answered.
#[derive(Clone, Debug, PartialEq)]
pub struct RawStimulus {
    /// The name, unique in its recording.
    pub name: String,
    /// The kind of sound, if known.
    pub kind: Option<String>,
    /// What was played.
    pub sound: RawSound,
    /// How much of the sound is used, from its start, in seconds; `None` for all of it.
    pub seconds: Option<f64>,
    /// Further facts, kept in `recording.json`.
    pub metadata: Metadata,
    /// The response of each neuron of the recording, in the same order.
    pub responses: Vec<RawResponse>,
}

impl RawStimulus {
    /// A stimulus of its whole sound, without kind and metadata.
    #[must_use]
    pub fn new(name: impl Into<String>, sound: RawSound, responses: Vec<RawResponse>) -> Self {
        Self { name: name.into(), kind: None, sound, seconds: None, metadata: Metadata::new(), responses }
    }
}

/// What one neuron answered to one stimulus.
#[derive(Clone, Debug, PartialEq)]
pub enum RawResponse {
    /// It was not recorded.
    Missing,
    /// Spike times of each repeat, in seconds from the onset of the sound, in any order; `None` for a repeat that was not recorded. A repeat
    /// without spikes is an empty list.
    Spikes(Vec<Option<Vec<f64>>>),
    /// Spike counts `(R, T)` in bins of the source, NaN where missing.
    Counts {
        /// `(R, T)`.
        values: Array2<f32>,
        /// The width of the bins.
        dt: TimeBin,
    },
}

impl RawResponse {
    /// Spike times of repeats that were all recorded, in seconds.
    #[must_use]
    pub fn spikes(repeats: impl IntoIterator<Item = Vec<f64>>) -> Self {
        Self::Spikes(repeats.into_iter().map(Some).collect())
    }

    /// Number of repeats, missing ones included.
    #[must_use]
    pub fn n_repeats(&self) -> usize {
        match self {
            Self::Missing => 0,
            Self::Spikes(repeats) => repeats.len(),
            Self::Counts { values, .. } => values.nrows(),
        }
    }
}
