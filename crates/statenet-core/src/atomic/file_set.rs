//! A set of files in a folder that replaces an earlier set as a whole.

use std::{
    fs,
    io::ErrorKind,
    path::{Component, Path, PathBuf},
};

use tempfile::TempDir;

use super::{io, sync_folder, sync_tree, temporary, temporary::READY, write_file};
use crate::error::{Error, Result};

/// Inside: the new files, and the list of files to remove.
const NEW: &str = "new";
const OBSOLETE: &str = "obsolete";

/// New files of a folder, written aside, which replace those of an earlier run together.
///
/// Write below [`path`](Self::path), then [`commit`](Self::commit). Until then the folder is unchanged: if the process is killed, the disk
/// is full or the set is dropped, the earlier files remain. From then on the new files take their places one by one; if the process is
/// killed meanwhile, the next [`open`](Self::open) moves the rest. Other files of the folder are left as they are.
///
/// One process at a time may use a folder in this way.
///
/// ```
/// use std::{fs, path::PathBuf};
/// use statenet_core::atomic::{FileSet, write_file};
///
/// let folder = tempfile::tempdir()?;
/// fs::write(folder.path().join("old.txt"), "of an earlier run")?;
/// let set = FileSet::open(folder.path())?;
/// write_file(&set.path().join("figures/new.txt"), |w| w.write_all(b"of this run"))?;
/// set.commit(&[PathBuf::from("old.txt")])?;
/// assert!(folder.path().join("figures/new.txt").is_file() && !folder.path().join("old.txt").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileSet {
    work: TempDir,
    new: PathBuf,
    folder: PathBuf,
}

impl FileSet {
    /// Prepares a folder, which is created if it is missing: ends a commit that was broken off, and removes what killed processes left.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the folder cannot be written.
    pub fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(io(folder, "create folder"))?;
        let ready = folder.join(READY);
        if ready.is_dir() {
            put_in_place(&ready, folder)?;
        }
        temporary::sweep(folder)?;
        let set = Path::new("set");
        let work =
            temporary::of(set).tempdir_in(folder).map_err(io(folder, "create files in this folder"))?;
        let new = work.path().join(NEW);
        Ok(Self { work, new, folder: folder.to_path_buf() })
    }

    /// The folder to write into; it need not exist yet.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.new
    }

    /// Replaces the files of the same names and removes the `obsolete` ones that the new set does not have; both are relative to the
    /// folder. Folders that this empties are removed.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if flushing or renaming fails; [`Error::Occupied`](crate::Error::Occupied) if a folder lies where a file belongs, or a link or a file where a
    /// folder belongs. Either leaves the earlier files, but for a failure of the file system while names change.
    pub fn commit(self, obsolete: &[PathBuf]) -> Result<()> {
        let new = files_below(&self.new)?;
        for path in &new {
            expect_place(&self.folder, path)?;
        }
        let mut list = Vec::new();
        for path in obsolete.iter().filter(|path| !new.contains(path)) {
            let text = inside(path).then(|| path.to_str()).flatten();
            let text = text.ok_or_else(|| Error::Occupied { path: self.folder.join(path) })?;
            list.extend(text.bytes().chain([0]));
        }
        write_file(&self.work.path().join(OBSOLETE), |w| w.write_all(&list))?;
        sync_tree(self.work.path())?;
        let ready = self.folder.join(READY);
        // From here on the new set counts.
        fs::rename(self.work.path(), &ready).map_err(io(&ready, "rename"))?;
        sync_folder(&self.folder)?;
        put_in_place(&ready, &self.folder)
    }
}

/// Moves a complete set to its place, or what is left of it: every step may have been taken before.
fn put_in_place(ready: &Path, folder: &Path) -> Result<()> {
    let new = ready.join(NEW);
    for path in files_below(&new)? {
        let to = folder.join(&path);
        let above = super::parent(&to);
        fs::create_dir_all(above).map_err(io(above, "create folder"))?;
        fs::rename(new.join(&path), &to).map_err(io(&to, "replace"))?;
    }
    let list = match fs::read_to_string(ready.join(OBSOLETE)) {
        Err(e) if e.kind() == ErrorKind::NotFound => String::new(),
        other => other.map_err(io(ready, "read"))?,
    };
    for path in list.split('\0').filter(|path| !path.is_empty()).map(Path::new) {
        let old = folder.join(path);
        if !inside(path) || expect_place(folder, path).is_err() {
            continue;
        }
        match fs::remove_file(&old) {
            Err(e) if !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(io(&old, "remove")(e));
            }
            _ => {}
        }
        let above = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        for above in above {
            // Fails where other files are.
            let _kept = fs::remove_dir(folder.join(above));
        }
    }
    sync_folder(folder)?;
    fs::remove_dir_all(ready).map_err(io(ready, "remove"))
}

