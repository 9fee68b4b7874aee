//! `predict`: predicts the responses of a saved model to any sounds, as a whole or streamed in chunks.
//!
//! ```text
//! statenet predict --checkpoint out/fit/checkpoints/statenet-gru --data DIR --out rates
//! statenet predict --checkpoint DIR --data sound.npy --out rates --stream 7
//! ```
//! Writes `STIMULUS.npy` `(N, T)` f32, spikes per bin, for each sound, and prints a table.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, bail};
use clap::Parser;
use ndarray::{Array2, ArrayView2};
use statenet::{
    data::{read_cochleagram, write_npy_2d},
    models::in_chunks,
    prelude::*,
    report::{Cell, Table},
};

use crate::shared::{MachineArgs, PublishedArgs};

/// Predict the responses of a saved model to any sounds
#[derive(Parser, Clone, Debug)]
pub struct PredictArgs {
    /// Folder of a checkpoint (config.json, model.safetensors), ours or a published one
    #[arg(long, value_name = "DIR")]
    checkpoint: PathBuf,
    /// Folder of a recording, or an npy file with one cochleagram (F, T)
    #[arg(long, value_name = "DIR|FILE.npy")]
    data: PathBuf,
    /// Folder for STIMULUS.npy, rates (N, T) in spikes per bin
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Stream the sound in chunks of this many bins, as in real time
    #[arg(long, value_name = "CHUNK")]
    stream: Option<usize>,
    /// Standardise the sounds by the training stimuli of this split of the recording: for checkpoints that do not store the
    /// scaling of their input, such as published ones
    #[arg(long, value_name = "SPLIT")]
    standardize: Option<SplitPlan>,
    #[command(flatten)]
    published: PublishedArgs,
    #[command(flatten)]
    machine: MachineArgs,
}

/// Runs the program.
///
/// # Errors
/// If the checkpoint or a sound cannot be read, they do not match, or a file cannot be written.
pub fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let Checkpoint { model, metadata } = args.published.load(&args.checkpoint, &device)?;
    let sounds = sounds(args, &*model, metadata.input.as_ref())?;
    let mut table = Table::new(["Sound", "Bins", "Mean rate (spikes/bin)", "Microseconds per bin"]);
    for (name, sound) in &sounds {
        let begun = Instant::now();
        let rates = rates(&*model, sound.view(), args.stream, &device)?;
        let per_bin = begun.elapsed().as_secs_f64() * 1e6 / rates.ncols().max(1) as f64;
        write_npy_2d(&args.out.join(format!("{name}.npy")), rates.view())?;
        let mean = rates.mean().map(f64::from);
        table.push([
            name.as_str().into(),
            rates.ncols().into(),
            Cell::number(mean, 4),
            Cell::number(per_bin, 1),
        ])?;
    }
    if !args.machine.quiet {
        println!("{} of {} neurons\n\n{table}", model.config().slug(), model.n_neurons());
        println!("wrote {} files to {}", sounds.len(), args.out.display());
    }
    Ok(())
}

/// Names and cochleagrams of the sounds, scaled as in the fit of the model.
fn sounds(
    args: &PredictArgs,
    model: &dyn ResponseModel,
    scale: Option<&Standardization>,
) -> anyhow::Result<Vec<(String, Array2<f32>)>> {
    if args.standardize.is_some() && scale.is_some() {
        bail!(
            "the checkpoint stores the scaling of its input; remove --standardize, which would scale twice"
        );
    }
    if args.data.is_dir() {
        let recording = Recording::read(&args.data)?;
        if let Some(axes) = &model.config().axes {
            recording.expect_input(axes)?;
        }
        let recording = match (&args.standardize, scale) {
            (Some(plan), _) => recording.standardize(plan.resolve(&recording)?.train())?,
            (None, Some(scale)) => recording.standardized_with(scale)?,
            (None, None) => recording,
        };
        return Ok(recording
            .stimuli()
            .iter()
            .map(|s| (s.name().to_owned(), s.cochleagram().to_owned()))
            .collect());
    }
    if args.standardize.is_some() {
        bail!("--standardize needs a recording, but {} is a single sound", args.data.display());
    }
    let sound = read_cochleagram(&args.data)?;
    let sound = match scale {
        Some(scale) => scale.apply(&sound.view()).with_context(|| args.data.display().to_string())?,
        None => sound,
    };
    Ok(vec![(stem(&args.data)?, sound)])
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
