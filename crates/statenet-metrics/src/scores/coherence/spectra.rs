//! Sums of spectra over groups of segments, and what follows from them without bias.

use std::sync::Arc;

use realfft::{RealToComplex, num_complex::Complex64};

use super::segments::Segment;
use crate::{
    moments::plain_mean,
    undefined::{Undefined, finite},
};

/// At most as many groups for the jackknife.
const MAX_GROUPS: usize = 64;
/// Squared correlation of the spectra of neighbouring segments, which overlap by half under a Hann window: (1/6)^2.
const OVERLAP: f64 = 1.0 / 36.0;
/// A frequency with less than this fraction of the largest power has been filtered out of the data.
const FILTERED_OUT: f64 = 1e-20;
/// A frequency is predicted without error if less than this is left of its power.
const PERFECT: f64 = 1e-12;

/// A transform with its window.
#[derive(Clone)]
pub(super) struct Hann {
    transform: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
}

impl Hann {
    pub(super) fn new(transform: Arc<dyn RealToComplex<f64>>) -> Self {
        let n = transform.len();
        let window =
            (0..n).map(|t| 0.5 - 0.5 * (std::f64::consts::TAU * t as f64 / n as f64).cos()).collect();
        Self { transform, window }
    }

    /// Writes the spectrum of a segment without its mean to `out`; on an error, which no segment of this length has, zeros.
    fn spectrum(&self, x: &[f64], input: &mut [f64], scratch: &mut [Complex64], out: &mut [Complex64]) {
        let m = plain_mean(x);
        for ((input, x), w) in input.iter_mut().zip(x).zip(&self.window) {
            *input = (x - m) * w;
        }
        if self.transform.process_with_scratch(input, out, scratch).is_err() {
            out.fill(Complex64::default());
        }
    }
}

/// Sums over segments, by frequency.
#[derive(Clone, Debug)]
struct Sums {
    /// conj(P) Y, real and imaginary part.
    cross: [Vec<f64>; 2],
    /// |P|^2.
    rate: Vec<f64>,
    /// T.
    total: Vec<f64>,
    /// S and T of the segments with two repeats.
    signal: Vec<f64>,
    total_of_signal: Vec<f64>,
}

impl Sums {
    fn new(n: usize) -> Self {
        let zeros = || vec![0.0; n];
        Self {
            cross: [zeros(), zeros()],
            rate: zeros(),
            total: zeros(),
            signal: zeros(),
            total_of_signal: zeros(),
        }
    }

    /// Adds `sign` times other sums.
    fn add(&mut self, sign: f64, other: &Self) {
        let [re, im] = &mut self.cross;
        let pairs = [
            (re, &other.cross[0]),
            (im, &other.cross[1]),
            (&mut self.rate, &other.rate),
            (&mut self.total, &other.total),
            (&mut self.signal, &other.signal),
            (&mut self.total_of_signal, &other.total_of_signal),
        ];
        for (sum, other) in pairs {
            sum.iter_mut().zip(other).for_each(|(sum, x)| *sum += sign * x);
        }
    }

    /// Squared coherence of rate and single responses; NaN where a power is 0.
    fn of_rate(&self) -> Vec<f64> {
        let squared = |i: usize| self.cross[0][i].powi(2) + self.cross[1][i].powi(2);
        (0..self.rate.len()).map(|i| squared(i) / (self.rate[i] * self.total[i])).collect()
    }

    fn of_responses(&self) -> Vec<f64> {
        self.signal.iter().zip(&self.total_of_signal).map(|(s, t)| s / t).collect()
    }
}

/// The spectra of each segment of a stimulus, without the constant part.
#[derive(Clone, Debug)]
pub(crate) struct StimulusSpectra {
    segments: Vec<Sums>,
    most_repeats: usize,
}

impl StimulusSpectra {
    pub(super) fn of(segments: &[Segment<'_>], hann: &Hann) -> Self {
        let n = hann.transform.complex_len();
        let (mut input, mut scratch) = (hann.transform.make_input_vec(), hann.transform.make_scratch_vec());
        let zeros = || vec![Complex64::default(); n];
        let (mut rate, mut y, mut sum) = (zeros(), zeros(), zeros());
        let mut squares = vec![0.0; n];
        let mut of_segment = |Segment { rate: p, repeats }: &Segment<'_>| {
            hann.spectrum(p, &mut input, &mut scratch, &mut rate);
            sum.fill(Complex64::default());
            squares.fill(0.0);
            for repeat in repeats {
                hann.spectrum(repeat, &mut input, &mut scratch, &mut y);
                for ((sum, squares), y) in sum.iter_mut().zip(&mut squares).zip(&y) {
                    *sum += y;
                    *squares += y.norm_sqr();
                }
            }
            let (m, mut sums) = (repeats.len() as f64, Sums::new(n - 1));
            for f in 1..n {
                let cross = rate[f].conj() * sum[f] / m;
                sums.cross[0][f - 1] = cross.re;
                sums.cross[1][f - 1] = cross.im;
                sums.rate[f - 1] = rate[f].norm_sqr();
                sums.total[f - 1] = squares[f] / m;
                if repeats.len() > 1 {
                    sums.signal[f - 1] = (sum[f].norm_sqr() - squares[f]) / (m * (m - 1.0));
                    sums.total_of_signal[f - 1] = squares[f] / m;
                }
            }
            sums
        };
        Self {
            segments: segments.iter().map(&mut of_segment).collect(),
            most_repeats: segments.iter().map(|segment| segment.repeats.len()).max().unwrap_or(0),
        }
    }
}

