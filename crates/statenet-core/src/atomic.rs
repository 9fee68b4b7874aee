//! Atomic writing of files and folders.
//!
//! Everything is written next to its destination under a temporary name, flushed to disk and renamed. If the process is
//! killed or the disk is full, the destination remains unchanged.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempDir};

use crate::error::{Error, Result};

/// Writes a file: `write` receives a buffered writer, and the file gets its name only if everything succeeded.
///
/// Missing parent folders are created.
///
/// # Errors
/// [`Error::Io`] if the file cannot be written, flushed or renamed, for example because the disk is full.
pub fn write_file<F>(path: &Path, write: F) -> Result<()>
where
    F: FnOnce(&mut dyn Write) -> std::io::Result<()>,
{
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(io(folder, "create folder"))?;
    let mut file = NamedTempFile::new_in(folder).map_err(io(path, "create"))?;
    let mut writer = std::io::BufWriter::new(&mut file);
    write(&mut writer).map_err(io(path, "write"))?;
    writer.flush().map_err(io(path, "write"))?;
    drop(writer);
    file.as_file().sync_all().map_err(io(path, "flush"))?;
    readable_by_all(file.path()).map_err(io(path, "set the mode of"))?;
    file.persist(path).map_err(|e| io(path, "rename")(e.error))?;
    sync_folder(folder)
}

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
    /// [`Error::Io`] if the folder cannot be created next to the destination.
    pub fn create(destination: &Path) -> Result<Self> {
        let above = parent(destination);
        fs::create_dir_all(above).map_err(io(above, "create folder"))?;
        let work = tempfile::Builder::new()
            .prefix(".statenet-")
            .tempdir_in(above)
            .map_err(io(destination, "create folder"))?;
        Ok(Self { work, destination: destination.to_path_buf() })
    }

    /// The temporary folder to write into.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.work.path()
    }

    /// Flushes all files and moves the folder to its destination, replacing an older folder there.
    ///
    /// An older folder is replaced only if it contains the file `marker` (such as `config.json`) or is empty, so that a
    /// folder of unrelated files is never removed.
    ///
    /// # Errors
    /// [`Error::Occupied`] if a folder without the marker exists at the destination; [`Error::Io`] if flushing or renaming
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
            let aside = tempfile::Builder::new()
                .prefix(".statenet-old-")
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

fn parent(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Io { path: path.to_path_buf(), action, source }
}

fn sync_tree(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(io(folder, "read"))? {
        let path = entry.map_err(io(folder, "read"))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            let file = fs::File::open(&path).map_err(io(&path, "open"))?;
            file.sync_all().map_err(io(&path, "flush"))?;
        }
    }
    sync_folder(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<()> {
    fs::File::open(folder).and_then(|f| f.sync_all()).map_err(io(folder, "flush"))
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<()> {
    Ok(())
}

/// Sets the usual permissions, since temporary files and folders are private to their user.
#[cfg(unix)]
fn readable_by_all(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn readable_by_all(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/summary.json");
        write_file(&path, |w| w.write_all(b"old")).unwrap();
        let full = || std::io::Error::new(std::io::ErrorKind::StorageFull, "no space left");
        let error = write_file(&path, |w| w.write_all(b"ne").and(Err(full()))).unwrap_err();
        assert!(error.to_string().ends_with("summary.json: cannot write"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(path.parent().unwrap()), ["summary.json"]);
    }

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
