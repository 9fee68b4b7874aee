//! The model to interpret, loaded or fitted, with the recording that it was fitted to.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use ndarray::{Array2, ArrayView2};
use serde_json::json;
use statenet::{data::GroundTruth, prelude::*, train};

use super::args::InterpretArgs;
use crate::shared::{
    Choice, FitBar, Inputs, Kind, Origin, choice, front_end, source, true_field, with_cochleagrams,
};

/// A model, and its recording preprocessed as in the fit.
pub(crate) struct LoadedModel {
    /// The model.
    pub(crate) model: Box<dyn ResponseModel>,
    /// The recording, smoothed and scaled as in the fit.
    pub(crate) recording: Recording,
    /// Training and test stimuli.
    pub(crate) split: Split,
    /// The ground truth of each neuron if the recording is simulated, else empty.
    pub(crate) truth: Vec<GroundTruth>,
    /// The selected neurons.
    pub(crate) neurons: Vec<usize>,
}

impl LoadedModel {
    /// Reads or simulates the recording and loads or fits the model.
    ///
    /// # Errors
    /// If the recording or the checkpoint cannot be read, or they do not match.
    pub(crate) fn load(args: &InterpretArgs, device: &Device) -> anyhow::Result<Self> {
        let source = source(&Origin::of(args.data.as_deref()), None, args.seed)?;
        let smoothed = source.recording.smooth(&Smoothing::default());
        let named = args.front_end.as_deref().map(front_end).transpose()?;
        let (model, recording, split) = match &args.checkpoint {
            Some(folder) => {
                let Checkpoint { model, metadata } = args.published.load(folder, device)?;
                let split = split(args, &metadata, &smoothed)?;
                let recording = match model.config().input() {
                    Input::Sound => smoothed,
                    Input::Cochleagram => {
                        let recording = with_cochleagrams(&smoothed, named.as_ref())?;
                        scaled(args, &metadata, recording, &split)?
                    }
                };
                (model, recording, split)
            }
            None => {
                let split = args.split.clone().unwrap_or(SplitPlan::Demo).resolve(&smoothed)?;
                let inputs = Inputs::new(&source.recording, named.as_ref(), split.train())?;
                let choice = choice(&args.model, &inputs)?;
                let input = choice.input();
                let fitted_to = match input {
                    Input::Sound => source.recording.heard()?,
                    Input::Cochleagram => {
                        with_cochleagrams(&source.recording, named.as_ref())?.standardize(split.train())?
                    }
                };
                let model = fit(args, choice, &fitted_to, &split, device)?;
                (model, inputs.of(input)?.clone(), split)
            }
        };
        // Maps, tuning and dreams are over bands: those of the front end, for a model that hears.
        let (model, recording) = match train::behind_front_end(&*model, &recording)? {
            Some(behind) => behind,
            None if model.config().input() == Input::Sound => {
                bail!(
                    "{} has no bands, which interpret analyses: it takes the samples themselves",
                    model.config().slug()
                )
            }
            None => (model, recording),
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

    /// The cochleagrams of the training stimuli, which maps, dreams and memory use.
    ///
    /// # Errors
    /// If the split names stimuli that the recording does not have.
    pub(crate) fn training_sounds(&self) -> anyhow::Result<Vec<ArrayView2<'_, f32>>> {
        let sound = |&s: &usize| Ok(self.recording.stimulus(s)?.cochleagram());
        self.split.train().iter().map(sound).collect()
    }

    /// The true receptive field of a simulated neuron, `(F, L)`, in the scale of the model's input.
    #[must_use]
    pub(crate) fn true_field(&self, neuron: usize) -> Option<Array2<f64>> {
        Some(true_field(self.truth.get(neuron)?, &self.recording))
    }
}

/// The split from `--split`, or else the one that the model was fitted with, or else demo.
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

/// The recording, scaled as in the fit.
fn scaled(
    args: &InterpretArgs,
    metadata: &CheckpointMetadata,
    recording: Recording,
    split: &Split,
) -> anyhow::Result<Recording> {
    match (&metadata.input, args.standardize) {
        (Some(_), true) => {
            anyhow::bail!(
                "the checkpoint stores the scaling of its input; remove --standardize, which would scale twice"
            )
        }
        (Some(scale), false) => Ok(recording.standardized_with(scale)?),
        (None, true) => Ok(recording.standardize(split.train())?),
        (None, false) => Ok(recording),
    }
}

/// Fits a model and saves it. The loss is the Poisson likelihood of spike counts, which gives more accurate maps than the
/// squared error of smoothed rates.
fn fit(
    args: &InterpretArgs,
    Choice { name, kind }: Choice,
    recording: &Recording,
    split: &Split,
    device: &Device,
) -> anyhow::Result<Box<dyn ResponseModel>> {
    let Kind::Gradient(model) = kind else {
        bail!("--model {name}: ridge is a linear regression, which interpret does not analyse")
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
