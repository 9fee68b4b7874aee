//! The gradient fitter.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use candle_core::{DType, Tensor};
use serde_json::json;
use statenet_core::Seed;
use statenet_data::{Batch, Batches, Recording, Split};
use statenet_models::{Mode, Pass, ResponseModel};

use super::{
    averaging::WeightAverage,
    clipping,
    config::FitConfig,
    course::Course,
    early_stopping::{Decision, EarlyStopping},
    noise::with_noise,
    objective::Objective,
    responses::TrainingResponses,
    resume::{Fingerprint, FitFolder, FitState},
    schedule::{Place, Schedule},
};
use crate::{
    axes::expect_same_unit,
    error::{During, Error, Result},
    fit::{Fit, fitted_stimuli, metadata_of},
    hearing::FitInput,
    history::{History, Stopped},
    need::expect_memory_to_fit,
    optimizers::AdamW,
    progress::Progress,
    validation::Validation,
};

/// Fits a model to training stimuli by gradient descent until its score on validation stimuli stops improving.
///
/// Continuous responses are scaled: the loss counts in deviations of each neuron's training responses, so that it does not depend on their
/// unit and all neurons have the same weight, and a model of the zoo works with them so and gives rates in the unit.
///
/// Deterministic: the same model, recording, split and settings give the same weights bit for bit, whatever the number of
/// threads.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::Seed;
/// use statenet_data::{SimulationConfig, SplitPlan};
/// use statenet_models::zoo;
/// use statenet_train::{FitConfig, Fitter, evaluate};
///
/// let recording = SimulationConfig::small().simulate()?.recording;
/// let split = SplitPlan::Demo.resolve(&recording)?;
/// let mut model = zoo::linear(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
/// // Fitter::default() has the model's own recipe; here it is cut short.
/// let recipe = FitConfig { max_epochs: 3, ..FitConfig::recipe(&model.config()) };
/// let fit = Fitter::new(recipe).fit(&mut model, &recording, &split)?;
/// assert_eq!(fit.history.n_epochs(), 3);
/// assert!(evaluate(&model, &recording, split.test())?.per_neuron.len() == recording.n_neurons());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Fitter<'a> {
    /// `None`: the recipe of the model.
    config: Option<FitConfig>,
    watch: Option<Watch<'a>>,
    resume: Option<(PathBuf, Duration)>,
    keep_state: bool,
    pause: Option<usize>,
    stop: Option<Stop<'a>>,
}

/// Whether a fit is to stop.
type Stop<'a> = Box<dyn Fn() -> bool + 'a>;

type Watch<'a> = Box<dyn FnMut(&Progress) + 'a>;

impl<'a> Fitter<'a> {
    /// A fitter with these settings; [`default`](Self::default) takes the [recipe](FitConfig::recipe) of the model.
    #[must_use]
    pub fn new(config: FitConfig) -> Self {
        Self { config: Some(config), ..Self::default() }
    }

