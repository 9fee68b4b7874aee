//! Information about the spikes in the rate, per spike.

use std::f64::consts::LN_2;

use crate::{
    error::Result,
    observation::Observation,
    scores::{Neuron, per_neuron, poisson::PoissonSums},
    undefined::{Score, finite},
};

/// Information about the spikes in the rate, relative to a constant rate, in bits per spike (the log-likelihood ratio of
/// Pillow et al. 2008).
///
/// (LL(p) - LL(mean count)) / (spikes ln 2), both over the same recorded bins, with LL the sum of
/// [`log_likelihood`](crate::scores::log_likelihood) over bins. The constant rate is the mean of the test data themselves.
///
/// - `responses`: spike counts, not smoothed.
/// - 0 for the constant, negative for worse rates. The most that a rate can reach depends on how much the neuron's rate varies; so
///   does the score, more than on the model: it compares models of one neuron, not neurons.
/// - Bias: -1 / (2 ln 2 spikes), downwards, since the constant was fitted to the test data and the rate was not; -.007 bits at 100
///   spikes.
///
/// # Errors
/// As [`log_likelihood`](crate::scores::log_likelihood); undefined ([`NoSpikes`](crate::Undefined::NoSpikes)) without spikes and
/// ([`NotCounts`](crate::Undefined::NotCounts)) of responses that are not whole numbers.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// // All spikes are in one bin of four, as the rate says: log2(4) bits each.
/// let (rate, counts) = (arr2(&[[0., 3., 0., 0.]]), arr3(&[[[0., 3., 0., 0.]]]));
/// let mask = ResponseMask::all(1, 1, 4);
/// let bits = scores::bits_per_spike(&[Observation::new(rate.view(), counts.view(), &mask)?])?;
/// assert!((bits[0].unwrap_or(0.0) - 2.0).abs() < 1e-12);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn bits_per_spike(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| of_sums(&PoissonSums::of_counts(&Neuron::of(observations, neuron)?)?))
}

pub(crate) fn of_sums(sums: &PoissonSums) -> Score {
    finite(-sums.constant_less_rate()? / (sums.spikes * LN_2))
}
