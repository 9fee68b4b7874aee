//! How a model is run: in evaluation, or in a pass of training.

use std::sync::{Mutex, PoisonError};

use candle_core::Tensor;
use statenet_core::{RandomStream, Seed};

/// Evaluation (pure, strictly causal) or a training pass.
#[derive(Clone, Copy, Debug)]
pub enum Mode<'a> {
    /// No noise, running statistics: what is scored, streamed and interpreted.
    Eval,
    /// A training pass, with seeded noise, in which layers record batch statistics.
    Train(&'a Pass),
}

/// One training pass: the noise that layers may use, and the batch statistics that they record.
///
/// `forward` changes nothing in a model. What a layer learns from a batch beside its gradients (the running mean of a
/// normalisation) it records here; the fitter folds it into the model's buffers after the step.
#[derive(Debug)]
pub struct Pass {
    seed: Seed,
    valid: Option<Tensor>,
    statistics: Mutex<Vec<Statistic>>,
}

/// A batch statistic to be folded into a buffer: `buffer = (1 - momentum) buffer + momentum value`.
#[derive(Clone, Debug)]
pub struct Statistic {
    /// Full name of the buffer.
    pub buffer: String,
    /// The batch's value, in the shape of the buffer.
    pub value: Tensor,
    /// Weight of the new value.
    pub momentum: f64,
}

impl Pass {
    /// A pass whose noise follows from a seed; every step of a fit has a seed of its own.
    ///
    /// `valid` is `(B, 1, T)`, 1 where a frame belongs to a stimulus and 0 where it pads one; `None` if all do.
    #[must_use]
    pub fn new(seed: Seed, valid: Option<Tensor>) -> Self {
        Self { seed, valid, statistics: Mutex::new(Vec::new()) }
    }

    /// The noise of a layer, by the layer's name.
    #[must_use]
    pub fn noise(&self, layer: &str) -> RandomStream {
        self.seed.stream(layer)
    }

    /// Frames that belong to a stimulus, `(B, 1, T)` of 1 and 0.
    #[must_use]
    pub fn valid(&self) -> Option<&Tensor> {
        self.valid.as_ref()
    }

    /// The same pass for a part of the model, whose noise is its own.
    pub(crate) fn of_part(&self, part: &str) -> Self {
        Self::new(self.seed.child(part), self.valid.clone())
    }

    /// Records the batch statistics of a part, whose buffers are named behind the part.
    pub(crate) fn record_part(&self, part: &str, pass: &Self) {
        for statistic in pass.statistics() {
            self.record(Statistic { buffer: format!("{part}.{}", statistic.buffer), ..statistic });
        }
    }

    /// Records a batch statistic for the fitter.
    pub fn record(&self, statistic: Statistic) {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).push(statistic);
    }

    /// The statistics so far, in the order in which they were recorded.
    #[must_use]
    pub fn statistics(&self) -> Vec<Statistic> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
