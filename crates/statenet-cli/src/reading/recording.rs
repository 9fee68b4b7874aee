//! The recording given on the command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ndarray::Array2;
use statenet::{
    data::{GroundTruth, SimulationConfig},
    prelude::*,
};

use super::{
    args::ReadArgs,
    cache::{AlignmentDoubts, Converted, converted},
    format::Format,
    paths::DataPaths,
    raw::Raw,
    selection::SelectArgs,
};
use crate::shared::Warnings;

/// A recording, with the ground truth of its neurons if it is simulated.
pub(crate) struct Source {
    /// The recording as read or simulated.
    pub(crate) recording: Recording,
    /// The ground truth of each neuron; empty for a real recording.
    pub(crate) truth: Vec<GroundTruth>,
}

impl Source {
    /// Some of its neurons.
    ///
    /// # Errors
    /// If there is no such neuron.
    pub(super) fn select(self, neurons: &[usize]) -> anyhow::Result<Self> {
        let truth = neurons.iter().filter_map(|&n| self.truth.get(n).cloned()).collect();
        Ok(Self { recording: self.recording.select_neurons(neurons)?, truth })
    }
}

/// Where a recording comes from.
pub(crate) enum Origin<'a> {
    /// The folder of a recording, or data of another format, which is converted into a cache; or several, which are joined.
    Data {
        /// The folders or files.
        paths: &'a DataPaths,
        /// How another format is read.
        read: Box<ReadArgs>,
        /// Where what was converted is kept, unless the user names another place.
        cache: PathBuf,
        /// Whether doubts about its alignment are voiced.
        alignment: AlignmentDoubts,
    },
    /// A folder of wav files, a file of counts, and the width of its bins.
    Sounds(&'a Path, &'a Path, TimeBin),
    /// A simulated population.
    Simulation,
}

impl<'a> Origin<'a> {
    /// Data, or a simulation if none is given. What is converted is kept in `cache` in the output folder.
    pub(crate) fn of(data: Option<&'a DataPaths>, read: ReadArgs, out: &Path) -> Self {
        data.map_or(Self::Simulation, |paths| Self::Data {
            paths,
            read: Box::new(read),
            cache: out.join("cache"),
            alignment: AlignmentDoubts::Voiced,
        })
    }

    /// The same for a program that measures the alignment itself, and voices its own doubts.
    pub(crate) fn measured_by_program(mut self) -> Self {
        if let Self::Data { alignment, .. } = &mut self {
            *alignment = AlignmentDoubts::LeftToProgram;
        }
        self
    }
}

/// What is at an origin.
pub(crate) enum Found {
    /// A recording.
    Source(Box<Source>),
    /// Data of another format whose sounds are not all there, and the error that names these.
    WithoutSounds(Box<Raw>, anyhow::Error),
}

/// Reads or simulates a recording, with the stimuli that were chosen; neurons are chosen by [`SelectArgs::neurons`]. Doubts about data that was
/// converted are voiced.
///
/// # Errors
/// If the data is not a valid recording; the message names the file and field.
pub(crate) fn source(
    origin: &Origin<'_>,
    select: &SelectArgs,
    seed: u64,
    warnings: &mut Warnings,
) -> anyhow::Result<Source> {
    match source_or_responses(origin, select, seed, warnings)? {
        Found::Source(source) => Ok(*source),
        Found::WithoutSounds(_, error) => Err(error),
    }
}

/// The same, or the responses of data whose sounds are not all there.
///
/// # Errors
/// As [`source`], but for missing sounds.
pub(crate) fn source_or_responses(
    origin: &Origin<'_>,
    select: &SelectArgs,
    seed: u64,
    warnings: &mut Warnings,
) -> anyhow::Result<Found> {
    let source = match origin {
        Origin::Data { paths, read, cache, alignment } => {
            let mut one = |path: &Path| match read.from.or_else(|| Format::of(path)) {
                Some(_) => {
                    converted(path, read, read.cache.as_deref().unwrap_or(cache), *alignment, warnings)
                }
                None => Ok(Converted::Recording(Box::new(Recording::read(path)?))),
            };
            let recording = match paths.only() {
                Some(path) => match one(path)? {
                    Converted::Recording(recording) => *recording,
                    Converted::WithoutSounds(raw, error) => return Ok(Found::WithoutSounds(raw, error)),
                },
                None => {
                    if let Some((option, _)) = read.inputs().first() {
                        bail!(
                            "{option} goes with one recording, and --data names several: import them first"
                        );
                    }
                    let mut recordings = Vec::new();
                    for path in paths.iter() {
                        match one(path)? {
                            Converted::Recording(recording) => recordings.push(*recording),
                            Converted::WithoutSounds(_, error) => return Err(error),
                        }
                    }
                    let names: Vec<String> = recordings.iter().map(|r| r.name().to_owned()).collect();
                    let labels = paths.labels(&names);
                    let named: Vec<_> = labels.iter().map(String::as_str).zip(&recordings).collect();
                    Recording::join(&named, select.same_ids())?
                }
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
    Ok(Found::Source(Box::new(Source { recording: select.stimuli(source.recording)?, ..source })))
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
