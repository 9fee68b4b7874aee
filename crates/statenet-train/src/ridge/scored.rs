//! Scores of regressions on validation stimuli.

use std::collections::BTreeMap;

use faer::{Accum, Mat, MatRef, Par, linalg::matmul::matmul};
use ndarray::ArrayView1;
use rayon::prelude::*;
use statenet_core::Digest;
use statenet_data::Recording;
use statenet_metrics::{RateSums, ScoredBins, ValidationScore};

use super::{
    design::{Block, Design, Rows, Run},
    factor::dot,
    products,
};
use crate::{error::Result, validation::ValidationTarget};

/// The lag matrix of validation stimuli is kept if it has no more values than this: 256 MiB.
pub(super) const MOST_HELD: usize = 1 << 25;
/// Sums over second moments lose this part of their size at most before a rate is computed bin by bin instead.
const CANCELLATION: f64 = 1e-8;

/// Validation stimuli with a scored neuron.
pub(super) struct Scored<'a> {
    target: &'a ValidationTarget,
    pub(super) design: Design<'a>,
    pub(super) rows: Rows,
    /// The first row and the number of bins of each validation stimulus.
    places: Vec<Option<(usize, usize)>>,
    held: Option<Block>,
}

impl<'a> Scored<'a> {
    /// For a longest window of `n_columns`.
    pub(super) fn new(
        target: &'a ValidationTarget,
        recording: &'a Recording,
        val: &[usize],
        n_columns: usize,
    ) -> Result<Self> {
        let n_neurons = recording.n_neurons();
        let counts = |neuron| target.scored_bins(neuron).into_iter().map(|s| s.stimulus).collect::<Vec<_>>();
        let counted: Vec<Vec<usize>> = (0..n_neurons).into_par_iter().map(counts).collect();
        let mut counts = vec![false; val.len()];
        counted.into_iter().flatten().for_each(|stimulus| counts[stimulus] = true);
        let sounds = recording.cochleagrams(val)?;
        let (mut rows, mut places, mut n) = (Rows::default(), Vec::with_capacity(val.len()), 0);
        for (stimulus, (sound, counts)) in sounds.iter().zip(counts).enumerate() {
            let n_bins = sound.ncols();
            rows.add(stimulus, n_bins, |_| counts);
            places.push(counts.then_some((n, n_bins)));
            n += if counts { n_bins } else { 0 };
        }
        let design = Design::new(sounds, recording.n_bands());
        let held =
            (n.saturating_mul(n_columns) <= MOST_HELD).then(|| design.block(rows.runs(), 0..n_columns));
        Ok(Self { target, design, rows, places, held })
    }

    /// Rates of all rows without offset, by weights `(P, K)` for the first P columns: `(rows, K)`.
    pub(super) fn rates(&self, weights: MatRef<'_, f64>) -> Mat<f64> {
        let n_columns = weights.nrows();
        let mut rates = Mat::zeros(self.rows.len(), weights.ncols());
        if let Some(held) = &self.held {
            let columns = held.view().subcols(0, n_columns);
            matmul(&mut rates, Accum::Replace, columns, weights, 1.0, Par::Seq);
            return rates;
        }
        let mut first = 0;
        for part in self.rows.parts(Design::rows_per_block(n_columns)) {
            let block = self.design.block(&part, 0..n_columns);
            let n = block.view().nrows();
            let to = rates.as_mut().subrows_mut(first, n);
            matmul(to, Accum::Replace, block.view(), weights, 1.0, Par::Seq);
            first += n;
        }
        rates
    }

    /// The score of a neuron by a column of rates of all rows.
    pub(super) fn score(
        &self,
        neuron: usize,
        rates: MatRef<'_, f64>,
        column: usize,
        offset: f64,
    ) -> Option<f64> {
        let rate: Vec<f64> = rates.col(column).iter().map(|r| r + offset).collect();
        self.target.score_of(neuron, |stimulus| {
            let (first, n_bins) = self.places.get(stimulus).copied().flatten().unwrap_or((0, 0));
            ArrayView1::from(&rate[first..first + n_bins])
        })
    }

    /// The neurons of a group, by the bins at which they are scored.
    pub(super) fn alike(&self, neurons: &[usize]) -> Vec<Vec<usize>> {
        let digest = |&neuron: &usize| {
            let mut digest = Digest::default();
            for ScoredBins { stimulus, bins, .. } in self.target.scored_bins(neuron) {
                digest.add(&stimulus.to_le_bytes());
                digest.add(&bins.len().to_le_bytes());
                let rest = self.places[stimulus].is_some_and(|(_, n_bins)| bins.len() < n_bins);
                bins.iter().filter(|_| rest).for_each(|t| digest.add(&t.to_le_bytes()));
            }
            digest.value()
        };
        let digests: Vec<u64> = neurons.par_iter().map(digest).collect();
        let mut alike: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (&neuron, digest) in neurons.iter().zip(digests) {
            alike.entry(digest).or_default().push(neuron);
        }
        alike.into_values().collect()
    }

    /// What scores neurons that are scored at the same bins: second moments where that takes fewer multiplications than
    /// computing rates bin by bin.
    pub(super) fn scorer(&self, alike: &[usize], n_columns: usize, n_penalties: usize) -> Scorer<'_, 'a> {
        let worth_it = self.rows.len() > n_columns && 2 * alike.len() * n_penalties > n_columns;
        Scorer { scored: self, moments: worth_it.then(|| ScoredMoments::of(self, alike, n_columns)) }
    }
}

