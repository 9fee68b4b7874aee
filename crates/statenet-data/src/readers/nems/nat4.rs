//! The release NAT4: natural sounds in A1 and PEG of the ferret (Zenodo 8044773).
//!
//! ```text
//! A1_NAT4_ozgf.fs100.ch18.tgz      the population: every sound once, cochleagrams of 18 bands, responses in bins of 10 ms
//! A1_single_sites/SITE.tgz         spike times: 18 sounds twenty times each, for validation
//! A1_pred_correlation.csv          which cells are auditory
//! ```
//! Sounds for estimation are the epochs `STIM_cat*` of the population, those for validation `STIM_00cat*`, whose responses come from the
//! archives of the sites.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    path::{Path, PathBuf},
};

use ndarray::Array2;
use serde_json::Value;
use statenet_core::Warning;

use super::{
    archive::Files,
    cut::Cuts,
    leave_out_unrecorded,
    signal::{Content, Signal},
};
use crate::{
    error::{Error, Result, some_of},
    formats::csv::Table,
    raw::{RawRecording, RawResponse},
    readers::arrays::bytes,
    recording::{Description, Neuron},
};

/// The names of epochs that are stimuli.
const STIMULUS: &str = "STIM_";
/// The names of those for validation.
const VALIDATION: &str = "STIM_00cat";
/// What follows the area in the name of the population's archive.
const POPULATION: &str = "_NAT4_ozgf";

/// How to read NAT4.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nat4Options {
    /// `A1` or `PEG`; needed if the folder has both.
    pub area: Option<String>,
    /// What is done to the values of the population.
    pub scaling: Scaling,
    /// Which cells are read.
    pub cells: Cells,
    /// How much later spikes will be moved, in ms: spike times are taken from that much earlier.
    pub shift_ms: f64,
}

/// What is done to the values of the population's archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// As in publications: cochleagrams become ln(1 + x), then from 0 to 1 over all bands and bins; the responses for estimation from 0 to 1
    /// over all cells and bins.
    #[default]
    Published,
    /// They stay as stored.
    Stored,
}

/// Which cells are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cells {
    /// All.
    #[default]
    All,
    /// Those with `sig_auditory` in the table of prediction correlations.
    Auditory,
}

/// Reads one area of the release from its folder, the archives packed or unpacked.
///
/// Stimuli have the kind `estimation` or `validation`. The responses for estimation are those of the population's archive, one repeat, scaled
/// as [`Scaling`] says; those for validation are spikes of the sites' archives, twenty repeats. So they are on different scales, which a
/// warning says: scores for which the scale of the responses counts, and losses over both, make no sense. Cells whose site has no archive
/// have no responses for validation, and are named in `missing`. Cells have as metadata `site`, and `auditory` where the table says it.
///
/// # Errors
/// [`Error::NoFile`] without the population's archive; [`Error::Field`] if there are several areas and none is named, or for archives of
/// another form; those of [`read`](super::read).
pub fn read(folder: impl AsRef<Path>, options: &Nat4Options) -> Result<RawRecording> {
    let folder = folder.as_ref();
    let (area, population) = population(folder, options.area.as_deref())?;
    let mut files = Files::read(&population, &["resp", "stim"])?;
    let mut responses = required(&mut files, &population, "resp")?;
    let mut stimuli = required(&mut files, &population, "stim")?;
    if options.scaling == Scaling::Published {
        published(&population, &mut stimuli, "stim", f32::ln_1p)?;
        published(&population, &mut responses, "resp", |value| value)?;
    }
    let mut raw = RawRecording {
        description: Description {
            name: format!("NAT4 {area}"),
            species: "ferret".to_owned(),
            area: area.clone(),
            citation: Some("Pennington & David (2023), PLoS Comput Biol; Zenodo 8044773".to_owned()),
            ..Description::default()
        },
        ..RawRecording::default()
    };
    let cuts = Cuts::of(&population, &responses, Some(&stimuli), STIMULUS, &mut raw)?;
    raw.stimuli = cuts.stimuli(&responses, 0.0, &mut raw.warnings)?;
    cuts.add_cochleagrams(&stimuli, &mut raw)?;
    let sites = Sites::read(folder, &area, options.shift_ms, &mut raw)?;
    for (cut, stimulus) in cuts.stimuli.iter().zip(&mut raw.stimuli) {
        if !cut.epoch.starts_with(VALIDATION) {
            stimulus.kind = Some("estimation".to_owned());
            continue;
        }
        stimulus.kind = Some("validation".to_owned());
        let of_site = |cell: &String| sites.response(&cut.epoch, cell);
        stimulus.responses = responses.channels.iter().map(of_site).collect();
    }
    sites.say_what_lacks(&area, &responses.channels, &mut raw);
    let auditory = auditory(folder, &area, &mut raw)?;
    add_neurons(&responses.channels, &auditory, options.cells, &mut raw);
    leave_out_unrecorded(&mut raw);
    let kinds = |kind: &str| raw.stimuli.iter().any(|stimulus| stimulus.kind.as_deref() == Some(kind));
    if kinds("estimation") && kinds("validation") {
        let scale = match options.scaling {
            Scaling::Published => "values from 0 to 1 over all cells",
            Scaling::Stored => "the values of the population's archive",
        };
        let message = format!(
            "responses for estimation are {scale}, those for validation are counts of spikes: compare them by scores that do not depend on the scale, such as correlations"
        );
        raw.warnings.push(Warning::new("response_scales", message, population.display().to_string()));
    }
    Ok(raw)
}

