//! Responses that stay in their file and are read, stimulus by stimulus, when they are needed.

use std::{ops::Range, path::PathBuf, sync::Arc};

use statenet_core::{Digest, ResponseUnit};

use super::Responses;
use crate::{
    error::{Error, Result},
    preprocess::SmoothWeights,
    readers::ResponseBytes,
};

/// A file of responses that was read and checked once, and will be read again.
///
/// The file is read in whole and compared with what was checked, by a hash of its bytes, each time. One that changed or vanished in between
/// is therefore an error that names it; a map of it into memory would end the process instead.
#[derive(Debug)]
struct ResponseFile {
    path: PathBuf,
    unit: ResponseUnit,
    digest: Digest,
}

/// The responses to one stimulus, `(N, R, T)`, as a recipe: the file, which of its neurons, and what is done to them.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    file: Arc<ResponseFile>,
    dim: (usize, usize, usize),
    repeats: Recorded,
    /// Rows of the file; `None` for all.
    neurons: Option<Arc<[usize]>>,
    /// Each treats all neurons alike, so that they may be chosen first.
    steps: Vec<Step>,
}

/// How many repeats of each neuron have a recorded bin.
#[derive(Clone, Debug)]
enum Recorded {
    /// Every bin of every repeat was recorded.
    Complete,
    /// (N).
    Repeats(Arc<[usize]>),
}

#[derive(Clone, Debug)]
enum Step {
    Smooth(SmoothWeights),
    Piece(Range<usize>),
}

impl Stored {
    /// The responses of a file, which are `checked`.
    pub(crate) fn new(path: PathBuf, digest: Digest, checked: &Responses) -> Self {
        let file = Arc::new(ResponseFile { path, unit: checked.unit().clone(), digest });
        let repeats = Recorded::of(checked);
        Self { file, dim: checked.values().dim(), repeats, neurons: None, steps: Vec::new() }
    }

    pub(super) fn unit(&self) -> &ResponseUnit {
        &self.file.unit
    }

    /// `(N, R, T)`.
    pub(super) fn dim(&self) -> (usize, usize, usize) {
        self.dim
    }

    /// The number of repeats of a neuron with at least one recorded bin.
    pub(super) fn n_repeats_of(&self, neuron: usize) -> usize {
        match &self.repeats {
            Recorded::Complete if neuron < self.dim.0 => self.dim.1,
            Recorded::Complete => 0,
            Recorded::Repeats(repeats) => repeats.get(neuron).copied().unwrap_or(0),
        }
    }

    /// Reads the responses.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::FileChanged`], [`Error::ArrayFile`].
    pub(super) fn read(&self) -> Result<Responses> {
        let ResponseFile { path, unit, digest } = &*self.file;
        let bytes = ResponseBytes::read(path)?;
        if bytes.digest() != *digest {
            return Err(Error::FileChanged { path: path.clone() });
        }
        let mut responses = bytes.checked_before(unit)?;
        if let Some(neurons) = &self.neurons {
            responses = responses.select(neurons);
        }
        for step in &self.steps {
            responses = match step {
                Step::Smooth(weights) => weights.smooth(&responses),
                Step::Piece(bins) => responses.piece(bins.clone())?,
            };
        }
        Ok(responses)
    }

    /// Of some neurons, in that order; indices must be below N.
    pub(super) fn select(&self, neurons: &[usize]) -> Self {
        let of_file = match &self.neurons {
            Some(chosen) => neurons.iter().filter_map(|&n| chosen.get(n).copied()).collect(),
            None => neurons.iter().copied().collect::<Arc<[usize]>>(),
        };
        let repeats = match &self.repeats {
            Recorded::Complete => Recorded::Complete,
            Recorded::Repeats(all) => {
                Recorded::Repeats(neurons.iter().filter_map(|&n| all.get(n).copied()).collect())
            }
        };
        let dim = (of_file.len(), self.dim.1, self.dim.2);
        Self { dim, repeats, neurons: Some(of_file), ..self.clone() }
    }

    /// Smoothed over time.
    pub(super) fn smoothed(&self, weights: &SmoothWeights) -> Self {
        let mut smoothed = self.clone();
        smoothed.steps.push(Step::Smooth(weights.clone()));
        smoothed
    }

    /// Some bins. If a bin is missing anywhere, the file is read to count the repeats that are left.
    pub(super) fn piece(&self, bins: Range<usize>) -> Result<Self> {
        let mut piece = self.clone();
        piece.dim.2 = bins.len();
        piece.steps.push(Step::Piece(bins));
        if let Recorded::Repeats(_) = piece.repeats {
            piece.repeats = Recorded::of(&piece.read()?);
        }
        Ok(piece)
    }
}

impl Recorded {
    fn of(responses: &Responses) -> Self {
        let mask = responses.mask();
        if mask.is_complete() {
            return Self::Complete;
        }
        Self::Repeats((0..responses.n_neurons()).map(|neuron| mask.n_repeats(neuron)).collect())
    }
}
