//! Intervals of the scores of neurons, and of means over neurons, from a bootstrap over stimuli or blocks of time.
//!
//! Units of time are drawn with replacement, with the responses of all neurons and repeats to them: whole stimuli if there are ten or
//! more, else contiguous blocks within each stimulus. A unit has its own noise, so that the noise of the repeats is drawn with it. A
//! draw is scored from sums of each unit.
//!
//! The interval of a neuron is the expanded percentile interval (Hesterberg 2015), with fewer degrees of freedom where a few units dominate
//! its variance. That of a mean over neurons adds the two ways in which it could be
//! different, other neurons and other sounds:
//!
//! ```text
//! draw = m - B + a sqrt(N / (N - 1)) (m_neurons - m) + sqrt(K / df) (m_units - m - B)
//! a^2  = 1 - W / V        B = median m_units - m
//! ```
//!
//! m is the mean score, `m_neurons` that of N drawn neurons, `m_units` that of all neurons for K drawn units. V is the variance of the mean over
//! drawn neurons and W the part of it that is due to the noise of each neuron's own score, from its draws of units: it is in `m_units` already, and
//! counted twice it would make the interval too wide by up to 70 % (Owen 2007). B is the bias of the scores of few and noisy bins, as the draws show
//! it: a mean over many neurons does not average it away, so that it is taken off. The levels are those of Student's t with the degrees of
//! freedom of the sum (Satterthwaite 1946).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statenet_core::RandomStream;

use super::{
    EvaluationOptions, NeuronScores,
    blocks::{NeuronBlocks, Units},
};
use crate::{
    moments::{centred, mean, mean_of, quantile},
    resampling::{
        ClusterSums,
        levels::{degrees_of_freedom, expanded, expanded_levels},
    },
    time_blocks::n_blocks,
};

/// With so many stimuli or more, whole stimuli are drawn.
pub(crate) const WHOLE_STIMULI: usize = 10;
/// Neurons whose draws are in memory at a time.
const CHUNK: usize = 256;

/// The units that a bootstrap resampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resampled {
    /// Nothing: there is no interval.
    #[default]
    Nothing,
    /// Neurons, and blocks of time within stimuli (stimuli of one block are drawn as a whole).
    NeuronsAndBlocks,
    /// Neurons, and whole stimuli.
    NeuronsAndStimuli,
    /// Blocks of time only: there is one neuron.
    Blocks,
    /// Whole stimuli only: there is one neuron.
    Stimuli,
    /// Neurons only: there is one block of time.
    Neurons,
}

/// Intervals of CCraw, CCnorm and FVE, `None` where undefined.
pub(crate) type OfScores = [Option<[f64; 2]>; 3];

/// The intervals of an evaluation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intervals {
    /// Those of the means.
    pub(crate) means: OfScores,
    /// The standard errors of the means by the choice of neurons and of sounds.
    pub(crate) errors: [Option<[f64; 2]>; 3],
    /// Those of each neuron; empty if none was asked for.
    pub(crate) per_neuron: Vec<OfScores>,
    pub(crate) ccnorm_resampled: Resampled,
}

/// The bootstrap that [`evaluate_observations`](crate::evaluate_observations) describes, over stimuli of these numbers of bins; `neurons`
/// have sums of [units](unit_bins), `None` where a neuron has no data.
pub(crate) fn intervals(
    n_bins: &[usize],
    neurons: &[Option<NeuronBlocks>],
    scores: &[NeuronScores],
    options: &EvaluationOptions,
) -> Intervals {
    Plan::of(n_bins, options).intervals(&values_of(scores), |neuron| {
        let blocks = neurons.get(neuron)?.as_ref()?;
        Some((blocks.units(), move |counts: &[Vec<f64>]| blocks.score(counts)))
    })
}

/// The length of a unit in bins: larger than any stimulus if whole stimuli are drawn, else a block.
pub(crate) fn unit_bins(n_stimuli: usize, options: &EvaluationOptions) -> usize {
    if n_stimuli >= WHOLE_STIMULI { usize::MAX } else { options.block_bins }
}

/// The scores of each neuron: CCraw, CCnorm and FVE.
pub(crate) fn values_of(scores: &[NeuronScores]) -> Vec<[Option<f64>; 3]> {
    scores.iter().map(|n| [n.cc, n.ccnorm, n.fve]).collect()
}

