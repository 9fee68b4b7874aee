//! Means over neurons with their intervals.

use std::collections::BTreeMap;

use statenet::{
    core::Seed,
    metrics::{
        Clusters,
        resampling::{ClusterSums, Resampling},
    },
    prelude::Recording,
};

use super::{
    fits::{Fit, N_SCORES},
    scores::{Estimate, RankStability, RecordingSummary},
};
use crate::shared::clusters;

/// Draws of an interval.
const N_DRAWS: usize = 2000;

/// The neurons of all recordings, in their order.
pub(super) struct Neurons {
    pub(super) recordings: Vec<RecordingSummary>,
    /// Recording, id and group of each.
    all: Vec<Neuron>,
}

/// A neuron.
pub(super) struct Neuron {
    pub(super) recording: String,
    pub(super) id: String,
    /// How far back sound affects it, where the recording says so.
    pub(super) memory_ms: Option<f64>,
    /// The group in which it was recorded, of all recordings.
    group: String,
}

impl Neuron {
    /// An id that no neuron of another recording has.
    pub(super) fn unique_id(&self) -> String {
        format!("{}/{}", self.recording, self.id)
    }
}

impl Neurons {
    pub(super) fn of(recordings: &[(String, Recording)]) -> Self {
        let (mut summaries, mut all) = (Vec::new(), Vec::new());
        for (name, recording) in recordings {
            let of = clusters(recording);
            let ids = recording.neuron_ids();
            let mut groups: Vec<&str> = ids.iter().map(|id| of.of(id)).collect();
            groups.sort_unstable();
            groups.dedup();
            summaries.push(RecordingSummary {
                name: name.clone(),
                neurons: recording.n_neurons(),
                stimuli: recording.n_stimuli(),
                dt_ms: recording.dt().ms(),
                response_unit: recording.response_unit().as_str().to_owned(),
                clustered_by: of.by().map(str::to_owned),
                clusters: groups.len(),
                rank_stability: RankStability::default(),
            });
            let neuron = |neuron: &statenet::data::Neuron| Neuron {
                recording: name.clone(),
                id: neuron.id().to_owned(),
                memory_ms: neuron.metadata().get("memory_ms").and_then(serde_json::Value::as_f64),
                group: format!("{name}/{}", of.of(neuron.id())),
            };
            all.extend(recording.neurons().iter().map(neuron));
        }
        Self { recordings: summaries, all }
    }

    /// The neurons of a recording, or of all.
    pub(super) fn on<'a>(&'a self, recording: Option<&'a str>) -> impl Iterator<Item = &'a Neuron> {
        self.all.iter().filter(move |neuron| recording.is_none_or(|name| neuron.recording == name))
    }

    /// The groups in which neurons were recorded, by their unique ids: of a recording, or of all.
    pub(super) fn clusters(&self, recording: Option<&str>) -> Clusters {
        let mut by: Vec<&str> = self
            .recordings
            .iter()
            .filter(|summary| recording.is_none_or(|name| summary.name == name))
            .filter_map(|summary| summary.clustered_by.as_deref())
            .collect();
        by.dedup();
        if by.is_empty() {
            return Clusters::none();
        }
        let groups = self.on(recording).map(|neuron| (neuron.unique_id(), neuron.group.clone()));
        Clusters::new(&by.join(" or "), groups)
    }
}

/// The mean scores of neurons over fits, by recording and id.
pub(super) type Means = BTreeMap<(String, String), [Option<f64>; N_SCORES]>;

/// The mean of each score of each neuron over fits; of those fits in which the neuron has it.
pub(super) fn means<'a>(fits: impl IntoIterator<Item = &'a Fit>) -> Means {
    let mut sums: BTreeMap<(String, String), [(f64, usize); N_SCORES]> = BTreeMap::new();
    for fit in fits {
        for (id, scores) in &fit.neurons {
            let sums = sums.entry((fit.recording.clone(), id.clone())).or_default();
            for ((sum, n), score) in sums.iter_mut().zip(scores) {
                if let Some(score) = score {
                    *sum += score;
                    *n += 1;
                }
            }
        }
    }
    let mean = |(sum, n): (f64, usize)| (n > 0).then(|| sum / n as f64);
    sums.into_iter().map(|(neuron, sums)| (neuron, sums.map(mean))).collect()
}

/// Each score over neurons of a recording or of all, with its interval, and by seed.
pub(super) fn estimates(
    fits: &[Fit],
    neurons: &Neurons,
    recording: Option<&str>,
    seeds: &[u64],
) -> [Estimate; N_SCORES] {
    let here = || fits.iter().filter(|fit| recording.is_none_or(|name| fit.recording == name));
    let of_all = means(here());
    let of_seeds: Vec<Means> =
        seeds.iter().map(|&seed| means(here().filter(|fit| fit.seed == seed))).collect();
    std::array::from_fn(|score| {
        let values = |means: &Means| -> (Vec<f64>, Vec<&str>) {
            let value = |neuron: &'_ Neuron| {
                let scores = means.get(&(neuron.recording.clone(), neuron.id.clone()))?;
                *scores.get(score)?
            };
            neurons.on(recording).filter_map(|neuron| Some((value(neuron)?, neuron.group.as_str()))).unzip()
        };
        let (all, groups) = values(&of_all);
        Estimate {
            mean: mean(&all),
            ci95: interval(&all, &groups),
            per_seed: of_seeds.iter().map(|means| mean(&values(means).0)).collect(),
            n: all.len(),
        }
    })
}

/// The mean of some numbers.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn interval(values: &[f64], groups: &[&str]) -> Option<[f64; 2]> {
    let resampling = Resampling::new(Seed::new(0), N_DRAWS).ok()?;
    let found = ClusterSums::new(values, groups).ok()?.interval(0.95, &resampling).ok()?;
    Some([found.lower, found.upper])
}
