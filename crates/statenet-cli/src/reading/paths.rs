//! Where data is: one recording, or several that are joined.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The paths that `--data` names, separated by commas. A name with commas that exists is one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPaths(Vec<PathBuf>);

impl DataPaths {
    /// The paths, in their order; at least one.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(PathBuf::as_path)
    }

    /// The path, if it is only one.
    #[must_use]
    pub fn only(&self) -> Option<&Path> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Names by which the recordings there are told apart: their own, or else those of the files, or else numbers from 1.
    #[must_use]
    pub(super) fn labels(&self, names: &[String]) -> Vec<String> {
        let different = |labels: &[String]| {
            let mut sorted = labels.to_vec();
            sorted.sort();
            sorted.dedup();
            sorted.len() == labels.len() && labels.iter().all(|label| !label.is_empty())
        };
        let files: Vec<String> = self
            .iter()
            .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
            .collect();
        if different(names) {
            names.to_vec()
        } else if different(&files) {
            files
        } else {
            (1..=names.len()).map(|i| i.to_string()).collect()
        }
    }
}

impl From<OsString> for DataPaths {
    fn from(text: OsString) -> Self {
        let whole = PathBuf::from(&text);
        let parts = match text.to_str() {
            Some(text) if !whole.exists() => {
                text.split(',').filter(|part| !part.is_empty()).map(PathBuf::from).collect()
            }
            _ => Vec::new(),
        };
        Self(if parts.is_empty() { vec![whole] } else { parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_comma_in_its_name_is_one_path() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a,b");
        std::fs::create_dir(&odd).unwrap();
        assert_eq!(DataPaths::from(odd.clone().into_os_string()).only(), Some(odd.as_path()));
        let two = DataPaths::from(OsString::from("x/a,y/b"));
        assert_eq!(two.iter().collect::<Vec<_>>(), [Path::new("x/a"), Path::new("y/b")]);
        assert_eq!(two.only(), None);
    }

    #[test]
    fn recordings_are_called_by_what_tells_them_apart() {
        let labels = |paths: &str, names: [&str; 2]| {
            DataPaths::from(OsString::from(paths)).labels(&names.map(str::to_owned))
        };
        assert_eq!(labels("x/a,y/b", ["NS1", "NAT4"]), ["NS1", "NAT4"]);
        assert_eq!(labels("x/a,y/b", ["NS1", "NS1"]), ["a", "b"]);
        assert_eq!(labels("x/a,y/a", ["", "NS1"]), ["1", "2"]);
    }
}
