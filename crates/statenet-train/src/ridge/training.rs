//! The training part of a recording: sounds, PSTHs, and the neurons in groups that were recorded in the same bins.

use std::{borrow::Cow, collections::BTreeMap};

use faer::Mat;
use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;
use statenet_core::Digest;
use statenet_data::{Recording, Stimulus};

use super::{
    design::{Design, Rows, Run},
    products,
};
use crate::error::{Error, Result};

/// Training sounds and PSTHs.
pub(super) struct Training<'a> {
    pub(super) design: Design<'a>,
    psths: Psths<'a>,
    /// Where the PSTHs of each sound exist.
    recorded: Vec<Recorded>,
    /// The bins in which each neuron was recorded.
    neurons: Vec<OfNeuron>,
}

/// The PSTHs `(N, T)` of each sound; 0 where missing.
enum Psths<'a> {
    Held(Vec<Array2<f32>>),
    /// Of responses that stay on disk: read when they are needed.
    OnDisk(Vec<&'a Stimulus>),
}

/// What is known of a neuron's PSTHs.
#[derive(Clone, Default)]
struct OfNeuron {
    /// A hash of the bins in which it was recorded.
    digest: Digest,
    /// How many they are.
    n_rows: usize,
    /// Over these.
    sum: f64,
}

/// Where the PSTHs of a sound exist.
enum Recorded {
    Everywhere,
    /// For each neuron.
    In(Vec<Bins>),
}

#[derive(Clone)]
enum Bins {
    All,
    None,
    Some(Box<[bool]>),
}

impl Bins {
    fn of(recorded: ArrayView1<'_, bool>) -> Self {
        match recorded.iter().filter(|recorded| **recorded).count() {
            0 => Self::None,
            n if n == recorded.len() => Self::All,
            _ => Self::Some(recorded.iter().copied().collect()),
        }
    }
}

/// Neurons that were recorded in the same training bins, of which there is at least one.
pub(super) struct Group {
    pub(super) neurons: Vec<usize>,
    pub(super) n_rows: usize,
}

/// Sums over the rows in which each neuron was recorded.
pub(super) struct Products {
    /// Products of PSTHs and columns, `(N, P)`.
    pub(super) cross: Mat<f64>,
    /// Sums of squares of PSTHs about their means, (N).
    pub(super) squares: Vec<f64>,
}

impl<'a> Training<'a> {
    pub(super) fn new(recording: &'a Recording, train: &[usize]) -> Result<Self> {
        let stimuli =
            train.iter().map(|&s| Ok(recording.stimulus(s)?)).collect::<Result<Vec<&Stimulus>>>()?;
        let sounds = stimuli.iter().map(|stimulus| stimulus.cochleagram()).collect();
        let design = Design::new(sounds, recording.n_bands());
        let mut neurons = vec![OfNeuron::default(); recording.n_neurons()];
        let mut recorded = Vec::with_capacity(stimuli.len());
        let mut held = Vec::new();
        let on_disk = stimuli.iter().any(|stimulus| stimulus.is_on_disk());
        let n_at_once = if on_disk { rayon::current_num_threads() } else { stimuli.len() };
        for stimuli in stimuli.chunks(n_at_once.max(1)) {
            let psth = |stimulus: &&Stimulus| Ok::<_, Error>(stimulus.responses()?.psth());
            for (psth, valid) in stimuli.par_iter().map(psth).collect::<Result<Vec<_>>>()? {
                neurons.par_iter_mut().enumerate().for_each(|(n, neuron)| {
                    neuron.add(psth.row(n), valid.row(n));
                });
                recorded.push(if valid.iter().all(|&valid| valid) {
                    Recorded::Everywhere
                } else {
                    Recorded::In(valid.outer_iter().map(Bins::of).collect())
                });
                if !on_disk {
                    held.push(psth);
                }
            }
        }
        let psths = if on_disk { Psths::OnDisk(stimuli) } else { Psths::Held(held) };
        Ok(Self { design, psths, recorded, neurons })
    }

    pub(super) fn n_neurons(&self) -> usize {
        self.neurons.len()
    }

