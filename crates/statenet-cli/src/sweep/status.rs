//! `sweep status`: which jobs are done, running, failed and left.

use std::collections::{BTreeMap, BTreeSet};

use statenet::{
    report::Table,
    train::sweep::{Job, Outcome, merge},
};

use super::{args::StatusArgs, display::in_words, estimate::Estimate, estimate::Group, folder::Sweep};
use crate::shared::Lock;

/// Runs the program.
///
/// # Errors
/// If the sweep cannot be read.
pub(super) fn run(args: &StatusArgs) -> anyhow::Result<()> {
    args.machine.start()?;
    let printer = args.machine.printer();
    let out = &*args.place.out;
    let sweep = Sweep::open(&args.place)?;
    let merged = merge(out, &sweep.jobs);
    let running: BTreeSet<String> = Lock::held_files(&out.join("jobs"))
        .into_iter()
        .filter_map(|file| file.strip_suffix(".json").map(str::to_owned))
        .collect();
    let mut states: BTreeMap<&str, State> = BTreeMap::new();
    for file in &merged.files {
        let state = if file.is_done() { State::Done } else { State::Failed };
        states.insert(&file.job.name, state);
    }
    for job in &merged.missing {
        states.insert(job, if running.contains(job) { State::Running } else { State::Left });
    }
    let state = |job: &Job| states.get(job.name.as_str()).copied().unwrap_or(State::Damaged);
    if args.list {
        let lines: Vec<String> =
            sweep.jobs.iter().map(|job| format!("{:8} {}", state(job).word(), job.name)).collect();
        printer.line(lines.join("\n"));
    }
    let mut kinds: Vec<(Group, [usize; 5])> = Vec::new();
    let mut places = BTreeMap::new();
    for job in &sweep.jobs {
        let group = Group::of(job);
        let at = *places.entry(group.clone()).or_insert(kinds.len());
        if at == kinds.len() {
            kinds.push((group, [0; 5]));
        }
        if let Some(n) = kinds.get_mut(at).and_then(|(_, counts)| counts.get_mut(state(job) as usize)) {
            *n += 1;
        }
    }
    let mut table =
        Table::new(["recording", "neurons", "model", "done", "running", "failed", "left", "damaged"]);
    for (group, counts) in &kinds {
        let words = [&group.recording, &group.neurons, &group.model].map(|word| word.clone().into());
        table.push(words.into_iter().chain(counts.map(Into::into)))?;
    }
    printer.line(table.to_text().trim_end());
    let mut all = [0; 5];
    for (_, counts) in &kinds {
        all.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
    }
    let [done, n_running, failed, left, damaged] = all;
    printer.line(format_args!(
        "{} jobs: {done} done, {n_running} running, {failed} failed, {left} left, {damaged} damaged",
        sweep.jobs.len()
    ));
    let estimate = Estimate::read(out);
    let work_left = estimate.as_ref().and_then(|estimate| {
        estimate.seconds_of_jobs(
            sweep.jobs.iter().filter(|job| matches!(state(job), State::Left | State::Running)),
        )
    });
    if let Some(seconds) = work_left.filter(|_| left + n_running > 0) {
        printer.line(format_args!("about {} of work left", in_words(seconds)));
    }
    let worked: f64 = merged.files.iter().filter(|file| file.is_done()).map(|file| file.seconds).sum();
    let expected = estimate.as_ref().and_then(|estimate| {
        estimate.seconds_of_jobs(merged.files.iter().filter(|file| file.is_done()).map(|file| &file.job))
    });
    if let Some(expected) = expected.filter(|_| done > 0) {
        printer.line(format_args!(
            "{} of work done, estimated were {}: {:+.0} %",
            in_words(worked),
            in_words(expected),
            100.0 * (worked / expected - 1.0)
        ));
    }
    for file in &merged.files {
        if let Outcome::Failed(why) = &file.outcome {
            printer.line(format_args!("failed: {}: {why}", file.job.name));
        }
    }
    for error in &merged.damaged {
        printer.line(error);
    }
    printer.finish()
}

/// What has become of a job. The order is that of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    Running,
    Failed,
    Left,
    Damaged,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Left => "left",
            Self::Damaged => "damaged",
        }
    }
}
