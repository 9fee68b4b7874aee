//! The fitter.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use candle_core::{DType, Tensor};
use statenet_core::Seed;
use statenet_data::{Batch, Batches, Recording, Split};
use statenet_models::{Mode, Pass, ResponseModel};

use super::{
    clipping,
    config::FitConfig,
    early_stopping::{Course, Verdict},
    validation::{Validation, expect_fit, mean_rates},
};
use crate::{
    error::{During, Error, Result},
    history::{History, Stopped},
    optimizers::AdamW,
    progress::Progress,
    resume::{Fingerprint, Slot, Unfinished},
};

/// Fits a model to training stimuli by gradients and stops by its score on validation stimuli.
///
/// Deterministic: the same model, recording, split and settings give the same bytes, whatever the number of threads.
pub struct Fitter<'a> {
    config: FitConfig,
    watch: Option<Watch<'a>>,
    resume: Option<(PathBuf, Duration)>,
}

type Watch<'a> = Box<dyn FnMut(&Progress) + 'a>;

impl<'a> Fitter<'a> {
    /// A fitter with these settings.
    #[must_use]
    pub fn new(config: FitConfig) -> Self {
        Self { config, watch: None, resume: None }
    }

    /// Calls `watch` after every epoch.
    #[must_use]
    pub fn on_epoch(mut self, watch: impl FnMut(&Progress) + 'a) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Keeps the state of the fit in a folder, saved after an epoch if `every` has passed since the last time, and
    /// goes on from there if the folder holds the same fit, unfinished. The folder is removed when the fit has ended.
    #[must_use]
    pub fn resume_in(mut self, folder: &Path, every: Duration) -> Self {
        self.resume = Some((folder.to_path_buf(), every));
        self
    }

    /// Fits the model. Its parameters are changed in place and end as the best by validation score.
    ///
    /// The recording must be smoothed and standardised as wanted (on `split.train()` only). Test stimuli are never
    /// looked at.
    ///
    /// # Errors
    /// [`Error::Setting`] and [`Error::Mismatch`] before anything is done; [`Error::OtherFit`] if the folder to resume
    /// from belongs to another fit, [`Error::File`] if it is damaged; [`Error::NotFinite`] if the loss or a gradient
    /// stops being a number. An error that stops a running fit leaves the best weights so far in the model.
    pub fn fit(self, model: &dyn ResponseModel, recording: &Recording, split: &Split) -> Result<History> {
        let Self { config, mut watch, resume } = self;
        config.validate()?;
        expect_fit(model, recording)?;
        let batches = Batches::new(recording, split.train(), model.device())?;
        let validation = Validation::new(recording, split.val(), model.device())?;
        let slot = match resume {
            Some((folder, every)) => {
                Some((Slot::new(&folder, Fingerprint::new(model, &config, recording, split)?), every))
            }
            None => None,
        };
        let unfinished = slot.as_ref().map(|(slot, _)| slot.load(model.device())).transpose()?.flatten();
        let untouched = model.params().snapshot()?;
        let mut run = Run::start(model, &config, &batches, recording)?;
        if let (Some((slot, _)), Some(unfinished)) = (&slot, unfinished) {
            tracing::info!(epoch = unfinished.course.n_epochs(), "resuming a fit");
            if let Err(e) = run.go_on_from(unfinished) {
                model.params().load(&untouched, "weights before the fit")?;
                return Err(slot.unusable(e));
            }
        }
        let stopped = run.finish(&validation, &mut watch, slot.as_ref());
        // Also where it failed.
        model.params().load(&run.best, "best weights")?;
        let stopped = stopped?;
        if let Some((slot, _)) = &slot {
            slot.clear()?;
        }
        Ok(run.course.into_history(stopped))
    }
}

impl Course {
    fn progress(&self, config: &FitConfig) -> Progress {
        let n = self.n_epochs();
        let left = self.seconds / n.max(1) as f64 * config.max_epochs.saturating_sub(n) as f64;
        Progress {
            epoch: n,
            max_epochs: config.max_epochs,
            train_loss: self.train_loss.last().copied().unwrap_or_default(),
            val_score: self.val_score.last().copied().flatten(),
            best_score: self.best_score,
            n_stale: self.n_stale,
            patience: config.patience,
            elapsed: Duration::from_secs_f64(self.seconds.max(0.0)),
            at_most_left: Duration::try_from_secs_f64(left).unwrap_or_default(),
        }
    }
}

/// A fit in progress.
struct Run<'a> {
    model: &'a dyn ResponseModel,
    config: &'a FitConfig,
    batches: &'a Batches,
    recording: &'a Recording,
    optimizer: AdamW,
    course: Course,
    best: BTreeMap<String, Tensor>,
}

impl<'a> Run<'a> {
    fn start(
        model: &'a dyn ResponseModel,
        config: &'a FitConfig,
        batches: &'a Batches,
        recording: &'a Recording,
    ) -> Result<Self> {
        model.init_to_mean_rates(&mean_rates(batches)?)?;
        let optimizer = AdamW::for_params(model.params(), config.optimizer.clone());
        let best = model.params().snapshot()?;
        Ok(Self { model, config, batches, recording, optimizer, course: Course::default(), best })
    }

