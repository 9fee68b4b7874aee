//! The steps of `fit`: read, fit, score, save, report.

use std::time::Duration;

use anyhow::Context;
use statenet::{
    metrics::ScoreTable,
    prelude::*,
    train::{self, Fit, Stopped},
};

use super::{
    args::FitArgs,
    output::{Output, SUMMARY},
    report::{Fitted, Scene, write_report},
    summary::{Dataset, ModelSummary, Summary},
};
use crate::shared::{Choice, FitBar, Inputs, Kind, choices, front_end, source};

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
    let inputs = Inputs::new(source.recording.smoothed().into_owned(), front_end.as_ref())?;
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
        let one = fit_one(choice, args, of_choice, &split, &device, &out)
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
    let scaling = &recording.fit_standardization(split.train())?;
    let scene =
        Scene { recording, scaling, split: &split, truth: &source.truth, fitted: &fitted, seed: args.seed };
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
    recording: &Recording,
    split: &Split,
    device: &Device,
    out: &Output,
) -> anyhow::Result<Fitted> {
    let (model, Fit { history, metadata }) = match &choice.kind {
        Kind::Ridge(ridge) => {
            let fit = ridge.fit(recording, split, device)?;
            let history = History {
                train_loss: vec![fit.train_loss],
                val_score: fit.val_score,
                best_epoch: 0,
                stopped: Stopped::Converged,
                seconds: fit.seconds,
            };
            (fit.model, Fit { history, metadata: fit.metadata })
        }
        Kind::Gradient(config) => {
            let mut model = config.build(Seed::new(args.seed), device)?;
            let fit = fit_by_gradients(&mut *model, &choice.name, args, recording, split, out)?;
            (model, fit)
        }
    };
    let rates = train::predict(&*model, recording, split.test())?;
    let options =
        EvaluationOptions { seed: Seed::new(args.seed), ..EvaluationOptions::for_dt(recording.dt()) };
    let test = train::score(&rates, recording, split.test(), &options)?;
    let checkpoint = format!("checkpoints/{}", choice.name);
    checkpoint::save(out.path(&checkpoint), &*model, &metadata)?;
    out.predictions(&choice.name, &rates)?;
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
    Ok(Fitted { model, rates: rates.into_rates(), summary })
}

/// Fits by gradient descent with a progress bar. A fit that was killed is resumed if its settings and data are the same.
fn fit_by_gradients(
    model: &mut dyn ResponseModel,
    name: &str,
    args: &FitArgs,
    recording: &Recording,
    split: &Split,
    out: &Output,
) -> anyhow::Result<Fit> {
    const SAVE_EVERY: Duration = Duration::from_secs(5);
    let state = out.path("unfinished").join(name);
    let bar = FitBar::new(name, args.machine.quiet);
    let config = args.fit_config(&model.config());
    let fitter =
        || Fitter::new(config.clone()).on_epoch(|progress| bar.show(progress)).resume_in(&state, SAVE_EVERY);
    let fit = match fitter().fit(model, recording, split) {
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
    Ok(fit)
}
