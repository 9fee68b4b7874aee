//! The steps of `fit`: read, fit, score, save, report.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use serde_json::json;
use statenet::{
    metrics::ScoreTable,
    models::front_ends::FrontEndConfig,
    prelude::*,
    train::{self, Stopped},
};

use super::{
    args::FitArgs,
    output::{Output, SUMMARY},
    report::{Fitted, Scene, write_report},
    summary::{Dataset, ModelSummary, Summary},
};
use crate::shared::{Choice, FRONT_END, FitBar, Inputs, Kind, choices, front_end, source};

/// Runs the program.
///
/// # Errors
/// If the recording or a config cannot be read, a fit fails, or a file cannot be written.
pub fn run(args: &FitArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let say = |text: String| {
        if !args.machine.quiet {
            println!("{text}");
        }
    };
    let source = source(&args.origin()?, args.neurons.as_deref(), args.seed)?;
    let split = args.split.resolve(&source.recording)?;
    let front_end = args.front_end.as_deref().map(front_end).transpose()?;
    let inputs = Inputs::new(&source.recording, front_end.as_ref(), split.train())?;
    let recording = inputs.cochleagrams();
    let chosen = choices(&args.model, &inputs)?;
    let out = Output::open(&args.out)?;
    say(format!(
        "{}: {} neurons, {} stimuli ({} train, {} validate, {} test), dt {} ms",
        recording.name(),
        recording.n_neurons(),
        recording.n_stimuli(),
        split.train().len(),
        split.val().len(),
        split.test().len(),
        recording.dt().ms(),
    ));
    if out.is_used() {
        say(format!("replacing earlier results in {}", args.out.display()));
    }

    let mut fitted = Vec::new();
    for choice in &chosen {
        let of_choice = inputs.of(choice.input())?;
        let one = fit_one(choice, args, (of_choice, front_end.as_ref()), &split, &device, &out)
            .with_context(|| format!("fitting {}", choice.name))?;
        say(format!(
            "{:14} {:6} parameters, CCnorm {} in {:.1} s",
            choice.name,
            one.summary.parameters,
            ScoreTable::score(one.summary.test.ccnorm_mean),
            one.summary.seconds_fit
        ));
        fitted.push(one);
    }

    let summary = Summary {
        dataset: Dataset::of(recording),
        models: fitted.iter().map(|f| f.summary.clone()).collect(),
    };
    let scene = Scene { recording, split: &split, truth: &source.truth, fitted: &fitted, seed: args.seed };
    let tables = write_report(&scene, &out)?;
    out.json(SUMMARY, &summary)?;
    for table in &tables {
        say(format!("\n{}", table.to_text().trim_end()));
    }
    say(format!(
        "\nwrote {0}/report.html, {0}/{SUMMARY}, figures, checkpoints and predictions",
        args.out.display()
    ));
    Ok(())
}

/// Fits, scores and saves one model.
fn fit_one(
    choice: &Choice,
    args: &FitArgs,
    (recording, front_end): (&Recording, Option<&FrontEndConfig>),
    split: &Split,
    device: &Device,
    out: &Output,
) -> anyhow::Result<Fitted> {
    let (model, history) = match &choice.kind {
        Kind::Ridge(ridge) => {
            let fit = ridge.fit(recording, split, device)?;
            let history = History {
                train_loss: vec![fit.train_loss],
                val_score: fit.val_score,
                best_epoch: 0,
                stopped: Stopped::Converged,
                seconds: fit.seconds,
            };
            (fit.model, history)
        }
        Kind::Gradient(config) => {
            let model = config.build(Seed::new(args.seed), device)?;
            let history = fit_by_gradients(&*model, &choice.name, args, recording, split, out)?;
            (model, history)
        }
    };
    let rates = train::predict(&*model, recording, split.test())?;
    let options =
        EvaluationOptions { seed: Seed::new(args.seed), ..EvaluationOptions::for_dt(recording.dt()) };
    let test = train::score(&rates, recording, split.test(), &options)?;
    let checkpoint = format!("checkpoints/{}", choice.name);
    let mut training = BTreeMap::from([
        ("recording".to_owned(), json!(recording.name())),
        ("split".to_owned(), json!(split)),
        ("seed".to_owned(), json!(args.seed)),
        ("smoothing".to_owned(), json!(Smoothing::default())),
    ]);
    if let (Some(front_end), Input::Cochleagram) = (front_end, recording.input()) {
        training.insert(FRONT_END.to_owned(), json!(front_end));
    }
    let metadata = CheckpointMetadata {
        input: recording.standardization().cloned(),
        neurons: recording.neurons().iter().map(|n| n.id().to_owned()).collect(),
        training,
    };
    checkpoint::save(&out.path(&checkpoint), &*model, &metadata)?;
    out.predictions(&choice.name, recording, split.test(), &rates)?;
    let summary = ModelSummary {
        name: choice.name.clone(),
        config: model.config(),
        parameters: model.params().n_trained(),
        seed: args.seed,
        split: split.clone(),
        epochs_run: if matches!(choice.kind, Kind::Ridge(_)) { 0 } else { history.n_epochs() },
        best_epoch: history.best_epoch,
        stopped: history.stopped,
        seconds_fit: history.seconds,
        train_loss: history.train_loss,
        val_score: history.val_score,
        test,
        checkpoint,
    };
    Ok(Fitted { model, rates, summary })
}

/// Fits by gradient descent with a progress bar. A fit that was killed is resumed if its settings and data are the same.
fn fit_by_gradients(
    model: &dyn ResponseModel,
    name: &str,
    args: &FitArgs,
    recording: &Recording,
    split: &Split,
    out: &Output,
) -> anyhow::Result<History> {
    const SAVE_EVERY: Duration = Duration::from_secs(5);
    let state = out.path("unfinished").join(name);
    let bar = FitBar::new(name, args.machine.quiet);
    let fitter = || {
        Fitter::new(args.fit_config(&model.config()))
            .on_epoch(|progress| bar.show(progress))
            .resume_in(&state, SAVE_EVERY)
    };
    let history = match fitter().fit(model, recording, split) {
        Err(train::Error::OtherFit { field, .. }) => {
            if !args.machine.quiet {
                println!("{name}: found an unfinished fit with another {field}, starting a new one");
            }
            std::fs::remove_dir_all(&state)?;
            fitter().fit(model, recording, split)?
        }
        other => other?,
    };
    bar.finish();
    let _gone_if_empty = std::fs::remove_dir(out.path("unfinished"));
    Ok(history)
}
