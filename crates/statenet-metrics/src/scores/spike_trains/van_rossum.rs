//! The distance of van Rossum (2001), of a rate to recorded trains.
//!
//! Each spike becomes exp(-t / tau), t after it; the squared distance of two trains is the integral of the squared difference over
//! tau. With d_i the difference of the counts in bin i, or of count and rate,
//!
//! ```text
//! D2 = 1/2 sum_ij d_i d_j e^(-|i - j| dt / tau)                      1/2 for a spike that one train lacks
//! V  = 2 sum D2(p, y_r) / sum (spikes of y_r)                        over repeats and stimuli
//! V0 = sum_{r<r'} D2(y_r, y_r') / sum (spikes of y_r)                means over pairs and repeats of each stimulus
//! ```
//!
//! D2 is computed in a time linear in bins or spikes, by the recursion over the exponential (Houghton and Kreuz 2012).

use crate::{
    error::Result,
    observation::{Observation, Recorded},
    responses::{NeuronRecorded, StimulusRecorded},
    scores::{
        Neuron, SpikeDistanceOptions, per_neuron,
        spike_trains::train::{PerSpike, StimulusTrains, Trains},
    },
    undefined::Score,
};

/// Squared van Rossum distance of rate and single responses, per spike, of each neuron: V above; less is better.
///
/// The rate is a train with fractions of spikes at the centres of bins. Twice the squared distance is divided by the number of
/// spikes, so that [V0](van_rossum_ceiling), the value of the true rate, is 1 for a Poisson neuron at any time scale and rate
/// (the Fano factor at that scale), and a rate of 0 scores V0 plus the signal. Scale and offset of the rate count.
///
/// - `responses`: spike counts, not smoothed.
/// - Bias: none in either sum; that of the ratio is of order 1 / spikes.
///
/// # Errors
/// [`Error`](crate::Error) for an option, if there is no stimulus or the stimuli differ in N. Undefined without spikes and of
/// responses that are not counts. One repeat suffices.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::{ResponseMask, TimeBin};
/// use statenet_metrics::{Observation, scores::{SpikeDistanceOptions, van_rossum}};
///
/// let (silent, counts) = (arr2(&[[0., 0., 0.]]), arr3(&[[[0., 1., 0.]]]));
/// let mask = ResponseMask::all(1, 1, 3);
/// let options = SpikeDistanceOptions::for_dt(TimeBin::from_millis(5.0)?);
/// // One spike, not predicted: D2 is 1/2.
/// assert_eq!(van_rossum(&[Observation::new(silent.view(), counts.view(), &mask)?], &options)?, [Ok(1.0)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn van_rossum(observations: &[Observation<'_>], options: &SpikeDistanceOptions) -> Result<Vec<Score>> {
    let distance = VanRossum::new(options)?;
    per_neuron(observations, |neuron| {
        let neuron = Neuron::of(observations, neuron)?;
        distance.score(&neuron, &Trains::of(neuron.recorded())?)
    })
}

/// The value of [`van_rossum`] that the true rate has: half the squared distance between repeats, V0 above, per neuron.
///
/// - Bias: as [`van_rossum`].
///
/// # Errors
/// As [`van_rossum`]; undefined with one repeat.
pub fn van_rossum_ceiling(recorded: &[Recorded<'_>], options: &SpikeDistanceOptions) -> Result<Vec<Score>> {
    let distance = VanRossum::new(options)?;
    crate::ceilings::per_neuron(recorded, |neuron| {
        let neuron = NeuronRecorded::of(recorded, neuron)?;
        distance.ceiling(&neuron, &Trains::of(&neuron)?)
    })
}

/// Van Rossum's distance D of two trains, counts (or rates) in bins, with a time constant in bins.
///
/// The shorter one counts as silent after its end.
///
/// ```
/// use statenet_metrics::scores::van_rossum_distance;
/// assert!((van_rossum_distance(&[0., 1., 0.], &[0., 0., 0.], 2.0) - 0.5_f64.sqrt()).abs() < 1e-15);
/// // Spikes that are far apart count as two.
/// assert!((van_rossum_distance(&[1., 0., 0.], &[0., 0., 1.], 0.01) - 1.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn van_rossum_distance(a: &[f64], b: &[f64], tau_bins: f64) -> f64 {
    let decay = (-tau_bins.recip()).exp();
    let at = |x: &[f64], i: usize| x.get(i).copied().unwrap_or(0.0);
    let difference = (0..a.len().max(b.len())).map(|i| (i, at(a, i) - at(b, i)));
    (0.5 * square(difference, &Decay::new(decay))).max(0.0).sqrt()
}

/// Powers of the decay over a bin.
#[derive(Clone, Debug)]
struct Decay(Vec<f64>);

impl Decay {
    fn new(per_bin: f64) -> Self {
        // Beyond 1e-17 nothing is left.
        let powers = std::iter::successors(Some(1.0), |power| Some(power * per_bin));
        Self(powers.take_while(|power| *power > 1e-17).take(1 << 16).collect())
    }

    fn over(&self, bins: usize) -> f64 {
        self.0.get(bins).copied().unwrap_or(0.0)
    }
}

