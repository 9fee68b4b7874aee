//! One stimulus of a raw recording, with the responses of all neurons.

use ndarray::Array2;
use statenet_core::{ResponseUnit, SampleRate, TimeBin};

use super::{sound::RawSound, trace::Trace};
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
    /// Responses `(R, T)` in bins of the source, in the unit of the recording, NaN where missing: spike counts, which are added where bins are
    /// joined, or values of a continuous response, of which a wider bin gets the mean.
    Binned {
        /// `(R, T)`.
        values: Array2<f32>,
        /// The width of the bins.
        dt: TimeBin,
    },
    /// Samples of a continuous response of each repeat, in the unit of the recording, the first at the onset of the sound; `None` for a
    /// repeat that was not recorded, NaN for samples that are missing. A bin gets the mean of its samples.
    Trace {
        /// The samples of each repeat.
        repeats: Vec<Option<Vec<f32>>>,
        /// Their rate.
        rate: SampleRate,
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
            Self::Binned { values, .. } => values.nrows(),
            Self::Trace { repeats, .. } => repeats.len(),
        }
    }

    /// What it is, in words, if it cannot be a response in this unit.
    pub(super) fn stranger_to(&self, unit: &ResponseUnit) -> Option<&'static str> {
        match self {
            Self::Missing | Self::Binned { .. } => None,
            Self::Spikes(_) => (!unit.is_spikes()).then_some("spike times"),
            Self::Trace { .. } => unit.is_spikes().then_some("samples of a continuous response"),
        }
    }

    /// The samples of each repeat that was recorded, if it is a trace.
    pub(super) fn traces(&self) -> impl Iterator<Item = (usize, Trace<'_>)> {
        let (repeats, rate) = match self {
            Self::Trace { repeats, rate } => (repeats.as_slice(), Some(*rate)),
            Self::Missing | Self::Spikes(_) | Self::Binned { .. } => (&[][..], None),
        };
        let recorded = repeats.iter().enumerate().filter_map(|(i, samples)| Some((i, samples.as_deref()?)));
        recorded.filter_map(move |(i, samples)| Some((i, Trace { samples, rate: rate? })))
    }
}
