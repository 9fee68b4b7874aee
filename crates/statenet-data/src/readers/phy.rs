//! Folders of Kilosort and phy: spikes of sorted units on the clock of the recording system.
//!
//! ```text
//! sorted/
//!   spike_times.npy       samples from the start of the recording, N or (N, 1)
//!   spike_clusters.npy    the unit of each spike
//!   cluster_group.tsv     cluster_id and group (good, mua, noise); or cluster_info.tsv
//!   params.py             sample_rate
//!   onsets.csv            stimulus,onset_s: when each sound began, in seconds on the same clock
//!   audio/NAME.wav        the sounds
//! ```

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use statenet_core::SampleRate;

use super::{
    arrays::bytes,
    clock,
    table::{self, Sounds, name_of},
};
use crate::{
    error::{Error, Result},
    formats::{FormatError, npy},
    raw::RawRecording,
    recording::{Description, Metadata, Neuron},
};

/// How to read a folder of sorted units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhyOptions {
    /// The table of onsets; `None` for `onsets.csv`, `.tsv` or `.json` in the folder.
    pub onsets: Option<PathBuf>,
    /// The folder of the sounds; `None` for `audio` in the folder.
    pub audio: Option<PathBuf>,
    /// Samples per second of the spike times; `None` for that of `params.py`.
    pub sample_rate: Option<SampleRate>,
    /// Units of these groups; empty for the group good.
    pub groups: Vec<String>,
    /// How much later spikes will be moved, in ms: spikes are taken from that much earlier.
    pub shift_ms: f64,
}

/// Reads the units of a folder of Kilosort or phy, with their responses to the sounds whose onsets a table lists.
///
/// Units are those of the group `good`, as people and Kilosort called them, unless others are named; their ids are the numbers of the clusters.
///
/// # Errors
/// [`Error::NoFile`]; [`Error::ArrayFile`] for arrays that do not fit together; [`Error::Setting`] without a sample rate; [`Error::Empty`] if no
/// unit is in the groups; those of tables and sounds.
pub fn read(folder: impl AsRef<Path>, options: &PhyOptions) -> Result<RawRecording> {
    let folder = folder.as_ref();
    let rate = match options.sample_rate {
        Some(rate) => rate,
        None => rate_of(folder)?,
    };
    let (groups, of_group) = groups(folder)?;
    let wanted = if options.groups.is_empty() { vec!["good".to_owned()] } else { options.groups.clone() };
    let mut trains: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    let times = whole_numbers(&folder.join("spike_times.npy"))?;
    let clusters_path = folder.join("spike_clusters.npy");
    let clusters = whole_numbers(&clusters_path)?;
    if clusters.len() != times.len() {
        return Err(Error::ArrayFile {
            path: clusters_path,
            array: "spike_clusters",
            source: FormatError::Axes {
                got: vec![clusters.len()],
                expected: "as many entries as spike_times: 1",
            },
        });
    }
    for (time, cluster) in times.into_iter().zip(clusters) {
        if of_group.get(&cluster).is_some_and(|group| wanted.contains(group)) {
            trains.entry(cluster).or_default().push(time as f64 / rate.hz());
        }
    }
    if trains.is_empty() {
        return Err(Error::Empty { what: "units with spikes in these groups" });
    }
    let onsets = table::onsets_of(folder, options.onsets.as_deref())?;
    let mut sounds = Sounds::of_audio(folder, options.audio.as_deref())?;
    let (clusters, trains): (Vec<i64>, Vec<Vec<f64>>) = trains.into_iter().unzip();
    let neuron = |cluster: i64| {
        let group = of_group.get(&cluster).cloned().unwrap_or_default();
        let metadata: Metadata = [("group".to_owned(), serde_json::json!(group))].into_iter().collect();
        Neuron::new(cluster.to_string()).with_metadata(metadata)
    };
    let stimuli = clock::stimuli(&trains, &onsets, &mut |name| sounds.take(name), options.shift_ms)?;
    let unused = sounds.unused();
    let mut missing = Vec::new();
    if !unused.is_empty() {
        missing.push(format!("no onset of the sounds {}: they are left out", unused.join(", ")));
    }
    let left_out = of_group.len() - clusters.len();
    if left_out > 0 {
        missing.push(format!(
            "{left_out} of {} units of {} are in other groups than {}, or silent: they are left out",
            of_group.len(),
            groups.display(),
            wanted.join(", ")
        ));
    }
    Ok(RawRecording {
        description: Description { name: name_of(folder), ..Description::default() },
        neurons: clusters.into_iter().map(neuron).collect(),
        stimuli,
        missing,
        ..RawRecording::default()
    })
}

