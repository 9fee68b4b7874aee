//! The options of `score`.

use std::{path::PathBuf, str::FromStr};

use anyhow::bail;
use clap::Parser;
use statenet::{data::Cut, prelude::*};

use crate::{
    reading::{BinnedReadArgs, DataPaths, SelectArgs},
    shared::{MachineArgs, SplitArgs},
};

/// Score predictions of any model on the test stimuli of a recording
#[derive(Parser, Clone, Debug)]
pub struct ScoreArgs {
    /// Folder of a recording, or data of another format; several, separated by commas, are joined
    #[arg(long, value_name = "DIR[,DIR]")]
    pub(super) data: DataPaths,
    /// Folder of STIMULUS.npy, rates (N, T) in spikes per bin, or the unit of continuous responses; several models: once for each
    #[arg(long, value_name = "[NAME=]DIR", required = true)]
    pub(super) predictions: Vec<Named>,
    /// File to write the scores to, outside the folders that are read; the page is FILE.html
    #[arg(long, value_name = "FILE.json")]
    pub(super) out: PathBuf,
    /// Split whose test stimuli are scored: demo, rahman, kfold:K/I, loo:I, grouped:FIELD:K/I, nested:K/J:I, repeats or FILE.json
    #[arg(long, value_name = "NAME", default_value = "demo")]
    pub(super) split: SplitPlan,
    #[command(flatten)]
    pub(super) parts: SplitArgs,
    /// Cut the stimuli into pieces of so many seconds, with a gap between them that is dropped, as for the fit
    #[arg(long, value_name = "SECONDS[,GAP]")]
    pub(super) cut: Option<Cut>,
    /// How responses are smoothed: hann (a Hann window of 21 ms), none, or the width of a Hann window in ms; default hann of spikes, none of
    /// continuous responses. Scores of spike counts take them as recorded
    #[arg(long, value_name = "hann|none|MS")]
    pub(super) smoothing: Option<SmoothingChoice>,
    /// Seed of half splits, intervals and spike trains
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Least signal power of a neuron in means, (spikes per bin)^2 or the square of another unit; default: all neurons count
    #[arg(long, value_name = "X")]
    pub(super) min_signal_power: Option<f64>,
    #[command(flatten)]
    pub(super) select: SelectArgs,
    #[command(flatten)]
    pub(super) read: BinnedReadArgs,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
}

impl ScoreArgs {
    /// The models' names, and whether they were given: then the file has an object for each.
    ///
    /// # Errors
    /// If several models have no names, or two the same.
    pub(super) fn names(&self) -> anyhow::Result<(Vec<String>, bool)> {
        let names: Vec<String> = self.predictions.iter().map(Named::label).collect();
        if let [one] = &self.predictions[..] {
            return Ok((names, one.name.is_some()));
        }
        for (i, (model, name)) in self.predictions.iter().zip(&names).enumerate() {
            if model.name.is_none() {
                bail!(
                    "--predictions {}: expected NAME=DIR for each of several models",
                    model.folder.display()
                );
            }
            if names[..i].contains(name) {
                bail!("--predictions: two models are called {name}");
            }
        }
        Ok((names, true))
    }

    /// The page beside the file.
    ///
    /// # Errors
    /// If the file of scores has its name.
    pub(super) fn page(&self) -> anyhow::Result<PathBuf> {
        if self.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("html")) {
            bail!(
                "--out {}: scores are written as JSON, and the page beside them as .html: expected FILE.json",
                self.out.display()
            );
        }
        Ok(self.out.with_extension("html"))
    }
}

/// A folder of predictions, and the name of their model if one was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: Option<String>,
    /// The folder.
    pub folder: PathBuf,
}

impl Named {
    /// The name, or that of the folder.
    fn label(&self) -> String {
        let folder =
            || self.folder.file_name().map_or("predictions".into(), |n| n.to_string_lossy().into_owned());
        self.name.clone().unwrap_or_else(folder)
    }
}

impl FromStr for Named {
    type Err = anyhow::Error;

    /// `NAME=DIR` or `DIR`. What is before the first `=` is a name unless it looks like a path, or there is such a folder.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let folder = || Self { name: None, folder: PathBuf::from(text) };
        match text.split_once('=') {
            Some((name, _)) if name.contains(['/', '\\']) || PathBuf::from(text).is_dir() => Ok(folder()),
            Some((name, dir)) if name.trim().is_empty() || dir.is_empty() => {
                bail!("expected NAME=DIR or DIR, with neither of them empty")
            }
            Some((name, dir)) => Ok(Self { name: Some(name.trim().to_owned()), folder: PathBuf::from(dir) }),
            None => Ok(folder()),
        }
    }
}

/// How responses are smoothed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothingChoice(pub Smoothing);

impl FromStr for SmoothingChoice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(Self(match text {
            "hann" => Smoothing::default(),
            "none" => Smoothing::None,
            ms => match ms.parse::<f64>().ok().map(Millis::new) {
                Some(Ok(width)) if width.ms() > 0.0 => Smoothing::Hann { width },
                _ => bail!("expected hann, none or the width of a Hann window in ms, above 0"),
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_is_before_the_first_sign() {
        let parsed = |text: &str| text.parse::<Named>().map(|named| (named.name, named.folder));
        let path = PathBuf::from;
        assert_eq!(parsed("out/ln").unwrap(), (None, path("out/ln")));
        assert_eq!(parsed("ln=out/a=b").unwrap(), (Some("ln".to_owned()), path("out/a=b")));
        assert_eq!(parsed("out/a=b").unwrap(), (None, path("out/a=b")));
        assert!(parsed("=out").is_err() && parsed("ln=").is_err());
    }

    #[test]
    fn smoothing_is_a_word_or_a_width() {
        let parsed = |text: &str| text.parse::<SmoothingChoice>().map(|choice| choice.0);
        assert_eq!(parsed("hann").unwrap(), Smoothing::default());
        assert_eq!(parsed("none").unwrap(), Smoothing::None);
        assert_eq!(parsed("21").unwrap(), Smoothing::default());
        for wrong in ["0", "-3", "NaN", "gauss", ""] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
