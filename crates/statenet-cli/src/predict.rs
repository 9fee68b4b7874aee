//! `predict`: predicts the responses of a saved model to any sounds, as a whole or streamed in chunks.
//!
//! ```text
//! statenet predict --checkpoint out/fit/checkpoints/statenet-gru --data DIR --out rates
//! statenet predict --checkpoint DIR --data sound.npy --out rates --stream 7
//! statenet predict --checkpoint DIR --data sound.wav --out rates
//! ```
//! Writes `STIMULUS.npy` `(N, T)` f32, spikes per bin or in the unit of the responses of the fit, for each sound, and `predictions.json` with the ids of the neurons, and prints a table. The files appear together, once all sounds are
//! done, and replace those that an earlier `predictions.json` names; other files of the output folder are left as they are, and refused if
//! they have the name of a new one. A folder that is, holds or lies in an input is refused.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use ndarray::{Array2, ArrayView2};
use statenet::{
    candle::DType,
    core::{Dim, Warning, expect_shape},
    data::{Cut, PredictionsFile, Stimulus, formats, read_cochleagram, resample, scale_doubt, write_npy_2d},
    models::{
        front_ends::{FrontEndConfig, MelConfig},
        in_chunks,
    },
    prelude::*,
    report::{Cell, Table},
};

use crate::{
    reading::{DataPaths, Origin, ReadArgs, SelectArgs, source},
    shared::{
        MachineArgs, OutputFolder, PublishedArgs, Warnings, config_files, cut, expect_unscaled, front_end_of,
        interrupt, split_file, standardize, with_cochleagrams,
    },
};

/// Predict the responses of a saved model to any sounds
#[derive(Parser, Clone, Debug)]
pub struct PredictArgs {
    /// Folder of a checkpoint (config.json, model.safetensors), ours or a published one
    #[arg(long, value_name = "DIR")]
    checkpoint: PathBuf,
    /// Folder of a recording, or several, separated by commas, whose sounds are joined; an npy file with one cochleagram (F, T), or a wav file
    #[arg(long, value_name = "DIR[,DIR]|FILE.npy|FILE.wav")]
    data: DataPaths,
    /// Folder for STIMULUS.npy, rates (N, T) in spikes per bin or the unit of the fitted responses; other files in it are left as they are
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Stream the sound in chunks of this many bins, as in real time
    #[arg(long, value_name = "CHUNK")]
    stream: Option<usize>,
    /// Standardise the sounds by the training stimuli of this split of the recording: for checkpoints that do not store the
    /// scaling of their input, such as published ones
    #[arg(long, value_name = "SPLIT")]
    standardize: Option<SplitPlan>,
    /// Cut the stimuli of a recording into pieces of so many seconds, with a gap between them that is dropped, as for the fit
    #[arg(long, value_name = "SECONDS[,GAP]")]
    cut: Option<Cut>,
    /// Front end that makes cochleagrams of sounds for a model that takes cochleagrams: mel, spectrogram, gammatone,
    /// gammatonegram, ozgf, sincnet, leaf, or a config file; default: the stored ones, or the front end that the model
    /// was fitted with
    #[arg(long, value_name = "NAME|FILE")]
    front_end: Option<String>,
    #[command(flatten)]
    published: PublishedArgs,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    machine: MachineArgs,
}

impl PredictArgs {
    /// Everything that a run reads, with the names of the options.
    fn inputs(&self) -> Vec<(&'static str, &Path)> {
        let mut inputs = vec![("--checkpoint", &*self.checkpoint)];
        inputs.extend(self.data.iter().map(|path| ("--data", path)));
        inputs.extend(self.read.inputs());
        inputs.extend(
            config_files(self.front_end.as_deref().unwrap_or_default()).map(|path| ("--front-end", path)),
        );
        inputs.extend(self.standardize.as_ref().and_then(split_file).map(|path| ("--standardize", path)));
        inputs
    }
}

