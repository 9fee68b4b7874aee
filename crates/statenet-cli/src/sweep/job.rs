//! One job: fit, predict, score.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use statenet::{
    core::atomic,
    data::Part,
    prelude::*,
    train::{
        self, Fit,
        sweep::{Job, JobResult, set_fields},
    },
};

use super::{
    folder::{Sweep, checkpoint_of, unfinished},
    recordings::{Recordings, expect_unchanged},
};
use crate::{
    launch::message,
    shared::{Choice, Inputs, Kind, choice, forget_state, interrupt, ridge_history},
};

/// How often the state of a fit is saved.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// What the jobs of a process share.
pub(super) struct Workshop<'a> {
    pub(super) sweep: &'a Sweep,
    pub(super) out: &'a Path,
    pub(super) recordings: Recordings<'a>,
    pub(super) device: Device,
}

/// How a job ended.
pub(super) enum Ended {
    /// With a result.
    Done(Box<JobResult>),
    /// With an error that is recorded.
    Failed(String),
    /// Not: the user stopped the program. Its state is saved.
    Interrupted,
    /// Not: the machine fails, for this job and for others.
    Stopped(anyhow::Error),
}

/// A job that is ready to be fitted.
pub(super) struct Ready {
    choice: Choice,
    pub(super) recording: Recording,
    pub(super) split: Arc<Split>,
}

impl<'a> Workshop<'a> {
    pub(super) fn new(sweep: &'a Sweep, out: &'a Path, device: Device) -> Self {
        Self { sweep, out, recordings: Recordings::new(sweep, out), device }
    }

    /// The recording, model and split of a job. `Err(Ok(..))` for what is wrong with the job, `Err(Err(..))` for a recording that
    /// cannot be read.
    fn ready(&self, job: &Job) -> Result<anyhow::Result<Ready>, anyhow::Error> {
        let loaded = self.recordings.get(&job.recording)?;
        let ready = || {
            let Sweep { base, allow_similar_sounds, .. } = self.sweep;
            for (field, file) in [("model", &job.model), ("split", &job.split)] {
                if let Some(planned) = job.reads.get(field) {
                    expect_unchanged(&base.join(file), planned)?;
                }
            }
            let split = loaded.split(&job.split, base, *allow_similar_sounds)?;
            let split = match job.train {
                Some(share) => Arc::new(split.with_share_of_training(share, Seed::new(job.seed))?),
                None => split,
            };
            let model = self.model_of(job);
            let whole = choice(&model, &loaded.inputs)?;
            let input = whole.input();
            // Sounds are read once, for all populations.
            let recording = loaded.inputs.of(input)?;
            let (choice, recording) = if job.neurons == "all" {
                (whole, recording.clone())
            } else {
                let neurons = recording.neuron_indices(&job.neurons)?;
                let inputs: Inputs = loaded.inputs.select_neurons(&neurons)?;
                (choice(&model, &inputs)?, recording.select_neurons(&neurons)?)
            };
            let choice = Choice { kind: varied(choice.kind, job)?, ..choice };
            split.expect_data(&[Part::Train, Part::Val, Part::Test], &recording)?;
            anyhow::Ok(Ready { choice, recording, split })
        };
        Ok(ready())
    }

    /// The model as `--model` names it.
    fn model_of(&self, job: &Job) -> String {
        match job.reads.contains_key("model") {
            true => self.sweep.base.join(&job.model).display().to_string(),
            false => job.model.clone(),
        }
    }

    /// Runs a job, whatever happens in it.
    pub(super) fn perform(&self, job: &Job) -> Ended {
        let performed = catch_unwind(AssertUnwindSafe(|| self.try_perform(job)));
        let ended = performed.unwrap_or_else(|payload| {
            Ended::Failed(format!(
                "this is a bug in statenet {}: {}",
                env!("CARGO_PKG_VERSION"),
                message(&*payload)
            ))
        });
        if let Ended::Done(_) | Ended::Failed(_) = ended
            && let Err(error) = self.clear(job)
        {
            return Ended::Stopped(error);
        }
        ended
    }

    /// Removes what a job kept while it ran, whatever a killed process left of it.
    fn clear(&self, job: &Job) -> anyhow::Result<()> {
        let kept = unfinished(self.out, job);
        if kept.is_dir() {
            fs::remove_dir_all(&kept).with_context(|| format!("{}: cannot remove", kept.display()))?;
        }
        let _states_of_others = fs::remove_dir(self.out.join("unfinished"));
        Ok(())
    }

    fn try_perform(&self, job: &Job) -> Ended {
        let ready = match self.ready(job) {
            Ok(Ok(ready)) => ready,
            Ok(Err(wrong)) => return Ended::Failed(format!("{wrong:#}")),
            Err(error) => return Ended::Stopped(error),
        };
        let state = unfinished(self.out, job).join("fit");
        let fitter =
            |config| Fitter::new(config).stop_when(interrupt::is_asked).resume_in(&state, SAVE_EVERY);
        let fitted = || {
            atomic::sweep_of(&state)?;
            let (model, fit) = match self.fit(job, &ready, fitter) {
                // Of an earlier version, with other settings.
                Err(e) if e.downcast_ref().is_some_and(|e| matches!(e, train::Error::OtherFit { .. })) => {
                    forget_state(&state)?;
                    self.fit(job, &ready, fitter)?
                }
                other => other?,
            };
            let (result, fit) = self.scored(job, &ready, &*model, fit)?;
            if self.sweep.checkpoints {
                let place = checkpoint_of(self.out, job);
                checkpoint::save(&place, &*model, &fit.metadata)?;
            }
            anyhow::Ok(result)
        };
        match fitted() {
            Ok(result) => Ended::Done(Box::new(result)),
            Err(error) => {
                let of_fit = error.chain().find_map(|cause| cause.downcast_ref::<train::Error>());
                let on_disk = error.chain().any(<dyn std::error::Error>::is::<std::io::Error>);
                match of_fit {
                    Some(train::Error::Interrupted { .. }) => Ended::Interrupted,
                    _ if on_disk => Ended::Stopped(error.context(format!("job {}", job.name))),
                    _ => Ended::Failed(format!("{error:#}")),
                }
            }
        }
    }