/// The area, and the archive or folder of its population.
fn population(folder: &Path, asked: Option<&str>) -> Result<(String, PathBuf)> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((area, _)) = name.split_once(POPULATION) else { continue };
        if (path.is_dir() || is_archive(&path)) && asked.is_none_or(|asked| asked.eq_ignore_ascii_case(area))
        {
            found.insert(area.to_owned(), path);
        }
    }
    let areas: Vec<String> = found.keys().cloned().collect();
    match (found.pop_first(), areas.len()) {
        (Some(only), 1) => Ok(only),
        (Some(_), _) => Err(Error::Field {
            path: folder.to_path_buf(),
            field: "the area".to_owned(),
            got: areas.join(" and "),
            expected: "one of them (--areas)".to_owned(),
        }),
        (None, _) => Err(Error::NoFile {
            folder: folder.to_path_buf(),
            expected: "A1_NAT4_ozgf.fs100.ch18.tgz or PEG_NAT4_ozgf.fs100.ch18.tgz, the recording of the population",
        }),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Io { path: folder.to_path_buf(), action: "list the release", source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("tgz"))
}

fn required(files: &mut Files, path: &Path, name: &str) -> Result<Signal> {
    let signal = files.signal(name)?;
    signal.ok_or_else(|| Error::Field {
        path: path.to_path_buf(),
        field: format!("the signal {name}"),
        got: "missing".to_owned(),
        expected: format!("a raster, beside {}", files.names()),
    })
}

/// Changes each value of a raster, then scales all together so that the smallest is 0 and the largest 1.
fn published(path: &Path, signal: &mut Signal, name: &str, change: impl Fn(f32) -> f32) -> Result<()> {
    let Content::Raster(values) = &mut signal.content else {
        return Err(Error::Field {
            path: path.to_path_buf(),
            field: format!("the signal {name}"),
            got: "no raster".to_owned(),
            expected: "a raster in a .csv, as in the release".to_owned(),
        });
    };
    values.mapv_inplace(change);
    scale(values);
    Ok(())
}

fn scale(values: &mut Array2<f32>) {
    let numbers = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (numbers().fold(f32::INFINITY, f32::min), numbers().fold(f32::NEG_INFINITY, f32::max));
    if high > low {
        values.mapv_inplace(|value| (value - low) / (high - low));
    }
}

/// The responses for validation.
struct Sites {
    /// By epoch and cell.
    responses: BTreeMap<(String, String), RawResponse>,
}

