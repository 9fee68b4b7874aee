//! Scores of a prediction against recorded responses, per neuron, in f64.
//!
//! | function | score | needs |
//! |---|---|---|
//! | [`cc_raw`] | Pearson's r of rate and PSTH over all bins of all stimuli | one repeat |
//! | [`cc_norm`] | correlation within stimuli, relative to its noise ceiling | two repeats |
//! | [`r2_er`], [`r2_er_interval`] | fraction of the signal's variance explained at the best scale, without bias | two repeats |
//! | [`explained_signal_power`] | fraction of the signal power explained | two repeats |
//! | [`cc_ttrc`], [`cc_psth_ttrc`] | correlation relative to that between single repeats | two repeats |
//! | [`fve`] | fraction of the PSTH's variance explained | one repeat |
//! | [`mse`] | mean squared error against the PSTH | one repeat |
//! | [`coherence`], [`coherence_bits_per_s`] | coherence with single responses, and its integral as an information rate | eight segments of time |
//! | [`log_likelihood`] | Poisson log-likelihood of the counts, nats per bin | counts |
//! | [`bits_per_spike`] | the same relative to a constant rate, per spike | counts |
//! | [`deviance_explained`] | fraction of the Poisson deviance explained | counts |
//! | [`van_rossum`], [`victor_purpura`] | distance of rate and spike trains; `_ceiling`: between repeats | counts |
//! | [`fano`], [`overdispersion`] | variance of counts relative to Poisson, of responses alone | counts, two repeats |
//!
//! The PSTH of a bin is the mean over the repeats recorded there; bins without a repeat are left out. Every function
//! returns one [`Score`] per neuron, in the order of the neurons: a number or the reason why it is undefined. Neurons are
//! scored in parallel; the result does not depend on the number of threads. [`ScoreStream`] computes those made of sums from
//! pieces, in constant memory.

pub(crate) mod bits_per_spike;
mod cc_norm;
mod cc_raw;
pub(crate) mod cc_ttrc;
pub(crate) mod coherence;
pub(crate) mod deviance_explained;
pub(crate) mod explained_signal_power;
pub(crate) mod fano;
mod fve;
mod log_likelihood;
mod mse;
mod neuron;
pub(crate) mod poisson;
pub(crate) mod r2_er;
pub(crate) mod r2_er_interval;
pub(crate) mod spike_trains;
mod stream;

pub use bits_per_spike::bits_per_spike;
pub(crate) use cc_norm::CcNormTarget;
pub use cc_norm::cc_norm;
pub(crate) use cc_raw::CcRawTarget;
pub use cc_raw::cc_raw;
pub use cc_ttrc::{cc_psth_ttrc, cc_ttrc};
pub use coherence::{Coherence, CoherenceOptions, coherence, coherence_bits_per_s, coherence_of};
pub use deviance_explained::deviance_explained;
pub use explained_signal_power::explained_signal_power;
pub use fano::{CountWindow, fano, overdispersion};
pub use fve::fve;
pub(crate) use fve::fve_of;
pub use log_likelihood::log_likelihood;
pub use mse::mse;
pub(crate) use neuron::Neuron;
pub use r2_er::r2_er;
pub use r2_er_interval::r2_er_interval;
pub use spike_trains::{
    SpikeDistanceOptions, van_rossum, van_rossum_ceiling, van_rossum_distance, victor_purpura,
    victor_purpura_ceiling, victor_purpura_distance,
};
pub use stream::{ScoreStream, StreamedScores};

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
        let psth = |observation: &Observation<'_>| Psth::of(&observation.recorded(), neuron);
        let psths = observations.iter().map(psth).collect::<Result<Vec<_>, _>>()?;
        Self::of_psths(observations, neuron, psths.iter())
    }

    /// The same with the PSTH of each observation.
    pub(crate) fn of_psths<'p>(
        observations: &[Observation<'_>],
        neuron: usize,
        psths: impl Iterator<Item = &'p Psth>,
    ) -> Result<Self, Undefined> {
        let mut all = Self { rate: Vec::new(), psth: Vec::new() };
        for (observation, psth) in observations.iter().zip(psths) {
            all.rate.extend(psth.pick(observation.rate().index_axis_move(ndarray::Axis(0), neuron))?);
            all.psth.extend_from_slice(psth.mean());
        }
        if all.psth.is_empty() { Err(Undefined::NoData) } else { Ok(all) }
    }
}