/// Scores weights of some neurons that are scored at the same bins.
pub(super) struct Scorer<'s, 'a> {
    scored: &'s Scored<'a>,
    moments: Option<ScoredMoments>,
}

/// Weights of neurons, one a column.
pub(super) struct Weights<'w> {
    pub(super) neurons: &'w [usize],
    /// Where the neurons are among all that the scorer is for.
    pub(super) first: usize,
    pub(super) values: MatRef<'w, f64>,
    pub(super) offsets: &'w [f64],
}

impl Scorer<'_, '_> {
    pub(super) fn scores(&self, weights: &Weights<'_>) -> Vec<Option<f64>> {
        let Weights { neurons, values, offsets, .. } = *weights;
        let Some(moments) = &self.moments else {
            let rates = self.scored.rates(values);
            let score = |(j, (&neuron, &offset)): (usize, (&usize, &f64))| {
                self.scored.score(neuron, rates.as_ref(), j, offset)
            };
            return neurons.iter().zip(offsets).enumerate().map(score).collect();
        };
        let n = values.nrows();
        let mut products = Mat::zeros(n, values.ncols());
        let gram = moments.gram.submatrix(0, 0, n, n);
        matmul(&mut products, Accum::Replace, gram, values, 1.0, Par::Seq);
        let score = |(j, &neuron): (usize, &usize)| {
            let squares = dot(values, j, products.as_ref(), j);
            let size: f64 = values.col(j).iter().zip(&moments.sizes).map(|(w, size)| w.abs() * size).sum();
            if squares <= CANCELLATION * size * size {
                let rate = self.scored.rates(values.subcols(j, 1));
                return self.scored.score(neuron, rate.as_ref(), 0, offsets[j]);
            }
            let cross = moments.cross.subrows(0, n);
            let products = dot(values, j, cross, weights.first + j);
            // What is above the limit of cancellation is not constant.
            self.scored.target.score_of_sums(neuron, &RateSums { squares, products, floor: 0.0 })
        };
        neurons.iter().enumerate().map(score).collect()
    }
}

/// Second moments over the scored bins of some neurons, about the means that the score takes.
struct ScoredMoments {
    /// `(P, P)`.
    gram: Mat<f64>,
    /// Products with PSTHs `(P, neurons)`.
    cross: Mat<f64>,
    /// Roots of the diagonal.
    sizes: Vec<f64>,
}

impl ScoredMoments {
    fn of(scored: &Scored<'_>, alike: &[usize], n_columns: usize) -> Self {
        let mut rows = Rows::default();
        let of_first = alike.first().map(|&first| scored.target.scored_bins(first));
        for ScoredBins { stimulus, bins, .. } in of_first.unwrap_or_default() {
            let n_bins = bins.last().map_or(0, |last| last + 1);
            rows.add(stimulus, n_bins, |t| bins.binary_search(&t).is_ok());
        }
        let all =
            |&neuron: &usize| scored.target.scored_bins(neuron).into_iter().flat_map(|s| s.psth).collect();
        let all_psths: Vec<Vec<f64>> = alike.par_iter().map(all).collect();
        // The stimulus, or the only one of all, about whose mean a row counts.
        let within = scored.target.which() == ValidationScore::CcNorm;
        let about = |run: &Run| if within { run.sound } else { 0 };
        let parts = rows.parts(Design::rows_per_block(n_columns.max(alike.len())));
        let mut sums: BTreeMap<usize, (Vec<f64>, usize)> = BTreeMap::new();
        for part in &parts {
            let block = scored.design.block(part, 0..n_columns);
            let mut first = 0;
            for run in part {
                let end = first + run.bins.len();
                let (sum, n) = sums.entry(about(run)).or_insert_with(|| (vec![0.0; n_columns], 0));
                let columns: Vec<&[f64]> = block.columns().collect();
                sum.par_iter_mut()
                    .zip(columns)
                    .for_each(|(sum, c)| *sum += c[first..end].iter().sum::<f64>());
                (*n, first) = (*n + run.bins.len(), end);
            }
        }
        let mut gram = Mat::zeros(n_columns, n_columns);
        let mut cross = Mat::zeros(alike.len(), n_columns);
        let mut at = 0;
        for part in &parts {
            let mut block = scored.design.block(part, 0..n_columns);
            block.columns_mut().enumerate().for_each(|(i, column)| {
                let mut rest = column;
                for run in part {
                    let (here, after) = rest.split_at_mut(run.bins.len());
                    let mean = sums.get(&about(run)).map_or(0.0, |(sum, n)| sum[i] / *n as f64);
                    here.iter_mut().for_each(|x| *x -= mean);
                    rest = after;
                }
            });
            let n_rows = block.view().nrows();
            products::add_lower(&mut gram, block.view().transpose(), block.view());
            let mut psths = Mat::zeros(n_rows, alike.len());
            for (psth, column) in all_psths.iter().zip(psths.col_iter_mut()) {
                column.iter_mut().zip(psth.iter().skip(at)).for_each(|(to, y)| *to = *y);
            }
            products::add(&mut cross, psths.transpose(), block.view());
            at += n_rows;
        }
        products::mirror(&mut gram);
        let sizes = (0..n_columns).map(|i| gram[(i, i)].max(0.0).sqrt()).collect();
        Self { gram, cross: cross.transpose().to_owned(), sizes }
    }
}