/// What is drawn, and how often.
pub(crate) struct Plan<'a> {
    options: &'a EvaluationOptions,
    /// The group of each neuron; empty if each is its own.
    pub(crate) groups: Vec<usize>,
    /// [`unit_bins`].
    pub(crate) unit_bins: usize,
    /// Number of units of each stimulus.
    units: Vec<usize>,
}

impl<'a> Plan<'a> {
    /// For stimuli of these numbers of bins.
    pub(crate) fn of(n_bins: &[usize], options: &'a EvaluationOptions) -> Self {
        let unit_bins = unit_bins(n_bins.len(), options);
        let units = n_bins.iter().map(|&n_bins| n_blocks(n_bins, unit_bins)).collect();
        Self { options, groups: Vec::new(), unit_bins, units }
    }

    /// The intervals of given values; `draws_of` gives a neuron's units, and its values where each unit is drawn so many times.
    pub(crate) fn intervals<F: Fn(&[Vec<f64>]) -> [Option<f64>; 3] + Send + Sync>(
        &self,
        values: &[[Option<f64>; 3]],
        draws_of: impl Fn(usize) -> Option<(Units, F)> + Sync,
    ) -> Intervals {
        let n_draws = self.options.n_bootstrap;
        if n_draws == 0 {
            return Intervals::default();
        }
        let mut sums: [Sums; 3] = std::array::from_fn(|_| Sums::new(n_draws));
        let mut per_neuron = Vec::with_capacity(values.len());
        for first in (0..values.len()).step_by(CHUNK) {
            let chunk = first..values.len().min(first + CHUNK);
            let neurons: Vec<Option<(Units, F)>> = chunk.clone().into_par_iter().map(&draws_of).collect();
            // drawn[draw][neuron]
            let drawn: Vec<Vec<[Option<f64>; 3]>> = (0..n_draws)
                .into_par_iter()
                .map(|draw| {
                    let mut stream = self.options.seed.stream(&format!("evaluation/bootstrap/{draw}"));
                    let counts = resample_blocks(&self.units, &mut stream);
                    neurons
                        .iter()
                        .map(|n| n.as_ref().map_or([None; 3], |(_, score)| score(&counts)))
                        .collect()
                })
                .collect();
            let of_neuron = |(i, neuron): (usize, usize)| -> OfScores {
                let Some((Units { n, df }, score)) = &neurons[i] else { return [None; 3] };
                let effects = self.effects(score);
                std::array::from_fn(|k| {
                    values[neuron][k]?;
                    let drawn = drawn.iter().filter_map(|draw| draw[i][k]).collect();
                    let (narrow, df) = (*n as f64 / *df as f64, degrees_of_freedom(&effects[k], *df as f64));
                    expanded(drawn, n_draws, self.options.confidence, narrow, df).ok()
                })
            };
            per_neuron.extend(
                chunk
                    .clone()
                    .enumerate()
                    .collect::<Vec<_>>()
                    .into_par_iter()
                    .map(of_neuron)
                    .collect::<Vec<_>>(),
            );
            for (i, neuron) in chunk.enumerate() {
                for (k, sums) in sums.iter_mut().enumerate() {
                    if values[neuron][k].is_some() {
                        sums.add(drawn.iter().map(|draw| draw[i][k]));
                    }
                }
            }
        }
        let n_units = self.units.iter().sum();
        let units = Units { n: n_units, df: n_units.saturating_sub(strata(&self.units)) };
        let mean = |k: usize| {
            let (defined, groups): (Vec<f64>, Vec<usize>) = values
                .iter()
                .enumerate()
                .filter_map(|(n, v)| Some((v[k]?, self.groups.get(n).copied().unwrap_or(n))))
                .unzip();
            let neurons = self.neuron_part(&defined, &groups, k);
            sums[k].interval(&defined, neurons.as_ref(), units, self.options)
        };
        let means = [mean(0), mean(1), mean(2)];
        let mut ends = means.map(|m| m.map(|m| m.ends));
        for (k, ends) in ends.iter_mut().enumerate() {
            // The mean of one neuron is that neuron.
            let mut defined = (0..values.len()).filter(|&n| values[n][k].is_some());
            if let (Some(only), None) = (defined.next(), defined.next()) {
                *ends = per_neuron[only][k];
            }
        }
        let (ccnorm, n_ccnorm) = (ends[1], values.iter().filter(|v| v[1].is_some()).count());
        Intervals {
            means: ends,
            errors: means.map(|m| m.map(|m| [m.neurons, m.sounds])),
            per_neuron,
            ccnorm_resampled: if ccnorm.is_some() {
                self.resampled(n_ccnorm, units)
            } else {
                Resampled::Nothing
            },
        }
    }

