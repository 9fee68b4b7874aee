//! Progress bars.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use statenet::train::Progress;

/// A progress bar of a fit: epoch, loss, validation score, time left.
pub struct FitBar(ProgressBar);

impl FitBar {
    /// A bar for a model; hidden if `quiet` or if there is no terminal.
    #[must_use]
    pub fn new(model: &str, quiet: bool) -> Self {
        let bar = ProgressBar::new(1);
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = "{prefix:14} [{bar:24}] epoch {pos}/{len}  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(model.to_owned());
        Self(bar)
    }

    /// Updates the bar.
    pub fn show(&self, progress: &Progress) {
        let score = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), |s| format!("{s:.4}"));
        self.0.set_length(progress.max_epochs as u64);
        self.0.set_position(progress.epoch as u64);
        self.0.set_message(format!(
            "loss {:.5}  validation {} (best {})  no improvement {}/{}  {} elapsed, at most {} left",
            progress.train_loss,
            score(progress.val_score),
            score(progress.best_score),
            progress.n_stale,
            progress.patience,
            clock(progress.elapsed),
            clock(progress.at_most_left),
        ));
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.0.finish_and_clear();
    }
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A progress bar of a program that has a few steps.
pub(crate) struct StepBar(ProgressBar);

impl StepBar {
    /// A bar of so many steps; hidden if `quiet` or if there is no terminal.
    pub(crate) fn new(steps: u64, quiet: bool) -> Self {
        let bar = ProgressBar::new(steps);
        if quiet {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("[{bar:24}] {msg} {elapsed}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }

    /// Begins a step.
    pub(crate) fn step(&self, name: &'static str) {
        self.0.set_message(name);
        self.0.inc(1);
    }

    /// Prints something while the bar is away.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }

    /// Removes the bar.
    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}