    /// Calls `watch` after every epoch.
    #[must_use]
    pub fn on_epoch(mut self, watch: impl FnMut(&Progress) + 'a) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Saves the state of the fit in a folder, after each epoch if the time `every` has passed since the last save. If the
    /// folder already holds the state of the same fit, that is resumed. The folder is removed when the fit ends.
    #[must_use]
    pub fn resume_in(mut self, folder: impl Into<PathBuf>, every: Duration) -> Self {
        self.resume = Some((folder.into(), every));
        self
    }

    /// Keeps the state of the fit in the folder of [`resume_in`](Self::resume_in) when the fit ends: the same fit called again ends at once,
    /// with the same result. For runs of many fits, which should not repeat those that had ended. Remove the folder after the run.
    #[must_use]
    pub fn keep_state(mut self) -> Self {
        self.keep_state = true;
        self
    }

    /// Ends the fit after so many epochs, if it has not ended before, as one that reached its maximum: with the best weights so far. Its state
    /// is kept in the folder of [`resume_in`](Self::resume_in), whatever [`keep_state`](Self::keep_state) says, and the same fit with a later
    /// pause, or none, goes on from there. For comparisons of many fits, of which only the best go on. A state of more epochs is not used.
    #[must_use]
    pub fn pause_after(mut self, epochs: usize) -> Self {
        self.pause = Some(epochs);
        self
    }

    /// Asks after every epoch whether to stop, for example because the user pressed Ctrl-C. If so, the state is saved in the folder of
    /// [`resume_in`](Self::resume_in), and the fit ends with [`Error::Interrupted`].
    #[must_use]
    pub fn stop_when(mut self, stop: impl Fn() -> bool + 'a) -> Self {
        self.stop = Some(Box::new(stop));
        self
    }

    /// Fits the model. Its parameters are changed in place; at the end they are those with the best validation score.
    ///
    /// Takes the recording as recorded: responses are [smoothed](Recording::smoothed), and the model is told how to scale bands
    /// ([`ResponseModel::scale_input`]), from `split.train()` only. Test stimuli are never used.
    ///
    /// # Errors
    /// [`Error::Setting`] (also for smoothness of a model without receptive fields), [`Error::Mismatch`], [`Error::LossUnit`], [`Error::ModelUnit`], [`Error::OutputCurve`] and [`Error::Memory`]
    /// before the fit starts; [`Error::OtherFit`] if the folder to resume from
    /// holds another fit, [`Error::DamagedState`] if it is damaged; [`Error::NotFinite`] if the loss or a gradient becomes infinite
    /// or NaN; [`Error::Interrupted`] if it was [asked to stop](Self::stop_when). After an error during the fit the model holds the best weights so far.
    pub fn fit(self, model: &mut dyn ResponseModel, recording: &Recording, split: &Split) -> Result<Fit> {
        self.run(model, recording, split, None)
    }

    /// Fits a model to the training and validation stimuli together, for the epochs that led an earlier fit of the same model, recording, split
    /// and settings to its best weights: the [`Course`] of its history. Test stimuli are never used, and there is no validation score.
    ///
    /// The model is as it was before the earlier fit: built anew from the same seed. Bands are scaled by training and validation stimuli. An epoch
    /// is a pass over more stimuli than in the earlier fit, so that there are more steps.
    ///
    /// ```
    /// use candle_core::Device;
    /// use statenet_core::Seed;
    /// use statenet_data::{SimulationConfig, SplitPlan};
    /// use statenet_models::zoo;
    /// use statenet_train::{FitConfig, Fitter};
    ///
    /// let recording = SimulationConfig::small().simulate()?.recording;
    /// let split = SplitPlan::Demo.resolve(&recording)?;
    /// let model = || zoo::linear(&recording.axes()).build(Seed::new(0), &Device::Cpu);
    /// let config = FitConfig { max_epochs: 5, ..FitConfig::recipe(&model()?.config()) };
    /// let first = Fitter::new(config.clone()).fit(&mut *model()?, &recording, &split)?;
    /// let mut refitted = model()?;
    /// let fit = Fitter::new(config).refit(&mut *refitted, &recording, &split, &first.history)?;
    /// assert_eq!(fit.history.n_epochs(), first.history.best_epoch);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn refit(
        self,
        model: &mut dyn ResponseModel,
        recording: &Recording,
        split: &Split,
        first: &History,
    ) -> Result<Fit> {
        let config = self.config.clone().unwrap_or_else(|| FitConfig::recipe(&model.config()));
        let course = Course::of(first, &config);
        self.run(model, recording, split, Some(&course))
    }

