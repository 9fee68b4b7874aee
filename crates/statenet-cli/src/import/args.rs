//! The options of `import`. Scripts rely on their names: do not rename them.

use std::path::{Path, PathBuf};

use clap::Parser;
use statenet::data::Cut;

use crate::{
    reading::BinnedReadArgs,
    shared::{MachineArgs, config_files},
};

/// Make a recording of a public release, or of a lab's own sounds and spikes
#[derive(Parser, Clone, Debug)]
pub struct ImportArgs {
    /// File or folder of the data
    #[arg(long = "in", value_name = "PATH")]
    pub(crate) source: PathBuf,
    /// Folder for the recording: new, or that of an earlier import, which is replaced at the end
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Front end that makes cochleagrams of sounds: mel, spectrogram, gammatone, gammatonegram, ozgf, sincnet, leaf, or
    /// a config file
    #[arg(long, value_name = "NAME|FILE", default_value = "mel")]
    pub(crate) front_end: String,
    /// Cut the stimuli into pieces of so many seconds, with a gap between them that is dropped; a shorter piece at the end is dropped
    /// too, unless `,keep` follows the gap
    #[arg(long, value_name = "SECONDS[,GAP]")]
    pub(crate) cut: Option<Cut>,
    /// What the data is.
    #[command(flatten)]
    pub(crate) read: BinnedReadArgs,
    /// Device, threads and output.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

impl ImportArgs {
    /// Everything that a run reads, with the names of the options.
    pub(crate) fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let mut inputs = vec![("--in", &*self.source)];
        inputs.extend(self.read.inputs());
        inputs.extend(config_files(&self.front_end).map(|path| ("--front-end", path)));
        inputs
    }
}
