//! Poisson log-likelihood of recorded counts.

use std::f64::consts::LN_2;

use ndarray::Axis;
use statrs::function::gamma::ln_gamma;

use crate::{
    error::Result,
    moments::mean,
    observation::Observation,
    scores::per_neuron,
    undefined::{Score, Source, Undefined, finite},
};

/// Poisson log-likelihood of the responses under the rate, in nats per bin and repeat.
///
/// Mean over all recorded (repeat, bin) of y ln p - p - ln y!, with y the count and p the rate in spikes per bin. There is no
/// correction for parameters fitted to the same data.
///
/// - `responses`: spike counts, not smoothed. For values that are not whole, y! is the gamma function of y + 1, and the score
///   is not the logarithm of a probability.
/// - Undefined ([`Undefined::ImpossibleRate`]) if a rate is negative, or 0 where a spike was recorded, which is impossible
///   according to the model.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, counts) = (arr2(&[[0.5, 2.0]]), arr3(&[[[0., 1.]]]));
/// let mask = ResponseMask::all(1, 1, 2);
/// let observations = [Observation::new(rate.view(), counts.view(), &mask)?];
/// let expected = (-0.5 + 2.0_f64.ln() - 2.0) / 2.0;
/// assert!((scores::log_likelihood(&observations)?[0].unwrap_or(0.0) - expected).abs() < 1e-12);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn log_likelihood(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| {
        let Counts { rate, count } = Counts::of(observations, neuron)?;
        let sum: f64 = unnormalized(&rate, &count)? - count.iter().map(|&y| ln_factorial(y)).sum::<f64>();
        finite(sum / count.len() as f64)
    })
}

/// Information about the spikes in the rate, relative to a constant rate, in bits per spike.
///
/// (LL(p) - LL(mean count)) / (spikes ln 2), both over the same recorded bins. The constant rate is the mean of the test data
/// themselves, which lowers the score by 1 / (2 ln 2 spikes) on average.
///
/// # Errors
/// As [`log_likelihood`]; undefined without spikes.
pub fn bits_per_spike(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| {
        let Counts { rate, count } = Counts::of(observations, neuron)?;
        let spikes: f64 = count.iter().sum();
        if spikes <= 0.0 {
            return Err(Undefined::NoSpikes);
        }
        let constant = vec![mean(&count); count.len()];
        finite((unnormalized(&rate, &count)? - unnormalized(&constant, &count)?) / (spikes * LN_2))
    })
}

/// Rates and counts of all recorded (repeat, bin).
struct Counts {
    rate: Vec<f64>,
    count: Vec<f64>,
}

impl Counts {
    fn of(observations: &[Observation<'_>], neuron: usize) -> Result<Self, Undefined> {
        let mut all = Self { rate: Vec::new(), count: Vec::new() };
        for observation in observations {
            let rate = observation.rate().index_axis_move(Axis(0), neuron);
            let responses = observation.recorded().responses().index_axis_move(Axis(0), neuron);
            let mask = observation.recorded().mask().view().index_axis_move(Axis(0), neuron);
            for (y, valid) in responses.rows().into_iter().zip(mask.rows()) {
                for ((&p, &y), _) in rate.iter().zip(y).zip(valid).filter(|(_, v)| **v) {
                    all.rate.push(expect_finite(p, Source::Rate)?);
                    all.count.push(expect_finite(y, Source::Response)?);
                }
            }
        }
        if all.count.is_empty() { Err(Undefined::NoData) } else { Ok(all) }
    }
}

/// ln y!, exactly 0 for y of 0 and 1.
fn ln_factorial(y: f64) -> f64 {
    if y == 0.0 || y == 1.0 { 0.0 } else { ln_gamma(y + 1.0) }
}

fn expect_finite(value: f64, source: Source) -> Score {
    if value.is_finite() { Ok(value) } else { Err(Undefined::NotFinite(source)) }
}

/// sum y ln p - p, with 0 ln 0 = 0.
fn unnormalized(rate: &[f64], count: &[f64]) -> Score {
    let mut sum = 0.0;
    for (&p, &y) in rate.iter().zip(count) {
        if y < 0.0 {
            return Err(Undefined::NegativeResponse { response: y });
        }
        if p < 0.0 || (p == 0.0 && y > 0.0) {
            return Err(Undefined::ImpossibleRate { rate: p, response: y });
        }
        sum += if y > 0.0 { y * p.ln() - p } else { -p };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr2, arr3};
    use statenet_core::ResponseMask;

    use super::*;

    fn scores(rate: &Array2<f64>, counts: &Array3<f64>) -> (Score, Score) {
        let (n, r, t) = counts.dim();
        let mask = ResponseMask::all(n, r, t);
        let observations = [Observation::new(rate.view(), counts.view(), &mask).unwrap()];
        (log_likelihood(&observations).unwrap()[0], bits_per_spike(&observations).unwrap()[0])
    }

    #[test]
    fn the_mean_rate_has_no_information_and_the_right_one_has() {
        let counts = arr3(&[[[0., 4., 0., 0.], [0., 4., 0., 0.]]]);
        assert!(scores(&Array2::ones((1, 4)), &counts).1.unwrap().abs() < 1e-15);
        // All spikes in one bin of four: log2(4) = 2 bits each.
        let bits = scores(&arr2(&[[0., 4., 0., 0.]]), &counts).1.unwrap();
        assert!((bits - 2.0).abs() < 1e-15);
    }

    #[test]
    fn factorials_by_hand() {
        let ll = scores(&arr2(&[[3.0]]), &arr3(&[[[4.0]]])).0.unwrap();
        assert!((ll - (4.0 * 3.0_f64.ln() - 3.0 - 24.0_f64.ln())).abs() < 1e-12);
    }

    #[test]
    fn impossible_rates_and_silence_have_reasons() {
        let counts = arr3(&[[[0., 1.]]]);
        let impossible = Err(Undefined::ImpossibleRate { rate: 0.0, response: 1.0 });
        assert_eq!(scores(&arr2(&[[1.0, 0.0]]), &counts), (impossible, impossible));
        assert!(scores(&arr2(&[[-0.1, 1.0]]), &counts).0.is_err());
        assert_eq!(
            scores(&arr2(&[[0.0, 1.0]]), &Array3::zeros((1, 2, 2))),
            (Ok(-0.5), Err(Undefined::NoSpikes))
        );
        let negative = arr3(&[[[0., -1.]]]);
        assert_eq!(
            scores(&arr2(&[[1.0, 1.0]]), &negative).0,
            Err(Undefined::NegativeResponse { response: -1.0 })
        );
    }
}
