//! The training part of a recording: sounds, PSTHs, and the neurons in groups that were recorded in the same bins.

use std::collections::BTreeMap;

use faer::Mat;
use ndarray::Array2;
use rayon::prelude::*;
use statenet_core::Digest;
use statenet_data::{Recording, Responses};

use super::{
    design::{Design, Rows, Run},
    products,
};
use crate::error::Result;

/// Training sounds and PSTHs.
pub(super) struct Training<'a> {
    pub(super) design: Design<'a>,
    /// `(N, T)` for each sound; 0 where missing.
    psths: Vec<Array2<f32>>,
    /// `(N, T)`: where the PSTH exists.
    recorded: Vec<Array2<bool>>,
}

/// Neurons that were recorded in the same training bins, of which there is at least one.
pub(super) struct Group {
    pub(super) neurons: Vec<usize>,
    pub(super) n_rows: usize,
}

/// Sums over the rows in which a neuron was recorded.
pub(super) struct Target {
    pub(super) mean: f64,
    /// Sum of squares about the mean.
    pub(super) squares: f64,
}

impl<'a> Training<'a> {
    pub(super) fn new(recording: &'a Recording, train: &[usize]) -> Result<Self> {
        let mut sounds = Vec::with_capacity(train.len());
        let mut responses = Vec::with_capacity(train.len());
        for &s in train {
            let stimulus = recording.stimulus(s)?;
            sounds.push(stimulus.cochleagram());
            responses.push(stimulus.responses());
        }
        let (psths, recorded) = responses.into_par_iter().map(Responses::psth).unzip();
        Ok(Self { design: Design::new(sounds, recording.n_bands()), psths, recorded })
    }

    pub(super) fn n_neurons(&self) -> usize {
        self.psths.first().map_or(0, Array2::nrows)
    }

    /// All neurons with training data, by the bins in which they were recorded.
    pub(super) fn groups(&self) -> Vec<Group> {
        let digests: Vec<(u64, usize)> =
            (0..self.n_neurons()).into_par_iter().map(|neuron| self.digest(neuron)).collect();
        let mut by_mask: BTreeMap<u64, Group> = BTreeMap::new();
        for (neuron, (digest, n_rows)) in digests.into_iter().enumerate() {
            if n_rows > 0 {
                let new = || Group { neurons: Vec::new(), n_rows };
                by_mask.entry(digest).or_insert_with(new).neurons.push(neuron);
            }
        }
        by_mask.into_values().collect()
    }

    /// A hash of the bins in which a neuron was recorded, and how many they are.
    fn digest(&self, neuron: usize) -> (u64, usize) {
        let (mut digest, mut n_rows) = (Digest::default(), 0);
        for recorded in &self.recorded {
            let row = recorded.row(neuron);
            let n = row.iter().filter(|recorded| **recorded).count();
            n_rows += n;
            match n {
                0 => digest.add(&[0]),
                n if n == row.len() => digest.add(&[1]),
                _ => {
                    digest.add(&[2]);
                    row.iter().for_each(|&recorded| digest.add(&[u8::from(recorded)]));
                }
            }
        }
        (digest.value(), n_rows)
    }

    /// The rows in which the neurons of a group were recorded, or those in which they were not.
    pub(super) fn rows(&self, group: &Group, recorded: bool) -> Rows {
        let mut rows = Rows::default();
        let Some(&first) = group.neurons.first() else { return rows };
        for (sound, mask) in self.recorded.iter().enumerate() {
            let mask = mask.row(first);
            rows.add(sound, mask.len(), |t| mask[t] == recorded);
        }
        rows
    }

    /// Mean and squares of a neuron's PSTH.
    pub(super) fn target(&self, neuron: usize, n_rows: usize) -> Target {
        let values = || {
            self.psths.iter().zip(&self.recorded).flat_map(|(psth, recorded)| {
                let pairs = psth.row(neuron).into_iter().zip(recorded.row(neuron));
                pairs.filter(|(_, recorded)| **recorded).map(|(&y, _)| f64::from(y))
            })
        };
        let mean = values().sum::<f64>() / n_rows.max(1) as f64;
        Target { mean, squares: values().map(|y| (y - mean) * (y - mean)).sum() }
    }

    /// Products of PSTHs and the first `n_columns` columns over the rows in which each neuron was recorded, `(N, P)`.
    pub(super) fn cross(&self, n_columns: usize) -> Mat<f64> {
        let n_neurons = self.n_neurons();
        let neurons: Vec<usize> = (0..n_neurons).collect();
        let mut cross = Mat::zeros(n_neurons, n_columns);
        for part in self.design.all_rows().parts(Design::rows_per_block(n_columns.max(n_neurons))) {
            let block = self.design.block(&part, 0..n_columns);
            products::add(&mut cross, self.psths(&part, &neurons).transpose(), block.view());
        }
        cross
    }

    /// PSTHs of some neurons, a row for each row of the lag matrix.
    pub(super) fn psths(&self, runs: &[Run], neurons: &[usize]) -> Mat<f64> {
        let n_rows = runs.iter().map(|run| run.bins.len()).sum();
        let mut values = Mat::zeros(n_rows, neurons.len());
        for (&neuron, column) in neurons.iter().zip(values.col_iter_mut()) {
            let bins = runs.iter().flat_map(|run| {
                let row = self.psths[run.sound].row(neuron);
                run.bins.clone().map(move |t| f64::from(row[t]))
            });
            column.iter_mut().zip(bins).for_each(|(to, y)| *to = y);
        }
        values
    }
}
