//! A folder that appears whole or not at all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{io, parent, readable_by_all, sync_folder, sync_tree, temporary};
use crate::error::{Error, Result};

/// A new folder that is being written. Write into [`path`](Self::path), then [`commit`](Self::commit). If it is dropped
/// without a commit, nothing remains.
#[derive(Debug)]
pub struct NewFolder {
    work: TempDir,
    destination: PathBuf,
}

impl NewFolder {
    /// Creates a temporary folder that will be moved to `destination`.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the folder cannot be created next to the destination.
    pub fn create(destination: &Path) -> Result<Self> {
        let above = parent(destination);
        fs::create_dir_all(above).map_err(io(above, "create folder"))?;
        let work = temporary::of(destination).tempdir_in(above).map_err(io(destination, "create folder"))?;
        Ok(Self { work, destination: destination.to_path_buf() })
    }

    /// The temporary folder to write into.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.work.path()
    }

    /// Flushes all files and moves the folder to its destination, replacing an older folder there.
    ///
    /// On Linux and macOS there is a complete folder at the destination at every moment, elsewhere none for an instant. An older folder is
    /// replaced only if it contains the file `marker` (such as `config.json`) or is empty, so that a
    /// folder of unrelated files is never removed.
    ///
    /// # Errors
    /// [`Error::Occupied`](crate::Error::Occupied) if a folder without the marker exists at the destination; [`Error::Io`](crate::Error::Io) if flushing or renaming
    /// fails, in which case the older folder remains.
    pub fn commit(self, marker: &str) -> Result<()> {
        let destination = self.destination;
        sync_tree(self.work.path())?;
        readable_by_all(self.work.path()).map_err(io(&destination, "set the mode of"))?;
        let older = if destination.exists() {
            let empty = fs::read_dir(&destination).map_err(io(&destination, "read"))?.next().is_none();
            if !empty && !destination.join(marker).is_file() {
                return Err(Error::Occupied { path: destination });
            }
            if exchange(self.work.path(), &destination).is_ok() {
                // The temporary folder now holds the older one, and is removed.
                return sync_folder(parent(&destination));
            }
            let aside = temporary::of(&destination)
                .tempdir_in(parent(&destination))
                .map_err(io(&destination, "move aside"))?;
            fs::rename(&destination, aside.path().join("old")).map_err(io(&destination, "move aside"))?;
            Some(aside)
        } else {
            None
        };
        let work = self.work.keep();
        if let Err(source) = fs::rename(&work, &destination) {
            if let Some(aside) = &older {
                let _restored = fs::rename(aside.path().join("old"), &destination);
            }
            let _removed = fs::remove_dir_all(&work);
            return Err(Error::Io { path: destination, action: "rename", source });
        }
        sync_folder(parent(&destination))
    }
}

/// Exchanges two folders in one step; an error where the system cannot.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_a: &Path, _b: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::{super::tests::names, *};

    #[test]
    fn a_folder_appears_on_commit_only_and_replaces_its_older_self() {
        let above = tempfile::tempdir().unwrap();
        let there = above.path().join("model");
        let dropped = NewFolder::create(&there).unwrap();
        fs::write(dropped.path().join("config.json"), "0").unwrap();
        drop(dropped);
        assert_eq!(names(above.path()), Vec::<String>::new());
        for text in ["1", "2"] {
            let new = NewFolder::create(&there).unwrap();
            fs::write(new.path().join("config.json"), text).unwrap();
            new.commit("config.json").unwrap();
            assert_eq!(fs::read_to_string(there.join("config.json")).unwrap(), text);
            assert_eq!(names(above.path()), ["model"]);
        }
    }

    #[test]
    fn a_folder_of_somebody_else_is_not_replaced() {
        let above = tempfile::tempdir().unwrap();
        let there = above.path().join("thesis");
        fs::create_dir(&there).unwrap();
        fs::write(there.join("chapter1.tex"), "years of work").unwrap();
        let new = NewFolder::create(&there).unwrap();
        fs::write(new.path().join("config.json"), "{}").unwrap();
        assert!(matches!(new.commit("config.json"), Err(Error::Occupied { .. })));
        assert_eq!(names(&there), ["chapter1.tex"]);
        assert_eq!(names(above.path()), ["thesis"]);
    }
}
