//! The steps of `fit`: read, fit, score, save, report.

use anyhow::{Context, ensure};
use statenet::{
    core::Warning,
    data::Part,
    metrics::ScoreTable,
    models::{ensemble_of, front_ends::FrontEndConfig},
    prelude::*,
    train::{self, Course, Distillation, Fit, RidgeFit, Stopped},
};

use super::{
    args::FitArgs,
    core::Core,
    need,
    output::{Output, SUMMARY},
    recipe::{ChosenRecipe, RecipeArg, Searched, recipe_of},
    report::{Fitted, Scene, comparisons, write_report},
    summary::{Dataset, ModelSummary, RecipeSummary, Refit, Summary},
    unlabelled::unlabelled,
};
use crate::{
    reading::{Source, source},
    shared::{
        Choice, FitStates, Inputs, Kind, Warnings, choices, comparison_notes, cut, front_end, interrupt,
        ridge_history, seconds,
    },
};

/// Runs the program.
///
/// # Errors
/// If the recording or a config cannot be read, a fit fails, or a file cannot be written.
pub fn run(args: &FitArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    ensure!(
        args.trials.is_none() || args.recipe == RecipeArg::Search,
        "--trials is of --recipe search alone"
    );
    ensure!(
        args.core.is_none() || args.recipe != RecipeArg::Search,
        "--recipe search is of whole models, not of --core: name the recipe"
    );
    let core = args.core.as_deref().map(|folder| Core::load(folder, &device)).transpose()?;
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
    let named = args.front_end.as_deref();
    let front_end = match &core {
        Some(core) => core.front_end(named)?,
        None => named.map(front_end).transpose()?,
    };
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
        front_end: front_end.as_ref(),
        device: &device,
        out: &out,
        warnings: warnings.as_slice(),
    };
    let mut states = out.states(args.machine.quiet, &printer);
    let mut fitted = Vec::new();
    for choice in &chosen {
        interrupt::check()?;
        let of_choice = inputs.of(choice.input())?;
        let all =
            run.fit(choice, of_choice, &mut states).with_context(|| format!("fitting {}", choice.name))?;
        all.iter().for_each(|one| say(line_of(&one.summary)));
        fitted.extend(all);
    }
    if let Some(core) = &core {
        let of_core = inputs.of(core.input())?;
        let one =
            run.readout(core, of_core, &mut states).with_context(|| format!("fitting {}", core.name))?;
        say(line_of(&one.summary));
        fitted.push(one);
    }

    let comparisons = comparisons(&fitted, recording);
    let summary = Summary {
        dataset: Dataset { selected: args.select.as_written(), ..Dataset::of(recording) },
        models: fitted.iter().map(|f| f.summary.clone()).collect(),
        comparisons,
        warnings: warnings.as_slice().to_vec(),
    };
    let scaling = &recording.fit_standardization(split.train())?;
    let scene = Scene {
        recording,
        scaling,
        split: &split,
        truth: &source.truth,
        fitted: &fitted,
        comparisons: &summary.comparisons,
        seed: args.seed,
    };
    let tables = write_report(&scene, &out)?;
    out.json(SUMMARY, &summary)?;
    interrupt::check()?;
    let _locked = out.commit()?;
    states.forget()?;
    for table in &tables {
        say(format!("\n{}", table.to_text().trim_end()));
    }
    for note in comparison_notes(&summary.comparisons) {
        say(format!("\n{note}"));
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

/// What is printed of a fitted model.
fn line_of(summary: &ModelSummary) -> String {
    format!(
        "{:14}{} {:6} parameters, CCnorm {} in {:.1} s",
        summary.name,
        if summary.refit.is_some() { " refit" } else { "" },
        summary.parameters,
        ScoreTable::score(summary.test.ccnorm_mean),
        summary.seconds_fit
    )
}

/// What the fits of a run share.
struct Run<'a> {
    args: &'a FitArgs,
    split: &'a Split,
    options: &'a EvaluationOptions,
    front_end: Option<&'a FrontEndConfig>,
    device: &'a Device,
    out: &'a Output,
    warnings: &'a [Warning],
}

