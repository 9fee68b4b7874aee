//! The one display of a running sweep: jobs done, running, failed, and the time left.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use statenet::train::sweep::Job;

use super::estimate::{Estimate, Group};

/// How often a line is printed where there is no terminal, such as in the log of a cluster.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// Counts jobs, for all workers of a process.
pub(super) struct Display<'a> {
    bar: ProgressBar,
    print: Option<&'a (dyn Fn(String) + Sync)>,
    n_workers: usize,
    estimate: Option<&'a Estimate>,
    state: Mutex<State>,
}

struct State {
    total: usize,
    done: usize,
    running: usize,
    failed: usize,
    elsewhere: usize,
    /// Jobs left, and seconds of those that ended, by kind.
    kinds: BTreeMap<Group, Kind>,
    printed: Instant,
}

#[derive(Clone, Copy, Default)]
struct Kind {
    left: usize,
    ended: usize,
    seconds: f64,
}

impl<'a> Display<'a> {
    /// Of jobs that are to run now, of `total` of which some have ended before; `print` prints a line where there is no terminal.
    pub(super) fn new(
        total: usize,
        failed: usize,
        jobs: &[&Job],
        estimate: Option<&'a Estimate>,
        n_workers: usize,
        print: Option<&'a (dyn Fn(String) + Sync)>,
    ) -> Self {
        let bar = ProgressBar::new(total as u64);
        if print.is_none() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("[{bar:24}] {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        let mut kinds: BTreeMap<Group, Kind> = BTreeMap::new();
        jobs.iter().for_each(|job| kinds.entry(Group::of(job)).or_default().left += 1);
        let done = total - failed - jobs.len();
        let state = State { total, done, running: 0, failed, elsewhere: 0, kinds, printed: Instant::now() };
        let display = Self { bar, print, n_workers, estimate, state: Mutex::new(state) };
        display.change(|_| {});
        display
    }

    pub(super) fn started(&self) {
        self.change(|state| state.running += 1);
    }

    /// A job was not started: another process runs it or has ended it.
    pub(super) fn passed(&self, job: &Job) {
        self.change(|state| {
            state.elsewhere += 1;
            state.kind(job).left = state.kind(job).left.saturating_sub(1);
        });
    }

    /// A job was left as it was.
    pub(super) fn put_back(&self) {
        self.change(|state| state.running -= 1);
    }

    pub(super) fn ended(&self, job: &Job, is_done: bool, seconds: f64) {
        self.change(|state| {
            state.running -= 1;
            state.done += usize::from(is_done);
            state.failed += usize::from(!is_done);
            let kind = state.kind(job);
            kind.left = kind.left.saturating_sub(1);
            kind.ended += 1;
            kind.seconds += seconds;
        });
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let line = self.line(&state);
        if self.bar.is_hidden() {
            if let Some(print) = self.print
                && state.printed.elapsed() >= LINE_EVERY
            {
                state.printed = Instant::now();
                print(line);
            }
            return;
        }
        self.bar.set_position((state.done + state.failed + state.elsewhere) as u64);
        self.bar.set_message(line);
    }

    fn line(&self, state: &State) -> String {
        let mut line = format!(
            "{} of {} done, {} running, {} failed",
            state.done, state.total, state.running, state.failed
        );
        if state.elsewhere > 0 {
            line += &format!(", {} taken by other processes", state.elsewhere);
        }
        if let Some(left) = self.seconds_left(state) {
            line += &format!(", about {} left", in_words(left));
        }
        line
    }

    /// From the jobs of the same kind that have ended, else from the estimate.
    fn seconds_left(&self, state: &State) -> Option<f64> {
        let mut left = 0.0;
        for (group, kind) in &state.kinds {
            if kind.left == 0 {
                continue;
            }
            let each = match kind.ended {
                0 => self.estimate?.seconds_of(group)?,
                n => kind.seconds / n as f64,
            };
            left += each * kind.left as f64;
        }
        Some(left / self.n_workers.max(1) as f64)
    }
}

impl State {
    fn kind(&mut self, job: &Job) -> &mut Kind {
        self.kinds.entry(Group::of(job)).or_default()
    }
}

/// A time in words: `40 s`, `12 min`, `3.5 h`.
pub(super) fn in_words(seconds: f64) -> String {
    if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else if seconds < 99.5 {
        format!("{seconds:.0} s")
    } else if seconds < 5940.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_unit_that_fits() {
        let said = [0.24, 42.0, 600.0, 5400.0, 12_600.0].map(in_words);
        assert_eq!(said, ["0.2 s", "42 s", "10 min", "90 min", "3.5 h"]);
    }
}
