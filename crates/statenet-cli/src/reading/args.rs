//! Options for data of other formats. Scripts rely on their names: do not rename them.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::{Args, ValueEnum};
use statenet::{
    core::{ResponseUnit, SampleRate},
    data::{
        Binning,
        readers::{ArrayOptions, NamedArrays},
    },
    prelude::*,
};

use super::format::Format;

/// Data that is not yet a recording: what it is and how it is read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Data of other formats")]
pub struct ReadArgs {
    /// Format of the data; default: by what is there
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<Format>,
    /// Folder that keeps what was converted, by its content; default: cache in the output folder
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Width of a time bin in ms, of the program's own option or of the model's; default: that of the data's own bins, else 5
    #[arg(skip)]
    pub dt: Option<f64>,
    /// Move spikes later relative to the sound by so many ms; negative for earlier
    #[arg(long, value_name = "MS", default_value_t = 0.0, allow_negative_numbers = true)]
    pub shift: f64,
    /// How often each sound was played; default: as often as the table says
    #[arg(long, value_name = "N")]
    pub repeats: Option<usize>,
    /// Table of spikes; default: spikes.csv, .tsv, .json or .parquet in the folder
    #[arg(long, value_name = "FILE")]
    pub spikes: Option<PathBuf>,
    /// Table of the sounds' onsets (stimulus, onset_s) on the clock of the spikes; default: onsets.csv, .tsv, .json or .parquet there
    #[arg(long, value_name = "FILE")]
    pub onsets: Option<PathBuf>,
    /// Folder of the sounds, wav or FLAC; default: audio in the folder
    #[arg(long, value_name = "DIR")]
    pub audio: Option<PathBuf>,
    /// Variable, array or signal of the responses
    #[arg(long, value_name = "VAR")]
    pub responses: Option<String>,
    /// Variable, array or signal of the stimuli's cochleagrams
    #[arg(long, value_name = "VAR")]
    pub stimuli: Option<String>,
    /// Axes of the responses, a letter each (s stimuli, n neurons, r repeats, t bins), and after a comma those of the cochleagrams (s, f
    /// bands, t): nrt, or trn,tf; default: by the number of axes
    #[arg(long, value_name = "LETTERS")]
    pub axes: Option<String>,
    /// Bins of a trial, for one continuous response with one continuous cochleagram: equal trials are repeats of a stimulus
    #[arg(long, value_name = "N")]
    pub trial_bins: Option<usize>,
    /// Unit of responses in arrays that are not spike counts, such as mV: they may be negative, and are averaged where bins are joined
    #[arg(long, value_name = "UNIT", default_value_t)]
    pub unit: ResponseUnit,
    /// How the names of epochs of NEMS begin that are stimuli; default: STIM_
    #[arg(long, value_name = "TEXT")]
    pub epoch_prefix: Option<String>,
    /// Table of NWB that says when each sound began; default: trials, or the only one with stimuli
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// Column of that table with the names of the stimuli
    #[arg(long, value_name = "NAME")]
    pub stimulus_column: Option<String>,
    /// Column of that table with the onsets of the stimuli; default: start_time
    #[arg(long, value_name = "NAME")]
    pub onset_column: Option<String>,
    /// Unit of the times of pprox files that do not say it
    #[arg(long, value_name = "UNIT")]
    pub time_unit: Option<TimeUnitArg>,
    /// Samples per second: of spike times in samples (default: that of params.py), or of arrays, whose bins are then joined to those of --dt
    #[arg(long, value_name = "HZ")]
    pub sample_rate: Option<f64>,
    /// Groups of sorted units that are read, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "good")]
    pub groups: Vec<String>,
    /// Set of cells of ac-1
    #[arg(long, value_name = "SET", default_value = "wehr")]
    pub subset: SubsetArg,
    /// Cells of ac-1 that are read, separated by commas; default: all
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub cells: Vec<String>,
    /// Read all 119 units of NS1, not only the 73 that are single and have a depth
    #[arg(long)]
    pub all_units: bool,
    /// Areas that are read, separated by commas; default: all
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub areas: Vec<String>,
    /// Classes of sounds that are read, separated by commas; default: all
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub classes: Vec<String>,
}

/// A set of cells of ac-1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SubsetArg {
    /// Wehr's cells of A1: membrane potentials
    #[default]
    Wehr,
    /// Asari's cells of A1: membrane potentials
    AsariCortex,
    /// Asari's cells of the thalamus: spikes
    AsariThalamus,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimeUnitArg {
    /// Seconds
    S,
    /// Milliseconds
    Ms,
}

/// The same, with bins whose width the user may choose.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Data of other formats")]
pub struct BinnedReadArgs {
    /// Width of a time bin in ms, of data of another format, or of counts beside sounds; default: that of the data's own bins, else 5
    #[arg(long, value_name = "MS")]
    pub dt: Option<f64>,
    /// What the data is.
    #[command(flatten)]
    read: ReadArgs,
}

impl BinnedReadArgs {
    /// How the data is read, in these bins.
    #[must_use]
    pub fn read(&self) -> ReadArgs {
        self.read.with_dt(self.dt)
    }

    /// The folder of the sounds, if it was named.
    pub(crate) fn audio(&self) -> Option<&Path> {
        self.read.audio.as_deref()
    }

    /// What is read beside the data itself, with the names of the options.
    pub(crate) fn inputs(&self) -> Vec<(&'static str, &Path)> {
        self.read.inputs()
    }
}

impl ReadArgs {
    /// The same for bins of this width, in ms, if it is given.
    #[must_use]
    pub fn with_dt(&self, dt: Option<f64>) -> Self {
        Self { dt, ..self.clone() }
    }

    /// The width of a bin, if one was given.
    pub(super) fn time_bin(&self) -> anyhow::Result<Option<TimeBin>> {
        Ok(self.dt.map(TimeBin::from_millis).transpose()?)
    }

    /// How spike times become counts.
    pub(super) fn binning(&self) -> anyhow::Result<Binning> {
        ensure!(self.shift.is_finite(), "--shift is {}, expected a finite number of ms", self.shift);
        Ok(Binning { dt: self.time_bin()?, shift_ms: self.shift, ..Binning::default() })
    }

    /// Which arrays are read, and how.
    pub(super) fn arrays(&self) -> anyhow::Result<NamedArrays> {
        let dt = match self.rate()? {
            Some(rate) => TimeBin::from_millis(1e3 / rate.hz())?,
            None => self.time_bin()?.unwrap_or(ArrayOptions::default().dt),
        };
        let (axes, trial_bins, shift_ms) = (self.axes.clone(), self.trial_bins, self.shift);
        let unit = self.unit.clone();
        Ok(NamedArrays {
            responses: self.responses.clone(),
            stimuli: self.stimuli.clone(),
            arrays: ArrayOptions { axes, dt, trial_bins, shift_ms, unit },
        })
    }

    pub(super) fn rate(&self) -> anyhow::Result<Option<SampleRate>> {
        Ok(self.sample_rate.map(SampleRate::new).transpose()?)
    }

    /// What is read beside the data itself, with the names of the options.
    pub(crate) fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let named = [("--spikes", &self.spikes), ("--onsets", &self.onsets), ("--audio", &self.audio)];
        named.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?))).collect()
    }
}
