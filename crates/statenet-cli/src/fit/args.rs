//! The options of `fit`. Scripts rely on their names: do not rename them.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Parser;
use statenet::{data::Cut, prelude::*, train::search::RecipeFields};

use super::{crop::CropArg, recipe::RecipeArg, schedule_args::ScheduleArgs};
use crate::{
    reading::{BinnedReadArgs, DataPaths, Origin, SelectArgs},
    shared::{MachineArgs, SplitArgs, config_files, split_file},
};

/// Fit models to a recording, score them on held-out sounds, and draw their predictions and maps
#[derive(Parser, Clone, Debug)]
#[command(after_help = "Without --data, a population of neurons with known receptive fields is simulated.\n\
The split demo is stimuli 0-13 / 14-16 / 17-19 of 20, and the same proportions of any other number.")]
pub struct FitArgs {
    /// Folder of a recording (recording.json, stimuli, responses), or data of another format; several, separated by commas, are joined: sounds
    /// that are equal are one sound, and units did not hear the sounds that their recording lacks; default: simulate one
    #[arg(long, value_name = "DIR[,DIR]")]
    pub(crate) data: Option<DataPaths>,
    /// Spike counts per bin of the sounds in --audio, in bins of --dt: a recording in place of --data. An npz file with an array (N, R, T)
    /// for each sound, or an npy file (S, N, R, T) in their alphabetical order
    #[arg(
        long,
        value_name = "FILE.npz|FILE.npy",
        requires = "audio",
        requires = "dt",
        conflicts_with = "data"
    )]
    pub(crate) counts: Option<PathBuf>,
    /// Models: ridge, names of the zoo, or config files, separated by commas
    #[arg(long, value_name = "NAME[,NAME]", default_value = "ridge,linear,ln,statenet-gru", help = model_help())]
    pub(crate) model: String,
    /// Split of the stimuli: demo, rahman, kfold:K/I, loo:I, grouped:FIELD:K/I, nested:K/J:I, repeats (I from 0), or FILE.json with train, val and test
    #[arg(long, value_name = "NAME", default_value = "demo")]
    pub(crate) split: SplitPlan,
    /// What a split may hold.
    #[command(flatten)]
    pub(crate) parts: SplitArgs,
    /// Cut the stimuli into pieces of so many seconds, with a gap between them that is dropped; a shorter piece at the end is dropped
    /// too, unless `,keep` follows the gap
    #[arg(long, value_name = "SECONDS[,GAP]")]
    pub(crate) cut: Option<Cut>,
    /// Front end that makes cochleagrams of the recording's sounds: mel, spectrogram, gammatone, gammatonegram, ozgf,
    /// sincnet, leaf, or a config file; default: the stored cochleagrams, and mel for a recording of sound alone
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) front_end: Option<String>,
    /// Settings of each model's fit, which other options change: default, those of the zoo; paper and reference, those with which StateNet and its
    /// published implementation were fitted; search, found by cross-validation over all sounds that do
    /// not test and written to OUT/recipes/MODEL.json; a recipe's file, or a folder with MODEL.json for each model
    #[arg(long, value_name = "NAME|FILE|DIR", default_value = "default")]
    pub(crate) recipe: RecipeArg,
    /// Trials of --recipe search, for each model; default 12
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) trials: Option<u64>,
    /// Maximum number of epochs; default 1000, and 100 with the schedule cosine
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,
    /// Epochs without a better validation score after which a fit stops; default 20
    #[arg(long, value_name = "N")]
    pub(crate) patience: Option<usize>,
    /// Learning rate; default: that of the model's recipe
    #[arg(long, value_name = "X")]
    pub(crate) lr: Option<f64>,
    /// Decay of weights (not of biases, norms and output curves); default: that of the model's recipe
    #[arg(long, value_name = "X")]
    pub(crate) weight_decay: Option<f64>,
    /// The learning rate over time, and averages of weights.
    #[command(flatten)]
    pub(crate) schedule: ScheduleArgs,
    /// Stimuli per step; default: that of the model's recipe
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// Train on random crops of the stimuli: so many bins that count, after so many that are heard and do not count; a number of bins, or a time
    /// with its unit, s or ms: 400,100 or 2s,500ms. Default: whole stimuli; without WARMUP none
    #[arg(long, value_name = "BINS|SECONDS[,WARMUP]")]
    pub(crate) crop: Option<CropArg>,
    /// Add Gaussian noise to the sound of each training step: its deviation, in deviations of each band; default: that of the model's recipe
    #[arg(long, value_name = "X")]
    pub(crate) noise: Option<f64>,
    /// Fit training and validation sounds together, once a fit to the training sounds has found the epochs (of ridge: lags and penalties);
    /// every table says "refit"
    #[arg(long)]
    pub(crate) refit: bool,
    /// Loss: mse (default), gaussian (with a variance of each neuron, learned), correlation (rates then have no unit); of spike
    /// counts alone: poisson, negative_binomial (with a dispersion of each neuron, learned)
    #[arg(long, value_name = "NAME")]
    pub(crate) loss: Option<Loss>,
    /// Factor of the sum of absolute weights in the loss; default: that of the model's recipe
    #[arg(long, value_name = "X")]
    pub(crate) l1: Option<f64>,
    /// Factor of the sum of squared weights in the loss; default: that of the model's recipe
    #[arg(long, value_name = "X")]
    pub(crate) l2: Option<f64>,
    /// Factor of the squared differences between neighbouring bands of receptive fields in the loss; default: that of the model's recipe
    #[arg(long, value_name = "X")]
    pub(crate) smooth_bands: Option<f64>,
    /// The same of neighbouring lags; default: that of the model's recipe
    #[arg(long, value_name = "X")]
    pub(crate) smooth_lags: Option<f64>,
    /// Fit each model K times, with seeds from --seed on, and add NAME-ensemble, whose rates are the mean of theirs
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(2..=64))]
    pub(crate) ensemble: Option<u64>,
    /// As --ensemble K, and add NAME-distilled: one more fit, to the mean of the recorded responses and the rates of the ensemble
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(2..=64), conflicts_with = "ensemble")]
    pub(crate) distill: Option<u64>,
    /// Folder of further sounds for --distill, without responses: cochleagrams (F, T) as .npy like those of the recording, or sound files,
    /// which --front-end (default mel, 34 bands) hears
    #[arg(long, value_name = "DIR", requires = "distill")]
    pub(crate) unlabelled: Option<PathBuf>,
    /// Checkpoint of a model of other neurons: add FOLDER-readout, which has its core, not trained further, and a readout fitted to the neurons of
    /// this recording
    #[arg(long, value_name = "FOLDER")]
    pub(crate) core: Option<PathBuf>,
    /// Seed of initial weights, order of stimuli, trials of a search, simulation and intervals
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Least signal power of a neuron in means, (spikes per bin)^2 or the square of another unit; default: all neurons count
    #[arg(long, value_name = "X")]
    pub(crate) min_signal_power: Option<f64>,
    /// Neurons and stimuli.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// What data of another format is.
    #[command(flatten)]
    pub(crate) read: BinnedReadArgs,
    /// Device, threads and output.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Folder for summary.json, report.html, figures, checkpoints and predictions: new, or that of an earlier fit, which is replaced
    /// at the end
    #[arg(long, value_name = "DIR", default_value = "out/fit")]
    pub(crate) out: PathBuf,
}

