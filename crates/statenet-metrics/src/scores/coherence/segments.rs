//! The segments of time of a neuron: stretches of recorded bins that overlap by half.

use crate::{
    responses::StimulusRecorded,
    scores::{Neuron, fano::stretches},
};

/// A segment: its stimulus, its bins, and the repeats that have all of them.
#[derive(Clone, Debug)]
pub(super) struct Segment<'a> {
    pub(super) rate: &'a [f64],
    pub(super) repeats: Vec<&'a [f64]>,
}

/// All segments of a neuron.
#[derive(Clone, Debug)]
pub(super) struct Segments<'a>(Vec<Segment<'a>>);

impl<'a> Segments<'a> {
    /// Segments of `n` bins in which at least one repeat is whole.
    pub(super) fn of(neuron: &'a Neuron, n: usize) -> Self {
        let mut all = Vec::new();
        for (stimulus, rate) in neuron.stimuli() {
            let times = stimulus.psth.times();
            for stretch in stretches(&times) {
                for start in stretch.clone().step_by(n / 2).take_while(|start| start + n <= stretch.end) {
                    let repeats = whole(stimulus, start, times[start], n);
                    if !repeats.is_empty() {
                        all.push(Segment { rate: &rate[start..start + n], repeats });
                    }
                }
            }
        }
        Self(all)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Segment<'a>> {
        self.0.iter()
    }
}

/// The repeats that have all of `n` bins from the one at index `start` of the PSTH, bin `time` of the stimulus.
fn whole(stimulus: &StimulusRecorded, start: usize, time: usize, n: usize) -> Vec<&[f64]> {
    let rows = stimulus.repeats.values();
    match stimulus.repeats.valid() {
        None => rows.iter().map(|row| &row[start..start + n]).collect(),
        Some(valid) => rows
            .iter()
            .zip(valid)
            .filter(|(_, valid)| valid[time..time + n].iter().all(|&v| v))
            .map(|(row, _)| &row[time..time + n])
            .collect(),
    }
}