impl Sites {
    fn read(folder: &Path, area: &str, shift_ms: f64, raw: &mut RawRecording) -> Result<Self> {
        let mut responses = BTreeMap::new();
        let sites = folder.join(format!("{area}_single_sites"));
        if !sites.is_dir() {
            raw.missing.push(format!(
                "{}: the archives of the sites, with the responses for validation",
                sites.display()
            ));
            return Ok(Self { responses });
        }
        let mut twice = Vec::new();
        let archives = entries(&sites)?.into_iter().filter(|path| path.is_dir() || is_archive(path));
        for path in archives {
            let signal = required(&mut Files::read(&path, &["resp"])?, &path, "resp")?;
            let mut of_site = RawRecording::default();
            let cuts = Cuts::of(&path, &signal, None, VALIDATION, &mut of_site)?;
            let stimuli = cuts.stimuli(&signal, shift_ms, &mut of_site.warnings)?;
            raw.warnings.append(&mut of_site.warnings);
            for (cut, stimulus) in cuts.stimuli.iter().zip(stimuli) {
                for (cell, response) in signal.channels.iter().zip(stimulus.responses) {
                    let key = (cut.epoch.clone(), cell.clone());
                    match responses.entry(key) {
                        Entry::Vacant(place) => {
                            place.insert(response);
                        }
                        Entry::Occupied(_) => twice.push(cell.clone()),
                    }
                }
            }
        }
        twice.dedup();
        if !twice.is_empty() {
            let message = format!(
                "cells of more than one site, of which the first in the order of names is used: {}",
                some_of(&twice)
            );
            raw.warnings.push(Warning::new("cell_twice", message, sites.display().to_string()));
        }
        Ok(Self { responses })
    }

    fn response(&self, epoch: &str, cell: &str) -> RawResponse {
        let key = (epoch.to_owned(), cell.to_owned());
        self.responses.get(&key).cloned().unwrap_or(RawResponse::Missing)
    }

    /// Cells without responses for validation, and cells that are not in the population.
    fn say_what_lacks(&self, area: &str, cells: &[String], raw: &mut RawRecording) {
        let with: BTreeSet<&String> = self.responses.keys().map(|(_, cell)| cell).collect();
        let without: Vec<String> = cells.iter().filter(|cell| !with.contains(cell)).cloned().collect();
        if !without.is_empty() && !self.responses.is_empty() {
            raw.missing.push(format!(
                "{} of {} cells have no responses for validation: {}",
                without.len(),
                cells.len(),
                some_of(&without)
            ));
        }
        let others: Vec<String> = with.into_iter().filter(|cell| !cells.contains(cell)).cloned().collect();
        if !others.is_empty() {
            let message = format!(
                "cells of the sites that are not in the population are left out: {}",
                some_of(&others)
            );
            raw.warnings.push(Warning::new("cells_unknown", message, format!("{area}_single_sites")));
        }
    }
}

/// Which cells are auditory, as far as the table says.
fn auditory(folder: &Path, area: &str, raw: &mut RawRecording) -> Result<BTreeMap<String, bool>> {
    let path = folder.join(format!("{area}_pred_correlation.csv"));
    if !path.is_file() {
        raw.missing.push(format!("{}: which cells are auditory", path.display()));
        return Ok(BTreeMap::new());
    }
    let in_file = |source| Error::ArrayFile { path: path.clone(), array: "the table", source };
    let table = Table::parse(&bytes(&path)?).map_err(in_file)?;
    let cells = table.column("cellid").map_err(in_file)?;
    let says = table.column("sig_auditory").map_err(in_file)?;
    let is_yes = |text: &str| match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "1.0" => Some(true),
        "false" | "0" | "0.0" => Some(false),
        _ => None,
    };
    let known = cells.into_iter().zip(says).filter_map(|(cell, text)| Some((cell.to_owned(), is_yes(text)?)));
    Ok(known.collect())
}

/// The cells that are asked for, and their responses.
fn add_neurons(cells: &[String], auditory: &BTreeMap<String, bool>, which: Cells, raw: &mut RawRecording) {
    let keep: Vec<bool> =
        cells.iter().map(|cell| which == Cells::All || auditory.get(cell) == Some(&true)).collect();
    for stimulus in &mut raw.stimuli {
        let mut kept = keep.iter();
        stimulus.responses.retain(|_| kept.next() == Some(&true));
    }
    let kept = cells.iter().zip(&keep).filter_map(|(cell, keep)| keep.then_some(cell));
    raw.neurons = kept
        .map(|cell| {
            let mut metadata = crate::recording::Metadata::new();
            metadata.insert("site".to_owned(), Value::from(cell.split('-').next().unwrap_or(cell)));
            if let Some(&is_auditory) = auditory.get(cell) {
                metadata.insert("auditory".to_owned(), Value::from(is_auditory));
            }
            Neuron::new(cell).with_metadata(metadata)
        })
        .collect();
}