/// Whether a relative path stays in its folder.
fn inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Checks that a file can be put at a path: nothing there or a file, in folders that are no links to elsewhere.
fn expect_place(folder: &Path, path: &Path) -> Result<()> {
    let occupied = |path: PathBuf| Err(Error::Occupied { path });
    if fs::symlink_metadata(folder.join(path)).is_ok_and(|at| at.is_dir()) {
        return occupied(folder.join(path));
    }
    for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
        let above = folder.join(above);
        if fs::symlink_metadata(&above).is_ok_and(|at| !at.is_dir()) {
            return occupied(above);
        }
    }
    Ok(())
}

/// Every file below a folder, by relative path in order; none if there is no folder.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(at) = folders.pop() {
        let place = folder.join(&at);
        let entries = match fs::read_dir(&place) {
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            other => other.map_err(io(&place, "read"))?,
        };
        for entry in entries {
            let entry = entry.map_err(io(&place, "read"))?;
            let path = at.join(entry.file_name());
            let is_folder = entry.file_type().map_err(io(&place, "read"))?.is_dir();
            if is_folder { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(folder: &Path) -> Vec<(String, String)> {
        let text = |path: PathBuf| {
            let content = fs::read_to_string(folder.join(&path)).unwrap();
            (path.to_str().unwrap().to_owned(), content)
        };
        files_below(folder).unwrap().into_iter().map(text).collect()
    }

    fn write(folder: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            write_file(&folder.join(path), |w| w.write_all(text.as_bytes())).unwrap();
        }
    }

    fn owned(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect()
    }

    const EARLIER: [(&str, &str); 4] =
        [("a/1", "old"), ("a/mine", "a user's"), ("b/2", "old"), ("summary", "old")];
    const LATER: [(&str, &str); 3] = [("a/1", "new"), ("c/3", "new"), ("summary", "new")];
    const BOTH: [(&str, &str); 4] =
        [("a/1", "new"), ("a/mine", "a user's"), ("c/3", "new"), ("summary", "new")];

    fn obsolete() -> Vec<PathBuf> {
        ["a/1", "b/2", "summary", "gone"].map(PathBuf::from).to_vec()
    }

    #[test]
    fn a_set_replaces_an_earlier_one_and_leaves_the_files_of_others() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &EARLIER);
        let dropped = FileSet::open(folder.path()).unwrap();
        write(dropped.path(), &LATER);
        drop(dropped);
        assert_eq!(tree(folder.path()), owned(&EARLIER));
        let set = FileSet::open(folder.path()).unwrap();
        write(set.path(), &LATER);
        set.commit(&obsolete()).unwrap();
        assert_eq!(tree(folder.path()), owned(&BOTH));
        assert!(!folder.path().join("b").exists());
    }

    /// However far a commit came when the process was killed.
    #[test]
    fn a_commit_that_was_broken_off_is_ended_by_the_next_run() {
        for n_moved in 0..=LATER.len() {
            for n_removed in 0..=1 {
                let folder = tempfile::tempdir().unwrap();
                let at = folder.path();
                write(at, &EARLIER);
                let ready = at.join(READY);
                write(&ready.join(NEW), &LATER[n_moved..]);
                write(at, &LATER[..n_moved]);
                write(&ready, &[(OBSOLETE, "b/2\0gone\0")]);
                if n_removed == 1 && n_moved == LATER.len() {
                    fs::remove_file(at.join("b/2")).unwrap();
                }
                drop(FileSet::open(at).unwrap());
                assert_eq!(tree(at), owned(&BOTH), "{n_moved} {n_removed}");
            }
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_written_or_removed() {
        let root = tempfile::tempdir().unwrap();
        let (folder, outside) = (root.path().join("out"), root.path().join("outside"));
        write(&outside, &[("kept", "here")]);
        let set = FileSet::open(&folder).unwrap();
        write(set.path(), &LATER);
        let error = set.commit(&[PathBuf::from("../outside/kept")]).unwrap_err();
        assert!(matches!(error, Error::Occupied { .. }), "{error}");
        // Nor by a list that somebody wrote.
        write(&folder.join(READY), &[(OBSOLETE, "../outside/kept\0")]);
        drop(FileSet::open(&folder).unwrap());
        assert_eq!(tree(&outside), owned(&[("kept", "here")]));
    }

    #[test]
    fn what_lies_in_the_way_is_refused_before_anything_changes() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        write(at, &[("a", "a file where a folder belongs"), ("summary", "old")]);
        let before = tree(at);
        let set = FileSet::open(at).unwrap();
        write(set.path(), &LATER);
        let error = set.commit(&obsolete()).unwrap_err();
        assert!(matches!(&error, Error::Occupied { path } if *path == at.join("a")), "{error}");
        assert_eq!(tree(at), before);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_elsewhere_is_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let (folder, outside) = (root.path().join("out"), root.path().join("outside"));
        write(&outside, &[("1", "kept")]);
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(&outside, folder.join("a")).unwrap();
        let set = FileSet::open(&folder).unwrap();
        write(set.path(), &LATER);
        assert!(matches!(set.commit(&[]), Err(Error::Occupied { .. })));
        assert_eq!(tree(&outside), owned(&[("1", "kept")]));
    }
}
