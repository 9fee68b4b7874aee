//! `score`: scores predictions of any model, also of other software, on the test stimuli of a recording.
//!
//! ```text
//! statenet score --data DIR --predictions out/fit/predictions/ln --out scores.json
//! ```
//! Reads `STIMULUS.npy` `(N, T)`, in the unit of the responses, for each test stimulus; writes the scores as JSON (like the `test` object
//! in `summary.json`) and prints them. While it runs it holds the lock `.FILE.json.lock` beside the file.

use std::path::PathBuf;

use clap::Parser;
use statenet::{
    core::{Warning, atomic},
    data::{Cut, Predictions},
    metrics::ScoreTable,
    prelude::*,
    train,
};

use crate::{
    reading::{BinnedReadArgs, Origin, source},
    shared::{Lock, MachineArgs, SplitArgs, Warnings, cut, expect_apart, interrupt, split_file, write_json},
};

/// Score predictions of any model on the test stimuli of a recording
#[derive(Parser, Clone, Debug)]
pub struct ScoreArgs {
    /// Folder of a recording, or data of another format
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder of STIMULUS.npy, rates (N, T) in spikes per bin, or the unit of continuous responses
    #[arg(long, value_name = "DIR")]
    predictions: PathBuf,
    /// File to write the scores to, outside the folders that are read
    #[arg(long, value_name = "FILE.json")]
    out: PathBuf,
    /// Split whose test stimuli are scored: demo, rahman, kfold:K/I, loo:I, grouped:FIELD:K/I, repeats or FILE.json
    #[arg(long, value_name = "NAME", default_value = "demo")]
    split: SplitPlan,
    #[command(flatten)]
    parts: SplitArgs,
    /// Cut the stimuli into pieces of so many seconds, with a gap between them that is dropped, as for the fit
    #[arg(long, value_name = "SECONDS[,GAP]")]
    cut: Option<Cut>,
    /// Neurons that the predictions are for: indices, ranges or ids, separated by commas; default all
    #[arg(long, value_name = "LIST")]
    neurons: Option<String>,
    /// Seed of half splits and intervals
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Least signal power of a neuron in means, (spikes per bin)^2 or the square of another unit; default: all neurons count
    #[arg(long, value_name = "X")]
    min_signal_power: Option<f64>,
    #[command(flatten)]
    read: BinnedReadArgs,
    #[command(flatten)]
    machine: MachineArgs,
}

/// Runs the program.
///
/// # Errors
/// If the recording or a prediction cannot be read, they do not match, or the file cannot be written.
pub fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    args.machine.start()?;
    let printer = args.machine.printer();
    let mut inputs = vec![("--data", &*args.data), ("--predictions", &*args.predictions)];
    inputs.extend(args.read.inputs());
    inputs.extend(split_file(&args.split).map(|path| ("--split", path)));
    expect_apart(&args.out, &inputs)?;
    let _locked = Lock::file(&args.out, "score", &printer)?;
    atomic::sweep_of(&args.out)?;
    let beside = args.out.parent().unwrap_or(&args.out);
    let origin = Origin::of(Some(&args.data), args.read.read(), beside);
    let mut warnings = Warnings::default();
    let recording = source(&origin, args.neurons.as_deref(), args.seed, &mut warnings)?.recording;
    let recording = cut(recording, args.cut.as_ref())?;
    let split = args.parts.resolve(&args.split, &recording)?;
    interrupt::check()?;
    let names: Vec<&str> =
        split.test().iter().map(|&s| Ok(recording.stimulus(s)?.name())).collect::<anyhow::Result<_>>()?;
    let rates = Predictions::read(&args.predictions, &names)?;
    rates.expect_unit(&recording, &args.predictions.display().to_string())?;
    // Those of a model that predicts some of the neurons.
    let recording = match (&args.neurons, rates.neurons()) {
        (None, [_, ..]) => recording.with_neurons(rates.neurons())?,
        _ => recording,
    };
    let options = EvaluationOptions {
        seed: Seed::new(args.seed),
        min_signal_power: args.min_signal_power,
        not_trained: rates.not_trained().to_vec(),
        ..EvaluationOptions::for_dt(recording.dt())
    };
    warnings.about(&recording, &split)?;
    if rates.neurons().is_empty() {
        warnings.add(Warning::new(
            "prediction_order",
            "there is no predictions.json with ids: rows are taken to be the recording's neurons in its order",
            args.predictions.display().to_string(),
        ));
    }
    let scores = train::score(&rates, &recording, split.test(), &options)?;
    let place = args.predictions.display().to_string();
    warnings.extend(train::rate_unit_warning(&rates, &recording, split.test(), &place)?);
    interrupt::check()?;
    write_json(&args.out, &with_warnings(&scores, &warnings)?)?;
    let name = args.predictions.file_name().map_or("predictions".into(), |n| n.to_string_lossy());
    printer.line(ScoreTable::of_neurons(&scores));
    printer.line(ScoreTable::of_models(&[(&name, &scores)]));
    if let Some(left_out) = scores.left_out() {
        printer.line(format_args!("{left_out}\n"));
    }
    printer.line(format_args!("wrote {}", args.out.display()));
    printer.finish()
}

/// The scores as JSON, with what is doubtful about the recording and the predictions.
fn with_warnings(scores: &Evaluation, warnings: &Warnings) -> anyhow::Result<serde_json::Value> {
    let mut json = serde_json::to_value(scores)?;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("warnings".to_owned(), serde_json::to_value(warnings)?);
    }
    Ok(json)
}