    fn run(
        self,
        model: &mut dyn ResponseModel,
        recording: &Recording,
        split: &Split,
        course: Option<&Course>,
    ) -> Result<Fit> {
        let Self { config, mut watch, resume, keep_state, pause, stop } = self;
        let config = config.unwrap_or_else(|| FitConfig::recipe(&model.config()));
        config.validate()?;
        config.expect_unit(recording.response_unit())?;
        expect_same_unit(model, recording)?;
        let train = fitted_stimuli(split, course.is_some());
        let val: &[usize] = if course.is_some() { &[] } else { split.val() };
        expect_memory_to_fit(model, recording, (&train, val), &config)?;
        let before = model.params().snapshot()?;
        let input = FitInput::new(model, recording, &train)?;
        if config.noise != 0.0 && !input.is_scaled {
            let (setting, got) = ("noise on sound", config.noise.to_string());
            let expected = "0 for a model whose bands are not scaled before all that it learns";
            return Err(Error::Setting { setting, got, expected });
        }
        let refit = course.map(|course| json!({ "epochs": course }));
        let mut metadata =
            metadata_of(recording, &input.recording.neuron_ids(), split, &config, Some(config.seed), refit)?;
        let recording = &*input.recording;
        let batches = Batches::new(recording, &train, model.device())?;
        let responses = TrainingResponses::of(&batches, recording.response_unit())?;
        let judge = match course {
            None => Judge::Validation(Validation::new(recording, split, model.device())?),
            Some(course) => Judge::Course(course),
        };
        let folder = match resume {
            Some((folder, every)) => {
                let fingerprint = Fingerprint::without_data(model, &config, split, course)?;
                Some((FitFolder::new(&folder, fingerprint, recording), every))
            }
            None => None,
        };
        let state = folder.as_ref().map(|(folder, _)| folder.load(model.device())).transpose()?.flatten();
        let is_before = |state: &FitState| pause.is_none_or(|pause| state.early_stopping.n_epochs() <= pause);
        let state = state.filter(is_before);
        if let Some(scaling) = &input.scaling {
            model.scale_input(scaling)?;
        }
        responses.start(model, recording)?;
        let weights = responses.weights(model.device(), model.dtype())?;
        let known = match config.loss.spread() {
            Some(_) => responses.moments_in_loss(&batches)?,
            None => Vec::new(),
        };
        let objective = Objective::new(&config, model, &known)?;
        let mut run = Run::start(model, &config, &batches, &input, weights, objective)?;
        // A refit has its epochs, and shows progress towards them; its learning rates are those of the fit that found them.
        run.n_epochs = course.map_or(config.max_epochs, Course::n_epochs);
        run.early_stopping.n_falls = course.map_or(0, |course| course.falls_before(0));
        let ended = state.as_ref().and_then(|state| state.ended);
        if let (Some((folder, _)), Some(state)) = (&folder, state) {
            let epoch = state.early_stopping.n_epochs();
            match pause {
                // One of many fits, which pause and go on by design.
                Some(_) => tracing::debug!(epoch, "resuming a fit"),
                None => tracing::info!(epoch, "resuming a fit"),
            }
            if let Err(e) = run.resume_from(state) {
                model.params().load(&before, "weights before the fit")?;
                return Err(folder.unusable(&e));
            }
        }
        let stopped = match ended {
            Some(stopped) => Ok(Some(stopped)),
            None => run.finish(&judge, pause, &mut watch, stop.as_deref(), folder.as_ref()),
        };
        let kept = match (&stopped, &folder) {
            // Also that of a fit that is paused.
            (Ok(stopped), Some((folder, _))) if ended.is_none() && (keep_state || stopped.is_none()) => {
                run.state(*stopped).and_then(|state| folder.save(&state))
            }
            _ => Ok(()),
        };
        // Even if the fit failed.
        model.params().load(&run.best, "best weights")?;
        let stopped = stopped?;
        kept?;
        if let Some((folder, _)) = folder.as_ref().filter(|_| !keep_state && stopped.is_some()) {
            folder.clear()?;
        }
        if let Some((spread, values)) = run.objective.learned()? {
            let values = responses.in_unit(spread, values);
            metadata.training.insert(spread.name().to_owned(), serde_json::json!(values));
        }
        let stopped = stopped.unwrap_or(Stopped::MaxEpochs);
        Ok(Fit { history: run.early_stopping.into_history(stopped), metadata })
    }
}

