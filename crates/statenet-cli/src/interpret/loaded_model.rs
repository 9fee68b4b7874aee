//! The model to interpret, loaded or fitted, with the recording that it was fitted to.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use ndarray::{Array2, ArrayView2};
use statenet::{
    data::{GroundTruth, Part},
    prelude::*,
    train,
};

use super::args::InterpretArgs;
use crate::{
    reading::{Origin, Source, source, true_field},
    shared::{
        Choice, FitStates, Inputs, Kind, OutputFolder, Warnings, choice, cut, cut_of, front_end,
        front_end_of, standardize, with_cochleagrams,
    },
};

/// A model that hears, and the recording's sounds in bins of samples.
pub(crate) struct Hearing {
    pub(crate) model: Box<dyn ResponseModel>,
    pub(crate) recording: Recording,
}

/// A model, and its recording preprocessed as in the fit.
pub(crate) struct LoadedModel {
    /// The model, or its stages behind its front end if it hears.
    pub(crate) model: Box<dyn ResponseModel>,
    /// The whole model if it hears, for dreams that reach the samples.
    pub(crate) hearing: Option<Hearing>,
    /// The recording with cochleagrams, smoothed.
    pub(crate) recording: Recording,
    /// Mean and deviation by which the model scales each band.
    pub(crate) scaling: Standardization,
    /// Training and test stimuli.
    pub(crate) split: Split,
    /// Ids of neurons that the model was not trained on.
    pub(crate) not_trained: Vec<String>,
    /// The ground truth of each neuron if the recording is simulated, else empty.
    pub(crate) truth: Vec<GroundTruth>,
    /// The selected neurons.
    pub(crate) neurons: Vec<usize>,
    /// What is doubtful about the recording, its split and the checkpoint.
    pub(crate) warnings: Warnings,
}

impl LoadedModel {
    /// Reads or simulates the recording and loads or fits the model.
    ///
    /// # Errors
    /// If the recording or the checkpoint cannot be read, or they do not match.
    pub(crate) fn load(
        args: &InterpretArgs,
        device: &Device,
        out: &OutputFolder,
        states: &mut FitStates<'_>,
    ) -> anyhow::Result<Self> {
        let mut warnings = Warnings::default();
        let fitted =
            args.checkpoint.as_ref().map(|folder| args.published.load(folder, device)).transpose()?;
        // Bins of the model, if there is one.
        let of_model = fitted.as_ref().and_then(|fitted| Some(fitted.model.config().axes?.dt.ms()));
        let read = args.read.with_dt(of_model.or(args.published.dt));
        let origin = Origin::of(args.data.as_ref(), read, &args.out);
        let source = source(&origin, &args.select, args.seed, &mut warnings)?;
        let as_fitted = fitted.as_ref().map(|fitted| cut_of(&fitted.metadata)).transpose()?.flatten();
        let source =
            Source { recording: cut(source.recording, args.cut.as_ref().or(as_fitted.as_ref()))?, ..source };
        let smoothed = source.recording.smoothed().into_owned();
        let named = args.front_end.as_deref().map(front_end).transpose()?;
        let (model, recording, split, not_trained) = match fitted {
            Some(Checkpoint { mut model, metadata, warnings: odd }) => {
                warnings.extend(odd);
                let split = split(args, &metadata, &smoothed)?;
                let smoothed = train::recording_for(&*model, &smoothed)?.into_owned();
                let recording = match model.config().input() {
                    Input::Sound => smoothed,
                    Input::Cochleagram => {
                        let front_end = front_end_of(args.front_end.as_deref(), &metadata)?;
                        let recording = with_cochleagrams(&smoothed, front_end.as_ref())?;
                        if args.standardize {
                            standardize(&mut *model, &recording, split.train())?;
                        }
                        recording
                    }
                };
                (model, recording, split, train::not_trained(&metadata))
            }
            None => {
                let split = args.parts.resolve(args.split.as_ref().unwrap_or(&SplitPlan::Demo), &smoothed)?;
                // To counts as recorded, by the Poisson likelihood.
                let counts = Inputs::new(source.recording.smooth(Smoothing::None)?, named.as_ref())?;
                let choice = choice(&args.model, &counts)?;
                let input = choice.input();
                let (model, fitted) = fit(args, choice, counts.of(input)?, &split, device, states)?;
                fitted.save(out.path("checkpoint"), &*model)?;
                let not_trained = split.without_data(Part::Train, &smoothed)?;
                (model, Inputs::new(smoothed, named.as_ref())?.of(input)?.clone(), split, not_trained)
            }
        };
        // Maps, tuning and dreams are over bands: those of the front end, for a model that hears.
        let (model, recording, hearing) = match train::behind_front_end(&*model, &recording)? {
            Some((behind, heard)) => (behind, heard, Some(Hearing { model, recording: recording.heard()? })),
            None if model.config().input() == Input::Sound => {
                bail!(
                    "{} has no bands, which interpret analyses: it takes the samples themselves",
                    model.config().slug()
                )
            }
            None => (model, recording, None),
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
        let mut neurons = args.select.listed(&recording)?;
        if let Some(ids) = args.select.ids_with_signal(&source.recording, &split)? {
            neurons.retain(|&n| recording.neurons().get(n).is_some_and(|neuron| ids.contains(neuron.id())));
            ensure!(
                !neurons.is_empty(),
                "no neuron of the model has the signal-to-noise ratio that --min-snr asks for"
            );
        }
        let scaling = model.input_scaling()?;
        let scaling = scaling.unwrap_or_else(|| Standardization::identity(model.n_bands()));
        warnings.about(&recording, &split)?;
        // The truth of the model's neurons, which may be some of the recording's.
        let truths = source.recording.neurons().iter().zip(source.truth);
        let mut truths: BTreeMap<&str, GroundTruth> =
            truths.map(|(neuron, truth)| (neuron.id(), truth)).collect();
        let truth = recording.neurons().iter().filter_map(|neuron| truths.remove(neuron.id())).collect();
        Ok(Self { model, hearing, recording, scaling, split, not_trained, truth, neurons, warnings })
    }

    /// The options of scores: those of the recording, without the neurons that the model was not trained on.
    #[must_use]
    pub(crate) fn scoring(&self, seed: u64) -> EvaluationOptions {
        EvaluationOptions {
            seed: Seed::new(seed),
            not_trained: self.not_trained.clone(),
            ..EvaluationOptions::for_dt(self.recording.dt())
        }
    }

    /// The model's short name, with its front end if it hears.
    #[must_use]
    pub(crate) fn slug(&self) -> String {
        self.hearing.as_ref().map_or(&self.model, |hearing| &hearing.model).config().slug()
    }

    /// The cochleagrams of the training stimuli, which maps, dreams and memory use.
    ///
    /// # Errors
    /// If the split names stimuli that the recording does not have.
    pub(crate) fn training_sounds(&self) -> anyhow::Result<Vec<ArrayView2<'_, f32>>> {
        Ok(self.recording.cochleagrams(self.split.train())?)
    }