/// Spectra of a neuron, without the constant part.
#[derive(Clone, Debug)]
pub(super) struct Spectra {
    all: Sums,
    groups: Vec<Sums>,
    n_segments: usize,
    most_repeats: usize,
}

/// Coherence by frequency, and its integral.
#[derive(Clone, Debug)]
pub(super) struct Debiased {
    pub(super) coherence: Vec<f64>,
    pub(super) bits_per_second: f64,
}

impl Spectra {
    /// Those of all stimuli; `n` frequencies.
    pub(super) fn of<'s>(stimuli: impl Iterator<Item = &'s StimulusSpectra> + Clone, n: usize) -> Self {
        let k = stimuli.clone().map(|stimulus| stimulus.segments.len()).sum();
        let n_groups = usize::min(k, MAX_GROUPS);
        let mut groups = vec![Sums::new(n); n_groups];
        for (i, segment) in stimuli.clone().flat_map(|stimulus| &stimulus.segments).enumerate() {
            groups[i * n_groups / k].add(1.0, segment);
        }
        let mut all = Sums::new(n);
        groups.iter().for_each(|group| all.add(1.0, group));
        let most_repeats = stimuli.map(|stimulus| stimulus.most_repeats).max().unwrap_or(0);
        Self { all, groups, n_segments: k, most_repeats }
    }

    pub(super) fn n_segments(&self) -> usize {
        self.n_segments
    }

    /// Coherence of rate and single responses; `df` in Hz.
    pub(super) fn of_rate(&self, df: f64) -> Result<Debiased, Undefined> {
        let largest = |x: &[f64]| x.iter().copied().fold(0.0, f64::max);
        let (rate, total) = (largest(&self.all.rate), largest(&self.all.total));
        if total <= 0.0 {
            return Err(Undefined::ConstantResponse);
        }
        if rate <= 0.0 {
            return Err(Undefined::ConstantRate);
        }
        let used: Vec<bool> = (self.all.rate.iter().zip(&self.all.total))
            .map(|(p, t)| *p > FILTERED_OUT * rate && *t > FILTERED_OUT * total)
            .collect();
        self.debiased(df, &used, Sums::of_rate)
    }

    /// Coherence of the responses' signal and single responses.
    pub(super) fn of_responses(&self, df: f64) -> Result<Debiased, Undefined> {
        if self.most_repeats < 2 {
            return Err(Undefined::TooFewRepeats { repeats: self.most_repeats });
        }
        let largest = self.all.total_of_signal.iter().copied().fold(0.0, f64::max);
        let used: Vec<bool> =
            self.all.total_of_signal.iter().map(|t| *t > 0.0 && *t > FILTERED_OUT * largest).collect();
        self.debiased(df, &used, Sums::of_responses)
    }

    /// Jackknife over groups, of the coherences and of their integral.
    ///
    /// With groups of g segments, leaving one out does not see 1 / g of the part of the bias that is due to the overlap of neighbours.
    fn debiased(
        &self,
        df: f64,
        used: &[bool],
        coherence: fn(&Sums) -> Vec<f64>,
    ) -> Result<Debiased, Undefined> {
        let all = coherence(&self.all);
        let bits = |coherence: &[f64]| bits_per_second(coherence, used, df);
        let all_bits = bits(&all)?;
        let (mut mean, mut mean_bits) = (vec![0.0; all.len()], 0.0);
        let n = self.groups.len() as f64;
        let mut rest = self.all.clone();
        for group in &self.groups {
            rest.clone_from(&self.all);
            rest.add(-1.0, group);
            let without = coherence(&rest);
            mean_bits += bits(&without)? / n;
            mean.iter_mut().zip(&without).for_each(|(mean, c)| *mean += c / n);
        }
        let per_group = self.n_segments as f64 / n;
        let unseen = (1.0 + 2.0 * OVERLAP) / (1.0 + 2.0 * OVERLAP * (1.0 - 1.0 / per_group));
        let free = |all: f64, without: f64| all - unseen * (n - 1.0) * (without - all);
        let coherence =
            all.iter().zip(&mean).zip(used).map(|((&c, &m), &used)| if used { free(c, m) } else { 0.0 });
        Ok(Debiased { coherence: coherence.collect(), bits_per_second: finite(free(all_bits, mean_bits))? })
    }
}

/// The integral of -log2(1 - coherence); the last frequency stands for half the width of the others.
fn bits_per_second(coherence: &[f64], used: &[bool], df: f64) -> Result<f64, Undefined> {
    let last = coherence.len().saturating_sub(1);
    let mut sum = 0.0;
    for (i, (&c, _)) in coherence.iter().zip(used).enumerate().filter(|(_, (_, used))| **used) {
        if 1.0 - c <= PERFECT {
            return Err(Undefined::NoNoise { noise_power: 0.0 });
        }
        sum -= (1.0 - c).log2() * if i == last { 0.5 } else { 1.0 };
    }
    Ok(sum * df)
}
