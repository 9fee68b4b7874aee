//! The options of `look`. Scripts rely on their names: do not rename them.

use std::path::{Path, PathBuf};

use clap::Parser;

use crate::{
    reading::{BinnedReadArgs, DataPaths, SelectArgs},
    shared::{MachineArgs, config_files},
};

/// Show a recording before any model: rasters, noise, ceilings, drift and alignment
#[derive(Parser, Clone, Debug)]
pub struct LookArgs {
    /// Folder of a recording, or data of another format; several, separated by commas, are joined; default: simulate one
    #[arg(long, value_name = "DIR[,DIR]")]
    pub(crate) data: Option<DataPaths>,
    /// Front end that makes cochleagrams of sounds: mel, spectrogram, gammatone, gammatonegram, ozgf, sincnet, leaf, or
    /// a config file; default: the stored cochleagrams, and mel for a recording of sound alone
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) front_end: Option<String>,
    /// Most neurons whose responses are drawn
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub(crate) draw: usize,
    /// Seed of the simulation and of intervals
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Folder for report.html and look.json: new, or that of an earlier look, which is replaced at the end
    #[arg(long, value_name = "DIR", default_value = "out/look")]
    pub(crate) out: PathBuf,
    /// Neurons and stimuli.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// What the data is.
    #[command(flatten)]
    pub(crate) read: BinnedReadArgs,
    /// Device, threads and output.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

impl LookArgs {
    /// Everything that a run reads, with the names of the options.
    pub(crate) fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let mut inputs: Vec<_> =
            self.data.iter().flat_map(DataPaths::iter).map(|path| ("--data", path)).collect();
        inputs.extend(self.read.inputs());
        inputs.extend(
            config_files(self.front_end.as_deref().unwrap_or_default()).map(|path| ("--front-end", path)),
        );
        inputs
    }
}
