//! Gradient fits that can be interrupted and killed: their state is kept until the run has ended.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use statenet::{
    core::atomic,
    prelude::*,
    train::{self, Fit},
};

use super::{FitBar, Printer, interrupt, interrupt::Interrupted};

/// The subfolder of an output folder that keeps the states of fits.
pub(crate) const UNFINISHED: &str = "unfinished";

/// How often the state of a fit is saved.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// The states of the fits of a run, in a folder for each model.
pub(crate) struct FitStates<'a> {
    folder: PathBuf,
    names: Vec<String>,
    quiet: bool,
    printer: &'a Printer,
}

impl<'a> FitStates<'a> {
    /// States in this folder, `OUT/unfinished`; progress bars unless `quiet`.
    pub(crate) fn new(folder: PathBuf, quiet: bool, printer: &'a Printer) -> Self {
        Self { folder, names: Vec::new(), quiet, printer }
    }

    /// What the run prints with.
    pub(crate) fn printer(&self) -> &'a Printer {
        self.printer
    }

    /// Fits training and validation stimuli together, for the epochs that a fit found; otherwise as [`fit`](Self::fit).
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub(crate) fn refit(
        &mut self,
        name: &str,
        config: &FitConfig,
        model: &mut dyn ResponseModel,
        (recording, split): (&Recording, &Split),
        first: &History,
    ) -> anyhow::Result<Fit> {
        let name = format!("{name}.refit");
        self.run(&name, config, |fitter| fitter.refit(model, recording, split, first))
    }

    /// Fits by gradient descent with a progress bar. A fit that was interrupted or killed goes on where it was, and one that had ended is not
    /// repeated, if settings and data are the same.
    ///
    /// # Errors
    /// If the fit fails, and if the user interrupts it.
    pub(crate) fn fit(
        &mut self,
        name: &str,
        config: &FitConfig,
        model: &mut dyn ResponseModel,
        recording: &Recording,
        split: &Split,
    ) -> anyhow::Result<Fit> {
        self.run(name, config, |fitter| fitter.fit(model, recording, split))
    }

    fn run(
        &mut self,
        name: &str,
        config: &FitConfig,
        mut fit: impl FnMut(Fitter<'_>) -> train::Result<Fit>,
    ) -> anyhow::Result<Fit> {
        self.names.push(name.to_owned());
        let state = self.folder.join(name);
        atomic::sweep_of(&state)?;
        let bar = FitBar::new(name, self.quiet);
        let fitter = || {
            Fitter::new(config.clone())
                .on_epoch(|progress| bar.show(progress))
                .stop_when(interrupt::is_asked)
                .resume_in(&state, SAVE_EVERY)
                .keep_state()
        };
        let fitted = match fit(fitter()) {
            Err(train::Error::OtherFit { field, .. }) => {
                self.printer.line(format_args!(
                    "{name}: found an unfinished fit with another {field}, starting a new one"
                ));
                forget(&state)?;
                fit(fitter())
            }
            other => other,
        };
        bar.finish();
        match fitted {
            Err(train::Error::Interrupted { epoch, .. }) => Err(Interrupted::new(format!(
                "{name} stopped after epoch {epoch}: run the same command again to go on from there"
            ))
            .into()),
            other => Ok(other?),
        }
    }

    /// Removes the states of the fits of this run, whose results are in their place.
    ///
    /// # Errors
    /// If they cannot be removed.
    pub(crate) fn forget(self) -> anyhow::Result<()> {
        for name in &self.names {
            forget(&self.folder.join(name))?;
        }
        if self.folder.is_dir() {
            atomic::sweep(&self.folder)?;
            let _states_of_others = fs::remove_dir(&self.folder);
        }
        Ok(())
    }
}

/// Removes a state. It is renamed first: a process that is killed meanwhile leaves no half of one.
///
/// # Errors
/// If it cannot be removed.
pub(crate) fn forget(state: &Path) -> anyhow::Result<()> {
    if !state.is_dir() {
        return Ok(());
    }
    // Others may remove theirs at the same time.
    let name = state.file_name().unwrap_or_default().to_string_lossy();
    let ended = state.with_file_name(format!(".statenet-ended-{name}"));
    let failed = || format!("{}: cannot remove", state.display());
    if ended.exists() {
        fs::remove_dir_all(&ended).with_context(failed)?;
    }
    fs::rename(state, &ended).with_context(failed)?;
    fs::remove_dir_all(&ended).with_context(failed)
}