    /// The PSTHs of a sound.
    fn psth(&self, sound: usize) -> Result<Cow<'_, Array2<f32>>> {
        Ok(match &self.psths {
            Psths::Held(psths) => Cow::Borrowed(&psths[sound]),
            Psths::OnDisk(stimuli) => Cow::Owned(stimuli[sound].responses()?.psth().0),
        })
    }

    /// The PSTHs of a sound and, where they are read, of as many after it as there are threads.
    fn next_psths(&self, sound: usize) -> Result<Vec<Cow<'_, Array2<f32>>>> {
        let n = match &self.psths {
            Psths::Held(_) => 1,
            Psths::OnDisk(stimuli) => rayon::current_num_threads().min(stimuli.len() - sound),
        };
        (sound..sound + n).into_par_iter().map(|sound| self.psth(sound)).collect()
    }

    /// All neurons with training data, by the bins in which they were recorded.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut by_mask: BTreeMap<u64, Group> = BTreeMap::new();
        for (neuron, OfNeuron { digest, n_rows, .. }) in self.neurons.iter().enumerate() {
            if *n_rows > 0 {
                let new = || Group { neurons: Vec::new(), n_rows: *n_rows };
                by_mask.entry(digest.value()).or_insert_with(new).neurons.push(neuron);
            }
        }
        by_mask.into_values().collect()
    }

    /// The rows in which the neurons of a group were recorded, or those in which they were not.
    pub(super) fn rows(&self, group: &Group, recorded: bool) -> Rows {
        let mut rows = Rows::default();
        let Some(&first) = group.neurons.first() else { return rows };
        for (Run { sound, bins }, of_sound) in self.design.all_rows().runs().iter().zip(&self.recorded) {
            match of_sound.of_neuron(first) {
                Bins::All => rows.add(*sound, bins.len(), |_| recorded),
                Bins::None => rows.add(*sound, bins.len(), |_| !recorded),
                Bins::Some(mask) => rows.add(*sound, mask.len(), |t| mask[t] == recorded),
            }
        }
        rows
    }

    /// What a regression takes of the PSTHs, with the first `n_columns` columns, over the rows in which each neuron was recorded. Sounds are
    /// gone through once, in their order.
    pub(super) fn products(&self, n_columns: usize) -> Result<Products> {
        let mut squares = vec![0.0; self.n_neurons()];
        let mut cross = Mat::zeros(self.n_neurons(), n_columns);
        // The PSTHs of some sounds, from the one with this index.
        let (mut from, mut read) = (0, Vec::new());
        let n_values = n_columns.max(self.n_neurons());
        for part in self.design.all_rows().parts(Design::rows_per_block(n_values)) {
            let n_rows = part.iter().map(|run| run.bins.len()).sum();
            let mut psths = Mat::zeros(n_rows, self.n_neurons());
            let mut first = 0;
            for run in &part {
                if run.sound >= from + read.len() {
                    (from, read) = (run.sound, self.next_psths(run.sound)?);
                    for (sound, psth) in (from..).zip(&read) {
                        self.add_squares(&mut squares, sound, psth);
                    }
                }
                let psth = &read[run.sound - from];
                for (row, column) in psth.outer_iter().zip(psths.col_iter_mut()) {
                    let bins = run.bins.clone().map(|t| f64::from(row[t]));
                    column.iter_mut().skip(first).zip(bins).for_each(|(to, y)| *to = y);
                }
                first += run.bins.len();
            }
            if n_columns > 0 {
                let block = self.design.block(&part, 0..n_columns);
                products::add(&mut cross, psths.transpose(), block.view());
            }
        }
        Ok(Products { cross, squares })
    }

    /// Adds the squares of a sound's PSTHs about the means of the neurons.
    fn add_squares(&self, squares: &mut [f64], sound: usize, psth: &Array2<f32>) {
        squares.par_iter_mut().enumerate().for_each(|(neuron, squares)| {
            let mean = self.mean(neuron);
            let mut add = |y: f32| *squares += (f64::from(y) - mean) * (f64::from(y) - mean);
            match self.recorded[sound].of_neuron(neuron) {
                Bins::All => psth.row(neuron).iter().for_each(|&y| add(y)),
                Bins::None => {}
                Bins::Some(mask) => {
                    let pairs = psth.row(neuron).into_iter().zip(mask);
                    pairs.filter(|(_, recorded)| **recorded).for_each(|(&y, _)| add(y));
                }
            }
        });
    }

    /// The mean of a neuron's PSTH.
    pub(super) fn mean(&self, neuron: usize) -> f64 {
        let OfNeuron { n_rows, sum, .. } = self.neurons[neuron];
        sum / n_rows.max(1) as f64
    }

    /// PSTHs of some neurons, a row for each row of the lag matrix.
    pub(super) fn psths(&self, runs: &[Run], neurons: &[usize]) -> Result<Mat<f64>> {
        let n_rows = runs.iter().map(|run| run.bins.len()).sum();
        let mut values = Mat::zeros(n_rows, neurons.len());
        let mut first = 0;
        for Run { sound, bins } in runs {
            let psth = self.psth(*sound)?;
            for (&neuron, column) in neurons.iter().zip(values.col_iter_mut()) {
                let row = psth.row(neuron);
                let here = column.iter_mut().skip(first);
                here.zip(bins.clone()).for_each(|(to, t)| *to = f64::from(row[t]));
            }
            first += bins.len();
        }
        Ok(values)
    }
}

impl OfNeuron {
    /// Adds the PSTH of a sound.
    fn add(&mut self, psth: ArrayView1<'_, f32>, recorded: ArrayView1<'_, bool>) {
        match Bins::of(recorded) {
            Bins::None => self.digest.add(&[0]),
            Bins::All => {
                self.digest.add(&[1]);
                self.n_rows += psth.len();
                psth.iter().for_each(|&y| self.sum += f64::from(y));
            }
            Bins::Some(mask) => {
                self.digest.add(&[2]);
                for (&y, &recorded) in psth.iter().zip(&mask) {
                    self.digest.add(&[u8::from(recorded)]);
                    if recorded {
                        self.n_rows += 1;
                        self.sum += f64::from(y);
                    }
                }
            }
        }
    }
}

impl Recorded {
    fn of_neuron(&self, neuron: usize) -> &Bins {
        match self {
            Self::Everywhere => &Bins::All,
            Self::In(neurons) => &neurons[neuron],
        }
    }
}
