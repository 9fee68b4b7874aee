//! Whether predicted rates look like spikes per second, where scores expect spikes per bin.

use ndarray::{ArrayView1, Axis};
use statenet_core::TimeBin;

use crate::observation::Observation;

/// The least ratio of rates and responses that raises a doubt: a poor model can be a few times too high.
const LEAST_RATIO: f64 = 5.0;
/// The doubt is raised within this factor of the number of bins in a second.
const FACTOR: f64 = 2.0;

/// The ratio of the mean predicted rate and the mean recorded response, if it says that the rates are in spikes per second: it is above 5
/// and within a factor of 2 of 1000 / dt, the number of bins in a second.
///
/// Means are over the recorded bins of all neurons and stimuli. `None` also if no spike was recorded, or a rate is not finite. CCraw and CCnorm
/// do not depend on the scale of the rate, but FVE, the losses and the likelihood do.
///
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::{ResponseMask, TimeBin};
/// use statenet_metrics::{Observation, per_second_ratio};
///
/// let (responses, mask) = (Array3::from_elem((1, 4, 100), 0.1), ResponseMask::all(1, 4, 100)); // 20 spikes/s
/// let dt = TimeBin::from_millis(5.0)?;
/// let per_second = Array2::from_elem((1, 100), 22.0);
/// let doubt = per_second_ratio(&[Observation::new(per_second.view(), responses.view(), &mask)?], dt);
/// assert!(doubt.is_some_and(|ratio| (ratio - 220.0).abs() < 1e-9));
/// let per_bin = Array2::from_elem((1, 100), 0.11);
/// assert_eq!(per_second_ratio(&[Observation::new(per_bin.view(), responses.view(), &mask)?], dt), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn per_second_ratio(observations: &[Observation<'_>], dt: TimeBin) -> Option<f64> {
    let mut sums = SummedRates::default();
    sums.add(observations);
    sums.per_second_ratio(dt)
}

/// The sums of [`per_second_ratio`], over neurons that are given group by group.
#[derive(Clone, Copy, Debug, Default)]
pub struct SummedRates {
    predicted: f64,
    found: f64,
}

impl SummedRates {
    /// Adds the rates of some neurons and what was recorded of them.
    pub fn add(&mut self, observations: &[Observation<'_>]) {
        observations.iter().for_each(|observation| self.add_stimulus(observation));
    }

    fn add_stimulus(&mut self, observation: &Observation<'_>) {
        let recorded = observation.recorded();
        let (rate, responses, mask) = (observation.rate(), recorded.responses(), recorded.mask().view());
        let neurons = rate.outer_iter().zip(responses.outer_iter()).zip(mask.outer_iter());
        for ((rate, repeats), mask) in neurons {
            let bins = rate.iter().zip(repeats.axis_iter(Axis(1))).zip(mask.axis_iter(Axis(1)));
            for ((&rate, repeats), mask) in bins {
                if let Some(mean) = mean_of_valid(repeats, mask) {
                    self.predicted += rate;
                    self.found += mean;
                }
            }
        }
    }

    /// The ratio, as [`per_second_ratio`].
    #[must_use]
    pub fn per_second_ratio(&self, dt: TimeBin) -> Option<f64> {
        let (ratio, bins_per_second) = (self.predicted / self.found, 1000.0 / dt.ms());
        let fits = (bins_per_second / FACTOR..=bins_per_second * FACTOR).contains(&ratio);
        (self.found > 0.0 && ratio > LEAST_RATIO && fits).then_some(ratio)
    }
}

/// The mean over the recorded repeats of a bin.
fn mean_of_valid(repeats: ArrayView1<'_, f64>, mask: ArrayView1<'_, bool>) -> Option<f64> {
    let valid = repeats.iter().zip(mask).filter(|(_, valid)| **valid);
    let (n, sum) = valid.fold((0.0, 0.0), |(n, sum), (y, _)| (n + 1.0, sum + y));
    (n > 0.0).then(|| sum / n)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use proptest::prelude::*;
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    fn ratio(scale: f64, dt_ms: f64, spikes: f64) -> Option<f64> {
        let mut stream = Seed::new(6).stream("unit");
        let truth = Array2::from_shape_fn((2, 300), |(n, t)| {
            spikes * (1.0 + n as f64 + (0.2 * t as f64).sin() + 0.1 * stream.normal()).abs()
        });
        let mut responses = Array3::from_shape_fn((2, 3, 300), |(n, _, t)| truth[[n, t]]);
        let mask = ResponseMask::new(Array3::from_shape_fn((2, 3, 300), |(n, r, t)| (n + r + t) % 4 > 0));
        responses[[0, 0, 0]] = f64::NAN; // not recorded
        let rate = truth.mapv(|r| r * scale);
        let observations = [Observation::new(rate.view(), responses.view(), &mask).unwrap()];
        per_second_ratio(&observations, TimeBin::from_millis(dt_ms).unwrap())
    }

    #[test]
    fn silence_and_rates_that_are_not_finite_raise_no_doubt() {
        assert_eq!(ratio(200.0, 5.0, 0.0), None);
        assert_eq!(ratio(f64::NAN, 5.0, 0.1), None);
        assert_eq!(ratio(f64::INFINITY, 5.0, 0.1), None);
    }

    proptest! {
        #[test]
        fn rates_per_second_are_found_and_rates_per_bin_are_not(
            dt_ms in 0.5f64..100.0,
            spikes in 0.001f64..3.0,
            error in 0.55f64..1.8,
        ) {
            let per_second = 1000.0 / dt_ms;
            let found = ratio(error * per_second, dt_ms, spikes);
            prop_assert!(found.is_some_and(|r| (r / (error * per_second) - 1.0).abs() < 1e-9), "{found:?}");
            prop_assert_eq!(ratio(error, dt_ms, spikes), None);
            prop_assert_eq!(ratio(2.5 * per_second, dt_ms, spikes), None);
        }
    }
}
