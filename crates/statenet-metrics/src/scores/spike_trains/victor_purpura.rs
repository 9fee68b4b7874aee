//! The metric of Victor and Purpura (1996), of trains drawn from a rate to recorded trains.
//!
//! The distance of two trains is the least cost of changing one to the other, with a cost of 1 to add or take away a spike, and of q
//! |shift| to move one. That is the number of spikes of both, less the most that can be saved by moving spikes:
//!
//! ```text
//! D = n_a + n_b - max sum (2 - q |t_i - t_j|)          over matches i, j of spikes that do not cross, closer than 2 / q
//! ```
//!
//! Dynamic programming over the spikes of a, each with the spikes of b closer than 2 / q: in a time of the number of
//! such pairs.

use crate::{
    error::Result,
    observation::{Observation, Recorded},
    responses::NeuronRecorded,
    scores::{
        Neuron, SpikeDistanceOptions, per_neuron,
        spike_trains::train::{PerSpike, StimulusTrains, Trains, expect_few},
    },
    undefined::{Score, Undefined},
};

/// Victor and Purpura's distance of recorded trains to Poisson trains of the rate, relative to the number of spikes, per neuron; less is
/// better.
///
/// A rate has no spikes, and the metric compares trains: [`n_trains`](SpikeDistanceOptions::n_trains) Poisson trains are drawn from
/// the rate of each stimulus, from a seed, the same for all neurons and models. The score is the sum of distances over pairs of drawn
/// and recorded trains, over the sum of their spikes: 0 for equal trains, 1 if no spike has a partner closer than 2 / q. The [value
/// between repeats](victor_purpura_ceiling) is what the true rate of a Poisson neuron scores. A neuron that is more regular than
/// Poisson is out of reach of any rate; [`van_rossum`](super::van_rossum) has no such limit.
///
/// - `responses`: spike counts, not smoothed.
/// - Bias: that of the ratio, of order 1 / spikes. Drawing adds noise, the less the more repeats, stimuli and drawn trains there are. A rate
///   that is too low has fewer spikes to pay for; the normalization hides a part of it.
///
/// # Errors
/// [`Error`](crate::Error) for an option, if there is no stimulus or the stimuli differ in N. Undefined without recorded spikes, of responses
/// that are not counts, and for rates that are negative or beyond 1,000 spikes per bin in the mean. One repeat suffices.
pub fn victor_purpura(
    observations: &[Observation<'_>],
    options: &SpikeDistanceOptions,
) -> Result<Vec<Score>> {
    let metric = VictorPurpura::new(options)?;
    per_neuron(observations, |neuron| {
        let neuron = Neuron::of(observations, neuron)?;
        metric.score(&neuron, &Trains::of(neuron.recorded())?)
    })
}

/// Victor and Purpura's distance between repeats, relative to the number of spikes, per neuron.
///
/// # Errors
/// As [`victor_purpura`]; undefined with one repeat.
pub fn victor_purpura_ceiling(
    recorded: &[Recorded<'_>],
    options: &SpikeDistanceOptions,
) -> Result<Vec<Score>> {
    let metric = VictorPurpura::new(options)?;
    crate::ceilings::per_neuron(recorded, |neuron| {
        let neuron = NeuronRecorded::of(recorded, neuron)?;
        metric.ceiling(&neuron, &Trains::of(&neuron)?)
    })
}

/// Victor and Purpura's distance of two trains; bins of spikes in increasing order, q per bin.
///
/// ```
/// use statenet_metrics::scores::victor_purpura_distance;
/// assert_eq!(victor_purpura_distance(&[3], &[5], 0.25), 0.5); // moved by two bins
/// assert_eq!(victor_purpura_distance(&[3], &[50], 0.25), 2.0); // taken away and added
/// assert_eq!(victor_purpura_distance(&[3, 4], &[], 0.25), 2.0);
/// ```
#[must_use]
pub fn victor_purpura_distance(a: &[u32], b: &[u32], q_per_bin: f64) -> f64 {
    distance(a, b, q_per_bin, &mut Vec::new())
}

/// The distance; `saved` is room to work in.
fn distance(a: &[u32], b: &[u32], q: f64, saved: &mut Vec<f64>) -> f64 {
    // saved[j]: the most that matches of the spikes of a so far with the first j of b save. It is constant from `end` on, and
    // never read before `start`, as the windows of later spikes begin later.
    saved.clear();
    saved.resize(b.len() + 1, 0.0);
    let (mut start, mut end) = (0, 0);
    for &t in a {
        while start < b.len() && b[start] < t && f64::from(t - b[start]) * q >= 2.0 {
            start += 1;
        }
        // Windows may leave spikes of b between them.
        let known = saved[end];
        while end < b.len() && (b[end] <= t || f64::from(b[end] - t) * q < 2.0) {
            end += 1;
            saved[end] = known;
        }
        let (mut before, mut best) = (saved[start], saved[start]);
        for j in start..end {
            let gain = 2.0 - q * f64::from(b[j].abs_diff(t));
            best = saved[j + 1].max(before + gain).max(best);
            before = saved[j + 1];
            saved[j + 1] = best;
        }
    }
    (a.len() + b.len()) as f64 - saved[end]
}

/// The metric with its cost.
#[derive(Clone, Debug)]
pub(crate) struct VictorPurpura {
    options: SpikeDistanceOptions,
    q: f64,
}

/// Sums of distances and spikes over pairs of trains, and room to work in.
#[derive(Clone, Debug, Default)]
struct Pairs {
    sum: PerSpike,
    room: Vec<f64>,
}

impl Pairs {
    fn add(&mut self, a: &[u32], b: &[u32], q: f64) {
        let distance = distance(a, b, q, &mut self.room);
        self.sum.add(&PerSpike { distance, spikes: (a.len() + b.len()) as f64 });
    }
}

impl VictorPurpura {
    pub(crate) fn new(options: &SpikeDistanceOptions) -> Result<Self> {
        options.validate()?;
        Ok(Self { options: *options, q: options.bins().recip() })
    }

    /// The score of one neuron.
    pub(crate) fn score(&self, neuron: &Neuron, trains: &Trains) -> Score {
        let mut sum = PerSpike::default();
        for (b, ((_, rate), trains)) in neuron.stimuli().zip(trains.stimuli()).enumerate() {
            sum.add(&self.of_stimulus(b, rate, trains)?);
        }
        sum.ratio()
    }

    /// The distances of trains drawn from a rate and the repeats of stimulus b.
    ///
    /// # Errors
    /// [`Undefined::ImpossibleRate`] if the rate is negative, [`Undefined::TooManySpikes`].
    pub(crate) fn of_stimulus(
        &self,
        b: usize,
        rate: &[f64],
        trains: &StimulusTrains,
    ) -> Result<PerSpike, Undefined> {
        let (expected, mut pairs) = (cumulative(rate)?, Pairs::default());
        for k in 0..self.options.n_trains {
            let drawn = self.drawn(&expected, &trains.times, &format!("victor-purpura/{b}/{k}"));
            for (r, spikes) in trains.spikes.iter().enumerate() {
                pairs.add(&trains.recorded_by(&drawn, r), spikes, self.q);
            }
        }
        Ok(pairs.sum)
    }

    /// The ratio between repeats of one neuron.
    pub(crate) fn ceiling(&self, neuron: &NeuronRecorded, trains: &Trains) -> Score {
        neuron.expect_two_repeats()?;
        let mut pairs = Pairs::default();
        for trains in trains.stimuli() {
            for r in 0..trains.spikes.len() {
                for s in r + 1..trains.spikes.len() {
                    pairs.add(&trains.shared(r, s), &trains.shared(s, r), self.q);
                }
            }
        }
        pairs.sum.ratio()
    }

    /// A Poisson train: spikes where exponential intervals of expected counts end.
    fn drawn(&self, expected: &[f64], times: &[usize], name: &str) -> Vec<u32> {
        let mut stream = self.options.seed.stream(name);
        let (mut spikes, mut at, mut bin) = (Vec::new(), stream.exponential(), 0);
        loop {
            while expected.get(bin).is_some_and(|&sum| sum <= at) {
                bin += 1;
            }
            let Some(&time) = times.get(bin) else {
                return spikes;
            };
            spikes.push(time as u32);
            at += stream.exponential();
        }
    }
}

/// The sums of a rate to the end of each bin.
fn cumulative(rate: &[f64]) -> Result<Vec<f64>, Undefined> {
    let mut sum = 0.0;
    let add = |&rate: &f64| {
        if rate < 0.0 {
            return Err(Undefined::ImpossibleRate { rate, response: 0.0 });
        }
        sum += rate;
        Ok(sum)
    };
    let expected: Vec<f64> = rate.iter().map(add).collect::<Result<_, _>>()?;
    expect_few(expected.last().copied().unwrap_or(0.0), rate.len())?;
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{RandomStream, ResponseMask, Seed, TimeBin};

    use super::*;

    /// The table of the paper: all of it.
    fn by_table(a: &[u32], b: &[u32], q: f64) -> f64 {
        let mut table = Array2::from_shape_fn((a.len() + 1, b.len() + 1), |(i, j)| (i + j) as f64);
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                let moved = table[[i - 1, j - 1]] + q * f64::from(a[i - 1].abs_diff(b[j - 1]));
                table[[i, j]] = moved.min(table[[i - 1, j]] + 1.0).min(table[[i, j - 1]] + 1.0);
            }
        }
        table[[a.len(), b.len()]]
    }

    fn train(stream: &mut RandomStream, n_bins: u32, mean: f64) -> Vec<u32> {
        (0..n_bins).flat_map(|t| std::iter::repeat_n(t, stream.poisson(mean) as usize)).collect()
    }

    #[test]
    fn near_pairs_give_the_cost_of_the_whole_table() {
        let mut stream = Seed::new(6).stream("victor-purpura");
        for case in 0..2000 {
            let q = [0.02, 0.3, 0.5, 1.0, 5.0][case % 5];
            let mean = [0.02, 0.2, 0.8][case % 3];
            let (a, b) = (train(&mut stream, 60, mean), train(&mut stream, 60, mean));
            let (found, truth) = (victor_purpura_distance(&a, &b, q), by_table(&a, &b, q));
            assert!((found - truth).abs() < 1e-9, "{a:?} {b:?} q {q}: {found} {truth}");
            assert!((found - victor_purpura_distance(&b, &a, q)).abs() < 1e-9);
        }
    }

    #[test]
    fn the_true_rate_of_a_poisson_neuron_scores_as_its_repeats_do() {
        let mut stream = Seed::new(1).stream("victor-purpura");
        let rate = Array2::from_shape_fn((1, 4000), |(_, t)| 0.1 * (1.0 + (0.3 * t as f64).sin()));
        let y = Array3::from_shape_fn((1, 6, 4000), |(_, _, t)| f64::from(stream.poisson(rate[[0, t]])));
        let mask = ResponseMask::all(1, 6, 4000);
        let options = SpikeDistanceOptions::for_dt(TimeBin::whole_millis::<5>());
        let score = |rate: &Array2<f64>| {
            victor_purpura(&[Observation::new(rate.view(), y.view(), &mask).unwrap()], &options).unwrap()[0]
        };
        let ceiling =
            victor_purpura_ceiling(&[Recorded::new(y.view(), &mask).unwrap()], &options).unwrap()[0].unwrap();
        let found = score(&rate).unwrap();
        assert!((found - ceiling).abs() < 0.01, "{found} for {ceiling}");
        let shuffled = Array2::from_shape_fn((1, 4000), |(_, t)| 0.1 * (1.0 - (0.3 * t as f64).sin()));
        assert!(score(&shuffled).unwrap() > ceiling + 0.05);
        assert_eq!(score(&Array2::zeros((1, 4000))), Ok(1.0));
        let negative = Err(Undefined::ImpossibleRate { rate: -0.1, response: 0.0 });
        assert_eq!(score(&Array2::from_elem((1, 4000), -0.1)), negative);
    }

    #[test]
    fn numbers_beyond_any_count_of_spikes_are_refused_by_name() {
        let options = SpikeDistanceOptions::for_dt(TimeBin::whole_millis::<5>());
        let mask = ResponseMask::all(1, 2, 3);
        let score = |rate: f64, count: f64| {
            let rate = Array2::from_elem((1, 3), rate);
            let y = Array3::from_elem((1, 2, 3), count);
            victor_purpura(&[Observation::new(rate.view(), y.view(), &mask).unwrap()], &options).unwrap()[0]
        };
        assert!(score(1000.0, 1000.0).is_ok());
        for (rate, count) in [(1e37, 1.0), (1.0, 1e37)] {
            let Err(Undefined::TooManySpikes { spikes, bins: 3, .. }) = score(rate, count) else {
                panic!("rate {rate}, count {count}");
            };
            assert!((spikes / 3e37 - 1.0).abs() < 1e-12);
        }
    }
}
