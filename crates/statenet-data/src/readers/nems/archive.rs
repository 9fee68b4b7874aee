//! The files of a recording, of an archive or a folder; only those of the signals that are wanted are kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use ndarray::Array2;
use serde_json::Value;
use statenet_core::json;

use super::{
    epochs::{self, Epoch},
    signal::{Signal, Stored},
};
use crate::{
    error::{Error, Result},
    formats::{FormatError, csv, tgz},
};

/// The largest description or table of epochs, in bytes.
const MAX_TEXT: u64 = 256 << 20;
/// The deepest folder below that of the recording.
const DEEPEST: usize = 3;

/// The files of a recording.
pub(super) struct Files {
    /// The archive or folder.
    path: PathBuf,
    /// Of each wanted signal, in the order in which they were asked for.
    parts: BTreeMap<String, Parts>,
    /// All signals that there are.
    names: BTreeSet<String>,
    meta: Option<(PathBuf, Vec<u8>)>,
}

#[derive(Default)]
struct Parts {
    json: Option<(PathBuf, Vec<u8>)>,
    epochs: Option<Vec<Epoch>>,
    table: Option<Array2<f32>>,
    hdf5: Option<(PathBuf, Vec<u8>)>,
}

impl Files {
    /// Reads the files of some signals from a `.tgz` or a folder.
    pub(super) fn read(path: &Path, signals: &[&str]) -> Result<Self> {
        let parts = signals.iter().map(|name| ((*name).to_owned(), Parts::default())).collect();
        let mut files = Self { path: path.to_path_buf(), parts, names: BTreeSet::new(), meta: None };
        if path.is_dir() {
            files.folder(path, DEEPEST)?;
            return Ok(files);
        }
        let archive = File::open(path).map_err(|source| Error::Io {
            path: path.to_path_buf(),
            action: "open the archive",
            source,
        })?;
        let mut failed = None;
        let result = tgz::read(archive, &tgz::Limits::default(), |name, content| {
            files.add(&path.join(name), name, content).map_err(|error| {
                failed = Some(error);
                FormatError::Tar { reason: "a file in it cannot be read".to_owned() }
            })
        });
        match failed {
            Some(error) => Err(error),
            None => result.map(|()| files).map_err(|source| Error::ArrayFile {
                path: path.to_path_buf(),
                array: "the archive",
                source,
            }),
        }
    }

    fn folder(&mut self, folder: &Path, depth: usize) -> Result<()> {
        let failed = |source| Error::Io {
            path: folder.to_path_buf(),
            action: "list the files of the recording",
            source,
        };
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            entries.push(entry.map_err(failed)?.path());
        }
        entries.sort();
        for path in entries {
            if path.is_dir() {
                if depth > 0 {
                    self.folder(&path, depth - 1)?;
                }
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !self.wants(&name) {
                continue;
            }
            let open = |source| Error::Io { path: path.clone(), action: "open the file", source };
            self.add(&path, &name, &mut BufReader::new(File::open(&path).map_err(open)?))?;
        }
        Ok(())
    }

    /// Whether a file is one of those that are read.
    fn wants(&self, name: &str) -> bool {
        let of_signal = self.parts.keys().any(|signal| ending(name, signal).is_some());
        of_signal || name.ends_with(".json")
    }

