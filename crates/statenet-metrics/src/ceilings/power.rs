//! Signal power, noise power and their ratio.
//!
//! ```text
//! SP_b = mean_{r<r'} cov_t(y_br, y_br')      NP_b = mean_r var_t(y_br) - SP_b      over jointly recorded bins
//! X    = sum_b (T_b - 1) X_b / sum_b (T_b - 1)
//! ```
//!
//! The form with pairs of repeats equals Sahani and Linden (2003) for complete data, and works unchanged if repeats are
//! missing or end early. It is unbiased for noise that is independent between repeats, and can therefore be negative.

use crate::{
    ceilings::per_neuron,
    error::Result,
    observation::Recorded,
    powers::ROUNDING,
    responses::NeuronRecorded,
    undefined::{Score, Undefined, finite},
};

/// Signal power SP of each neuron, (spikes/bin)^2, pooled over stimuli (see [`ceilings`](crate::ceilings)).
///
/// Unbiased; noise can make it negative.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. For a neuron without two repeats of any
/// stimulus the power is undefined.
///
/// # Examples
/// ```
/// use ndarray::arr3;
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Recorded, ceilings};
///
/// let y = arr3(&[[[0., 1., 2.], [0., 2., 1.]]]);
/// let mask = ResponseMask::all(1, 2, 3);
/// let recorded = [Recorded::new(y.view(), &mask)?];
/// assert_eq!(ceilings::signal_power(&recorded)?, [Ok(0.5)]); // cov((0, 1, 2), (0, 2, 1))
/// assert_eq!(ceilings::noise_power(&recorded)?, [Ok(0.5)]); // variance 1 of each repeat, minus 0.5
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn signal_power(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    per_neuron(recorded, |neuron| finite(NeuronRecorded::of(recorded, neuron)?.powers()?.signal))
}

/// Noise power NP of each neuron: the variance of a single repeat around the signal, (spikes/bin)^2.
///
/// Unbiased; noise can make it negative.
///
/// # Errors
/// As [`signal_power`].
pub fn noise_power(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    per_neuron(recorded, |neuron| finite(NeuronRecorded::of(recorded, neuron)?.powers()?.noise))
}

/// Signal-to-noise ratio SP / NP of each neuron, of a single repeat.
///
/// SP and NP are unbiased, but their ratio is biased upwards if NP is estimated from few bins: by less than 5 % in simulations where SP is
/// five times its standard error. Negative if SP is.
/// Undefined ([`Undefined::NoNoise`]) if NP is not above 0, as for identical repeats.
///
/// # Errors
/// As [`signal_power`].
pub fn snr(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    per_neuron(recorded, |neuron| {
        let powers = NeuronRecorded::of(recorded, neuron)?.powers()?;
        if powers.noise <= ROUNDING * powers.total {
            return Err(Undefined::NoNoise { noise_power: powers.noise });
        }
        finite(powers.signal / powers.noise)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    fn one(y: &Array3<f64>, f: impl Fn(&[Recorded<'_>]) -> Result<Vec<Score>>) -> Score {
        let (n, r, t) = y.dim();
        f(&[Recorded::new(y.view(), &ResponseMask::all(n, r, t)).unwrap()]).unwrap()[0]
    }

    #[test]
    fn equal_repeats_are_all_signal_and_their_ratio_has_no_bound() {
        let y = Array3::from_shape_fn((1, 4, 40), |(_, _, t)| (0.7 * t as f64).sin() + 0.3);
        let signal = one(&y, signal_power).unwrap();
        let variance =
            crate::moments::centred(&y.as_slice().unwrap()[..40]).iter().map(|d| d * d).sum::<f64>() / 39.0;
        assert!((signal - variance).abs() < 1e-14);
        assert!(one(&y, noise_power).unwrap().abs() < 1e-14);
        assert!(matches!(one(&y, snr), Err(Undefined::NoNoise { .. })));
    }

    #[test]
    fn signal_power_is_unbiased() {
        // Signal variance 1/2 (sine over whole periods, times T / (T - 1)) or 0, noise variance 4, 3 repeats.
        let n_draws = 2000;
        for amplitude in [0.0, 1.0] {
            let (n_bins, mut stream) = (20, Seed::new(11).stream("unbiased"));
            let truth = amplitude * 0.5 * 20.0 / 19.0;
            let draws: Vec<f64> = (0..n_draws)
                .map(|_| {
                    let y = Array3::from_shape_fn((1, 3, n_bins), |(_, _, t)| {
                        amplitude * (std::f64::consts::TAU * t as f64 / 10.0).sin() + 2.0 * stream.normal()
                    });
                    one(&y, signal_power).unwrap()
                })
                .collect();
            let m = crate::moments::mean(&draws);
            let sd = (draws.iter().map(|d| (d - m).powi(2)).sum::<f64>() / f64::from(n_draws - 1)).sqrt();
            assert!((m - truth).abs() < 3.0 * sd / f64::from(n_draws).sqrt(), "{m} for {truth}");
        }
    }

    #[test]
    fn reasons_name_what_is_missing() {
        let one_repeat = Array3::from_elem((1, 1, 9), 1.0);
        assert_eq!(one(&one_repeat, signal_power), Err(Undefined::TooFewRepeats { repeats: 1 }));
        let one_bin = Array3::from_elem((1, 3, 1), 1.0);
        assert_eq!(one(&one_bin, signal_power), Err(Undefined::TooFewBins { bins: 1 }));
        let y = Array3::zeros((1, 2, 4));
        let mask = ResponseMask::new(Array3::from_elem((1, 2, 4), false));
        let none = signal_power(&[Recorded::new(y.view(), &mask).unwrap()]).unwrap();
        assert_eq!(none, [Err(Undefined::NoData)]);
    }

    #[test]
    fn stimuli_weigh_by_their_degrees_of_freedom() {
        let short = Array3::from_shape_fn((1, 2, 3), |(_, _, t)| t as f64);
        let long = Array3::from_shape_fn((1, 2, 5), |(_, _, t)| 3.0 * (t % 2) as f64);
        let single = Array3::from_elem((1, 2, 1), 77.0);
        let masks = [ResponseMask::all(1, 2, 3), ResponseMask::all(1, 2, 5), ResponseMask::all(1, 2, 1)];
        let recorded: Vec<_> = [&short, &long, &single]
            .iter()
            .zip(&masks)
            .map(|(y, mask)| Recorded::new(y.view(), mask).unwrap())
            .collect();
        // var(0, 1, 2) = 1 with weight 2, var(0, 3, 0, 3, 0) = 2.7 with weight 4, one bin without weight.
        assert!((signal_power(&recorded).unwrap()[0].unwrap() - (2.0 + 4.0 * 2.7) / 6.0).abs() < 1e-14);
    }
}
