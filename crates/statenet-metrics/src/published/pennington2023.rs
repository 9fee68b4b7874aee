//! Noise-corrected correlation from single trials, over the concatenation of all stimuli, as in the laboratory of Pennington and
//! David (2023, PLoS Computational Biology 19, e1011110; after Hsu, Borst and Theunissen 2004).
//!
//! ```text
//! r_nc = mean_r corr(p, y_r) / sqrt(mean_{r<r'} corr(y_r, y_r'))          all over the concatenated time axis
//! ```
//!
//! [`scores::cc_ttrc`](crate::scores::cc_ttrc) is the same within stimuli. Here differences between the mean rates of stimuli count as
//! signal, as in [`schoppe2016`](super::schoppe2016).

use crate::{
    error::Result,
    observation::Observation,
    quantity::Correlation,
    repeats::Repeats,
    scores::{Concatenated, cc_ttrc::SingleTrials, per_neuron},
    undefined::{Score, Undefined},
};

/// The noise-corrected correlation of each neuron.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. Undefined with stimuli of different numbers of repeats
/// or repeats that miss different bins, and as [`cc_ttrc`](crate::scores::cc_ttrc).
pub fn r_noise_corrected(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
    per_neuron(observations, |neuron| {
        let Concatenated { rate, .. } = Concatenated::of(observations, neuron)?;
        let repeats: Vec<Repeats> =
            observations.iter().map(|o| Repeats::of(&o.recorded(), neuron)).collect::<Result<_, _>>()?;
        let repeats = Repeats::concatenated(&repeats)?;
        if repeats.valid().is_some() {
            return Err(Undefined::RaggedRepeats);
        }
        SingleTrials::of(&rate, &[], &repeats, 1.0).over_root_ttrc().map(Correlation::new)
    })
}
