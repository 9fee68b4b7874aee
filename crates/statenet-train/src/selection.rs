//! Selecting neurons by how much of their response repeats.

use statenet_data::{Recording, Split};
use statenet_metrics::{Score, ceilings};

use crate::{
    error::{Error, Result},
    evaluate::{RecordedResponses, groups_of_neurons},
};

/// Indices of the neurons whose signal-to-noise ratio on the training and validation stimuli is `least` or more, in the order of the
/// recording.
///
/// The ratio is that of signal power to noise power of a single repeat ([`snr`](ceilings::snr)), of the responses as they are in the
/// recording. Test stimuli are not used: a choice by their noise would make test scores too good. A neuron without a ratio, such as one
/// with a single repeat, is not chosen.
///
/// ```
/// use statenet_data::{SimulationConfig, SplitPlan};
/// use statenet_train::neurons_above_snr;
///
/// let recording = SimulationConfig::small().simulate()?.recording;
/// let split = SplitPlan::Demo.resolve(&recording)?;
/// let chosen = neurons_above_snr(&recording, &split, 0.01)?;
/// let recording = recording.select_neurons(&chosen)?;
/// assert_eq!(recording.n_neurons(), chosen.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Setting`] if `least` is not a finite number; [`Error::NothingRepeats`] if no neuron is chosen; [`Error::Data`] for a
/// stimulus that is not there.
pub fn neurons_above_snr(recording: &Recording, split: &Split, least: f64) -> Result<Vec<usize>> {
    let stimuli = [split.train(), split.val()].concat();
    neurons_above_snr_in(recording, &stimuli, least)
}

/// As [`neurons_above_snr`], on these stimuli: for a recording that is looked at, not split.
///
/// # Errors
/// As [`neurons_above_snr`].
pub fn neurons_above_snr_in(recording: &Recording, stimuli: &[usize], least: f64) -> Result<Vec<usize>> {
    if !least.is_finite() {
        let expected = "a finite number";
        return Err(Error::Setting {
            setting: "least signal-to-noise ratio",
            got: least.to_string(),
            expected,
        });
    }
    let mut ratios: Vec<Score> = Vec::with_capacity(recording.n_neurons());
    for neurons in groups_of_neurons(recording, stimuli)? {
        let recorded = RecordedResponses::of_neurons(recording, stimuli, neurons)?;
        ratios.extend(ceilings::snr(&recorded.views()?)?);
    }
    let chosen =
        ratios.iter().enumerate().filter(|(_, ratio)| ratio.as_ref().is_ok_and(|&ratio| ratio >= least));
    let chosen: Vec<usize> = chosen.map(|(neuron, _)| neuron).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let highest = ratios.iter().filter_map(|ratio| ratio.as_ref().ok()).copied().max_by(f64::total_cmp);
    Err(Error::NothingRepeats {
        recording: recording.name().to_owned(),
        least,
        why: match (highest, ratios.into_iter().find_map(Result::err)) {
            (Some(highest), _) => format!("the highest is {highest:.4}"),
            (None, Some(reason)) => format!("none is defined, for the first neuron because {reason}"),
            (None, None) => "there are no neurons".to_owned(),
        },
    })
}
