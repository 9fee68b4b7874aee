//! The options of `interpret`. Scripts rely on their names: do not rename them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::Parser;
use statenet::{data::Cut, prelude::*};

use crate::{
    reading::{DataPaths, ReadArgs, SelectArgs},
    shared::{MachineArgs, PublishedArgs, SplitArgs, config_files, split_file},
};

/// Interpret a fitted model: receptive fields, dreams, memory, tuning, in-silico experiments
#[derive(Parser, Clone, Debug)]
#[command(
    after_help = "Without --checkpoint, --model is fitted first. Without --data, neurons with known receptive fields are simulated."
)]
pub struct InterpretArgs {
    /// Folder of a checkpoint (config.json, model.safetensors), ours or a published one; default: fit one
    #[arg(long, value_name = "DIR")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Folder of the recording that it was fitted to, or several, separated by commas, that were joined; default: simulate one
    #[arg(long, value_name = "DIR[,DIR]")]
    pub(crate) data: Option<DataPaths>,
    /// Front end that makes cochleagrams of the recording's sounds for a model that takes cochleagrams: mel,
    /// spectrogram, gammatone, gammatonegram, ozgf, sincnet, leaf, or a config file; default: the stored cochleagrams,
    /// and mel for a recording of sound alone
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) front_end: Option<String>,
    /// Cut the stimuli into pieces of so many seconds, with a gap between them that is dropped; default: as for the fit of the
    /// checkpoint
    #[arg(long, value_name = "SECONDS[,GAP]")]
    pub(crate) cut: Option<Cut>,
    /// Methods, separated by commas: gradmap, dstrf, dream, memory, experiments; default all
    #[arg(long, value_name = "LIST", default_value = "gradmap,dstrf,dream,memory,experiments")]
    pub(crate) methods: Methods,
    /// Split of the stimuli: maps, dreams and memory use training stimuli, scores use test stimuli. Default: the split
    /// stored in the checkpoint, or else demo
    #[arg(long, value_name = "NAME")]
    pub(crate) split: Option<SplitPlan>,
    /// What a split may hold.
    #[command(flatten)]
    pub(crate) parts: SplitArgs,
    /// Standardise the sounds by the training stimuli of the split: for checkpoints that do not store the scaling of
    /// their input, such as published ones
    #[arg(long)]
    pub(crate) standardize: bool,
    /// Longest lag of maps in ms
    #[arg(long, value_name = "MS", default_value_t = 200.0)]
    pub(crate) depth: f64,
    /// Longest memory that can be measured in ms; uses windows of sound twice as long
    #[arg(long, value_name = "MS", default_value_t = 1000.0)]
    pub(crate) longest_memory: f64,
    /// Steps of a dream
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) dream_steps: usize,
    /// Model to fit if there is no --checkpoint: a name of the zoo or a config file
    #[arg(long, value_name = "NAME", default_value = "statenet-gru", conflicts_with = "checkpoint")]
    pub(crate) model: String,
    /// Most epochs of the fit if there is no --checkpoint; default 1000
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,
    /// Seed of the fit, the simulation, the choice of windows, noise and intervals
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Options for published checkpoints.
    #[command(flatten)]
    pub(crate) published: PublishedArgs,
    /// Which of the model's neurons are analysed, and which stimuli are taken.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// What data of another format is.
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Device, threads and output.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Folder for interpretation.json, report.html, maps and figures: new, or that of an earlier interpret, which is replaced at the
    /// end
    #[arg(long, value_name = "DIR", default_value = "out/interpret")]
    pub(crate) out: PathBuf,
}

impl InterpretArgs {
    /// Everything that a run reads, with the names of the options.
    pub(crate) fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let checkpoint = self.checkpoint.iter().map(|path| ("--checkpoint", path.as_path()));
        let data = self.data.iter().flat_map(DataPaths::iter).map(|path| ("--data", path));
        let mut inputs: Vec<(&'static str, &Path)> = checkpoint.chain(data).collect();
        inputs.extend(self.read.inputs());
        inputs.extend(config_files(&self.model).map(|path| ("--model", path)));
        inputs.extend(
            config_files(self.front_end.as_deref().unwrap_or_default()).map(|path| ("--front-end", path)),
        );
        inputs.extend(self.split.as_ref().and_then(split_file).map(|path| ("--split", path)));
        inputs
    }
}

/// A method of interpretation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    /// Gradient maps, and tuning derived from them.
    Gradmap,
    /// Dynamic STRFs.
    Dstrf,
    /// Sounds that maximize the response.
    Dream,
    /// Memory by three measures.
    Memory,
    /// In-silico experiments: tones, ripples, noise bursts and more.
    Experiments,
}

impl Method {
    const ALL: [(&str, Self); 5] = [
        ("gradmap", Self::Gradmap),
        ("dstrf", Self::Dstrf),
        ("dream", Self::Dream),
        ("memory", Self::Memory),
        ("experiments", Self::Experiments),
    ];

    /// The name on the command line.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| name)
    }
}

/// The selected methods.
#[derive(Clone, Debug)]
pub(crate) struct Methods(BTreeSet<Method>);

impl Methods {
    /// Whether a method is selected.
    #[must_use]
    pub(crate) fn has(&self, method: Method) -> bool {
        self.0.contains(&method)
    }

    /// Names of the selected methods.
    #[must_use]
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|method| method.name()).collect()
    }
}

impl FromStr for Methods {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = |name: &str| {
            let known = || Method::ALL.map(|(name, _)| name).join(", ");
            Method::ALL
                .iter()
                .find(|(known, _)| *known == name.trim())
                .map(|(_, method)| *method)
                .ok_or_else(|| format!("no method is called {name:?}, known are {}", known()))
        };
        text.split(',').map(one).collect::<Result<_, _>>().map(Self)
    }
}
