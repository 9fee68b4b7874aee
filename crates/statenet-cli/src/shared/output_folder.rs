//! The output folder of a program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use statenet::core::atomic::{FileSet, is_temporary, sweep};

use super::{
    apart::expect_apart,
    lock::{LOCK, Lock},
    printer::Printer,
};

/// An output folder, locked for this program. New files are written aside and replace those of an earlier run together, at the end: a run
/// that fails, is interrupted or killed leaves what was there before.
pub(crate) struct OutputFolder {
    folder: PathBuf,
    files: FileSet,
    /// Released last.
    lock: Lock,
}

impl OutputFolder {
    /// Opens the folder of `--out`, which is created if it is missing. Inputs are given with the names of their options. With `entries`, the
    /// names of everything that the program writes, a folder with other files is refused.
    ///
    /// # Errors
    /// If the folder is, holds or lies in an input, holds files of others, another program writes into it, or it cannot be written.
    pub(crate) fn open(
        folder: &Path,
        program: &str,
        inputs: &[(&str, &Path)],
        entries: Option<&[&str]>,
        printer: &Printer,
    ) -> anyhow::Result<Self> {
        expect_apart(folder, inputs)?;
        let lock = Lock::folder(folder, program, printer)?;
        if let Some(entries) = entries {
            expect_only(folder, entries, program)?;
        }
        Ok(Self { files: FileSet::open(folder)?, folder: folder.to_path_buf(), lock })
    }

    /// Where to write the files of the folder, until [`commit`](Self::commit).
    pub(crate) fn new_files(&self) -> &Path {
        self.files.path()
    }

    /// A path in the folder, where an earlier run may have left something.
    pub(crate) fn earlier(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.folder.join(inside)
    }

    /// Where to write a file of the folder, until [`commit`](Self::commit).
    pub(crate) fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.files.path().join(inside)
    }

    /// Files of an earlier run with these endings, in the given subfolder.
    pub(crate) fn earlier_files(&self, subfolder: &str, endings: &[&str]) -> Vec<PathBuf> {
        let Ok(listed) = fs::read_dir(self.earlier(subfolder)) else { return Vec::new() };
        let inside = listed.flatten().map(|entry| Path::new(subfolder).join(entry.file_name()));
        let has_ending = |path: &PathBuf| {
            path.extension()
                .and_then(|ending| ending.to_str())
                .is_some_and(|ending| endings.contains(&ending))
        };
        inside.filter(|path| path.to_str().is_some()).filter(has_ending).collect()
    }

    /// Puts the new files in their place, and removes the `obsolete` ones of an earlier run that the new ones do not replace; these are
    /// relative to the folder.
    ///
    /// The folder stays locked until the value is dropped.
    ///
    /// # Errors
    /// If a file cannot be replaced.
    pub(crate) fn commit(self, obsolete: &[PathBuf]) -> anyhow::Result<Lock> {
        let Self { files, lock, .. } = self;
        files.commit(obsolete)?;
        Ok(lock)
    }
}

/// Refuses a folder with files of others, and removes what killed runs left in a folder that is ours.
fn expect_only(folder: &Path, entries: &[&str], program: &str) -> anyhow::Result<()> {
    let shown = folder.display();
    let listed = fs::read_dir(folder).with_context(|| format!("{shown}: cannot read"))?;
    let names: Vec<String> =
        listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let ours =
        |name: &str| entries.contains(&name) || is_temporary(name) || was_temporary(name) || name == LOCK;
    if let Some(name) = names.iter().find(|name| !ours(name)) {
        bail!("{shown}: contains {name}, which was not written by {program}; choose another --out");
    }
    for name in names.iter().filter(|name| was_temporary(name)) {
        let path = folder.join(name);
        fs::remove_file(&path).with_context(|| format!("{}: cannot remove", path.display()))?;
    }
    for inside in entries.iter().map(|name| folder.join(name)).filter(|path| path.is_dir()) {
        sweep(&inside)?;
    }
    Ok(())
}

/// Whether earlier versions wrote files under this name, `.tmpAb12Cd`.
fn was_temporary(name: &str) -> bool {
    let drawn = |rest: &str| rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name.strip_prefix(".tmp").is_some_and(drawn)
}