    fn go_on_from(&mut self, unfinished: Unfinished) -> Result<()> {
        self.model.params().load(&unfinished.best, "best weights to resume from")?;
        self.model.params().load(&unfinished.current, "weights to resume from")?;
        if !self.optimizer.resume(&unfinished.moments) {
            return Err(Error::Setting {
                setting: "moments of the optimiser",
                got: "those of other parameters".to_owned(),
                expected: "one pair per parameter",
            });
        }
        self.course = unfinished.course;
        self.best = unfinished.best;
        Ok(())
    }

    fn unfinished(&self) -> Result<Unfinished> {
        Ok(Unfinished {
            course: self.course.clone(),
            current: self.model.params().snapshot()?,
            best: self.best.clone(),
            moments: self.optimizer.moments(),
        })
    }

    /// Epoch after epoch until it has converged or may not go on. The model is left as the last epoch left it.
    fn finish(
        &mut self,
        validation: &Validation,
        watch: &mut Option<Watch<'_>>,
        slot: Option<&(Slot, Duration)>,
    ) -> Result<Stopped> {
        let (begun, before) = (Instant::now(), self.course.seconds);
        let mut saved = Instant::now();
        while self.course.n_epochs() < self.config.max_epochs {
            let train_loss = self.epoch()?;
            let score = validation.score(self.model)?;
            let verdict = self.course.add(train_loss, score, self.config);
            self.course.seconds = before + begun.elapsed().as_secs_f64();
            tracing::debug!(epoch = self.course.n_epochs(), train_loss, val_score = score, ?verdict, "epoch");
            match verdict {
                Verdict::Improved => self.best = self.model.params().snapshot()?,
                Verdict::SlowDown => self.model.params().load(&self.best, "best weights")?,
                Verdict::Stale | Verdict::Stop => {}
            }
            if let Some(watch) = watch {
                watch(&self.course.progress(self.config));
            }
            if verdict == Verdict::Stop {
                return Ok(Stopped::Converged);
            }
            if let Some((slot, _)) = slot.filter(|(_, every)| saved.elapsed() >= *every) {
                slot.save(&self.unfinished()?)?;
                saved = Instant::now();
            }
        }
        Ok(Stopped::MaxEpochs)
    }

    /// One pass over the training stimuli. Returns the mean loss of its steps.
    fn epoch(&mut self) -> Result<f64> {
        use candle_nn::Optimizer;
        let epoch = self.course.n_epochs();
        let seed = Seed::new(self.config.seed);
        let factor = self.config.schedule.factor(self.course.n_falls);
        self.optimizer.set_learning_rate(self.config.optimizer.learning_rate * factor);
        let pass_over = self.batches.epoch(seed, epoch, self.config.batch)?;
        let n_steps = pass_over.n_batches().max(1);
        let mut sum = 0.0;
        for (step, batch) in pass_over.enumerate() {
            let batch = batch?;
            let noise = seed.child(&format!("epoch.{epoch}.step.{step}"));
            sum += self.step(&batch, noise).map_err(|e| e.locate(epoch, step, &batch, self.recording))?;
        }
        Ok(sum / n_steps as f64)
    }

    /// One step. Returns its loss.
    fn step(&mut self, batch: &Batch, noise: Seed) -> Result<f64, Stumble> {
        let dtype = self.model.dtype();
        let convert = |t: &Tensor| t.to_dtype(dtype).during("converting a batch");
        let pass = Pass::new(noise, valid_frames(batch, dtype)?);
        let rate =
            self.model.forward(&convert(&batch.cochleagrams)?, Mode::Train(&pass)).map_err(Error::from)?;
        let loss = self.config.loss.apply(&rate, &convert(&batch.targets)?, &convert(&batch.mask)?);
        let loss = loss.map_err(Error::from)?;
        let value =
            loss.to_dtype(DType::F64).and_then(|l| l.to_scalar::<f64>()).during("reading the loss")?;
        if !value.is_finite() {
            return Err(Stumble::NotFinite { what: "the loss", value });
        }
        let grads = loss.backward().during("backward")?;
        let norm = clipping::gradient_norm(self.model.params(), &grads).during("measuring gradients")?;
        if !norm.is_finite() {
            return Err(Stumble::NotFinite { what: "the gradient norm", value: norm });
        }
        let factor = clipping::factor(norm, self.config.clip);
        self.optimizer.scaled_step(&grads, factor).during("taking a step")?;
        self.model.params().fold(&pass).map_err(Error::from)?;
        Ok(value)
    }
}

/// What went wrong in a step, before it is known which.
enum Stumble {
    NotFinite { what: &'static str, value: f64 },
    Other(Error),
}

impl From<Error> for Stumble {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Stumble {
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

/// `(B, 1, T)`, 1 for frames of a stimulus and 0 for padding; `None` if nothing is padded.
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
