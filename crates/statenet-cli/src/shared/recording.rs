//! The recording given on the command line.

use std::path::Path;

use anyhow::Context;
use ndarray::Array2;
use statenet::{
    data::{GroundTruth, SimulationConfig},
    prelude::*,
};

/// A recording, with the ground truth of its neurons if it is simulated.
pub(crate) struct Source {
    /// The recording as read or simulated.
    pub(crate) recording: Recording,
    /// The ground truth of each neuron; empty for a real recording.
    pub(crate) truth: Vec<GroundTruth>,
}

/// Where a recording comes from.
pub(crate) enum Origin<'a> {
    /// The folder of a recording.
    Folder(&'a Path),
    /// A folder of wav files, a file of counts, and the width of its bins.
    Sounds(&'a Path, &'a Path, TimeBin),
    /// A simulated population.
    Simulation,
}

impl<'a> Origin<'a> {
    /// The folder of a recording, or a simulation if none is given.
    pub(crate) fn of(folder: Option<&'a Path>) -> Self {
        folder.map_or(Self::Simulation, Self::Folder)
    }
}

/// Reads or simulates a recording.
///
/// # Errors
/// If the folder is not a valid recording; the message names the file and field.
pub(crate) fn source(origin: &Origin<'_>, neurons: Option<&str>, seed: u64) -> anyhow::Result<Source> {
    let source = match origin {
        Origin::Folder(folder) => Source { recording: Recording::read(folder)?, truth: Vec::new() },
        Origin::Sounds(audio, counts, dt) => {
            Source { recording: Recording::from_sounds(audio, counts, *dt)?, truth: Vec::new() }
        }
        Origin::Simulation => {
            let config = SimulationConfig { seed: Seed::new(seed), ..SimulationConfig::default() };
            let simulation = config.simulate().context("simulating a population")?;
            Source { recording: simulation.recording, truth: simulation.truth }
        }
    };
    let Some(list) = neurons else { return Ok(source) };
    let chosen = source.recording.neuron_indices(list)?;
    let truth = chosen.iter().filter_map(|&n| source.truth.get(n).cloned()).collect();
    Ok(Source { recording: source.recording.select_neurons(&chosen)?, truth })
}

/// The true receptive field `(F, L)` of a simulated neuron, per standard deviation of a band.
#[must_use]
pub(crate) fn true_field(truth: &GroundTruth, scaling: &Standardization) -> Array2<f64> {
    let mut field = truth.receptive_field.mapv(f64::from);
    for (mut band, &std) in field.outer_iter_mut().zip(scaling.std()) {
        band *= f64::from(std);
    }
    field
}
