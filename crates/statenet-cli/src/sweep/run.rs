//! `sweep run`: workers that take jobs until there is none.

use std::{
    fs,
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Instant,
};

use anyhow::{Context, anyhow, bail};
use rayon::prelude::*;
use statenet::{
    core::atomic,
    prelude::*,
    train::sweep::{Job, JobFile, Outcome, Shard},
};

use super::{
    args::RunArgs,
    display::{Display, in_words},
    estimate::Estimate,
    folder::Sweep,
    job::{Ended, Workshop},
    workers,
};
use crate::shared::{Lock, Printer, interrupt, interrupt::Interrupted};

/// Runs the program.
///
/// # Errors
/// If the sweep cannot be read, the folder cannot be written, or a job failed.
pub(super) fn run(args: &RunArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let printer = args.machine.printer();
    let out = &*args.place.out;
    let sweep = Sweep::open(&args.place)?;
    let how =
        HowToRun { shard: args.shard, retry: args.retry, is_quiet: args.machine.quiet, tells_failed: true };
    let ran = run_jobs(&sweep, out, &how, device, &printer)?;
    printer.finish()?;
    if let Some(first) = ran.damaged.first() {
        bail!("{first}, or run with --retry ({} damaged of {} files)", ran.damaged.len(), ran.jobs);
    }
    if ran.failed > 0 {
        bail!("{} of {} jobs failed: `sweep status` says why, --retry runs them again", ran.failed, ran.jobs);
    }
    Ok(())
}

/// Which jobs to run.
pub(crate) struct HowToRun {
    /// Part of the jobs.
    pub(crate) shard: Shard,
    /// Failed and damaged ones again.
    pub(crate) retry: bool,
    /// Nothing is printed.
    pub(crate) is_quiet: bool,
    /// Why jobs failed is printed.
    pub(crate) tells_failed: bool,
}

/// What is known of the jobs of a shard after a run.
pub(crate) struct Ran {
    /// Number of jobs.
    pub(crate) jobs: usize,
    /// Number of those that failed, now or before.
    pub(crate) failed: usize,
    /// Files that are damaged.
    pub(crate) damaged: Vec<statenet::train::Error>,
}

/// Runs the jobs of a shard that have no result.
///
/// # Errors
/// If the folder cannot be written, a recording cannot be read, or the user interrupts the program. A job that fails is no error.
pub(crate) fn run_jobs(
    sweep: &Sweep,
    out: &Path,
    how: &HowToRun,
    device: Device,
    printer: &Printer,
) -> anyhow::Result<Ran> {
    let jobs: Vec<&Job> = how.shard.of(&sweep.jobs).collect();
    let folder = out.join("jobs");
    fs::create_dir_all(&folder).with_context(|| format!("{}: cannot make folder", folder.display()))?;
    Lock::remove_left(&folder)?;
    let states: Vec<_> = jobs.par_iter().map(|job| JobFile::read(out, job)).collect();
    let (mut to_do, mut failed, mut damaged) = (Vec::new(), 0, Vec::new());
    for (job, state) in jobs.iter().zip(states) {
        match state {
            Ok(Some(file)) if file.is_done() => {}
            Ok(Some(_)) if !how.retry => failed += 1,
            Err(error) if !how.retry => damaged.push(error),
            Ok(_) | Err(_) => to_do.push(*job),
        }
    }
    let estimate = Estimate::read(out);
    let n_workers = rayon::current_num_threads().min(to_do.len()).max(1);
    let before = jobs.len() - to_do.len() - damaged.len();
    let part = if how.shard.is_all() { String::new() } else { format!("shard {}: ", how.shard) };
    printer.line(format_args!(
        "{part}{} jobs, {before} ended before, {} to run with {n_workers} at a time",
        jobs.len(),
        to_do.len()
    ));
    let print = |line: String| Printer::new(false).line(line);
    let print: Option<&(dyn Fn(String) + Sync)> = if how.is_quiet { None } else { Some(&print) };
    let display =
        Display::new(jobs.len() - damaged.len(), failed, &to_do, estimate.as_ref(), n_workers, print);
    let workshop = Workshop::new(sweep, out, device);
    let begun = Instant::now();
    let crew = Crew { workshop: &workshop, display: &display, retry: how.retry, tally: Mutex::default() };
    // Results are written by a thread of its own: a disk takes as long to be sure of one as a short fit does. A few may wait.
    let (send, receive) = sync_channel(2 * n_workers);
    thread::scope(|scope| {
        scope.spawn(|| receive.into_iter().for_each(|done| crew.write(done)));
        workers::each(to_do, n_workers, |job| crew.work(job, &send));
        drop(send);
    });
    display.finish();
    let seconds = begun.elapsed().as_secs_f64();
    let tally = crew.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    if how.tells_failed {
        for (job, why) in tally.failed.iter().take(10) {
            printer.line(format_args!("failed: {job}: {why}"));
        }
    }
    report(printer, &tally, estimate.as_ref(), n_workers, seconds);
    if let Some(error) = tally.error {
        return Err(error);
    }
    if tally.interrupted {
        return Err(Interrupted::new("run the same command again to go on from there").into());
    }
    Ok(Ran { jobs: jobs.len(), failed: failed + tally.failed.len(), damaged })
}

