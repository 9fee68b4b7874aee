//! The names under which files and folders are written.

use std::{fs, path::Path};

use super::{io, parent};
use crate::error::Result;

/// How every temporary name begins, and how it ends behind six letters or digits that were drawn.
const PREFIX: &str = ".statenet-";
const SUFFIX: &str = ".tmp";
const N_DRAWN: usize = 6;
/// A complete set of files that is being moved to its place.
pub(super) const READY: &str = ".statenet-ready";
/// How the name of something that is being removed begins.
const ENDED: &str = ".statenet-ended";
/// Longest part of a destination's name in a temporary name, which the file system limits.
const LONGEST: usize = 100;

/// Makes temporary files and folders for a destination: `.statenet-NAME-Ab12Cd.tmp`.
pub(super) fn of(destination: &Path) -> Builder {
    Builder(prefix(destination))
}

pub(super) struct Builder(String);

impl Builder {
    pub(super) fn tempfile_in(&self, folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
        tempfile::Builder::new().prefix(&self.0).suffix(SUFFIX).tempfile_in(folder)
    }

    pub(super) fn tempdir_in(&self, folder: &Path) -> std::io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix(&self.0).suffix(SUFFIX).tempdir_in(folder)
    }
}

fn prefix(destination: &Path) -> String {
    let name = destination.file_name().unwrap_or_default().to_string_lossy();
    let end = (0..=LONGEST.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    format!("{PREFIX}{}-", name.get(..end).unwrap_or_default())
}

/// Whether this is a name under which this library writes files and folders before they get their own, or removes them: now or in
/// earlier versions.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    let earlier = [PREFIX, ".statenet-old-"];
    name == READY
        || name.starts_with(ENDED)
        || name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.rsplit_once('-'))
            .is_some_and(|(_, end)| is_end(end))
        || earlier.iter().any(|start| name.strip_prefix(start).is_some_and(is_drawn))
}

/// The end of a temporary name.
fn is_end(end: &str) -> bool {
    end.strip_suffix(SUFFIX).is_some_and(is_drawn)
}

fn is_drawn(part: &str) -> bool {
    part.len() == N_DRAWN && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Removes what killed processes left beside `destination` when they wrote it. Only for who may alone write it: the temporary file of
/// another process would be removed too.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if something cannot be read or removed.
pub fn sweep_of(destination: &Path) -> Result<()> {
    let prefix = prefix(destination);
    sweep_if(parent(destination), |name| name.strip_prefix(prefix.as_str()).is_some_and(is_end))
}

/// Removes files and folders by their names.
fn sweep_if(folder: &Path, is_left: impl Fn(&str) -> bool) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(io(folder, "read"))?,
    };
    for entry in entries {
        let entry = entry.map_err(io(folder, "read"))?;
        let name = entry.file_name();
        if name.to_str().is_some_and(&is_left) {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            removed.map_err(io(&path, "remove"))?;
        }
    }
    Ok(())
}

/// Removes every file and folder with a temporary name. Only for who may alone write into the folder.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if something cannot be read or removed.
pub fn sweep(folder: &Path) -> Result<()> {
    sweep_if(folder, is_temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_left_beside_a_destination_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let left = of(&at("scores.json")).tempfile_in(folder.path()).unwrap().keep().unwrap().1;
        let others =
            [".statenet-other.json-Ab12Cd.tmp", ".statenet-scores.json-Ab12Cd", ".tmpAb12Cd", "notes"];
        others.iter().for_each(|name| fs::write(at(name), "").unwrap());
        sweep_of(&at("scores.json")).unwrap();
        assert!(!left.exists() && others.iter().all(|name| at(name).exists()));
        sweep_of(&at("no/folder.json")).unwrap();
    }

    #[test]
    fn names_of_others_are_not_temporary() {
        for name in [
            ".statenet-set-Ab12Cd.tmp",
            ".statenet-Ab12Cd",
            ".statenet-old-Ab12Cd",
            ".statenet-ended-ln",
            READY,
        ] {
            assert!(is_temporary(name), "{name}");
        }
        for name in
            [".statenet-plans", ".statenet-my-plans.tmp", ".tmpAb12Cd", "statenet-a-Ab12Cd.tmp", ".statenet"]
        {
            assert!(!is_temporary(name), "{name}");
        }
    }

    #[test]
    fn a_long_name_gives_a_name_that_fits() {
        let folder = tempfile::tempdir().unwrap();
        let name = "\u{fc}".repeat(120);
        of(&folder.path().join(name)).tempdir_in(folder.path()).unwrap();
    }
}
