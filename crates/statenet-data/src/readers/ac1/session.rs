//! The folders of the release, and what a file of a session holds.

use std::{
    error::Error as _,
    fs,
    path::{Path, PathBuf},
};

use super::Subset;
use crate::{
    error::{Error, Result},
    formats::mat5::{self, MatArray},
    readers::{arrays::bytes, order::natural, sound_folder::files_with},
};

/// How deep below the release's folder sessions and stimuli may lie.
const MAX_DEPTH: usize = 4;

/// A session: a folder of MATLAB files, with one cell.
pub(super) struct Session {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// In natural order.
    pub(super) files: Vec<PathBuf>,
}

/// The sessions of a set of cells, by name.
pub(super) fn find(folder: &Path, subset: Subset) -> Result<Vec<Session>> {
    let mut sessions = Vec::new();
    for path in folders(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !is_session(&name, subset) {
            continue;
        }
        let files = mat_files(&path)?;
        if !files.is_empty() {
            sessions.push(Session { name, folder: path, files });
        }
    }
    sessions.sort_by(|a, b| natural(&a.name, &b.name));
    Ok(sessions)
}

/// The MATLAB files of a folder, in natural order.
pub(super) fn mat_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<(String, PathBuf)> =
        files_with(folder, &["mat"], "list the MATLAB files")?.into_iter().collect();
    files.sort_by(|(a, _), (b, _)| natural(a, b));
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// A folder and those below it, as deep as the release may be; links are not followed.
pub(super) fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_path_buf()];
    let mut level = found.clone();
    for _ in 0..MAX_DEPTH {
        let mut below = Vec::new();
        for folder in &level {
            let failed = |source| Error::Io { path: folder.clone(), action: "list the folder", source };
            for entry in fs::read_dir(folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                if entry.file_type().map_err(failed)?.is_dir() {
                    below.push(entry.path());
                }
            }
        }
        below.sort();
        found.extend(below.iter().cloned());
        level = below;
    }
    Ok(found)
}

/// Whether a folder is called as one of a set: `20020611-mw-003`, `20050812-ha1-012`.
fn is_session(name: &str, subset: Subset) -> bool {
    let mut parts = name.split('-');
    let (Some(date), Some(who), Some(number), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let of_subset = match subset {
        Subset::Wehr => who == "mw",
        Subset::AsariCortex | Subset::AsariThalamus => matches!(who, "ha1" | "ha2" | "ha3" | "ha4"),
    };
    date.len() == 8 && digits(date) && digits(number) && of_subset
}

/// A file of a session, or of a sound.
pub(super) struct MatFile(Vec<(String, MatArray)>);

impl MatFile {
    /// Reads a file; an error says why not, in words.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let content = bytes(path).map_err(|error| {
            let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            format!("cannot read{cause}")
        })?;
        Ok(Self(mat5::parse(&content).map_err(|error| error.to_string())?))
    }

    /// A variable, or a field of one that is a struct.
    pub(super) fn find(&self, name: &str) -> Option<&MatArray> {
        let variable = self.0.iter().find(|(variable, _)| variable == name).map(|(_, array)| array);
        variable.or_else(|| self.0.iter().find_map(|(_, array)| array.field(name)))
    }

    /// What the file holds, for messages.
    pub(super) fn content(&self) -> String {
        let names: Vec<String> =
            self.0.iter().take(20).map(|(name, array)| format!("{name} ({})", array.described())).collect();
        if names.is_empty() { "no variables".to_owned() } else { names.join(", ") }
    }
}

/// A field of the struct at an index, or of its field `param`.
pub(super) fn of<'a>(array: &'a MatArray, index: usize, name: &str) -> Option<&'a MatArray> {
    array.field_of(index, name).or_else(|| array.field_of(index, "param")?.field(name))
}
