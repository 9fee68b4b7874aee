//! Noise ceilings: signal and noise power, and the best correlation that a model can be expected to reach.
//!
//! | function | estimates |
//! |---|---|
//! | [`signal_power`] | variance over time of the part of the response that repeats share |
//! | [`noise_power`] | variance that a single repeat adds to it |
//! | [`signal_power_se`] | standard error of the signal power |
//! | [`snr`] | ratio of signal and noise power |
//! | [`cc_max_half_split`] | correlation of the PSTH with the true rate, from split halves (Hsu et al. 2004) |
//! | [`cc_max_signal_power`] | the same from the signal power (Schoppe et al. 2016) |
//! | [`ttrc`] | correlation between single repeats |
//!
//! All are per neuron and need no prediction. Each stimulus is centred on its own mean and has the weight T_b - 1 (T_b: bins
//! of stimulus b with a PSTH), as in [`cc_norm`](crate::scores::cc_norm). A stimulus of one bin therefore contributes
//! nothing, and differences between the mean rates of stimuli do not count as signal.

mod cc_max_half_split;
mod cc_max_signal_power;
mod enough;
mod power;
mod signal_power_error;
pub(crate) mod splits;
mod ttrc;

pub use cc_max_half_split::{SplitOptions, cc_max_half_split};
pub(crate) use cc_max_half_split::{half_split_ceiling, split_table};
pub use cc_max_signal_power::cc_max_signal_power;
pub(crate) use enough::enough;
pub use power::{noise_power, signal_power, snr};
pub use signal_power_error::signal_power_se;
pub(crate) use signal_power_error::{is_weak, signal_power_error};
pub use ttrc::ttrc;

use rayon::prelude::*;

use crate::{
    error::Result,
    observation::{Recorded, n_neurons},
    undefined::Score,
};

/// Computes a score for each neuron in parallel; scores are in the order of the neurons.
pub(crate) fn per_neuron<T: Send>(
    recorded: &[Recorded<'_>],
    score: impl Fn(usize) -> Score<T> + Sync + Send,
) -> Result<Vec<Score<T>>> {
    Ok((0..n_neurons(recorded)?).into_par_iter().map(score).collect())
}
