//! Intervals of any score, by leaving out each sound or each repeat in turn.

use super::leave_out::{Unit, with_masks};
use crate::{
    error::{Error, Result},
    observation::Observation,
    resampling::{ConfidenceInterval, jackknife_interval},
    undefined::{Score, Undefined},
};

/// The interval of each neuron's score, or the reason why there is none.
pub(crate) type Intervals = Vec<Result<ConfidenceInterval, Undefined>>;

/// Jackknife intervals of a score over sounds: of each neuron, for other sounds of the same kind and other noise of the responses.
///
/// Whole stimuli are left out in turn if there are ten or more, else blocks of time of about `block_bins` bins within each stimulus. `score`
/// is any of [`scores`](crate::scores), [`ceilings`](crate::ceilings) or a score of your own; it is computed once for each unit.
///
/// A nominal 95 % interval covers 93 to 96 % with ten stimuli or more; that of a ratio with a [weak](crate::NeuronScores::weak) signal
/// below it, such as CCnorm, 82 to 98 %.
///
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::{ResponseMask, Seed};
/// use statenet_metrics::{Observation, intervals_over_sounds, scores};
///
/// let mut noise = Seed::new(0).stream("noise");
/// let rate = Array2::from_shape_fn((1, 600), |(_, t)| 2.0 + (0.1 * t as f64).sin());
/// let responses = Array3::from_shape_fn((1, 5, 600), |(n, _, t)| f64::from(noise.poisson(rate[[n, t]])));
/// let mask = ResponseMask::all(1, 5, 600);
/// let observations = [Observation::new(rate.view(), responses.view(), &mask)?];
/// let intervals = intervals_over_sounds(&observations, 60, 0.95, scores::mse)?;
/// let mse = scores::mse(&observations)?[0]?;
/// assert!(intervals[0].is_ok_and(|i| i.lower < mse && mse < i.upper));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] if `block_bins` is 0; those of the score. Undefined for fewer than two units, or where the score is undefined without
/// one of them.
pub fn intervals_over_sounds<T: Into<f64> + Copy>(
    observations: &[Observation<'_>],
    block_bins: usize,
    confidence: f64,
    score: impl Fn(&[Observation<'_>]) -> Result<Vec<Score<T>>>,
) -> Result<Intervals> {
    if block_bins == 0 {
        return Err(Error::OutOfRange { option: "block_bins", got: 0.0, expected: "1 or more" });
    }
    let without = |units: Vec<Unit>| units.iter().map(|unit| unit.without(observations, &score)).collect();
    let strata: Vec<Vec<_>> =
        Unit::strata(observations, block_bins).into_iter().map(without).collect::<Result<_>>()?;
    intervals(&score(observations)?, &strata, confidence)
}

/// Jackknife intervals of a score over repeats: of each neuron, for the same sounds and other repeats.
///
/// The r-th repeat of all stimuli is left out in turn. The sounds are fixed, so that the intervals are narrower than those over sounds. They
/// cover the noise that is independent between repeats.
///
/// # Errors
/// Those of the score. Undefined for fewer than three repeats for scores that need two.
pub fn intervals_over_repeats<T: Into<f64> + Copy>(
    observations: &[Observation<'_>],
    confidence: f64,
    score: impl Fn(&[Observation<'_>]) -> Result<Vec<Score<T>>>,
) -> Result<Intervals> {
    let n_repeats = observations.iter().map(|o| o.recorded().responses().dim().1).max().unwrap_or(0);
    let without = (0..n_repeats)
        .map(|out| with_masks(observations, |_, r, _| r != out, &score))
        .collect::<Result<Vec<_>>>()?;
    intervals(&score(observations)?, &[without], confidence)
}

fn intervals<T: Into<f64> + Copy>(
    estimates: &[Score<T>],
    strata: &[Vec<Vec<Score<T>>>],
    confidence: f64,
) -> Result<Intervals> {
    let of_neuron = |(neuron, estimate): (usize, &Score<T>)| {
        let value = |scores: &Vec<Score<T>>| scores.get(neuron)?.ok().map(Into::into);
        let without: Vec<Vec<Option<f64>>> =
            strata.iter().map(|units| units.iter().map(value).collect()).collect();
        jackknife_interval((*estimate)?.into(), &without, confidence)
    };
    Ok(estimates.iter().enumerate().map(of_neuron).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{ResponseMask, Seed};

    use super::*;
    use crate::{ceilings, scores};

    /// Of 300 recordings, the share whose intervals contain the truth: over sounds that of SP, over repeats that of these sounds.
    #[test]
    fn they_cover_over_sounds_and_over_repeats() {
        let (n_sets, n_stimuli, n_bins, n_repeats) = (300, 12, 30, 6);
        let (mut sounds, mut repeats, mut wider) = (0, 0, 0);
        for seed in 0..n_sets {
            let mut stream = Seed::new(seed).stream("any score");
            let (mut rates, mut responses, mut power) = (Vec::new(), Vec::new(), 0.0);
            for _ in 0..n_stimuli {
                let signal: Vec<f64> = (0..n_bins).map(|_| stream.normal()).collect();
                let m = signal.iter().sum::<f64>() / n_bins as f64;
                power += signal.iter().map(|s| (s - m).powi(2)).sum::<f64>();
                responses.push(Array3::from_shape_fn((1, n_repeats, n_bins), |(_, _, t)| {
                    signal[t] + stream.normal()
                }));
                rates.push(Array2::from_shape_vec((1, n_bins), signal).unwrap());
            }
            let power = power / (n_stimuli * (n_bins - 1)) as f64;
            let mask = ResponseMask::all(1, n_repeats, n_bins);
            let observations: Vec<_> = rates
                .iter()
                .zip(&responses)
                .map(|(p, y)| Observation::new(p.view(), y.view(), &mask).unwrap())
                .collect();
            let signal_power = |o: &[Observation<'_>]| ceilings::signal_power(&crate::recorded(o));
            let over_sounds =
                intervals_over_sounds(&observations, 10, 0.95, signal_power).unwrap()[0].unwrap();
            let over_repeats = intervals_over_repeats(&observations, 0.95, signal_power).unwrap()[0].unwrap();
            sounds += usize::from(over_sounds.lower <= 1.0 && 1.0 <= over_sounds.upper);
            repeats += usize::from(over_repeats.lower <= power && power <= over_repeats.upper);
            wider +=
                usize::from(over_repeats.upper - over_repeats.lower < over_sounds.upper - over_sounds.lower);
        }
        // Sounds vary too, where repeats alone do not.
        assert!(wider > n_sets as usize * 9 / 10, "{wider}");
        // 285 expected; three standard errors are 11.
        assert!((274..=298).contains(&sounds) && (274..=299).contains(&repeats), "{sounds} {repeats}");
    }

    #[test]
    fn blocks_serve_where_there_are_few_stimuli_and_one_repeat_has_none() {
        let rate = Array2::from_shape_fn((1, 90), |(_, t)| (0.4 * t as f64).sin());
        let y = Array3::from_shape_fn((1, 1, 90), |(_, _, t)| (0.4 * t as f64).sin() + ((t * t) % 7) as f64);
        let mask = ResponseMask::all(1, 1, 90);
        let observations = [Observation::new(rate.view(), y.view(), &mask).unwrap(); 2];
        let blocks = intervals_over_sounds(&observations, 30, 0.95, scores::cc_raw).unwrap()[0].unwrap();
        assert!(blocks.lower < blocks.upper);
        assert!(intervals_over_repeats(&observations, 0.95, scores::cc_raw).unwrap()[0].is_err());
        assert!(intervals_over_sounds(&observations, 0, 0.95, scores::cc_raw).is_err());
    }
}
