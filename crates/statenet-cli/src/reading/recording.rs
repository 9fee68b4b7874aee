//! The recording given on the command line.

use std::path::{Path, PathBuf};

use anyhow::Context;
use ndarray::Array2;
use statenet::{
    data::{GroundTruth, SimulationConfig},
    prelude::*,
};

use super::{args::ReadArgs, cache::converted, format::Format};
use crate::shared::Warnings;

/// A recording, with the ground truth of its neurons if it is simulated.
pub(crate) struct Source {
    /// The recording as read or simulated.
    pub(crate) recording: Recording,
    /// The ground truth of each neuron; empty for a real recording.
    pub(crate) truth: Vec<GroundTruth>,
}

/// Where a recording comes from.
pub(crate) enum Origin<'a> {
    /// The folder of a recording, or data of another format, which is converted into a cache.
    Data {
        /// The folder or file.
        path: &'a Path,
        /// How another format is read.
        read: Box<ReadArgs>,
        /// Where what was converted is kept, unless the user names another place.
        cache: PathBuf,
    },
    /// A folder of wav files, a file of counts, and the width of its bins.
    Sounds(&'a Path, &'a Path, TimeBin),
    /// A simulated population.
    Simulation,
}

impl<'a> Origin<'a> {
    /// Data, or a simulation if none is given. What is converted is kept in `cache` in the output folder.
    pub(crate) fn of(data: Option<&'a Path>, read: ReadArgs, out: &Path) -> Self {
        data.map_or(Self::Simulation, |path| Self::Data {
            path,
            read: Box::new(read),
            cache: out.join("cache"),
        })
    }
}

/// Reads or simulates a recording. Doubts about data that was converted are voiced.
///
/// # Errors
/// If the data is not a valid recording; the message names the file and field.
pub(crate) fn source(
    origin: &Origin<'_>,
    neurons: Option<&str>,
    seed: u64,
    warnings: &mut Warnings,
) -> anyhow::Result<Source> {
    let source = match origin {
        Origin::Data { path, read, cache } => {
            let recording = match read.from.or_else(|| Format::of(path)) {
                Some(_) => converted(path, read, read.cache.as_deref().unwrap_or(cache), warnings)?,
                None => Recording::read(path)?,
            };
            Source { recording, truth: Vec::new() }
        }
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
