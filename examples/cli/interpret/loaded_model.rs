//! What is looked at: a model, and the recording it was fitted to as it heard it.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use ndarray::{Array2, ArrayView2};
use serde_json::json;
use statenet::{data::GroundTruth, prelude::*};

use super::args::InterpretArgs;
use crate::{
    choice::{Choice, Kind, choice},
    progress::FitBar,
    sound::{source, true_field},
};

/// A model and its recording.
pub struct Subject {
    /// The model.
    pub model: Box<dyn ResponseModel>,
    /// The recording, smoothed and scaled as the model heard it.
    pub recording: Recording,
    /// Training and test stimuli.
    pub split: Split,
    /// What is true of the model's neurons, where they are simulated; else empty.
    pub truth: Vec<GroundTruth>,
    /// The neurons that were asked for.
    pub neurons: Vec<usize>,
}

impl Subject {
    /// Reads or simulates the recording and loads or fits the model.
    ///
    /// # Errors
    /// If one cannot be read, or they do not belong together.
    pub fn find(args: &InterpretArgs, device: &Device) -> anyhow::Result<Self> {
        let source = source(args.data.as_deref(), None, args.seed)?;
        let smoothed = source.recording.smooth(&Smoothing::default());
        let (model, recording, split) = match &args.checkpoint {
            Some(folder) => {
                let Checkpoint { model, metadata } = args.dropped.load(folder, device)?;
                let split = split(args, &metadata, &smoothed)?;
                let recording = scaled(args, &metadata, smoothed, &split)?;
                (model, recording, split)
            }
            None => {
                let split = args.split.clone().unwrap_or(SplitPlan::Demo).resolve(&smoothed)?;
                let model = fit(args, &source.recording.standardize(split.train())?, &split, device)?;
                (model, smoothed.standardize(split.train())?, split)
            }
        };
        if let Some(axes) = &model.config().axes {
            recording.expect_input(axes)?;
        }
        ensure!(
            model.n_neurons() == recording.n_neurons(),
            "the model has {} neurons, {} has {}",
            model.n_neurons(),
            recording.name(),
            recording.n_neurons()
        );
        let neurons = match &args.neurons {
            Some(list) => recording.neuron_indices(list)?,
            None => (0..recording.n_neurons()).collect(),
        };
        Ok(Self { model, recording, split, truth: source.truth, neurons })
    }

    /// The cochleagrams of the training stimuli: all that maps, dreams and memory are read off.
    ///
    /// # Errors
    /// If the split names stimuli that the recording does not have.
    pub fn training_sounds(&self) -> anyhow::Result<Vec<ArrayView2<'_, f32>>> {
        let sound = |&s: &usize| Ok(self.recording.stimulus(s)?.cochleagram());
        self.split.train().iter().map(sound).collect()
    }

    /// The true field of a simulated neuron, `(F, L)`, for sound in the scale that the model hears.
    #[must_use]
    pub fn true_field(&self, neuron: usize) -> Option<Array2<f64>> {
        Some(true_field(self.truth.get(neuron)?, &self.recording))
    }
}

/// The split that was asked for, or the one that the model was fitted with.
fn split(
    args: &InterpretArgs,
    metadata: &CheckpointMetadata,
    recording: &Recording,
) -> anyhow::Result<Split> {
    if let Some(plan) = &args.split {
        return Ok(plan.resolve(recording)?);
    }
    match metadata.training.get("split") {
        Some(split) => serde_json::from_value(split.clone()).context("the checkpoint's split"),
        None => Ok(SplitPlan::Demo.resolve(recording)?),
    }
}

/// The recording in the scale that the model was fitted to.
fn scaled(
    args: &InterpretArgs,
    metadata: &CheckpointMetadata,
    recording: Recording,
    split: &Split,
) -> anyhow::Result<Recording> {
    match (&metadata.input, args.standardize) {
        (Some(_), true) => {
            anyhow::bail!(
                "the checkpoint says how its sounds are scaled, --standardize would scale them twice"
            )
        }
        (Some(scale), false) => Ok(recording.standardized_with(scale)?),
        (None, true) => Ok(recording.standardize(split.train())?),
        (None, false) => Ok(recording),
    }
}

/// Fits a model to counts by their Poisson likelihood, which gives truer maps than the squared error of smoothed rates, and
/// saves it.
fn fit(
    args: &InterpretArgs,
    recording: &Recording,
    split: &Split,
    device: &Device,
) -> anyhow::Result<Box<dyn ResponseModel>> {
    let Choice { name, kind } = choice(&args.model, &recording.axes())?;
    let Kind::Gradient(model) = kind else {
        bail!("--model {name}: ridge has no response model to look into")
    };
    let model = model.build(Seed::new(args.seed), device)?;
    let mut config = FitConfig { seed: args.seed, ..FitConfig::recipe(&model.config()) };
    config.loss = Loss::Poisson;
    config.max_epochs = args.epochs.unwrap_or(config.max_epochs);
    let bar = FitBar::new(&name, args.machine.quiet);
    Fitter::new(config).on_epoch(|progress| bar.show(progress)).fit(&*model, recording, split)?;
    bar.finish();
    let metadata = CheckpointMetadata {
        input: recording.standardization().cloned(),
        neurons: recording.neurons().iter().map(|n| n.id().to_owned()).collect(),
        training: BTreeMap::from([
            ("recording".to_owned(), json!(recording.name())),
            ("split".to_owned(), json!(split)),
            ("seed".to_owned(), json!(args.seed)),
        ]),
    };
    checkpoint::save(&args.out.join("checkpoint"), &*model, &metadata)?;
    Ok(model)
}