impl Run<'_> {
    /// Fits, scores and saves one model, and the ensemble and the distilled model that were asked for.
    fn fit(
        &self,
        choice: &Choice,
        recording: &Recording,
        states: &mut FitStates<'_>,
    ) -> anyhow::Result<Vec<Fitted>> {
        let config = match &choice.kind {
            Kind::Ridge(ridge) => return Ok(vec![self.ridge(&choice.name, ridge, recording, states)?]),
            Kind::Gradient(config) => config,
        };
        let searched =
            Searched { name: &choice.name, model: config, recording, split: self.split, device: self.device };
        let recipe = recipe_of(
            self.args,
            &searched,
            self.out,
            self.out.states_of_search(&choice.name),
            states.printer(),
        )?;
        let config = &match &recipe.summary {
            Some(_) => recipe.fields.model_config(config)?,
            None => (**config).clone(),
        };
        let build = |seed: u64| Ok(config.build(Seed::new(seed), self.device)?);
        let fitting = (&build as Build<'_>, &recipe);
        let seed = self.args.seed;
        let first = self.gradient(&choice.name, fitting, seed, (recording, self.split), states)?;
        if self.args.n_members() == 1 {
            return Ok(vec![self.finish(&choice.name, first, recording)?]);
        }
        let mut members = vec![first];
        for further in 1..self.args.n_members() {
            let seed = seed.wrapping_add(further);
            let name = format!("{}-seed{seed}", choice.name);
            members.push(self.gradient(&name, fitting, seed, (recording, self.split), states)?);
        }
        let ensemble = format!("{}-ensemble", choice.name);
        let teacher = self.ensemble(&members)?;
        let mut fitted = vec![self.finish(&choice.name, members.swap_remove(0), recording)?];
        let distilled = match self.args.distill {
            Some(_) => Some(self.distilled(choice, fitting, &*teacher.model, recording, states)?),
            None => None,
        };
        fitted.push(self.finish(&ensemble, teacher, recording)?);
        if let Some(pupil) = distilled {
            fitted.push(self.finish(&format!("{}-distilled", choice.name), pupil, recording)?);
        }
        Ok(fitted)
    }

    fn ridge(
        &self,
        name: &str,
        ridge: &Ridge,
        recording: &Recording,
        states: &FitStates<'_>,
    ) -> anyhow::Result<Fitted> {
        let printer = states.printer();
        let need = ridge.need(recording, self.split)?;
        need::line(name, need, "in all").into_iter().for_each(|line| printer.line(line));
        let fit = ridge.fit(recording, self.split, self.device)?;
        let history = ridge_history(&fit);
        let refit = match self.args.refit {
            true => Some(ridge.refit(recording, self.split, &fit, self.device)?),
            false => None,
        };
        let of_refit = refit
            .as_ref()
            .map(|refit| of_refit(self.split, Vec::new(), vec![refit.train_loss], refit.seconds));
        let RidgeFit { model, metadata, .. } = refit.unwrap_or(fit);
        let fit = Fit { history, metadata };
        let fitted = Model { model, fit, refit: of_refit, recipe: None, seed: self.args.seed, epochs_run: 0 };
        self.finish(name, fitted, recording)
    }

    /// Fits a model by gradient descent.
    fn gradient(
        &self,
        name: &str,
        (build, recipe): (Build<'_>, &ChosenRecipe),
        seed: u64,
        (recording, split): (&Recording, &Split),
        states: &mut FitStates<'_>,
    ) -> anyhow::Result<Model> {
        interrupt::check()?;
        let printer = states.printer();
        let mut model = build(seed)?;
        let config = self.args.fit_config(&model.config(), seed, recording.dt(), &recipe.fields)?;
        let recipe = recipe.summary.clone();
        let need = train::need_of_fit(&*model, recording, split, &config)?;
        need::line(name, need, "an epoch").into_iter().for_each(|line| printer.line(line));
        let fit = states.fit(name, &config, &mut *model, recording, split)?;
        let epochs_run = fit.history.n_epochs();
        if fit.history.found_nothing() {
            let best = fit.history.best_score().unwrap_or_default();
            states.printer().warn(format_args!(
                "{name} found nothing that the neurons answer: its best validation score is {best:.2}. Another --seed may; `statenet look` shows \
                 whether there is a signal"
            ));
        }
        if !self.args.refit {
            return Ok(Model { model, fit, refit: None, recipe, seed, epochs_run });
        }
        // From the first weights.
        let mut model = build(seed)?;
        let again = states.refit(name, &config, &mut *model, (recording, split), &fit.history)?;
        let course = Course::of(&fit.history, &config);
        let History { train_loss, seconds, .. } = again.history;
        let refit = Some(of_refit(split, course.by_rate().to_vec(), train_loss, seconds));
        Ok(Model { model, fit: Fit { metadata: again.metadata, ..fit }, refit, recipe, seed, epochs_run })
    }

    /// Fits a readout behind the core of a fitted model.
    fn readout(
        &self,
        core: &Core,
        recording: &Recording,
        states: &mut FitStates<'_>,
    ) -> anyhow::Result<Fitted> {
        let build = |seed: u64| core.model(recording, seed);
        let model = build(self.args.seed)?.config();
        let (name, split, device) = (&*core.name, self.split, self.device);
        let searched = Searched { name, model: &model, recording, split, device };
        let states_of_search = self.out.states_of_search(name);
        let recipe = recipe_of(self.args, &searched, self.out, states_of_search, states.printer())?;
        let mut fitted =
            self.gradient(name, (&build, &recipe), self.args.seed, (recording, self.split), states)?;
        fitted.fit.metadata.training.insert("core".to_owned(), core.about());
        self.finish(name, fitted, recording)
    }

    /// The ensemble of fitted models.
    fn ensemble(&self, members: &[Model]) -> anyhow::Result<Model> {
        let copies = members.iter().map(|member| {
            let copy = member.model.config().build(Seed::new(member.seed), self.device)?;
            copy.params().load(&member.model.params().snapshot()?, "a fitted model")?;
            Ok(copy)
        });
        let model = ensemble_of(copies.collect::<Result<_, statenet::models::Error>>()?)?;
        let mut ends = members.iter().map(|member| member.fit.history.stopped);
        let first = ends.next().unwrap_or(Stopped::MaxEpochs);
        let history = History {
            train_loss: Vec::new(),
            val_score: Vec::new(),
            best_epoch: 0,
            stopped: if ends.all(|end| end == first) { first } else { Stopped::MaxEpochs },
            seconds: members.iter().map(|member| member.fit.history.seconds).sum(),
        };
        let metadata = members.first().map(|member| member.fit.metadata.clone()).unwrap_or_default();
        let refits: Vec<&Refit> = members.iter().filter_map(|member| member.refit.as_ref()).collect();
        let seconds = refits.iter().map(|refit| refit.seconds).sum();
        let refit = (!refits.is_empty()).then(|| of_refit(self.split, Vec::new(), Vec::new(), seconds));
        let recipe = members.first().and_then(|member| member.recipe.clone());
        let fit = Fit { history, metadata };
        Ok(Model { model, fit, refit, recipe, seed: self.args.seed, epochs_run: 0 })
    }

    /// One network fitted to what an ensemble makes of the sounds.
    fn distilled(
        &self,
        choice: &Choice,
        fitting: (Build<'_>, &ChosenRecipe),
        teacher: &dyn ResponseModel,
        recording: &Recording,
        states: &mut FitStates<'_>,
    ) -> anyhow::Result<Model> {
        let unlabelled = match &self.args.unlabelled {
            Some(folder) => unlabelled(folder, recording, self.front_end)?,
            None => Vec::new(),
        };
        let (lesson, parts) = Distillation::default().lesson(teacher, recording, self.split, unlabelled)?;
        let name = format!("{}-distilled", choice.name);
        let mut pupil = self.gradient(&name, fitting, self.args.seed, (&lesson, &parts), states)?;
        let about = serde_json::json!({"teacher": teacher.config().slug(), "further_sounds": parts.train().len() - self.split.train().len()});
        pupil.fit.metadata.training.insert("distilled".to_owned(), about);
        Ok(pupil)
    }

    /// Scores and saves a fitted model.
    fn finish(&self, name: &str, fitted: Model, recording: &Recording) -> anyhow::Result<Fitted> {
        let Self { split, options, out, warnings, .. } = *self;
        let Model { model, fit: Fit { history, metadata }, refit, recipe, seed, epochs_run } = fitted;
        let rates = train::predict(&*model, recording, split.test())?;
        let rates = rates.with_not_trained(options.not_trained.clone());
        let test = train::score(&rates, recording, split.test(), options)?;
        let checkpoint = format!("checkpoints/{name}");
        checkpoint::save(out.path(&checkpoint), &*model, &metadata)?;
        out.predictions(name, &rates, warnings)?;
        let summary = ModelSummary {
            name: name.to_owned(),
            config: model.config(),
            recipe,
            parameters: model.params().n_trained(),
            seed,
            split: split.clone(),
            epochs_run,
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

/// Builds a model with first values from a seed.
type Build<'a> = &'a dyn Fn(u64) -> anyhow::Result<Box<dyn ResponseModel>>;

/// A fitted model that is not scored yet.
struct Model {
    model: Box<dyn ResponseModel>,
    fit: Fit,
    refit: Option<Refit>,
    recipe: Option<RecipeSummary>,
    seed: u64,
    epochs_run: usize,
}

/// What the summary says of a refit to training and validation stimuli together.
fn of_refit(split: &Split, epochs: Vec<usize>, train_loss: Vec<f64>, seconds: f64) -> Refit {
    let parts = train::fitted_parts(true).iter();
    let stimuli = parts.flat_map(|&part| split.part(part)).copied().collect();
    Refit { stimuli, epochs, train_loss, seconds }
}
