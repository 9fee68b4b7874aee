//! The steps of `fit`: read, fit, score, save, report.

use anyhow::Context;
use statenet::{
    core::Warning,
    data::Part,
    metrics::ScoreTable,
    prelude::*,
    train::{self, Course, Fit, Stopped},
};

use super::{
    args::FitArgs,
    need,
    output::{Output, SUMMARY},
    report::{Fitted, Scene, write_report},
    summary::{Dataset, ModelSummary, Refit, Summary},
};
use crate::{
    reading::{Source, source},
    shared::{Choice, FitStates, Inputs, Kind, Warnings, choices, cut, front_end, interrupt, seconds},
};

/// Runs the program.
///
/// # Errors
/// If the recording or a config cannot be read, a fit fails, or a file cannot be written.
pub fn run(args: &FitArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let printer = args.machine.printer();
    let say = |text: String| printer.line(text);
    let out = Output::open(args, &printer)?;
    let mut warnings = Warnings::default();
    let source = args.select.neurons(source(&args.origin()?, &args.select, args.seed, &mut warnings)?)?;
    if let Some(loss) = args.loss {
        FitConfig { loss, ..FitConfig::default() }.expect_unit(source.recording.response_unit())?;
    }
    let whole = seconds(&source.recording);
    let source = Source { recording: cut(source.recording, args.cut.as_ref())?, ..source };
    if let Some(by) = &args.cut {
        let (n, kept) = (source.recording.n_stimuli(), seconds(&source.recording));
        say(format!("cut by {by} into {n} pieces: {kept:.1} s of {whole:.1} s"));
    }
    let split = args.parts.resolve(&args.split, &source.recording)?;
    let (source, with_signal) = args.select.with_signal(source, Some(&split))?;
    with_signal.into_iter().for_each(&say);
    let front_end = args.front_end.as_deref().map(front_end).transpose()?;
    let inputs = Inputs::new(source.recording.smoothed().into_owned(), front_end.as_ref())?;
    let recording = inputs.cochleagrams();
    split.expect_data(&[Part::Train, Part::Val, Part::Test], recording)?;
    let options = EvaluationOptions {
        seed: Seed::new(args.seed),
        min_signal_power: args.min_signal_power,
        not_trained: split.without_data_in(train::fitted_parts(args.refit), recording)?,
        ..EvaluationOptions::for_dt(recording.dt())
    };
    options.validate()?;
    warnings.about(recording, &split)?;
    let chosen = choices(&args.model, &inputs)?;
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

    let run = Run {
        args,
        split: &split,
        options: &options,
        device: &device,
        out: &out,
        warnings: warnings.as_slice(),
    };
    let mut states = out.states(args.machine.quiet, &printer);
    let mut fitted = Vec::new();
    for choice in &chosen {
        interrupt::check()?;
        let of_choice = inputs.of(choice.input())?;
        let one =
            run.fit(choice, of_choice, &mut states).with_context(|| format!("fitting {}", choice.name))?;
        say(format!(
            "{:14}{} {:6} parameters, CCnorm {} in {:.1} s",
            choice.name,
            if one.summary.refit.is_some() { " refit" } else { "" },
            one.summary.parameters,
            ScoreTable::score(one.summary.test.ccnorm_mean),
            one.summary.seconds_fit
        ));
        fitted.push(one);
    }

    let summary = Summary {
        dataset: Dataset { selected: args.select.as_written(), ..Dataset::of(recording) },
        models: fitted.iter().map(|f| f.summary.clone()).collect(),
        warnings: warnings.as_slice().to_vec(),
    };
    let scaling = &recording.fit_standardization(split.train())?;
    let scene =
        Scene { recording, scaling, split: &split, truth: &source.truth, fitted: &fitted, seed: args.seed };
    let tables = write_report(&scene, &out)?;
    out.json(SUMMARY, &summary)?;
    interrupt::check()?;
    let _locked = out.commit()?;
    states.forget()?;
    for table in &tables {
        say(format!("\n{}", table.to_text().trim_end()));
    }
    if let Some(left_out) = summary.models.first().and_then(|model| model.test.left_out()) {
        say(format!("\n{left_out}"));
    }
    say(format!(
        "\nwrote {0}/report.html, {0}/{SUMMARY}, figures, checkpoints and predictions",
        args.out.display()
    ));
    printer.finish()
}

