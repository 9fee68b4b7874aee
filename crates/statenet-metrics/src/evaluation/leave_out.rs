//! Responses without a stimulus, a block of time or a repeat: what a jackknife scores.

use ndarray::{Array3, Axis, s};
use statenet_core::ResponseMask;

use super::intervals::WHOLE_STIMULI;
use crate::{
    error::Result,
    observation::{Observation, Recorded},
    scores::Neuron,
    time_blocks::{block_of, n_blocks},
    undefined::Undefined,
};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A whole stimulus.
    Stimulus(usize),
    /// A block of time within a stimulus that is cut into `n_blocks` of them.
    Block {
        /// The stimulus.
        stimulus: usize,
        /// The block.
        block: usize,
        /// Number of blocks of the stimulus.
        n_blocks: usize,
    },
}

impl Unit {
    /// The units of some stimuli, by stratum: whole stimuli if there are ten or more, else blocks of about `block_bins` bins, those of
    /// a stimulus in one stratum; stimuli of one block are a stratum together.
    pub(crate) fn strata(observations: &[Observation<'_>], block_bins: usize) -> Vec<Vec<Self>> {
        let whole = observations.len() >= WHOLE_STIMULI;
        let mut strata = vec![Vec::new()];
        for (stimulus, observation) in observations.iter().enumerate() {
            let n_blocks = if whole { 1 } else { n_blocks(observation.recorded().n_bins(), block_bins) };
            if n_blocks > 1 {
                strata.push((0..n_blocks).map(|block| Self::Block { stimulus, block, n_blocks }).collect());
            } else if observations.len() > 1 {
                strata[0].push(Self::Stimulus(stimulus));
            }
        }
        strata
    }

    /// The stimulus that it is of.
    pub(crate) fn stimulus(self) -> usize {
        match self {
            Self::Stimulus(stimulus) | Self::Block { stimulus, .. } => stimulus,
        }
    }

    /// What of its stimulus is not of this unit, for one neuron.
    ///
    /// # Errors
    /// [`Undefined::NoData`] if nothing is left, else as [`Neuron::of`].
    pub(crate) fn rest_of_stimulus(
        self,
        observations: &[Observation<'_>],
        neuron: usize,
    ) -> Result<Neuron, Undefined> {
        let Self::Block { stimulus, block, n_blocks } = self else { return Err(Undefined::NoData) };
        let observation = observations.get(stimulus).ok_or(Undefined::NoData)?;
        let (recorded, only) = (observation.recorded(), s![neuron..=neuron, .., ..]);
        let n_bins = recorded.n_bins();
        let mut mask = recorded.mask().view().slice(only).to_owned();
        for (t, mut of_bin) in mask.axis_iter_mut(Axis(2)).enumerate() {
            if block_of(t, n_bins, n_blocks) == block {
                of_bin.fill(false);
            }
        }
        let (mask, rate) = (ResponseMask::new(mask), observation.rate());
        let recorded = Recorded::new(recorded.responses().slice_move(only), &mask);
        let rest =
            recorded.and_then(|recorded| Observation::of(rate.slice_move(s![neuron..=neuron, ..]), recorded));
        rest.map_err(|_| Undefined::NoData).and_then(|rest| Neuron::of(&[rest], 0))
    }

    /// A score of the responses to the other units.
    ///
    /// # Errors
    /// Those of the score.
    pub(crate) fn without<S>(
        self,
        observations: &[Observation<'_>],
        score: &impl Fn(&[Observation<'_>]) -> Result<S>,
    ) -> Result<S> {
        match self {
            Self::Stimulus(out) => {
                let others: Vec<Observation<'_>> =
                    (0..observations.len()).filter(|&b| b != out).map(|b| observations[b]).collect();
                score(&others)
            }
            Self::Block { stimulus, block, n_blocks } => {
                let n_bins = observations[stimulus].recorded().n_bins();
                let keep =
                    |b: usize, _: usize, t: usize| b != stimulus || block_of(t, n_bins, n_blocks) != block;
                with_masks(observations, keep, score)
            }
        }
    }
}

/// A score of the responses that `keep` keeps, by stimulus, repeat and bin.
pub(crate) fn with_masks<S>(
    observations: &[Observation<'_>],
    keep: impl Fn(usize, usize, usize) -> bool,
    score: &impl Fn(&[Observation<'_>]) -> Result<S>,
) -> Result<S> {
    let masks: Vec<ResponseMask> = observations
        .iter()
        .enumerate()
        .map(|(b, o)| {
            let mask = o.recorded().mask().view();
            ResponseMask::new(Array3::from_shape_fn(mask.dim(), |at| mask[at] && keep(b, at.1, at.2)))
        })
        .collect();
    let kept = observations
        .iter()
        .zip(&masks)
        .map(|(o, mask)| Observation::of(o.rate(), Recorded::new(o.recorded().responses(), mask)?))
        .collect::<Result<Vec<_>>>()?;
    score(&kept)
}