    /// Keeps a file if it is one of a wanted signal.
    fn add(&mut self, path: &Path, inside: &str, content: &mut dyn Read) -> Result<()> {
        let name = inside.rsplit('/').next().unwrap_or(inside);
        // Those that macOS puts into archives beside others.
        if name.starts_with("._") {
            return Ok(());
        }
        if let Some(rest) = name.strip_suffix(".json") {
            let signal = rest.rsplit('.').next().unwrap_or(rest);
            if signal == "meta" {
                self.meta = Some((path.to_path_buf(), text(path, content)?));
                return Ok(());
            }
            self.names.insert(signal.to_owned());
        }
        let found = self.parts.iter_mut().find_map(|(signal, parts)| {
            let ending = ending(name, signal)?;
            Some((ending, parts))
        });
        let Some((ending, parts)) = found else { return Ok(()) };
        let in_file = |array| move |source| Error::ArrayFile { path: path.to_path_buf(), array, source };
        let twice = match ending {
            "json" => parts.json.replace((path.to_path_buf(), text(path, content)?)).is_some(),
            "epoch.csv" => {
                let table = text(path, content)?;
                parts.epochs.replace(epochs::parse(&table).map_err(in_file("the epochs"))?).is_some()
            }
            "csv" => {
                let table = csv::numbers(content).map_err(in_file("the signal"))?;
                parts.table.replace(table).is_some()
            }
            "h5" => {
                let mut bytes = Vec::new();
                content.read_to_end(&mut bytes).map_err(|source| Error::Io {
                    path: path.to_path_buf(),
                    action: "read the signal",
                    source,
                })?;
                parts.hdf5.replace((path.to_path_buf(), bytes)).is_some()
            }
            _ => false,
        };
        if twice {
            return Err(Error::Field {
                path: path.to_path_buf(),
                field: "the file".to_owned(),
                got: "a second one of this signal".to_owned(),
                expected: "one recording in the archive or folder".to_owned(),
            });
        }
        Ok(())
    }

    /// A signal; `None` if it is not there.
    pub(super) fn signal(&mut self, name: &str) -> Result<Option<Signal>> {
        let Some(parts) = self.parts.remove(name) else { return Ok(None) };
        let Some((path, json)) = parts.json else { return Ok(None) };
        let stored = match (parts.table, parts.hdf5) {
            (Some(table), None) => Stored::Table(table),
            (None, Some((path, bytes))) => Stored::Hdf5(path, bytes),
            (got, _) => {
                return Err(Error::Field {
                    path,
                    field: format!("the signal {name}"),
                    got: if got.is_some() { "both .csv and .h5" } else { "no values" }.to_owned(),
                    expected: "a file of the same name that ends with .csv or .h5".to_owned(),
                });
            }
        };
        Signal::parse(&path, &json, stored, parts.epochs.unwrap_or_default()).map(Some)
    }

    /// The names of all signals.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if names.is_empty() {
            return format!("none: {} has no *.json of a signal", self.path.display());
        }
        names.join(", ")
    }

    /// The description of the recording as a whole.
    pub(super) fn meta(&self) -> Result<Option<Value>> {
        let Some((path, bytes)) = &self.meta else { return Ok(None) };
        json::parse(bytes).map(Some).map_err(|source| Error::Json { path: path.clone(), source })
    }
}

/// What follows the signal's name in a file name: `epoch.csv` for `por026c.resp.epoch.csv`.
fn ending(name: &str, signal: &str) -> Option<&'static str> {
    ["json", "epoch.csv", "csv", "h5"].into_iter().find(|ending| {
        let before = name.strip_suffix(ending).and_then(|rest| rest.strip_suffix('.'));
        let recording = before.and_then(|rest| rest.strip_suffix(signal));
        recording.is_some_and(|recording| recording.is_empty() || recording.ends_with('.'))
    })
}

fn text(path: &Path, content: &mut dyn Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = content.take(MAX_TEXT).read_to_end(&mut bytes);
    read.map_err(|source| Error::Io { path: path.to_path_buf(), action: "read the file", source })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_belong_to_signals_by_their_names() {
        assert_eq!(ending("por026c.resp.epoch.csv", "resp"), Some("epoch.csv"));
        assert_eq!(ending("A1_NAT4_ozgf.fs100.ch18.stim.csv", "stim"), Some("csv"));
        assert_eq!(ending("resp.json", "resp"), Some("json"));
        assert_eq!(ending("x.psth_resp.json", "resp"), None);
        assert_eq!(ending("x.resp.txt", "resp"), None);
        assert_eq!(ending("x.stim.csv", "resp"), None);
    }
}