    /// A cochleagram as recorded, in standard deviations of each band over the training sounds, in which it is drawn and stored.
    ///
    /// # Errors
    /// For another number of bands.
    pub(crate) fn in_deviations(&self, sound: ArrayView2<'_, f32>) -> anyhow::Result<Array2<f32>> {
        Ok(self.scaling.apply(&sound)?)
    }

    /// The true receptive field of a simulated neuron, `(F, L)`, per standard deviation of a band.
    #[must_use]
    pub(crate) fn true_field(&self, neuron: usize) -> Option<Array2<f64>> {
        Some(true_field(self.truth.get(neuron)?, &self.scaling))
    }
}

/// The split from `--split`, or else the one that the model was fitted with, or else demo.
fn split(
    args: &InterpretArgs,
    metadata: &CheckpointMetadata,
    recording: &Recording,
) -> anyhow::Result<Split> {
    if let Some(plan) = &args.split {
        return args.parts.resolve(plan, recording);
    }
    if let Some(names) = metadata.training.get("split_names") {
        let names = serde_json::from_value(names.clone()).context("the checkpoint's split_names")?;
        return Split::of_names(&names, recording).context("the split of the checkpoint");
    }
    match metadata.training.get("split") {
        Some(split) => serde_json::from_value(split.clone()).context("the checkpoint's split"),
        None => args.parts.resolve(&SplitPlan::Demo, recording),
    }
}

/// Fits a model. The loss is the Poisson likelihood of spike counts, which gives more accurate maps than the
/// squared error of smoothed rates.
fn fit(
    args: &InterpretArgs,
    Choice { name, kind }: Choice,
    recording: &Recording,
    split: &Split,
    device: &Device,
    states: &mut FitStates<'_>,
) -> anyhow::Result<(Box<dyn ResponseModel>, Fit)> {
    let Kind::Gradient(model) = kind else {
        bail!("--model {name}: ridge is a linear regression, which interpret does not analyse")
    };
    let mut model = model.build(Seed::new(args.seed), device)?;
    let mut config = FitConfig { seed: Seed::new(args.seed), ..FitConfig::recipe(&model.config()) };
    config.loss = Loss::Poisson;
    config.max_epochs = args.epochs.unwrap_or(config.max_epochs);
    let fit = states.fit(&name, &config, &mut *model, recording, split)?;
    Ok((model, fit))
}
