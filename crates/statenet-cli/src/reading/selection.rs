//! Options that choose neurons and stimuli. Scripts rely on their names: do not rename them.

use std::collections::BTreeSet;

use clap::Args;
use statenet::{
    data::{Condition, SameIds},
    prelude::*,
    train,
};

use super::Source;

/// Which neurons and stimuli of a recording a program takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Neurons and stimuli")]
pub struct SelectArgs {
    /// Neurons: indices, ranges or ids, separated by commas; default all
    #[arg(long, value_name = "LIST")]
    pub neurons: Option<String>,
    /// Only neurons whose id or metadata are so: FIELD=VALUE, VALUE|VALUE for either, !=, or <, <=, >, >= with a number; given several times,
    /// all must hold
    #[arg(long, value_name = "FIELD=VALUE")]
    pub neurons_where: Vec<Condition>,
    /// Only stimuli whose name, kind or metadata are so; a split is one of these stimuli
    #[arg(long, value_name = "FIELD=VALUE")]
    pub stimuli_where: Vec<Condition>,
    /// Only neurons whose signal-to-noise ratio (signal power over noise power of a repeat) is X or more on the stimuli that the split does not
    /// test; of look, on all stimuli
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub min_snr: Option<f64>,
    /// Of several recordings, take units of the same id as one unit; default: ids get the recording's name in front, NAME/ID
    #[arg(long)]
    pub same_units: bool,
}

impl SelectArgs {
    /// What becomes of units with the same id.
    #[must_use]
    pub(super) fn same_ids(&self) -> SameIds {
        if self.same_units { SameIds::Merged } else { SameIds::Apart }
    }

    /// The recording with the stimuli that meet the conditions.
    ///
    /// # Errors
    /// If no stimulus has the field, or none is so.
    pub(crate) fn stimuli(&self, recording: Recording) -> anyhow::Result<Recording> {
        if self.stimuli_where.is_empty() {
            return Ok(recording);
        }
        Ok(recording.select_stimuli(&recording.stimuli_where(&self.stimuli_where)?)?)
    }

    /// Indices of the neurons in the list that meet the conditions, in its order; their signal-to-noise ratio apart.
    ///
    /// # Errors
    /// If the list has what is no neuron, no neuron has the field, or none is so.
    pub(crate) fn listed(&self, recording: &Recording) -> anyhow::Result<Vec<usize>> {
        let listed = match &self.neurons {
            Some(list) => recording.neuron_indices(list)?,
            None => (0..recording.n_neurons()).collect(),
        };
        // Of those in the list, so that an error says so if none of them meets the conditions.
        let of_list = recording.select_neurons(&listed)?;
        let meeting = of_list.neurons_where(&self.neurons_where)?;
        Ok(meeting.into_iter().filter_map(|n| listed.get(n).copied()).collect())
    }

    /// The recording with these neurons, and their ground truth.
    ///
    /// # Errors
    /// As [`listed`](Self::listed).
    pub(crate) fn neurons(&self, source: Source) -> anyhow::Result<Source> {
        if self.neurons.is_none() && self.neurons_where.is_empty() {
            return Ok(source);
        }
        let chosen = self.listed(&source.recording)?;
        source.select(&chosen)
    }

    /// The recording with the neurons whose signal-to-noise ratio is high enough on the stimuli that a split does not test, or on all
    /// without a split; and a line that says how many, if there is a limit.
    ///
    /// # Errors
    /// If no neuron is left.
    pub(crate) fn with_signal(
        &self,
        source: Source,
        split: Option<&Split>,
    ) -> anyhow::Result<(Source, Option<String>)> {
        let Some(least) = self.min_snr else { return Ok((source, None)) };
        let chosen = above(&source.recording, split, least)?;
        let line = format!(
            "{} of {} neurons have a signal-to-noise ratio of {least} or more {}",
            chosen.len(),
            source.recording.n_neurons(),
            if split.is_some() { "on the sounds that are not test sounds" } else { "on all sounds" }
        );
        Ok((source.select(&chosen)?, Some(line)))
    }

    /// The ids of the neurons whose signal-to-noise ratio is high enough; `None` without a limit.
    ///
    /// # Errors
    /// If there is no such neuron.
    pub(crate) fn ids_with_signal(
        &self,
        recording: &Recording,
        split: &Split,
    ) -> anyhow::Result<Option<BTreeSet<String>>> {
        let Some(least) = self.min_snr else { return Ok(None) };
        let ids = recording.neuron_ids();
        let chosen = above(recording, Some(split), least)?;
        Ok(Some(chosen.into_iter().filter_map(|n| ids.get(n).cloned()).collect()))
    }

    /// The options that were given, as they are written, for files that say how their numbers came about; none if neurons were only
    /// listed, since the file has their ids.
    #[must_use]
    pub(crate) fn as_written(&self) -> Vec<String> {
        let neurons_where = self.neurons_where.iter().map(|condition| format!("--neurons-where {condition}"));
        let stimuli_where = self.stimuli_where.iter().map(|condition| format!("--stimuli-where {condition}"));
        let snr = self.min_snr.iter().map(|least| format!("--min-snr {least}"));
        let same = self.same_units.then(|| "--same-units".to_owned());
        let others: Vec<String> = neurons_where.chain(stimuli_where).chain(snr).chain(same).collect();
        let listed =
            self.neurons.iter().filter(|_| !others.is_empty()).map(|list| format!("--neurons {list}"));
        listed.chain(others.iter().cloned()).collect()
    }
}

fn above(recording: &Recording, split: Option<&Split>, least: f64) -> anyhow::Result<Vec<usize>> {
    let all: Vec<usize> = (0..recording.n_stimuli()).collect();
    Ok(match split {
        Some(split) => train::neurons_above_snr(recording, split, least)?,
        None => train::neurons_above_snr_in(recording, &all, least)?,
    })
}
