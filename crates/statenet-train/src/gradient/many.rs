//! Many independent fits at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;
use statenet_data::{Recording, Split};
use statenet_models::ResponseModel;

use super::{config::FitConfig, fitter::Fitter};
use crate::{error::Result, history::History};

/// One of many fits: a model, what it is fitted to, and how.
pub struct FitJob<'a> {
    /// Changed in place; no two jobs share one.
    pub model: &'a dyn ResponseModel,
    /// Smoothed and standardised as wanted.
    pub recording: &'a Recording,
    /// Training, validation and test stimuli.
    pub split: &'a Split,
    /// Settings.
    pub config: FitConfig,
}

/// Fits independent models side by side, as many at a time as the rayon pool that the caller runs in has threads; results
/// in the order of the jobs.
///
/// A model of one neuron, seed or fold is too small to keep a second core busy: a batch of one stimulus is computed in one
/// thread. Sixteen of them fill sixteen. Each fit is the one that [`Fitter::fit`] makes of the same job, to the bit; a
/// failing one leaves the others alone.
///
/// # Examples
/// ```
/// use candle_core::Device;
/// use statenet_core::Seed;
/// use statenet_data::{SimulationConfig, SplitPlan};
/// use statenet_models::zoo;
/// use statenet_train::{FitConfig, FitJob, fit_many};
///
/// let recording = SimulationConfig::small().simulate()?.recording;
/// let split = SplitPlan::Demo.resolve(&recording)?;
/// let recording = recording.standardize(split.train())?;
/// let models: Vec<_> = (0..3)
///     .map(|seed| zoo::linear(&recording.axes()).build(Seed::new(seed), &Device::Cpu))
///     .collect::<Result<_, _>>()?;
/// let config = FitConfig { max_epochs: 2, ..FitConfig::default() };
/// let job = |model| FitJob { model, recording: &recording, split: &split, config: config.clone() };
/// let jobs: Vec<_> = models.iter().map(|m| job(&**m)).collect();
/// assert!(fit_many(&jobs).iter().all(Result::is_ok));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_many(jobs: &[FitJob<'_>]) -> Vec<Result<History>> {
    let next = AtomicUsize::new(0);
    // The next job that nobody has taken, until there is none. A pool of one thread for each worker, so that a fit that
    // waits for a part of its batch does not begin another fit meanwhile.
    let work = || {
        let mut done = Vec::new();
        while let Some((at, job)) = take(&next, jobs) {
            let fit = || Fitter::new(job.config.clone()).fit(job.model, job.recording, job.split);
            done.push((at, fit()));
        }
        done
    };
    let alone = || match ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    };
    let n_workers = rayon::current_num_threads().min(jobs.len());
    let mut done: Vec<(usize, Result<History>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(alone)).collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(done) => done,
            Err(cause) => std::panic::resume_unwind(cause),
        });
        joined.flatten().collect()
    });
    done.sort_by_key(|&(at, _)| at);
    done.into_iter().map(|(_, fit)| fit).collect()
}

fn take<'a, 'b>(next: &AtomicUsize, jobs: &'a [FitJob<'b>]) -> Option<(usize, &'a FitJob<'b>)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(at).map(|job| (at, job))
}