/// Runs the program.
///
/// # Errors
/// If the checkpoint or a sound cannot be read, they do not match, or a file cannot be written.
pub fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let printer = args.machine.printer();
    let out = OutputFolder::open(&args.out, "predict", &args.inputs(), None, &printer)?;
    let Checkpoint { mut model, metadata, warnings: odd } = args.published.load(&args.checkpoint, &device)?;
    let mut warnings = Warnings::default();
    warnings.extend(odd);
    let sounds = sounds(args, &mut *model, &metadata, &mut warnings)?;
    let scaling = model.input_scaling()?.filter(|s| *s != Standardization::identity(s.n_bands()));
    let names: Vec<String> = sounds.iter().map(|(name, _)| name.clone()).collect();
    let earlier = earlier_files(&out);
    let new =
        names.iter().map(|name| format!("{name}.npy")).chain([DESCRIPTION.to_owned()]).map(PathBuf::from);
    for file in new.filter(|file| !earlier.contains(file)) {
        let path = out.earlier(file);
        ensure!(!path.exists(), "{}: was not written by predict; choose another --out", path.display());
    }
    let unit = model.config().axes.map(|axes| axes.response_unit).unwrap_or_default();
    let mean = if unit.is_spikes() { "Mean rate" } else { "Mean response" };
    let mean = format!("{mean} ({unit})");
    let mut table =
        Table::new(["Sound".to_owned(), "Bins".to_owned(), mean, "Microseconds per bin".to_owned()]);
    for (name, sound) in &sounds {
        interrupt::check()?;
        if let (Some(scaling), Input::Cochleagram) = (&scaling, model.config().input()) {
            warnings.extend(scale_doubt(scaling, name, sound.view()));
        }
        let begun = Instant::now();
        let rates = rates(&*model, sound.view(), args.stream, &device)?;
        let per_bin = begun.elapsed().as_secs_f64() * 1e6 / rates.ncols().max(1) as f64;
        write_npy_2d(out.path(format!("{name}.npy")), rates.view())?;
        let mean = rates.mean().map(f64::from);
        table.push([
            name.as_str().into(),
            rates.ncols().into(),
            Cell::number(mean, 4),
            Cell::number(per_bin, 1),
        ])?;
    }
    let not_trained = statenet::train::not_trained(&metadata);
    let axes = model.config().axes;
    let (neurons, dt) = axes.map_or((metadata.neurons, None), |axes| (axes.neuron_ids, Some(axes.dt)));
    if neurons.is_empty() {
        warnings.add(Warning::new(
            "unknown_neurons",
            "the checkpoint does not say whose rates it predicts: in predictions.json the list of neurons is empty",
            args.checkpoint.display().to_string(),
        ));
    }
    PredictionsFile { neurons, not_trained, stimuli: names, unit: Some(unit), dt }
        .write(out.new_files(), warnings.as_slice())?;
    interrupt::check()?;
    let _locked = out.commit(&earlier)?;
    printer.line(format_args!("{} of {} neurons\n\n{table}", model.config().slug(), model.n_neurons()));
    printer.line(format_args!("wrote {} files to {}", sounds.len(), args.out.display()));
    printer.finish()
}

/// The file that describes predictions.
const DESCRIPTION: &str = "predictions.json";

/// The files that an earlier run left, as it says in its description.
fn earlier_files(out: &OutputFolder) -> Vec<PathBuf> {
    let described = || -> Option<Vec<PathBuf>> {
        let text = std::fs::read(out.earlier(DESCRIPTION)).ok()?;
        let description: serde_json::Value = serde_json::from_slice(&text).ok()?;
        (description["format"] == "statenet-predictions").then_some(())?;
        let stimuli = description["stimuli"].as_array()?.iter().filter_map(|name| name.as_str());
        let files = stimuli.filter(|name| !name.contains(['/', '\\'])).map(|name| format!("{name}.npy"));
        Some(files.chain([DESCRIPTION.to_owned()]).map(PathBuf::from).collect())
    };
    described().unwrap_or_default()
}

