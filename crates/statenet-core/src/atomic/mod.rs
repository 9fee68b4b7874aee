//! Atomic writing of files, folders and sets of files.
//!
//! Everything is written next to its destination under a temporary name, flushed to disk and renamed. If the process is
//! killed or the disk is full, the destination remains unchanged. Temporary names begin with `.statenet-`.

mod file;
mod file_set;
mod folder;
mod temporary;

pub use self::{
    file::write_file,
    file_set::FileSet,
    folder::NewFolder,
    temporary::{is_temporary, sweep, sweep_of},
};

use std::{fs, path::Path};

use crate::error::{Error, Result};

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

    /// The names of what is in a folder, in order.
    pub(super) fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
