//! CC / CCmax per stimulus (Hsu, Borst and Theunissen 2004), averaged over stimuli.
//!
//! ```text
//! CCnorm = mean_b CC_b / CCmax_b          CCmax_b from half splits of the repeats of stimulus b
//! ```

use crate::{
    ceilings::{SplitOptions, half_split_ceiling, split_table},
    error::Result,
    moments::{CrossSums, mean},
    observation::{Observation, recorded},
    quantity::Correlation,
    scores::{Neuron, per_neuron},
    undefined::{Score, Undefined, finite},
};

/// Noise-corrected correlation of each neuron: the mean over stimuli of CC divided by its ceiling from half splits.
///
/// CCmax_b is [`cc_max_half_split`](crate::ceilings::cc_max_half_split) of stimulus b alone. All stimuli have the same weight
/// whatever their length. Stimuli in which CC or CCmax is undefined (for example without signal) are left out, which
/// biases the mean upwards for unreliable neurons. A stimulus whose ceiling is by luck just above 0 outweighs all others: the mean over
/// simulated neurons with stimuli of 20 bins is without bound, even where the signal power of all stimuli is ten times its standard error.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus, the stimuli differ in N, or `n_splits` is 0. Undefined, with the reason of
/// the first stimulus, if the score is undefined in all stimuli.
pub fn cc_norm(observations: &[Observation<'_>], options: &SplitOptions) -> Result<Vec<Score<Correlation>>> {
    options.validate()?;
    let splits = split_table(&recorded(observations), options);
    per_neuron(observations, |neuron| {
        let of_stimulus = |observation: &Observation<'_>| -> Score {
            let neuron = Neuron::of(std::slice::from_ref(observation), neuron)?;
            let ceiling = half_split_ceiling(neuron.recorded(), &splits)?;
            let mut sums = CrossSums::default();
            neuron
                .stimuli()
                .for_each(|(stimulus, rate)| sums.add(&CrossSums::of(rate, stimulus.psth.mean())));
            finite(sums.correlation()? / ceiling.value())
        };
        let scores: Vec<Score> = observations.iter().map(of_stimulus).collect();
        let defined: Vec<f64> = scores.iter().filter_map(|s| s.ok()).collect();
        if defined.is_empty() {
            let reason = scores.into_iter().find_map(Result::err);
            return Err(reason.unwrap_or(Undefined::NoData));
        }
        finite(mean(&defined)).map(Correlation::new)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{arr2, arr3};
    use statenet_core::ResponseMask;

    use super::*;

    #[test]
    fn one_stimulus_by_hand_and_one_without_signal_left_out() {
        // Half PSTHs (0, 1, 2) and (0, 2, 1): rho 1/2, CCmax sqrt(2/3). CC of (0, 1, 1) with (0, 1.5, 1.5): 1.
        let (rate, y) = (arr2(&[[0., 1., 1.]]), arr3(&[[[0., 1., 2.], [0., 2., 1.]]]));
        let silent = arr3(&[[[0., 0., 0.], [0., 0., 0.]]]);
        let mask = ResponseMask::all(1, 2, 3);
        let good = Observation::new(rate.view(), y.view(), &mask).unwrap();
        let bad = Observation::new(rate.view(), silent.view(), &mask).unwrap();
        let expected = 1.0 / (2.0_f64 / 3.0).sqrt();
        for observations in [vec![good], vec![good, bad], vec![bad, good]] {
            let score = cc_norm(&observations, &SplitOptions::default()).unwrap()[0].unwrap().value();
            assert!((score - expected).abs() < 1e-14);
        }
        assert_eq!(cc_norm(&[bad], &SplitOptions::default()).unwrap(), [Err(Undefined::ConstantResponse)]);
    }
}
