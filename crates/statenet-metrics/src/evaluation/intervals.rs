//! Intervals of mean scores: a bootstrap over neurons crossed with blocks of time.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statenet_core::RandomStream;

use super::{
    EvaluationOptions, NeuronScores,
    blocks::{DrawScores, NeuronBlocks},
};
use crate::{
    moments::{mean_of, quantile},
    time_blocks::n_blocks,
};

/// The units that a bootstrap resampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resampled {
    /// Nothing: there is no interval.
    #[default]
    Nothing,
    /// Neurons crossed with blocks of time within stimuli (stimuli of one block are drawn as a whole).
    NeuronsAndBlocks,
    /// Blocks of time only: there is one neuron.
    Blocks,
    /// Neurons only: there is one block of time.
    Neurons,
}

/// The intervals of the mean scores, `None` where undefined.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Intervals {
    pub(super) cc: Option<[f64; 2]>,
    pub(super) ccnorm: Option<[f64; 2]>,
    pub(super) fve: Option<[f64; 2]>,
    pub(super) ccnorm_resampled: Resampled,
}

type Pick<S, T> = fn(&S) -> Option<T>;

/// The bootstrap that [`evaluate_observations`](crate::evaluate_observations) describes, over stimuli of these numbers of bins.
pub(super) fn intervals(
    n_bins: &[usize],
    neurons: &[Option<NeuronBlocks>],
    scores: &[NeuronScores],
    options: &EvaluationOptions,
) -> Intervals {
    if options.n_bootstrap == 0 {
        return Intervals::default();
    }
    let blocks: Vec<usize> = n_bins.iter().map(|&n_bins| n_blocks(n_bins, options.block_bins)).collect();
    let picks: [(Pick<NeuronScores, f64>, Pick<DrawScores, f64>); 3] =
        [(|s| s.cc, |d| d.cc), (|s| s.ccnorm, |d| d.ccnorm), (|s| s.fve, |d| d.fve)];
    let defined = picks.map(|(score, _)| -> Vec<usize> {
        (0..scores.len()).filter(|&n| score(&scores[n]).is_some()).collect()
    });
    // means[d][k] is the mean of score k in draw d.
    let means: Vec<[Option<f64>; 3]> = (0..options.n_bootstrap)
        .into_par_iter()
        .map(|draw| {
            let mut stream = options.seed.stream(&format!("evaluation/bootstrap/{draw}"));
            let counts = resample_blocks(&blocks, &mut stream);
            let drawn: Vec<DrawScores> = neurons
                .iter()
                .map(|neuron| {
                    neuron.as_ref().map_or_else(DrawScores::default, |blocks| blocks.score(&counts))
                })
                .collect();
            std::array::from_fn(|k| {
                let (neurons, score) = (&defined[k], picks[k].1);
                let values: Vec<f64> = (0..neurons.len())
                    .filter_map(|_| score(&drawn[neurons[stream.below(neurons.len())]]))
                    .collect();
                mean_of(&values)
            })
        })
        .collect();
    let several_blocks = blocks.iter().sum::<usize>() > 1;
    let resampled = |k: usize| match (defined[k].len(), several_blocks) {
        (0, _) | (1, false) => Resampled::Nothing,
        (1, true) => Resampled::Blocks,
        (_, true) => Resampled::NeuronsAndBlocks,
        (_, false) => Resampled::Neurons,
    };
    let interval = |k: usize| {
        if resampled(k) == Resampled::Nothing {
            return None;
        }
        percentile(means.iter().filter_map(|m| m[k]).collect(), options)
    };
    let ccnorm = interval(1);
    Intervals {
        cc: interval(0),
        ccnorm,
        fve: interval(2),
        ccnorm_resampled: if ccnorm.is_some() { resampled(1) } else { Resampled::Nothing },
    }
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

/// The percentile interval; `None` if the mean is defined in fewer than half of the draws.
fn percentile(mut means: Vec<f64>, options: &EvaluationOptions) -> Option<[f64; 2]> {
    if 2 * means.len() < options.n_bootstrap {
        return None;
    }
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - options.confidence) / 2.0;
    Some([quantile(&means, tail)?, quantile(&means, 1.0 - tail)?])
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
}