/// Names and inputs `(F, T)` of the sounds, as the model takes them: bins of samples, or cochleagrams. With `--standardize` the model
/// is told how to scale them.
fn sounds(
    args: &PredictArgs,
    model: &mut dyn ResponseModel,
    metadata: &CheckpointMetadata,
    warnings: &mut Warnings,
) -> anyhow::Result<Vec<(String, Array2<f32>)>> {
    let config = model.config();
    if args.standardize.is_some() {
        expect_unscaled(model)?;
    }
    let single = args.data.only().filter(|path| !path.is_dir());
    if let Some(path) = single {
        if args.cut.is_some() {
            bail!("--cut needs a recording, but {} is a single sound", path.display());
        }
        if args.standardize.is_some() {
            bail!("--standardize needs a recording, but {} is a single sound", path.display());
        }
    }
    let is_sound = |path: &&Path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("wav"));
    if let Some(path) = single.filter(|path| !is_sound(path)) {
        let sound = read_cochleagram(path)?;
        expect_shape("cochleagram", sound.shape(), &[Dim::Is(model.n_bands()), Dim::Any("T")])
            .with_context(|| path.display().to_string())?;
        return Ok(vec![(stem(path)?, sound)]);
    }
    let front_end = front_end_of(args.front_end.as_deref(), metadata)?;
    if let Some(path) = single {
        let bins = wav_bins(path, config.axes()?.dt, &config)?;
        let input = match config.input() {
            Input::Sound => bins,
            Input::Cochleagram => {
                let front_end = front_end.unwrap_or(FrontEndConfig::Mel(MelConfig::default()));
                cochleagram(&bins, config.axes()?.dt, &front_end)?
            }
        };
        return Ok(vec![(stem(path)?, input)]);
    }
    // Bins of the model.
    let dt = config.axes.as_ref().map(|axes| axes.dt.ms());
    let origin = Origin::of(Some(&args.data), args.read.with_dt(dt), &args.out);
    let recording = cut(source(&origin, &SelectArgs::default(), 0, warnings)?.recording, args.cut.as_ref())?;
    warnings.extend(recording.doubts()?);
    let recording = match config.input() {
        Input::Sound => recording.heard()?,
        Input::Cochleagram => with_cochleagrams(&recording, front_end.as_ref())?,
    };
    if let Some(axes) = &config.axes {
        recording.expect_input(axes)?;
    }
    if let Some(plan) = &args.standardize {
        standardize(model, &recording, plan.resolve_allowing_similar_sounds(&recording)?.train())?;
    }
    let input = |s: &Stimulus| (s.name().to_owned(), s.cochleagram().to_owned());
    Ok(recording.stimuli().iter().map(input).collect())
}

/// The whole bins `(hop, T)` of a wav file, at the rate that a model that hears takes, or else at the nearest of whole bins.
fn wav_bins(path: &Path, dt: TimeBin, config: &ModelConfig) -> anyhow::Result<Array2<f32>> {
    let name = || path.display().to_string();
    let sound = formats::sound::decode(&std::fs::read(path).with_context(name)?).with_context(name)?;
    let sampling = match config.input() {
        Input::Sound => Sampling::of(config.axes()?)?,
        Input::Cochleagram => Sampling::nearest(sound.rate, dt)?,
    };
    let samples = resample(&sound.samples, sound.rate, sampling.rate()).with_context(name)?;
    let (hop, n_bins) = (sampling.hop(), samples.len() / sampling.hop());
    ensure!(n_bins > 0, "{} is shorter than a bin of {} ms", path.display(), dt.ms());
    Ok(Array2::from_shape_fn((hop, n_bins), |(k, t)| samples[t * hop + k]))
}

/// What a front end makes of bins of sound.
fn cochleagram(bins: &Array2<f32>, dt: TimeBin, front_end: &FrontEndConfig) -> anyhow::Result<Array2<f32>> {
    let (hop, n_bins) = bins.dim();
    let sampling = Sampling::of(&Axes::new(hop, 1, dt))?;
    let cochlea = front_end.build(&sampling, DType::F32, &Device::Cpu)?;
    let sound = Tensor::from_iter(bins.iter().copied(), &Device::Cpu)?.reshape((1, 1, hop, n_bins))?;
    let values = cochlea.cochleagram(&sound)?.flatten_all()?.to_vec1::<f32>()?;
    Ok(Array2::from_shape_vec((front_end.n_bands(), n_bins), values)?)
}

fn stem(path: &Path) -> anyhow::Result<String> {
    let stem = path.file_stem().and_then(|s| s.to_str());
    Ok(stem.with_context(|| format!("{}: has no name", path.display()))?.to_owned())
}

/// Rates `(N, T)` of one sound `(F, T)`.
fn rates(
    model: &dyn ResponseModel,
    sound: ArrayView2<'_, f32>,
    stream: Option<usize>,
    device: &Device,
) -> anyhow::Result<Array2<f32>> {
    let (n_bands, n_bins) = sound.dim();
    let sound = Tensor::from_iter(sound.iter().copied(), device)?.reshape((1, 1, n_bands, n_bins))?;
    let rates = match stream {
        Some(size) => in_chunks(model, &sound, size)?,
        None => model.forward(&sound, Mode::Eval)?,
    };
    let values = rates.flatten_all()?.to_vec1::<f32>()?;
    Ok(Array2::from_shape_vec((model.n_neurons(), n_bins), values)?)
}
