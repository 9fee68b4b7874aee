//! Where the responses to a stimulus are: in memory, or in a file from which they are read when they are needed.

use std::{ops::Range, sync::Arc};

use statenet_core::ResponseUnit;

use super::{Responses, stored::Stored};
use crate::{error::Result, preprocess::SmoothWeights};

/// The responses to a stimulus, or where to read them.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Memory(Arc<Responses>),
    File(Stored),
}

impl From<Responses> for Source {
    fn from(responses: Responses) -> Self {
        Self::Memory(Arc::new(responses))
    }
}

/// Equal if the responses are, wherever they lie. Files that cannot be read equal nothing.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self.read(), other.read()) {
            (Ok(this), Ok(other)) => this == other,
            _ => false,
        }
    }
}

impl Source {
    pub(super) fn unit(&self) -> &ResponseUnit {
        match self {
            Self::Memory(responses) => responses.unit(),
            Self::File(stored) => stored.unit(),
        }
    }

    /// `(N, R, T)`.
    pub(super) fn dim(&self) -> (usize, usize, usize) {
        match self {
            Self::Memory(responses) => responses.values().dim(),
            Self::File(stored) => stored.dim(),
        }
    }

    /// Number of bins T.
    pub(crate) fn n_bins(&self) -> usize {
        self.dim().2
    }

    pub(super) fn n_repeats_of(&self, neuron: usize) -> usize {
        match self {
            Self::Memory(responses) => responses.mask().n_repeats(neuron),
            Self::File(stored) => stored.n_repeats_of(neuron),
        }
    }

    pub(super) fn is_in_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The responses: shared if they are in memory, else read.
    pub(super) fn read(&self) -> Result<Arc<Responses>> {
        match self {
            Self::Memory(responses) => Ok(Arc::clone(responses)),
            Self::File(stored) => Ok(Arc::new(stored.read()?)),
        }
    }

    pub(super) fn select(&self, neurons: &[usize]) -> Self {
        match self {
            Self::Memory(responses) => responses.select(neurons).into(),
            Self::File(stored) => Self::File(stored.select(neurons)),
        }
    }

    pub(super) fn smoothed(&self, weights: &SmoothWeights) -> Self {
        match self {
            Self::Memory(responses) => weights.smooth(responses).into(),
            Self::File(stored) => Self::File(stored.smoothed(weights)),
        }
    }

    pub(super) fn piece(&self, bins: Range<usize>) -> Result<Self> {
        Ok(match self {
            Self::Memory(responses) => responses.piece(bins)?.into(),
            Self::File(stored) => Self::File(stored.piece(bins)?),
        })
    }
}