/// The whole numbers of an array `N` or `(N, 1)`, of any width.
fn whole_numbers(path: &Path) -> Result<Vec<i64>> {
    let name = if path.ends_with("spike_times.npy") { "spike_times" } else { "spike_clusters" };
    if !path.is_file() {
        let expected = if name == "spike_times" {
            "spike_times.npy, as Kilosort and phy write it"
        } else {
            "spike_clusters.npy, as phy writes it"
        };
        return Err(Error::NoFile { folder: path.parent().unwrap_or(path).to_path_buf(), expected });
    }
    let in_file = |source| Error::ArrayFile { path: path.to_path_buf(), array: name, source };
    let (_, values) = npy::parse_f64(&bytes(path)?).map_err(in_file)?;
    match values.shape() {
        [_] | [_, 1] => Ok(values.into_iter().map(|v| v as i64).collect()),
        shape => Err(in_file(FormatError::Axes { got: shape.to_vec(), expected: "N or (N, 1), that is 1" })),
    }
}

/// The line `sample_rate = ..` of `params.py`.
fn rate_of(folder: &Path) -> Result<SampleRate> {
    let path = folder.join("params.py");
    let text =
        if path.is_file() { String::from_utf8_lossy(&bytes(&path)?).into_owned() } else { String::new() };
    let stated = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let value = value.split('#').next().unwrap_or_default().trim();
        (name.trim() == "sample_rate").then(|| value.to_owned())
    });
    // 30000. is a number in Python.
    let rate =
        stated.as_deref().and_then(|value| value.parse::<f64>().ok()).and_then(|hz| SampleRate::new(hz).ok());
    rate.ok_or_else(|| Error::Setting {
        setting: "sample rate of spike_times.npy",
        got: stated.unwrap_or_else(|| "missing in params.py".to_owned()),
        expected: "sample_rate = HZ in params.py, or the rate given (--sample-rate)",
    })
}

/// The group of each cluster, from the first of the files that phy, then Kilosort, write.
fn groups(folder: &Path) -> Result<(PathBuf, BTreeMap<i64, String>)> {
    const FILES: [(&str, &[&str]); 3] = [
        ("cluster_group.tsv", &["group"]),
        ("cluster_info.tsv", &["group", "KSLabel"]),
        ("cluster_KSLabel.tsv", &["KSLabel"]),
    ];
    for (name, columns) in FILES {
        let path = folder.join(name);
        if path.is_file() {
            let groups = parse_groups(&bytes(&path)?, &path, columns)?;
            return Ok((path, groups));
        }
    }
    Err(Error::NoFile {
        folder: folder.to_path_buf(),
        expected: "cluster_group.tsv, cluster_info.tsv or cluster_KSLabel.tsv, which say which units are good",
    })
}

fn parse_groups(bytes: &[u8], path: &Path, wanted: &[&str]) -> Result<BTreeMap<i64, String>> {
    let failed = |source: csv::Error| Error::Table { path: path.to_path_buf(), source: Box::new(source) };
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').flexible(true).from_reader(bytes);
    let header: Vec<String> =
        reader.headers().map_err(failed)?.iter().map(|name| name.trim().to_owned()).collect();
    let place = |names: &[&str]| header.iter().position(|column| names.contains(&column.as_str()));
    let (Some(id), false) =
        (place(&["cluster_id", "id"]), wanted.iter().all(|name| place(&[name]).is_none()))
    else {
        return Err(Error::TableColumns {
            path: path.to_path_buf(),
            found: header,
            expected: "cluster_id and group (or KSLabel), separated by tabs",
        });
    };
    let mut groups = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(id).unwrap_or_default().trim();
        let cluster = text.parse().map_err(|_| Error::TableValue {
            path: path.to_path_buf(),
            line,
            column: "cluster_id",
            got: text.to_owned(),
            expected: "a whole number",
        })?;
        // A unit that people have not judged has an empty group; Kilosort's label counts then.
        let mut stated = wanted.iter().filter_map(|name| record.get(place(&[name])?)).map(str::trim);
        groups.insert(cluster, stated.find(|group| !group.is_empty()).unwrap_or("unsorted").to_owned());
    }
    Ok(groups)
}
