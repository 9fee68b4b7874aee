//! A release of many units.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{Aa1Options, repeats};
use crate::{
    error::{Error, Result},
    raw::{RawRecording, RawResponse, RawSound, RawStimulus},
    readers::{
        arrays::bytes,
        order::natural,
        sound_folder::{sound_files, without_ending},
        table::name_of,
    },
    recording::{Description, Metadata, Neuron},
};

/// The folder of a unit, and the area that the folder above names.
pub(super) struct Cell {
    name: String,
    folder: PathBuf,
    area: Option<String>,
}

/// The units of a release: folders in `AREA_cells` and `all_cells`.
pub(super) fn cells(folder: &Path) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for (name, group) in folders(folder)? {
        let Some(area) = name.strip_suffix("_cells") else { continue };
        let area = (area != "all").then(|| area.to_owned());
        cells.extend(folders(&group)?.into_iter().map(|(name, folder)| Cell {
            name,
            folder,
            area: area.clone(),
        }));
    }
    cells.sort_by(|a, b| natural(&a.name, &b.name));
    Ok(cells)
}

/// Reads the units of the areas and classes asked for.
pub(super) fn read(folder: &Path, mut cells: Vec<Cell>, options: &Aa1Options) -> Result<RawRecording> {
    let mut missing = Vec::new();
    let regions = regions(&folder.join("cell_regions.csv"))?;
    for cell in &mut cells {
        if let Some(region) = regions.get(&cell.name) {
            cell.area = Some(region.clone());
        }
    }
    cells.retain(|cell| options.areas.is_empty() || options.areas.iter().any(|area| is_in(cell, area)));
    if cells.is_empty() {
        return Err(Error::Empty { what: "units in these areas" });
    }
    let sounds = Sounds::of(&folder.join("all_stims"))?;
    let mut stimuli: BTreeMap<(String, String), BTreeMap<usize, RawResponse>> = BTreeMap::new();
    let classes: BTreeSet<String> = cells
        .iter()
        .flat_map(|cell| folders(&cell.folder).unwrap_or_default())
        .map(|(class, _)| class)
        .filter(|class| options.classes.is_empty() || options.classes.contains(class))
        .collect();
    for (number, cell) in cells.iter().enumerate() {
        for class in &classes {
            let of_class = cell.folder.join(class);
            if !of_class.is_dir() {
                missing.push(format!("{}: unit {} has no {class}", cell.folder.display(), cell.name));
                continue;
            }
            for (sound, spikes) in presentations(&of_class, &mut missing)? {
                stimuli
                    .entry((class.clone(), sound))
                    .or_default()
                    .insert(number, RawResponse::spikes(repeats::read(&spikes)?));
            }
        }
    }
    let mut raw = RawRecording {
        description: Description {
            name: name_of(folder),
            species: "zebra finch (anaesthetised)".to_owned(),
            ..Description::default()
        },
        neurons: neurons(&cells)?,
        missing,
        ..RawRecording::default()
    };
    for ((class, sound), mut responses) in stimuli {
        let Some(path) = sounds.find(&class, &sound) else {
            raw.missing.push(format!(
                "the sound {class}/{sound}, which {} units heard: it is left out",
                responses.len()
            ));
            continue;
        };
        let responses = (0..cells.len())
            .map(|number| responses.remove(&number).unwrap_or(RawResponse::Missing))
            .collect();
        let stimulus = RawStimulus::new(without_ending(&sound), RawSound::File(path), responses);
        raw.stimuli.push(RawStimulus { kind: Some(class), ..stimulus });
    }
    raw.stimuli.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| natural(&a.name, &b.name)));
    Ok(raw)
}

/// A neuron for each unit; a name that occurs in two areas gets that of its area.
fn neurons(cells: &[Cell]) -> Result<Vec<Neuron>> {
    let twice = |name: &str| cells.iter().filter(|cell| cell.name == name).count() > 1;
    let neuron = |cell: &Cell| {
        let area = cell.area.clone().unwrap_or_default();
        let id = if twice(&cell.name) { format!("{area}-{}", cell.name) } else { cell.name.clone() };
        let mut metadata = Metadata::new();
        if !area.is_empty() {
            metadata.insert("area".to_owned(), json!(area));
        }
        // pipu1018_2_A: the bird, the number of the site, the rig.
        let animal = cell.name.split('_').next().unwrap_or_default();
        metadata.insert("animal".to_owned(), json!(animal));
        Neuron::new(id).with_metadata(metadata)
    };
    Ok(cells.iter().map(neuron).collect())
}

/// Whether a unit is in an area; `L` and `Field_L` hold L1, L2a, L2b and L3.
fn is_in(cell: &Cell, area: &str) -> bool {
    let of_cell = cell.area.as_deref().unwrap_or_default();
    let is_field_l = |name: &str| {
        ["L", "Field_L", "L1", "L2a", "L2b", "L3"].iter().any(|field| name.eq_ignore_ascii_case(field))
    };
    let whole = area.eq_ignore_ascii_case("L") || area.eq_ignore_ascii_case("Field_L");
    of_cell.eq_ignore_ascii_case(area) || (whole && is_field_l(of_cell))
}

/// The sounds that a unit heard, with the files of its spikes.
fn presentations(folder: &Path, missing: &mut Vec<String>) -> Result<Vec<(String, PathBuf)>> {
    let failed = |source| Error::Io { path: folder.to_path_buf(), action: "list the stimuli", source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(number) = name.strip_prefix("stim").filter(|rest| rest.parse::<u32>().is_ok()) else {
            continue;
        };
        let text = bytes(&path)?;
        let sound = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned();
        let spikes = folder.join(format!("spike{number}"));
        if sound.is_empty() {
            missing.push(format!("the name of a sound in {}", path.display()));
        } else if spikes.is_file() {
            found.push((sound, spikes));
        } else {
            missing.push(format!("the spikes {}", spikes.display()));
        }
    }
    found.sort();
    Ok(found)
}

/// The areas of units, from the first two columns of `cell_regions.csv`; none without that file.
fn regions(path: &Path) -> Result<BTreeMap<String, String>> {
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let content = bytes(path)?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content.as_slice());
    let mut regions = BTreeMap::new();
    for record in reader.records() {
        let record =
            record.map_err(|source| Error::Table { path: path.to_path_buf(), source: Box::new(source) })?;
        if let (Some(cell), Some(region)) = (record.get(0), record.get(1)) {
            regions.insert(cell.trim().to_owned(), region.trim().to_owned());
        }
    }
    Ok(regions)
}

/// The sound files of `all_stims` and of the folders in it.
struct Sounds {
    all: BTreeMap<String, PathBuf>,
    of_class: BTreeMap<String, BTreeMap<String, PathBuf>>,
}

impl Sounds {
    fn of(folder: &Path) -> Result<Self> {
        let mut of_class = BTreeMap::new();
        for (class, path) in folders(folder)? {
            of_class.insert(class, sound_files(&path)?);
        }
        Ok(Self { all: sound_files(folder)?, of_class })
    }

    fn find(&self, class: &str, sound: &str) -> Option<PathBuf> {
        let name = without_ending(sound);
        let of_class = self.of_class.get(class).and_then(|sounds| sounds.get(name));
        of_class
            .or_else(|| self.all.get(name))
            .or_else(|| self.of_class.values().find_map(|sounds| sounds.get(name)))
            .cloned()
    }
}

/// The folders in a folder, by name.
fn folders(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let failed = |source| Error::Io { path: folder.to_path_buf(), action: "list the folders", source };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            found.insert(path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path);
        }
    }
    Ok(found)
}