    /// What each unit moves the scores of a neuron, less the mean of its stratum: units that move nothing are not of this neuron. None if
    /// there are more units than draws.
    fn effects(&self, score: impl Fn(&[Vec<f64>]) -> [Option<f64>; 3]) -> [Vec<f64>; 3] {
        let mut effects = [const { Vec::new() }; 3];
        if self.units.iter().sum::<usize>() > self.options.n_bootstrap {
            return effects;
        }
        let mut counts: Vec<Vec<f64>> = self.units.iter().map(|&n| vec![1.0; n]).collect();
        let whole = score(&counts);
        let mut without = |stimulus: usize, block: usize| {
            counts[stimulus][block] = 0.0;
            let scores = score(&counts);
            counts[stimulus][block] = 1.0;
            scores
        };
        let short: Vec<usize> = (0..self.units.len()).filter(|&b| self.units[b] == 1).collect();
        let of_short = short.into_iter().map(|b| without(b, 0)).collect();
        let mut strata: Vec<Vec<[Option<f64>; 3]>> = vec![of_short];
        for (b, &n) in self.units.iter().enumerate().filter(|(_, n)| **n > 1) {
            strata.push((0..n).map(|block| without(b, block)).collect());
        }
        for stratum in strata {
            for (k, effects) in effects.iter_mut().enumerate() {
                let moved = stratum.iter().filter_map(|scores| scores[k]).filter(|s| Some(*s) != whole[k]);
                let moved: Vec<f64> = moved.collect();
                if moved.len() > 1 {
                    effects.extend(centred(&moved));
                }
            }
        }
        effects
    }

    /// The means of as many drawn groups of neurons as there are; `None` for fewer than two.
    fn neuron_part(&self, values: &[f64], groups: &[usize], score: usize) -> Option<NeuronPart> {
        let sums = ClusterSums::new(values, groups).ok()?;
        let error = sums.standard_error()?;
        let of_draw = |draw: usize| {
            sums.drawn_mean(&mut self.options.seed.stream(&format!("evaluation/neurons/{score}/{draw}")))
        };
        let means = (0..self.options.n_bootstrap).map(of_draw).collect();
        Some(NeuronPart { means, variance: error * error, n_groups: sums.n_clusters() as f64 })
    }

    fn resampled(&self, n_neurons: usize, units: Units) -> Resampled {
        match (n_neurons, units.df, self.unit_bins == usize::MAX) {
            (0, ..) | (1, 0, _) => Resampled::Nothing,
            (1, _, true) => Resampled::Stimuli,
            (1, _, false) => Resampled::Blocks,
            (_, 0, _) => Resampled::Neurons,
            (_, _, true) => Resampled::NeuronsAndStimuli,
            (_, _, false) => Resampled::NeuronsAndBlocks,
        }
    }
}

/// Means over drawn neurons.
struct NeuronPart {
    /// One for each draw.
    means: Vec<f64>,
    /// The variance of the mean by the choice of neurons.
    variance: f64,
    n_groups: f64,
}

/// The interval of a mean, and its standard errors by the choice of neurons and of sounds.
#[derive(Clone, Copy)]
struct MeanInterval {
    ends: [f64; 2],
    neurons: f64,
    sounds: f64,
}

/// Sums over the neurons with a score, for each draw of units.
struct Sums {
    sum: Vec<f64>,
    n: Vec<u32>,
    /// Sum over neurons of the variance of their draws.
    variances: f64,
}

impl Sums {
    fn new(n_draws: usize) -> Self {
        Self { sum: vec![0.0; n_draws], n: vec![0; n_draws], variances: 0.0 }
    }

    fn add(&mut self, drawn: impl Iterator<Item = Option<f64>>) {
        let mut defined = Vec::with_capacity(self.sum.len());
        for ((sum, n), value) in self.sum.iter_mut().zip(&mut self.n).zip(drawn) {
            if let Some(value) = value {
                *sum += value;
                *n += 1;
                defined.push(value);
            }
        }
        self.variances += variance(&defined);
    }

