//! The segments of time of a stimulus: stretches of recorded bins that overlap by half.

use crate::{responses::StimulusRecorded, scores::fano::stretches};

/// A segment: the rate at its bins, and the repeats that have all of them.
#[derive(Clone, Debug)]
pub(super) struct Segment<'a> {
    pub(super) rate: &'a [f64],
    pub(super) repeats: Vec<&'a [f64]>,
}

/// Segments of `n` bins in which at least one repeat is whole.
pub(super) fn segments<'a>(stimulus: &'a StimulusRecorded, rate: &'a [f64], n: usize) -> Vec<Segment<'a>> {
    let (times, mut all) = (stimulus.psth.times(), Vec::new());
    for stretch in stretches(&times) {
        for start in stretch.clone().step_by(n / 2).take_while(|start| start + n <= stretch.end) {
            let repeats = whole(stimulus, start, times[start], n);
            if !repeats.is_empty() {
                all.push(Segment { rate: &rate[start..start + n], repeats });
            }
        }
    }
    all
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