/// What a run did.
#[derive(Default)]
struct Tally {
    ended: Vec<(Job, f64)>,
    failed: Vec<(String, String)>,
    elsewhere: usize,
    interrupted: bool,
    error: Option<anyhow::Error>,
}

fn report(printer: &Printer, tally: &Tally, estimate: Option<&Estimate>, n_workers: usize, seconds: f64) {
    if tally.elsewhere > 0 {
        printer.line(format_args!("{} jobs were taken by other processes", tally.elsewhere));
    }
    if tally.ended.is_empty() {
        return;
    }
    let worked: f64 = tally.ended.iter().map(|(_, seconds)| seconds).sum();
    let outside = (100.0 * (1.0 - worked / (seconds * n_workers as f64))).max(0.0);
    printer.line(format_args!(
        "{} jobs in {}: {} of work, {outside:.1} % of the time outside jobs",
        tally.ended.len(),
        in_words(seconds),
        in_words(worked)
    ));
    let expected =
        estimate.and_then(|estimate| estimate.seconds_of_jobs(tally.ended.iter().map(|(job, _)| job)));
    if let Some(expected) = expected {
        printer.line(format_args!(
            "estimated were {} of work: {:+.0} %",
            in_words(expected),
            100.0 * (worked / expected - 1.0)
        ));
    }
}

/// What the workers of a process share.
struct Crew<'a> {
    workshop: &'a Workshop<'a>,
    display: &'a Display<'a>,
    retry: bool,
    tally: Mutex<Tally>,
}

/// A job that ended, with its lock: it is held until the file is there.
struct Done<'a> {
    job: &'a Job,
    file: JobFile,
    why_failed: Option<String>,
    lock: Lock,
}

impl Crew<'_> {
    /// Runs a job unless the program is to stop; whether to go on.
    fn work<'j>(&self, job: &'j Job, send: &SyncSender<Done<'j>>) -> bool {
        if interrupt::is_asked() {
            self.tally().interrupted = true;
        } else if self.tally().error.is_none()
            && let Err(error) = self.run_job(job, send)
        {
            self.tally().error.get_or_insert(error);
        }
        let tally = self.tally();
        tally.error.is_none() && !tally.interrupted
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks a job, runs it and hands its file over. An error is one of the machine.
    fn run_job<'j>(&self, job: &'j Job, send: &SyncSender<Done<'j>>) -> anyhow::Result<()> {
        let out = self.workshop.out;
        let path = JobFile::path(out, &job.name);
        let Some(lock) = Lock::try_file(&path, "sweep")? else {
            return self.pass(job);
        };
        // Another process may have ended it since the list was made.
        match JobFile::read(out, job) {
            Ok(Some(file)) if file.is_done() || !self.retry => return self.pass(job),
            Ok(_) => {}
            Err(_) if self.retry => {}
            Err(error) => return Err(error.into()),
        }
        atomic::sweep_of(&path)?;
        self.display.started();
        let begun = Instant::now();
        let ended = self.workshop.perform(job);
        let seconds = begun.elapsed().as_secs_f64();
        let (outcome, why) = match ended {
            Ended::Done(result) => (Outcome::Done(serde_json::to_value(&*result)?), None),
            Ended::Failed(why) => (Outcome::Failed(why.clone()), Some(why)),
            Ended::Interrupted => {
                self.display.put_back();
                self.tally().interrupted = true;
                return Ok(());
            }
            Ended::Stopped(error) => {
                self.display.put_back();
                return Err(error);
            }
        };
        let done = Done { job, file: JobFile::new(job.clone(), outcome, seconds), why_failed: why, lock };
        send.send(done).map_err(|_| anyhow!("results are no longer written"))
    }

    /// Writes the file of a job, and releases its lock.
    fn write(&self, done: Done<'_>) {
        let Done { job, file, why_failed, lock } = done;
        if let Err(error) = file.write(self.workshop.out) {
            self.display.put_back();
            self.tally().error.get_or_insert(error.into());
            return;
        }
        drop(lock);
        let (is_done, seconds) = (why_failed.is_none(), file.seconds);
        let mut tally = self.tally();
        tally.ended.push((job.clone(), seconds));
        tally.failed.extend(why_failed.map(|why| (job.name.clone(), why)));
        drop(tally);
        self.display.ended(job, is_done, seconds);
    }

    fn pass(&self, job: &Job) -> anyhow::Result<()> {
        self.tally().elsewhere += 1;
        self.display.passed(job);
        Ok(())
    }
}
