//! Scores of a prediction against recorded responses, per neuron, in f64.
//!
//! | function | score | needs |
//! |---|---|---|
//! | [`cc_raw`] | Pearson's r of rate and PSTH over all bins of all stimuli | one repeat |
//! | [`cc_norm`] | correlation within stimuli, relative to its noise ceiling | two repeats |
//! | [`fve`] | fraction of the PSTH's variance explained | one repeat |
//! | [`mse`] | mean squared error against the PSTH | one repeat |
//! | [`log_likelihood`] | Poisson log-likelihood of the counts, nats per bin | counts |
//! | [`bits_per_spike`] | the same relative to a constant rate, per spike | counts |
//!
//! The PSTH of a bin is the mean over the repeats recorded there; bins without a repeat are left out. Every function
//! returns one [`Score`] per neuron, in the order of the neurons: a number or the reason why it is undefined. Neurons are
//! scored in parallel; the result does not depend on the number of threads.

mod cc_norm;
mod cc_raw;
mod fve;
mod log_likelihood;
mod mse;

pub(crate) use cc_norm::CcNormTarget;
pub use cc_norm::cc_norm;
pub(crate) use cc_raw::CcRawTarget;
pub use cc_raw::cc_raw;
pub use fve::fve;
pub(crate) use fve::fve_of;
pub use log_likelihood::{bits_per_spike, log_likelihood};
pub use mse::mse;

use rayon::prelude::*;

use crate::{
    error::Result,
    observation::{Observation, n_neurons, recorded},
    psth::Psth,
    undefined::{Score, Undefined},
};

/// Computes a score for each neuron in parallel; scores are in the order of the neurons.
pub(crate) fn per_neuron<T: Send>(
    observations: &[Observation<'_>],
    score: impl Fn(usize) -> Score<T> + Sync + Send,
) -> Result<Vec<Score<T>>> {
    Ok((0..n_neurons(&recorded(observations))?).into_par_iter().map(score).collect())
}

/// Rate and PSTH of one neuron at the recorded bins of all stimuli, concatenated.
pub(crate) struct Concatenated {
    pub(crate) rate: Vec<f64>,
    pub(crate) psth: Vec<f64>,
}

impl Concatenated {
    /// # Errors
    /// [`Undefined::NoData`] if nothing was recorded, [`Undefined::NotFinite`] if a number is NaN or infinite.
    pub(crate) fn of(observations: &[Observation<'_>], neuron: usize) -> Result<Self, Undefined> {
        let mut all = Self { rate: Vec::new(), psth: Vec::new() };
        for observation in observations {
            let psth = Psth::of(&observation.recorded(), neuron)?;
            all.rate.extend(psth.pick(observation.rate().index_axis_move(ndarray::Axis(0), neuron))?);
            all.psth.extend_from_slice(psth.mean());
        }
        if all.psth.is_empty() { Err(Undefined::NoData) } else { Ok(all) }
    }
}
