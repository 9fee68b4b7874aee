//! Second moments over training bins for a ridge regression, for groups of neurons recorded in the same bins.

use std::collections::BTreeMap;

use faer::{Mat, Side};
use statenet_core::Digest;
use statenet_data::Recording;

use super::lag_matrix::lag_matrix;
use crate::error::{Error, Result};

/// Neurons that were recorded in the same training bins, with the centred second moments over these bins.
pub(super) struct Group {
    /// The neurons of the group.
    pub(super) neurons: Vec<usize>,
    /// Mean of each column of the lag matrix.
    mean_x: Vec<f64>,
    /// Mean PSTH of each neuron of the group.
    mean_y: Vec<f64>,
    /// Centred second moments of the lag matrix, `(P, P)`.
    gram: Mat<f64>,
    /// Centred second moments of lag matrix and PSTHs, `(P, neurons)`.
    cross: Mat<f64>,
    lags: usize,
}

impl Group {
    /// Groups all neurons with training data by the bins in which they were recorded.
    pub(super) fn all(recording: &Recording, train: &[usize], lags: usize) -> Result<Vec<Self>> {
        let mut by_mask: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for neuron in 0..recording.n_neurons() {
            let mut digest = Digest::default();
            let mut any = false;
            for &s in train {
                for &valid in recording.stimulus(s)?.responses().psth().1.row(neuron) {
                    any |= valid;
                    digest.add(&[u8::from(valid)]);
                }
            }
            if any {
                by_mask.entry(digest.value()).or_default().push(neuron);
            }
        }
        by_mask.into_values().map(|neurons| Self::of(recording, train, lags, neurons)).collect()
    }

    fn of(recording: &Recording, train: &[usize], lags: usize, neurons: Vec<usize>) -> Result<Self> {
        let n_columns = recording.n_bands() * lags;
        let mut group = Self {
            mean_x: vec![0.0; n_columns],
            mean_y: vec![0.0; neurons.len()],
            gram: Mat::zeros(n_columns, n_columns),
            cross: Mat::zeros(n_columns, neurons.len()),
            neurons,
            lags,
        };
        let mut n_bins = 0usize;
        for &s in train {
            n_bins += group.add(recording, s)?;
        }
        group.center(n_bins.max(1) as f64);
        Ok(group)
    }

    /// Adds the recorded bins of a stimulus; returns how many there are.
    fn add(&mut self, recording: &Recording, stimulus: usize) -> Result<usize> {
        let stimulus = recording.stimulus(stimulus)?;
        let (psth, valid) = stimulus.responses().psth();
        let Some(&first) = self.neurons.first() else { return Ok(0) };
        let bins: Vec<usize> = (0..stimulus.n_bins()).filter(|&t| valid[(first, t)]).collect();
        let all = lag_matrix(stimulus.cochleagram(), self.lags);
        let x = Mat::from_fn(bins.len(), all.ncols(), |i, column| all[(bins[i], column)]);
        let y =
            Mat::from_fn(bins.len(), self.neurons.len(), |i, n| f64::from(psth[(self.neurons[n], bins[i])]));
        self.gram += x.transpose() * &x;
        self.cross += x.transpose() * &y;
        for (mean, matrix) in [(&mut self.mean_x, &x), (&mut self.mean_y, &y)] {
            for (column, sum) in mean.iter_mut().enumerate() {
                *sum += matrix.col(column).iter().sum::<f64>();
            }
        }
        Ok(bins.len())
    }

    fn center(&mut self, n: f64) {
        self.mean_x.iter_mut().chain(&mut self.mean_y).for_each(|m| *m /= n);
        for column in 0..self.gram.ncols() {
            for row in 0..self.gram.nrows() {
                self.gram[(row, column)] -= n * self.mean_x[row] * self.mean_x[column];
            }
        }
        for column in 0..self.cross.ncols() {
            for row in 0..self.cross.nrows() {
                self.cross[(row, column)] -= n * self.mean_x[row] * self.mean_y[column];
            }
        }
    }

    /// The moments for fewer lags: those of the last `lags` columns of each band.
    pub(super) fn shortened(&self, lags: usize) -> Self {
        let kept: Vec<usize> =
            (0..self.mean_x.len()).filter(|column| column % self.lags >= self.lags - lags).collect();
        Self {
            neurons: self.neurons.clone(),
            mean_x: kept.iter().map(|&c| self.mean_x[c]).collect(),
            mean_y: self.mean_y.clone(),
            gram: Mat::from_fn(kept.len(), kept.len(), |i, j| self.gram[(kept[i], kept[j])]),
            cross: Mat::from_fn(kept.len(), self.neurons.len(), |i, j| self.cross[(kept[i], j)]),
            lags,
        }
    }

    /// The solution for each penalty, from a single eigendecomposition.
    pub(super) fn solve(&self, penalties: &[f64]) -> Result<Vec<Solution>> {
        let n = self.gram.nrows();
        let eigen = self
            .gram
            .self_adjoint_eigen(Side::Lower)
            .map_err(|e| Error::Ridge { n, reason: format!("{e:?}") })?;
        let (vectors, values) = (eigen.U(), eigen.S().column_vector());
        let rotated = vectors.transpose() * &self.cross;
        let solution = |&penalty: &f64| {
            // Rounding can make an eigenvalue of 0 slightly negative.
            let shrunk =
                Mat::from_fn(n, rotated.ncols(), |i, j| rotated[(i, j)] / (values[i].max(0.0) + penalty));
            let weights = vectors * &shrunk;
            let offsets = (0..self.neurons.len())
                .map(|j| self.mean_y[j] - (0..n).map(|i| weights[(i, j)] * self.mean_x[i]).sum::<f64>())
                .collect();
            Solution { weights, offsets }
        };
        Ok(penalties.iter().map(solution).collect())
    }
}

/// Weights `(P, neurons)` and intercepts for one penalty.
pub(super) struct Solution {
    pub(super) weights: Mat<f64>,
    pub(super) offsets: Vec<f64>,
}