impl EarlyStopping {
    fn progress(&self, max_epochs: usize, patience: usize) -> Progress {
        let n = self.n_epochs();
        let left = self.seconds / n.max(1) as f64 * max_epochs.saturating_sub(n) as f64;
        Progress {
            epoch: n,
            max_epochs,
            train_loss: self.train_loss.last().copied().unwrap_or_default(),
            val_score: self.val_score.last().copied().flatten(),
            best_score: self.best_score,
            n_stale: self.n_stale,
            patience,
            elapsed: Duration::from_secs_f64(self.seconds.max(0.0)),
            at_most_left: Duration::try_from_secs_f64(left).unwrap_or_default(),
        }
    }
}

/// What says which weights are kept.
enum Judge<'a> {
    /// The validation score, which also says when the fit ends.
    Validation(Validation),
    /// The epochs that an earlier fit found: the last weights are kept.
    Course(&'a Course),
}

/// A fit in progress.
struct Run<'a> {
    model: &'a dyn ResponseModel,
    config: &'a FitConfig,
    batches: &'a Batches,
    input: &'a FitInput<'a>,
    /// `(1, N, 1)`: what rates and targets are multiplied by in the loss, for continuous responses.
    weights: Option<Tensor>,
    objective: Objective<'a>,
    optimizer: AdamW,
    average: Option<WeightAverage>,
    /// The most epochs.
    n_epochs: usize,
    early_stopping: EarlyStopping,
    best: BTreeMap<String, Tensor>,
}

impl<'a> Run<'a> {
    fn start(
        model: &'a dyn ResponseModel,
        config: &'a FitConfig,
        batches: &'a Batches,
        input: &'a FitInput<'a>,
        weights: Option<Tensor>,
        objective: Objective<'a>,
    ) -> Result<Self> {
        let optimizer = AdamW::for_params(model.params(), config.optimizer.clone());
        let optimizer = optimizer.during("preparing the optimiser")?;
        let best = model.params().snapshot()?;
        let average = WeightAverage::new(config.averaging);
        Ok(Self {
            model,
            config,
            batches,
            input,
            weights,
            objective,
            optimizer,
            average,
            n_epochs: config.max_epochs,
            early_stopping: EarlyStopping::default(),
            best,
        })
    }

    /// Continues from a saved state.
    fn resume_from(&mut self, mut state: FitState) -> Result<()> {
        let is_of_loss = self.objective.resume(&mut state.current, &mut state.moments)?;
        self.model.params().load(&state.best, "best weights to resume from")?;
        self.model.params().load(&state.current, "weights to resume from")?;
        let is_of_average = match &mut self.average {
            Some(average) => average.resume(&state.average, self.model.params()),
            None => state.average.is_empty(),
        };
        if !is_of_average {
            return Err(Error::Setting {
                setting: "average of weights",
                got: "that of other parameters".to_owned(),
                expected: "one value per trained parameter",
            });
        }
        if !is_of_loss || !self.optimizer.resume(&state.moments).during("resuming the optimiser")? {
            return Err(Error::Setting {
                setting: "moments of the optimiser",
                got: "those of other parameters".to_owned(),
                expected: "one pair per parameter",
            });
        }
        self.early_stopping = state.early_stopping;
        self.best = state.best;
        Ok(())
    }

    fn state(&self, ended: Option<Stopped>) -> Result<FitState> {
        let mut current = self.model.params().snapshot()?;
        let mut moments = self.optimizer.moments().during("reading moments")?;
        self.objective.save(&mut current, &mut moments)?;
        let (early_stopping, best) = (self.early_stopping.clone(), self.best.clone());
        let average = self.average.as_ref().map(WeightAverage::save).unwrap_or_default();
        Ok(FitState { ended, early_stopping, current, best, average, moments })
    }