    /// Fits the model of a job; `fitter` makes the fitter of gradient descent.
    pub(super) fn fit<'f>(
        &self,
        job: &Job,
        ready: &Ready,
        fitter: impl FnOnce(FitConfig) -> Fitter<'f>,
    ) -> anyhow::Result<(Box<dyn ResponseModel>, Fit)> {
        let Ready { choice, recording, split } = ready;
        match &choice.kind {
            Kind::Ridge(ridge) => {
                let fit = ridge.fit(recording, split, &self.device)?;
                let history = ridge_history(&fit);
                Ok((fit.model, Fit { history, metadata: fit.metadata }))
            }
            Kind::Gradient(config) => {
                let mut model = config.build(Seed::new(job.seed), &self.device)?;
                let config = job.fit_config(&model.config())?;
                let fit = fitter(config).fit(&mut *model, recording, split)?;
                Ok((model, fit))
            }
        }
    }

    /// Scores a fitted model on the test stimuli of a job.
    pub(super) fn scored(
        &self,
        job: &Job,
        ready: &Ready,
        model: &dyn ResponseModel,
        fit: Fit,
    ) -> anyhow::Result<(JobResult, Fit)> {
        let Ready { choice, recording, split } = ready;
        let options = EvaluationOptions {
            seed: Seed::new(job.seed),
            min_signal_power: self.sweep.min_signal_power,
            not_trained: split.without_data(Part::Train, recording)?,
            ..EvaluationOptions::for_dt(recording.dt())
        };
        let rates =
            train::predict(model, recording, split.test())?.with_not_trained(options.not_trained.clone());
        let test = train::score(&rates, recording, split.test(), &options)?;
        let mut per_clip = train::ccnorm_per_clip(&rates, recording, split.test(), &options)?;
        // Neurons that are in no mean are in none of these either.
        for (score, neuron) in per_clip.iter_mut().zip(&test.per_neuron) {
            *score = score.filter(|_| neuron.ccnorm.is_some());
        }
        let names = split.test().iter().map(|&s| Ok(recording.stimulus(s)?.name().to_owned()));
        let names = names.collect::<anyhow::Result<_>>()?;
        let mut result = JobResult::new(model.params().n_trained(), fit.history.clone(), names, test);
        result.ccnorm_per_clip = per_clip;
        let steps = model.steps()?;
        let of_a_bin = steps.map(|steps| steps.iter().map(|step| step.multiplications()).sum::<u64>());
        result.multiplications_per_second = of_a_bin.map(|n| n as f64 * 1000.0 / recording.dt().ms());
        if let Kind::Ridge(_) = choice.kind {
            result.epochs_run = 0;
        }
        Ok((result, fit))
    }

    /// Tries a job for some seconds, without leaving anything.
    ///
    /// # Errors
    /// If the job is wrong: what cannot be fitted is found before the sweep runs.
    pub(super) fn probe(&self, job: &Job, budget: Duration) -> anyhow::Result<Probe> {
        let ready = self.ready(job)?.with_context(|| format!("job {}", job.name))?;
        let begun = Instant::now();
        let (epochs, most) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let fitter = |config: FitConfig| {
            most.set(config.max_epochs);
            Fitter::new(config)
                .on_epoch(|progress| epochs.set(progress.epoch))
                .stop_when(|| begun.elapsed() > budget || interrupt::is_asked())
        };
        let fitted = self.fit(job, &ready, fitter);
        let fitting = begun.elapsed().as_secs_f64();
        let stopped = match &fitted {
            Ok((model, fit)) => {
                self.scored(job, &ready, &**model, fit.clone())?;
                return Ok(Probe::Whole { seconds: begun.elapsed().as_secs_f64() });
            }
            Err(error) => error.downcast_ref().is_some_and(|e| matches!(e, train::Error::Interrupted { .. })),
        };
        interrupt::check()?;
        if !stopped {
            return Err(fitted.err().unwrap_or_else(|| anyhow::anyhow!("no fit")))
                .context(format!("job {}", job.name));
        }
        Ok(Probe::Begun { seconds: fitting, epochs: epochs.get(), most: most.get() })
    }
}

/// What was seen of a job in a short time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Probe {
    /// All of it.
    Whole {
        /// How long it took.
        seconds: f64,
    },
    /// Some epochs of its fit.
    Begun {
        /// How long they took.
        seconds: f64,
        /// How many there were.
        epochs: usize,
        /// How many there can be.
        most: usize,
    },
}

/// The model with the fields of the job.
fn varied(kind: Kind, job: &Job) -> anyhow::Result<Kind> {
    if job.vary.is_empty() {
        return Ok(kind);
    }
    Ok(match kind {
        Kind::Ridge(ridge) => Kind::Ridge(set_fields(&ridge, &job.model, &job.vary)?),
        Kind::Gradient(config) => {
            let config = set_fields(&config.resolved()?, &job.model, &job.vary)?;
            config.validate()?;
            Kind::Gradient(Box::new(config))
        }
    })
}