/// sum_ij d_i d_j e^(-|i - j| / tau), of bins in increasing order.
fn square(x: impl Iterator<Item = (usize, f64)>, decay: &Decay) -> f64 {
    let (mut sum, mut trace, mut last) = (0.0, 0.0, 0);
    for (t, d) in x {
        trace *= decay.over(t - last);
        sum += d * (d + 2.0 * trace);
        trace += d;
        last = t;
    }
    sum
}

/// sum_ij u_i v_j e^(-|i - j| / tau), of the same bins in increasing order, and the same of v with itself.
fn products(u: &[f64], v: &[f64], times: &[usize], decay: &Decay) -> (f64, f64) {
    let (mut uv, mut vv, mut u_trace, mut v_trace, mut last) = (0.0, 0.0, 0.0, 0.0, 0);
    for ((&u, &v), &t) in u.iter().zip(v).zip(times) {
        let factor = decay.over(t - last);
        u_trace *= factor;
        v_trace *= factor;
        uv += u * v + u * v_trace + v * u_trace;
        vv += v * (v + 2.0 * v_trace);
        u_trace += u;
        v_trace += v;
        last = t;
    }
    (uv, vv)
}

/// The distance with its time constant.
#[derive(Clone, Debug)]
pub(crate) struct VanRossum(Decay);

impl VanRossum {
    pub(crate) fn new(options: &SpikeDistanceOptions) -> Result<Self> {
        options.validate()?;
        Ok(Self(Decay::new((-options.bins().recip()).exp())))
    }

    /// V of one neuron.
    pub(crate) fn score(&self, neuron: &Neuron, trains: &Trains) -> Score {
        let mut sum = PerSpike::default();
        for ((stimulus, rate), trains) in neuron.stimuli().zip(trains.stimuli()) {
            sum.add(&self.of_stimulus(stimulus, rate, trains));
        }
        sum.ratio()
    }

    /// The distances of a rate and its repeats.
    pub(crate) fn of_stimulus(
        &self,
        stimulus: &StimulusRecorded,
        rate: &[f64],
        trains: &StimulusTrains,
    ) -> PerSpike {
        PerSpike { distance: self.to_rate(stimulus, rate, trains), spikes: trains.n_spikes() as f64 }
    }

    /// V0 of one neuron.
    pub(crate) fn ceiling(&self, neuron: &NeuronRecorded, trains: &Trains) -> Score {
        neuron.expect_two_repeats()?;
        let mut sum = PerSpike::default();
        for (stimulus, trains) in neuron.stimuli().iter().zip(trains.stimuli()) {
            let r = trains.spikes.len() as f64;
            if r < 2.0 {
                continue;
            }
            // Half of the mean over pairs, times the number of repeats that the spikes are of.
            let distance = self.between_repeats(stimulus, trains) / (r * (r - 1.0) / 2.0) * r / 2.0;
            sum.add(&PerSpike { distance, spikes: trains.n_spikes() as f64 });
        }
        sum.ratio()
    }

    /// sum_ij over the differences of rate and repeats, summed over repeats: twice D2.
    fn to_rate(&self, stimulus: &StimulusRecorded, rate: &[f64], trains: &StimulusTrains) -> f64 {
        let times = &trains.times;
        let Some(valid) = &trains.valid else {
            // |y_r - p|^2 = |y_r|^2 - 2 y_r p + |p|^2, summed over r.
            let n = trains.spikes.len() as f64;
            let (yp, pp) = products(stimulus.psth.mean(), rate, times, &self.0);
            return self.own(trains) - 2.0 * n * yp + n * pp;
        };
        let row = |(r, valid): (usize, &Vec<bool>)| {
            let y = &stimulus.repeats.values()[r];
            let at = times.iter().zip(rate).filter(|(t, _)| valid[**t]);
            square(at.map(|(&t, p)| (t, y[t] - p)), &self.0)
        };
        valid.iter().enumerate().map(row).sum()
    }

    /// sum_r |y_r|^2.
    fn own(&self, trains: &StimulusTrains) -> f64 {
        trains.spikes.iter().map(|spikes| square(spikes.iter().map(|&t| (t as usize, 1.0)), &self.0)).sum()
    }