    /// Runs epochs until the fit has converged or the maximum is reached, or `pause` epochs, of which `None` tells. The model then holds the
    /// weights of the last epoch, not the best ones.
    fn finish(
        &mut self,
        judge: &Judge<'_>,
        pause: Option<usize>,
        watch: &mut Option<Watch<'_>>,
        stop: Option<&(dyn Fn() -> bool + '_)>,
        folder: Option<&(FitFolder, Duration)>,
    ) -> Result<Option<Stopped>> {
        let params = self.model.params();
        let until = pause.map_or(self.n_epochs, |pause| pause.min(self.n_epochs));
        let (begun, before) = (Instant::now(), self.early_stopping.seconds);
        let mut saved = Instant::now();
        while self.early_stopping.n_epochs() < until {
            let train_loss = self.epoch()?;
            let own = match &mut self.average {
                Some(average) => {
                    average.epoch(params)?;
                    Some(average.swap_in(params)?)
                }
                None => None,
            };
            let (score, decision) = match judge {
                Judge::Validation(validation) => {
                    let score = validation.score(|x| self.input.forward(self.model, x, Mode::Eval))?;
                    (score, self.early_stopping.add(train_loss, score, self.config))
                }
                Judge::Course(course) => {
                    self.early_stopping.add_planned(train_loss, course);
                    (None, Decision::Improved)
                }
            };
            self.early_stopping.seconds = before + begun.elapsed().as_secs_f64();
            tracing::debug!(
                epoch = self.early_stopping.n_epochs(),
                train_loss,
                val_score = score,
                ?decision,
                "epoch"
            );
            if decision == Decision::Improved {
                self.best = params.snapshot()?;
            }
            if let Some(own) = own {
                params.load(&own, "weights after an epoch")?;
            }
            if decision == Decision::ReduceRate {
                params.load(&self.best, "best weights")?;
                self.average.as_mut().map(|average| average.restart(params)).transpose()?;
            }
            if let Some(watch) = watch {
                watch(&self.early_stopping.progress(self.n_epochs, self.config.patience));
            }
            if decision == Decision::Stop {
                return Ok(Some(Stopped::Converged));
            }
            let stop = self.early_stopping.n_epochs() < until && stop.is_some_and(|stop| stop());
            if let Some((folder, _)) = folder.filter(|(_, every)| stop || saved.elapsed() >= *every) {
                folder.save(&self.state(None)?)?;
                saved = Instant::now();
            }
            if stop {
                return Err(Error::Interrupted {
                    epoch: self.early_stopping.n_epochs(),
                    saved_in: folder.map(|(folder, _)| folder.path().to_path_buf()),
                });
            }
        }
        if self.early_stopping.n_epochs() < self.n_epochs {
            return Ok(None);
        }
        Ok(Some(match (judge, self.config.schedule) {
            (Judge::Course(_), _) | (_, Schedule::Cosine) => Stopped::AsPlanned,
            (Judge::Validation(_), Schedule::Constant | Schedule::Plateau { .. }) => Stopped::MaxEpochs,
        }))
    }

    /// Runs one epoch: a pass over the training stimuli. Returns the mean loss of its steps.
    fn epoch(&mut self) -> Result<f64> {
        let epoch = self.early_stopping.n_epochs();
        let seed = self.config.seed;
        let pass_over = match self.config.crop {
            Some(crop) => self.batches.cropped_epoch(seed, epoch, self.config.batch, crop)?,
            None => self.batches.epoch(seed, epoch, self.config.batch)?,
        };
        let n_steps = pass_over.n_batches().max(1);
        let mut sum = 0.0;
        for (step, batch) in pass_over.enumerate() {
            let batch = batch?;
            let noise = seed.child(&format!("epoch.{epoch}.step.{step}"));
            let place = Place { epoch, step, n_steps, n_falls: self.early_stopping.n_falls };
            sum += self
                .step(&batch, noise, place)
                .map_err(|e| e.locate(epoch, step, &batch, &self.input.recording))?;
        }
        Ok(sum / n_steps as f64)
    }

    /// Takes one optimiser step. Returns its loss.
    fn step(&mut self, batch: &Batch, noise: Seed, place: Place) -> Result<f64, StepError> {
        use candle_nn::Optimizer;
        let FitConfig { schedule, warm_up, max_epochs, .. } = *self.config;
        let rate_factor = schedule.factor(place, warm_up, max_epochs);
        self.optimizer.set_learning_rate(self.config.optimizer.learning_rate * rate_factor);
        let dtype = self.model.dtype();
        let convert = |t: &Tensor| t.to_dtype(dtype).during("converting a batch");
        let pass = Pass::new(noise, valid_frames(batch, dtype)?);
        let sound = with_noise(convert(&batch.cochleagrams)?, self.config.noise, noise)?;
        let rate = self.input.forward(self.model, &sound, Mode::Train(&pass))?;
        let weighted = |t: Tensor| match &self.weights {
            Some(weights) => t.broadcast_mul(weights).during("weighting the loss"),
            None => Ok(t),
        };
        let (rate, targets) = (weighted(rate)?, weighted(convert(&batch.targets)?)?);
        let loss = self.objective.apply(&rate, &targets, &convert(&batch.mask)?)?;
        let value =
            loss.to_dtype(DType::F64).and_then(|l| l.to_scalar::<f64>()).during("reading the loss")?;
        if !value.is_finite() {
            return Err(StepError::NotFinite { what: "the loss", value });
        }
        let grads = loss.backward().during("backward pass")?;
        let norm = clipping::gradient_norm(self.model.params(), &grads).during("measuring gradients")?;
        if !norm.is_finite() {
            return Err(StepError::NotFinite { what: "the gradient norm", value: norm });
        }
        let factor = clipping::factor(norm, self.config.clip);
        self.optimizer.scaled_step(&grads, factor).during("optimiser step")?;
        self.objective.step(&grads, rate_factor)?;
        self.model.params().fold(&pass).map_err(Error::from)?;
        if let Some(average) = &mut self.average {
            average.step(self.model.params(), self.optimizer.n_steps())?;
        }
        Ok(value)
    }
}

/// An error in a step, before epoch and stimuli are added.
enum StepError {
    NotFinite { what: &'static str, value: f64 },
    Other(Error),
}

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl StepError {
    fn locate(self, epoch: usize, step: usize, batch: &Batch, recording: &Recording) -> Error {
        match self {
            Self::Other(error) => error,
            Self::NotFinite { what, value } => {
                let name = |&s: &usize| recording.stimuli().get(s).map(|s| s.name().to_owned());
                let stimuli = batch.stimuli.iter().filter_map(name).collect();
                Error::NotFinite { what, value, epoch: epoch + 1, step: step + 1, stimuli }
            }
        }
    }
}

/// `(B, 1, T)`: 1 for frames of a stimulus, 0 for padding; `None` if nothing is padded.
fn valid_frames(batch: &Batch, dtype: DType) -> Result<Option<Tensor>> {
    let longest = batch.n_bins.iter().copied().max().unwrap_or(0);
    if batch.n_bins.iter().all(|&n| n == longest) {
        return Ok(None);
    }
    let values: Vec<f32> =
        batch.n_bins.iter().flat_map(|&n| (0..longest).map(move |t| if t < n { 1.0 } else { 0.0 })).collect();
    let shape = (batch.n_bins.len(), 1, longest);
    let valid = Tensor::from_vec(values, shape, batch.mask.device()).and_then(|t| t.to_dtype(dtype));
    Ok(Some(valid.during("marking padding")?))
}
