//! Fano factor and overdispersion of spike counts: how far the noise is from Poisson.
//!
//! ```text
//! F = sum_w var_r(c_wr) / sum_w mean_r(c_wr)                                 c_wr: spikes in window w of repeat r
//! a = sum_w (var_r - mean_r) / sum_w (mean_r^2 - var_r / R)                  var = mean + a mean^2
//! ```
//!
//! Both compare repeats of one stimulus, and so say nothing about a model, except which noise it should assume: F = 1 and a = 0 for Poisson;
//! a is 1 / size of a negative binomial distribution, the squared coefficient of variation of a gain that changes from repeat to
//! repeat (Goris, Movshon and Simoncelli 2014).

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    observation::Recorded,
    responses::{NeuronRecorded, StimulusRecorded},
    undefined::{Score, Undefined, finite},
};

/// Options of [`fano`] and [`overdispersion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CountWindow {
    /// Length of a window in bins, at least 1. Default 20, which is 100 ms at a dt of 5 ms.
    pub bins: usize,
}

impl Default for CountWindow {
    fn default() -> Self {
        Self { bins: 20 }
    }
}

impl CountWindow {
    pub(crate) fn validate(&self) -> Result<()> {
        if self.bins == 0 {
            return Err(Error::OutOfRange { option: "bins", got: 0.0, expected: "1 or more" });
        }
        Ok(())
    }
}

/// Fano factor of each neuron: variance of spike counts over repeats, over their mean.
///
/// Of counts in successive windows of the stimuli, each over the repeats that have all its bins, if there are two; stretches shorter than
/// a window are left out. Sums over windows are divided, so that windows without spikes neither count nor divide by 0. The factor grows with the
/// window where the rate drifts between repeats.
///
/// - Bias: none in either sum; that of the ratio is of order 1 / spikes, and to this order 0 for Poisson counts.
///
/// # Errors
/// [`Error::OutOfRange`] for a window of 0 bins; [`Error`] if there is no stimulus or the stimuli differ in N. Undefined with one
/// repeat, without spikes, of responses that are not counts, and if no stimulus has a whole window.
///
/// # Examples
/// ```
/// use ndarray::arr3;
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Recorded, scores::{CountWindow, fano}};
///
/// let counts = arr3(&[[[1., 0., 0., 2.], [2., 1., 0., 2.]]]);
/// let mask = ResponseMask::all(1, 2, 4);
/// // Counts of windows of two bins: 1 and 3 (variance 2, mean 2); 2 and 2 (variance 0, mean 2).
/// let factor = fano(&[Recorded::new(counts.view(), &mask)?], &CountWindow { bins: 2 })?;
/// assert_eq!(factor, [Ok(0.5)]);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn fano(recorded: &[Recorded<'_>], window: &CountWindow) -> Result<Vec<Score>> {
    window.validate()?;
    crate::ceilings::per_neuron(recorded, |neuron| {
        fano_of_neuron(&NeuronRecorded::of(recorded, neuron)?, window)
    })
}

/// Overdispersion a of each neuron: how much of the variance of counts exceeds that of Poisson, relative to the squared mean.
///
/// Windows as in [`fano`]. Unlike the Fano factor it does not grow with the rate if a gain common to all windows varies.
///
/// - Bias: none in either sum; that of the ratio is of order 1 / windows. Negative for counts more regular than Poisson.
///
/// # Errors
/// As [`fano`].
pub fn overdispersion(recorded: &[Recorded<'_>], window: &CountWindow) -> Result<Vec<Score>> {
    window.validate()?;
    crate::ceilings::per_neuron(recorded, |neuron| {
        let sums = Windows::of_neuron(&NeuronRecorded::of(recorded, neuron)?, window)?;
        sums.expect_spikes()?;
        if sums.squared_mean <= 0.0 {
            return Err(Undefined::NoSpikes);
        }
        finite((sums.variance - sums.mean) / sums.squared_mean)
    })
}

/// [`fano`] of one neuron.
pub(crate) fn fano_of_neuron(neuron: &NeuronRecorded, window: &CountWindow) -> Score {
    Windows::of_neuron(neuron, window)?.fano()
}

/// Sums over windows of variance, mean and squared mean of the counts, each unbiased.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Windows {
    /// Length of a window.
    bins: usize,
    n: usize,
    most_repeats: usize,
    /// The longest stretch of recorded bins of a stimulus with two repeats.
    longest: usize,
    variance: f64,
    mean: f64,
    squared_mean: f64,
}

impl Windows {
    /// # Errors
    /// [`Undefined::TooFewRepeats`], [`Undefined::NotCounts`].
    fn of_neuron(neuron: &NeuronRecorded, window: &CountWindow) -> Result<Self, Undefined> {
        neuron.expect_two_repeats()?;
        neuron.expect_counts()?;
        let mut sums = Self::default();
        neuron.stimuli().iter().for_each(|stimulus| sums.add(&Self::of(stimulus, window)));
        Ok(sums)
    }

    /// The windows of one stimulus; none if it has a single repeat.
    pub(crate) fn of(stimulus: &StimulusRecorded, window: &CountWindow) -> Self {
        let mut sums =
            Self { bins: window.bins, most_repeats: stimulus.repeats.n_repeats(), ..Self::default() };
        if sums.most_repeats < 2 {
            return sums;
        }
        for stretch in stretches(&stimulus.psth.times()) {
            sums.longest = sums.longest.max(stretch.len());
            for start in stretch.clone().step_by(window.bins) {
                if start + window.bins <= stretch.end {
                    sums.add_window(stimulus, start..start + window.bins);
                }
            }
        }
        sums
    }