/// What the fits of a run share.
struct Run<'a> {
    args: &'a FitArgs,
    split: &'a Split,
    options: &'a EvaluationOptions,
    device: &'a Device,
    out: &'a Output,
    warnings: &'a [Warning],
}

impl Run<'_> {
    fn refit(&self, epochs: Vec<usize>, train_loss: Vec<f64>, seconds: f64) -> Refit {
        let parts = train::fitted_parts(true).iter();
        let stimuli = parts.flat_map(|&part| self.split.part(part)).copied().collect();
        Refit { stimuli, epochs, train_loss, seconds }
    }

    /// Fits, scores and saves one model.
    fn fit(
        &self,
        choice: &Choice,
        recording: &Recording,
        states: &mut FitStates<'_>,
    ) -> anyhow::Result<Fitted> {
        let Self { args, split, options, device, out, warnings } = *self;
        let printer = states.printer();
        let (model, Fit { history, metadata }, refit) = match &choice.kind {
            Kind::Ridge(ridge) => {
                let need = ridge.need(recording, split)?;
                need::line(&choice.name, need, "in all").into_iter().for_each(|line| printer.line(line));
                let fit = ridge.fit(recording, split, device)?;
                let refit = match args.refit {
                    true => Some(ridge.refit(recording, split, &fit, device)?),
                    false => None,
                };
                let of_refit =
                    refit.as_ref().map(|refit| self.refit(Vec::new(), vec![refit.train_loss], refit.seconds));
                let history = History {
                    train_loss: vec![fit.train_loss],
                    val_score: fit.val_score.clone(),
                    best_epoch: 0,
                    stopped: Stopped::Converged,
                    seconds: fit.seconds,
                };
                let fit = refit.unwrap_or(fit);
                (fit.model, Fit { history, metadata: fit.metadata }, of_refit)
            }
            Kind::Gradient(built) => {
                let mut model = built.build(Seed::new(args.seed), device)?;
                let config = args.fit_config(&model.config(), recording.dt())?;
                let need = train::need_of_fit(&*model, recording, split, &config)?;
                need::line(&choice.name, need, "an epoch").into_iter().for_each(|line| printer.line(line));
                let fit = states.fit(&choice.name, &config, &mut *model, recording, split)?;
                if args.refit {
                    // From the first weights.
                    let mut model = built.build(Seed::new(args.seed), device)?;
                    let to = (recording, split);
                    let again = states.refit(&choice.name, &config, &mut *model, to, &fit.history)?;
                    let course = Course::of(&fit.history, &config);
                    let History { train_loss, seconds, .. } = again.history;
                    let refit = self.refit(course.by_rate().to_vec(), train_loss, seconds);
                    (model, Fit { metadata: again.metadata, ..fit }, Some(refit))
                } else {
                    (model, fit, None)
                }
            }
        };
        let rates = train::predict(&*model, recording, split.test())?;
        let rates = rates.with_not_trained(options.not_trained.clone());
        let test = train::score(&rates, recording, split.test(), options)?;
        let checkpoint = format!("checkpoints/{}", choice.name);
        checkpoint::save(out.path(&checkpoint), &*model, &metadata)?;
        out.predictions(&choice.name, &rates, warnings)?;
        let summary = ModelSummary {
            name: choice.name.clone(),
            config: model.config(),
            parameters: model.params().n_trained(),
            seed: args.seed,
            split: split.clone(),
            epochs_run: if matches!(choice.kind, Kind::Ridge(_)) { 0 } else { history.n_epochs() },
            best_epoch: history.best_epoch,
            stopped: history.stopped,
            seconds_fit: history.seconds + refit.as_ref().map_or(0.0, |refit| refit.seconds),
            refit,
            train_loss: history.train_loss,
            val_score: history.val_score,
            test,
            checkpoint,
        };
        Ok(Fitted { model, rates: rates.into_rates(), summary })
    }
}