    /// Twice D2, summed over pairs of repeats, over the bins that both have.
    fn between_repeats(&self, stimulus: &StimulusRecorded, trains: &StimulusTrains) -> f64 {
        let n = trains.spikes.len();
        let Some(valid) = &trains.valid else {
            // sum_{r<r'} |y_r - y_r'|^2 = R sum_r |y_r|^2 - |sum_r y_r|^2.
            let n = n as f64;
            let mean = stimulus.psth.mean();
            let (_, mean) = products(mean, mean, &trains.times, &self.0);
            return n * self.own(trains) - n * n * mean;
        };
        let values = stimulus.repeats.values();
        let pair = |r: usize, s: usize| {
            let shared = trains.times.iter().filter(|t| valid[r][**t] && valid[s][**t]);
            square(shared.map(|&t| (t, values[r][t] - values[s][t])), &self.0)
        };
        (0..n).flat_map(|r| (r + 1..n).map(move |s| (r, s))).map(|(r, s)| pair(r, s)).sum()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{ResponseMask, Seed, TimeBin};

    use super::*;
    use crate::undefined::Undefined;

    fn options() -> SpikeDistanceOptions {
        SpikeDistanceOptions::for_dt(TimeBin::whole_millis::<5>())
    }

    /// The double sum of the definition.
    fn by_definition(a: &[f64], b: &[f64], tau_bins: f64) -> f64 {
        let d: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let kernel = |i: usize, j: usize| (-(i.abs_diff(j) as f64) / tau_bins).exp();
        let sum: f64 = (0..d.len())
            .flat_map(|i| (0..d.len()).map(move |j| (i, j)))
            .map(|(i, j)| d[i] * d[j] * kernel(i, j))
            .sum();
        (0.5 * sum).sqrt()
    }

    #[test]
    fn the_recursion_is_the_double_sum() {
        let mut stream = Seed::new(2).stream("van-rossum");
        for tau in [0.3, 2.0, 30.0] {
            let train = |stream: &mut statenet_core::RandomStream| -> Vec<f64> {
                (0..80).map(|_| f64::from(stream.poisson(0.3))).collect()
            };
            let (a, b) = (train(&mut stream), train(&mut stream));
            let (found, truth) = (van_rossum_distance(&a, &b, tau), by_definition(&a, &b, tau));
            assert!((found - truth).abs() < 1e-12, "{found} {truth}");
            assert_eq!(van_rossum_distance(&a, &a, tau), 0.0);
        }
    }

    fn scores(rate: &Array2<f64>, y: &Array3<f64>, mask: &ResponseMask) -> (Score, Score) {
        let observations = [Observation::new(rate.view(), y.view(), mask).unwrap()];
        let recorded = crate::observation::recorded(&observations);
        (
            van_rossum(&observations, &options()).unwrap()[0],
            van_rossum_ceiling(&recorded, &options()).unwrap()[0],
        )
    }

    #[test]
    fn sums_over_repeats_at_once_are_those_of_single_distances() {
        let mut stream = Seed::new(7).stream("van-rossum");
        let rate = Array2::from_shape_fn((1, 60), |(_, t)| 0.3 + 0.2 * (0.4 * t as f64).sin());
        let y = Array3::from_shape_fn((1, 4, 60), |(_, _, t)| f64::from(stream.poisson(rate[[0, t]])));
        let (score, ceiling) = scores(&rate, &y, &ResponseMask::all(1, 4, 60));
        let row = |r: usize| y.slice(ndarray::s![0, r, ..]).to_vec();
        let squared = |a: &[f64], b: &[f64]| van_rossum_distance(a, b, 2.0).powi(2);
        let p = rate.row(0).to_vec();
        let to_rate: f64 = (0..4).map(|r| squared(&p, &row(r))).sum();
        let pairs: f64 = (0..4)
            .flat_map(|r| (r + 1..4).map(move |s| (r, s)))
            .map(|(r, s)| squared(&row(r), &row(s)))
            .sum();
        let spikes = y.sum();
        assert!((score.unwrap() - 2.0 * to_rate / spikes).abs() < 1e-12);
        assert!((ceiling.unwrap() - pairs / 6.0 / (spikes / 4.0)).abs() < 1e-12);
        // A bin of one repeat less goes the other way through the code.
        let mut valid = Array3::from_elem((1, 4, 60), true);
        valid[[0, 1, 59]] = false;
        let (ragged, ragged_ceiling) = scores(&rate, &y, &ResponseMask::new(valid));
        assert!((ragged.unwrap() - score.unwrap()).abs() < 0.05);
        assert!((ragged_ceiling.unwrap() - ceiling.unwrap()).abs() < 0.05);
    }

    #[test]
    fn the_true_rate_of_a_poisson_neuron_scores_1_as_its_repeats_do() {
        let mut stream = Seed::new(1).stream("van-rossum");
        let rate = Array2::from_shape_fn((1, 4000), |(_, t)| 0.2 + 0.15 * (0.3 * t as f64).sin());
        let y = Array3::from_shape_fn((1, 10, 4000), |(_, _, t)| f64::from(stream.poisson(rate[[0, t]])));
        let (score, ceiling) = scores(&rate, &y, &ResponseMask::all(1, 10, 4000));
        assert!(
            (score.unwrap() - 1.0).abs() < 0.03 && (ceiling.unwrap() - 1.0).abs() < 0.03,
            "{score:?} {ceiling:?}"
        );
        let wrong = scores(&(2.0 * &rate), &y, &ResponseMask::all(1, 10, 4000)).0;
        assert!(wrong.unwrap() > 1.5);
        let halves = scores(&rate, &(0.5 * &y), &ResponseMask::all(1, 10, 4000)).0;
        assert_eq!(halves, Err(Undefined::NotCounts { response: 0.5 }));
        let one = y.slice(ndarray::s![.., ..1, ..]).to_owned();
        assert_eq!(
            scores(&rate, &one, &ResponseMask::all(1, 1, 4000)).1,
            Err(Undefined::TooFewRepeats { repeats: 1 })
        );
    }
}