    /// Adds the windows of another stimulus.
    pub(crate) fn add(&mut self, other: &Self) {
        self.bins = other.bins;
        self.n += other.n;
        self.most_repeats = self.most_repeats.max(other.most_repeats);
        self.longest = self.longest.max(other.longest);
        self.variance += other.variance;
        self.mean += other.mean;
        self.squared_mean += other.squared_mean;
    }

    fn expect_spikes(&self) -> Result<(), Undefined> {
        if self.most_repeats < 2 {
            return Err(Undefined::TooFewRepeats { repeats: self.most_repeats });
        }
        if self.n == 0 {
            return Err(Undefined::TooShort { bins: self.longest, needed: self.bins });
        }
        if self.mean <= 0.0 { Err(Undefined::NoSpikes) } else { Ok(()) }
    }

    /// The Fano factor.
    pub(crate) fn fano(&self) -> Score {
        self.expect_spikes()?;
        finite(self.variance / self.mean)
    }

    /// Adds a window, `bins` of the PSTH that follow each other in time, if two repeats have all of them.
    fn add_window(&mut self, stimulus: &StimulusRecorded, bins: std::ops::Range<usize>) {
        let values = stimulus.repeats.values();
        // Rows of repeats that miss different bins are by bin of the stimulus.
        let (first, valid) = match stimulus.repeats.valid() {
            None => (bins.start, None),
            Some(valid) => (stimulus.psth.times()[bins.start], Some(valid)),
        };
        let range = first..first + bins.len();
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (r, row) in values.iter().enumerate() {
            if valid.is_none_or(|valid| valid[r][range.clone()].iter().all(|&v| v)) {
                let count: f64 = row[range.clone()].iter().sum();
                n += 1.0;
                sum += count;
                squares += count * count;
            }
        }
        if n < 2.0 {
            return;
        }
        let mean = sum / n;
        let variance = (squares - n * mean * mean) / (n - 1.0);
        self.n += 1;
        self.variance += variance;
        self.mean += mean;
        self.squared_mean += mean * mean - variance / n;
    }
}

/// Indices into a list of increasing bins, in ranges whose bins follow each other.
pub(crate) fn stretches(times: &[usize]) -> Vec<std::ops::Range<usize>> {
    let (mut all, mut start) = (Vec::new(), 0);
    for i in 1..=times.len() {
        if i == times.len() || times[i] != times[i - 1] + 1 {
            all.push(start..i);
            start = i;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    #[test]
    fn poisson_is_1_and_0_and_a_varying_gain_is_its_variation() {
        let mut stream = Seed::new(4).stream("fano");
        for gain_cv in [0.0, 0.5] {
            let gains: Vec<f64> =
                (0..400).map(|_| 1.0 + gain_cv * 3.0_f64.sqrt() * stream.uniform(-1.0, 1.0)).collect();
            let y = Array3::from_shape_fn((1, 400, 200), |(_, r, t)| {
                f64::from(stream.poisson(gains[r] * 0.2 * (1.0 + (0.1 * t as f64).sin())))
            });
            let mask = ResponseMask::all(1, 400, 200);
            let recorded = [Recorded::new(y.view(), &mask).unwrap()];
            let window = CountWindow::default();
            let (factor, a) = (
                fano(&recorded, &window).unwrap()[0].unwrap(),
                overdispersion(&recorded, &window).unwrap()[0].unwrap(),
            );
            assert!((a - gain_cv * gain_cv).abs() < 0.03, "{a}");
            if gain_cv == 0.0 {
                assert!((factor - 1.0).abs() < 0.05, "{factor}");
            } else {
                assert!(factor > 1.5, "{factor}");
            }
        }
    }

    #[test]
    fn a_window_needs_all_its_bins_in_two_repeats() {
        let y = Array3::from_shape_fn((1, 3, 6), |(_, r, t)| ((r * t) % 3) as f64);
        let window = CountWindow { bins: 3 };
        let mut valid = Array3::from_elem((1, 3, 6), true);
        // The first window is whole in two repeats, the second in one.
        valid[[0, 0, 1]] = false;
        valid[[0, 1, 4]] = false;
        valid[[0, 2, 5]] = false;
        let mask = ResponseMask::new(valid);
        let found = fano(&[Recorded::new(y.view(), &mask).unwrap()], &window).unwrap()[0];
        let first = y.slice(ndarray::s![.., 1.., ..3]).to_owned();
        let mask = ResponseMask::all(1, 2, 3);
        assert_eq!(found, fano(&[Recorded::new(first.view(), &mask).unwrap()], &window).unwrap()[0]);
        let short = CountWindow { bins: 4 };
        let reason = fano(&[Recorded::new(first.view(), &mask).unwrap()], &short).unwrap()[0].unwrap_err();
        assert_eq!(reason.to_string(), "the longest stretch of recorded bins is 3, expected at least 4");
        assert!(fano(&[Recorded::new(first.view(), &mask).unwrap()], &CountWindow { bins: 0 }).is_err());
    }

    #[test]
    fn stretches_end_where_a_bin_is_missing() {
        assert_eq!(stretches(&[2, 3, 5, 6, 7]), [0..2, 2..5]);
        assert!(stretches(&[]).is_empty());
    }
}