/// What `--help` says of `--model`: every name of the zoo.
fn model_help() -> String {
    let names: Vec<&str> = zoo::ALL.iter().map(|entry| entry.name).collect();
    format!(
        "Models: ridge, names of the zoo ({}), or config files (.json, .toml), separated by commas",
        names.join(", ")
    )
}

impl FitArgs {
    /// Number of fits of each model; 1 without an ensemble.
    #[must_use]
    pub(crate) fn n_members(&self) -> u64 {
        self.ensemble.or(self.distill).unwrap_or(1)
    }

    /// Where the recording comes from.
    ///
    /// # Errors
    /// If the width of a bin is out of range.
    pub(crate) fn origin(&self) -> anyhow::Result<Origin<'_>> {
        Ok(match (self.read.audio(), &self.counts, self.read.dt, &self.data) {
            (Some(audio), Some(counts), Some(dt), _) => {
                Origin::Sounds(audio, counts, TimeBin::from_millis(dt)?)
            }
            (Some(_), None, _, None) => {
                bail!("--audio needs --counts, spike counts of its sounds, or --data")
            }
            _ => Origin::of(self.data.as_ref(), self.read.read(), &self.out),
        })
    }

    /// Everything that a run reads, with the names of the options.
    pub(crate) fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let data = self.data.iter().flat_map(DataPaths::iter).map(|path| ("--data", path));
        let counts = self.counts.iter().map(|path| ("--counts", path.as_path()));
        let mut inputs: Vec<(&'static str, &Path)> = data.chain(counts).collect();
        inputs.extend(self.read.inputs());
        inputs.extend(config_files(&self.model).map(|path| ("--model", path)));
        inputs.extend(
            config_files(self.front_end.as_deref().unwrap_or_default()).map(|path| ("--front-end", path)),
        );
        inputs.extend(self.recipe.path().map(|path| ("--recipe", path)));
        inputs.extend(self.core.as_deref().map(|path| ("--core", path)));
        inputs.extend(self.unlabelled.as_deref().map(|path| ("--unlabelled", path)));
        inputs.extend(split_file(&self.split).map(|path| ("--split", path)));
        inputs
    }

    /// The settings for fitting a model with a seed: its own, changed by a recipe, and by the options given.
    ///
    /// # Errors
    /// If a field of the recipe is not one of a fit, or a crop is shorter than a time bin.
    pub(crate) fn fit_config(
        &self,
        model: &ModelConfig,
        seed: u64,
        dt: TimeBin,
        recipe: &RecipeFields,
    ) -> anyhow::Result<FitConfig> {
        let own = recipe.fit_config(&FitConfig::recipe(model))?;
        let mut config = FitConfig { seed: Seed::new(seed), ..own };
        self.schedule.apply(&mut config);
        config.max_epochs = self.epochs.unwrap_or(config.max_epochs);
        config.patience = self.patience.unwrap_or(config.patience);
        config.batch = self.batch.unwrap_or(config.batch);
        config.loss = self.loss.unwrap_or(config.loss);
        config.noise = self.noise.unwrap_or(config.noise);
        let penalties = &mut config.penalties;
        penalties.l1 = self.l1.unwrap_or(penalties.l1);
        penalties.l2 = self.l2.unwrap_or(penalties.l2);
        penalties.smooth_bands = self.smooth_bands.unwrap_or(penalties.smooth_bands);
        penalties.smooth_lags = self.smooth_lags.unwrap_or(penalties.smooth_lags);
        config.optimizer.learning_rate = self.lr.unwrap_or(config.optimizer.learning_rate);
        config.optimizer.weight_decay = self.weight_decay.unwrap_or(config.optimizer.weight_decay);
        if let Some(crop) = self.crop {
            config.crop = Some(crop.in_bins(dt)?);
        }
        Ok(config)
    }

    /// Fields of the settings of a fit that options set, so that a search leaves them alone.
    pub(crate) fn fixed_fields(&self) -> Vec<&'static str> {
        let fields = [
            ("optimizer.learning_rate", self.lr.is_some()),
            ("optimizer.weight_decay", self.weight_decay.is_some()),
            ("batch", self.batch.is_some()),
            ("crop", self.crop.is_some()),
            ("noise", self.noise.is_some()),
            ("penalties.l1", self.l1.is_some()),
            ("penalties.smooth_bands", self.smooth_bands.is_some()),
            ("penalties.smooth_lags", self.smooth_lags.is_some()),
        ];
        fields.into_iter().filter_map(|(field, is_set)| is_set.then_some(field)).collect()
    }
}
