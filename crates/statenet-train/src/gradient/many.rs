//! Many independent fits in parallel.

use std::sync::{Mutex, PoisonError};

use rayon::ThreadPoolBuilder;
use statenet_data::{Recording, Split};
use statenet_models::ResponseModel;

use super::{config::FitConfig, fitter::Fitter};
use crate::{error::Result, fit::Fit};

/// One of many fits: a model, the recording to fit it to, and settings.
pub struct FitJob<'a> {
    /// The model, whose parameters are changed in place.
    pub model: &'a mut dyn ResponseModel,
    /// The recording, as recorded.
    pub recording: &'a Recording,
    /// Training, validation and test stimuli.
    pub split: &'a Split,
    /// Settings of the fit.
    pub config: FitConfig,
}

/// Fits independent models in parallel, as many at a time as there are threads in the rayon pool that the caller runs in;
/// results are in the order of the jobs.
///
/// A single small fit, such as that of one neuron, seed or fold, cannot use a second core, since a batch of one stimulus is
/// computed in one thread; sixteen fits use sixteen cores. Each result equals that of [`Fitter::fit`] bit for bit. If one
/// fit fails, the others continue.
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
/// let mut models: Vec<_> = (0..3)
///     .map(|seed| zoo::linear(&recording.axes()).build(Seed::new(seed), &Device::Cpu))
///     .collect::<Result<_, _>>()?;
/// let config = FitConfig { max_epochs: 2, ..FitConfig::default() };
/// let jobs = models.iter_mut().map(|model| FitJob {
///     model,
///     recording: &recording,
///     split: &split,
///     config: config.clone(),
/// });
/// assert!(fit_many(jobs.collect()).iter().all(Result::is_ok));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_many(jobs: Vec<FitJob<'_>>) -> Vec<Result<Fit>> {
    side_by_side(jobs, |job| Fitter::new(job.config).fit(job.model, job.recording, job.split))
}

/// Independent work of one thread each, as many at a time as there are threads in the rayon pool of the caller; results are in the order of the
/// jobs.
pub(crate) fn side_by_side<J: Send, T: Send>(jobs: Vec<J>, run: impl Fn(J) -> T + Sync) -> Vec<T> {
    let n_jobs = jobs.len();
    let next = Mutex::new(jobs.into_iter().enumerate());
    // Each worker takes the next job until there is none. It has its own pool of one thread: in a shared pool, a fit that
    // waits for a parallel part of its work could start another fit in the meantime.
    let work = || {
        let mut done = Vec::new();
        while let Some((at, job)) = take(&next) {
            done.push((at, run(job)));
        }
        done
    };
    let alone = || match ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    };
    let n_workers = rayon::current_num_threads().min(n_jobs);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(alone)).collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(done) => done,
            Err(cause) => std::panic::resume_unwind(cause),
        });
        joined.flatten().collect()
    });
    done.sort_by_key(|&(at, _)| at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The next job and its index; `None` if all are taken.
fn take<T>(next: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    next.lock().unwrap_or_else(PoisonError::into_inner).next()
}