    /// The interval of the mean of `values`.
    fn interval(
        &self,
        values: &[f64],
        neurons: Option<&NeuronPart>,
        units: Units,
        options: &EvaluationOptions,
    ) -> Option<MeanInterval> {
        let (centre, n) = (mean_of(values)?, values.len() as f64);
        let time: Vec<Option<f64>> =
            self.sum.iter().zip(&self.n).map(|(sum, &n)| (n > 0).then(|| sum / f64::from(n))).collect();
        let of_time: Vec<f64> = time.iter().flatten().copied().collect();
        if units.df > 0 && 2 * of_time.len() < options.n_bootstrap {
            return None;
        }
        let time_variance = if units.df > 0 { variance(&of_time) } else { 0.0 };
        let neuron_variance = neurons.map_or(0.0, |part| part.variance);
        let own = (self.variances - n * time_variance) / (n * (n - 1.0)).max(1.0);
        let share = match (units.df, neuron_variance > 0.0) {
            (0, _) => 1.0,
            (_, true) => (1.0 - own / neuron_variance).clamp(0.0, 1.0),
            (_, false) => 0.0,
        };
        let mut sorted = of_time;
        sorted.sort_by(f64::total_cmp);
        let median = if units.df > 0 { quantile(&sorted, 0.5)? } else { centre };
        let corrected = centre - (median - centre);
        let groups = neurons.map_or(1.0, |part| part.n_groups);
        let widen_neurons = (share * groups / (groups - 1.0)).sqrt();
        let widen_time = (units.n as f64 / units.df as f64).sqrt();
        let mut drawn: Vec<f64> = (0..options.n_bootstrap)
            .filter_map(|draw| {
                let by_neurons = neurons.map_or(0.0, |part| widen_neurons * (part.means[draw] - centre));
                let by_time = if units.df > 0 { widen_time * (time[draw]? - median) } else { 0.0 };
                Some(corrected + by_neurons + by_time)
            })
            .collect();
        if neurons.is_none() && units.df == 0 {
            return None;
        }
        let a = share * neuron_variance;
        let b = if units.df > 0 { widen_time.powi(2) * time_variance } else { 0.0 };
        let term = |variance: f64, df: f64| if variance > 0.0 { variance * variance / df } else { 0.0 };
        let terms = term(a, groups - 1.0) + term(b, units.df as f64);
        let df = if terms > 0.0 { (a + b).powi(2) / terms } else { 1e9 };
        drawn.sort_by(f64::total_cmp);
        let levels = expanded_levels(options.confidence, 1.0, df).ok()?;
        let ends = [quantile(&drawn, levels[0])?, quantile(&drawn, levels[1])?];
        Some(MeanInterval { ends, neurons: a.sqrt(), sounds: b.sqrt() })
    }
}

/// The variance with denominator n - 1; 0 for fewer than two values.
fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    values.iter().map(|v| (v - m).powi(2)).sum::<f64>() / (values.len().max(2) - 1) as f64
}

/// The number of groups within which units are drawn: stimuli of several units, and those of one unit together.
fn strata(units: &[usize]) -> usize {
    units.iter().filter(|&&n| n > 1).count() + usize::from(units.contains(&1))
}

/// Draws how often each block of each stimulus counts. Blocks are drawn within their stimulus; stimuli of a single block
/// are drawn among each other, so that many short sounds are resampled too.
fn resample_blocks(blocks: &[usize], stream: &mut RandomStream) -> Vec<Vec<f64>> {
    let mut whole = resample_counts(blocks.iter().filter(|&&n| n == 1).count(), stream).into_iter();
    let mut counts = Vec::with_capacity(blocks.len());
    for &n in blocks {
        counts.push(if n == 1 { whole.next().into_iter().collect() } else { resample_counts(n, stream) });
    }
    counts
}

/// Draws how often each of `n` blocks occurs in a sample of size n with replacement.
fn resample_counts(n: usize, stream: &mut RandomStream) -> Vec<f64> {
    let mut counts = vec![0.0; n];
    for _ in 0..n {
        counts[stream.below(n)] += 1.0;
    }
    counts
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::*;

    #[test]
    fn blocks_are_drawn_within_stimuli_and_short_stimuli_among_each_other() {
        let mut stream = Seed::new(0).stream("blocks");
        let mut moved = false;
        for _ in 0..50 {
            let counts = resample_blocks(&[1, 4, 1], &mut stream);
            assert_eq!(counts[1].iter().sum::<f64>(), 4.0);
            assert_eq!(counts[0][0] + counts[2][0], 2.0);
            moved |= counts[0][0] != 1.0;
        }
        assert!(moved);
        assert_eq!(resample_blocks(&[1], &mut stream), [[1.0]]);
    }

    #[test]
    fn strata_cost_degrees_of_freedom() {
        assert_eq!((strata(&[1, 4, 1]), strata(&[10, 10]), strata(&[1; 12])), (2, 2, 1));
    }
}
