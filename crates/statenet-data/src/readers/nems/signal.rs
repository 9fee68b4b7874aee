//! One signal of a recording.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ndarray::{Array2, ArrayD, Ix2};
use serde_json::Value;
use statenet_core::{TimeBin, json};

use super::epochs::Epoch;
use crate::{
    error::{Error, Result},
    formats::{FormatError, hdf5::Hdf5},
    readers::fields::{Fields, shortened},
};

/// A signal: values or events of some channels on the clock of the recording.
pub(super) struct Signal {
    /// Its description.
    pub(super) path: PathBuf,
    /// The recording that it says to belong to.
    pub(super) recording: Option<String>,
    /// Names of the channels.
    pub(super) channels: Vec<String>,
    /// Bins a second.
    pub(super) rate: f64,
    /// The width of its bins.
    pub(super) dt: TimeBin,
    pub(super) content: Content,
    pub(super) epochs: Vec<Epoch>,
}

/// What a signal holds.
pub(super) enum Content {
    /// `(T, C)`, from the start of the recording.
    Raster(Array2<f32>),
    /// Times of each channel's events in seconds, sorted.
    Points(Vec<Vec<f64>>),
    /// `(C, T)` of each name of an epoch.
    Tiles(BTreeMap<String, Array2<f32>>),
}

/// The values as they lie in the archive.
pub(super) enum Stored {
    /// `(T, C)`.
    Table(Array2<f32>),
    /// A file.
    Hdf5(PathBuf, Vec<u8>),
}

/// What a signal calls itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Raster,
    Points,
    Tiles,
}

impl Signal {
    /// A signal from its description and its values.
    pub(super) fn parse(path: &Path, description: &[u8], stored: Stored, epochs: Vec<Epoch>) -> Result<Self> {
        let value =
            json::parse(description).map_err(|source| Error::Json { path: path.to_path_buf(), source })?;
        let mut fields = Fields::new(path, String::new(), value)?;
        let rate = fields.number("fs")?;
        let dt = TimeBin::from_millis(1e3 / rate)
            .map_err(|_| fields.error("fs", rate.to_string(), "bins a second, at least 0.1"))?;
        let channels = match fields.optional_list("chans")? {
            Some(list) => Some(channels(&fields, list)?),
            None => None,
        };
        let kind = match fields.optional_text("signal_type")? {
            Some(text) => Some(kind(&text).ok_or_else(|| {
                fields.error("signal_type", text, "RasterizedSignal, PointProcess or TiledSignal")
            })?),
            None => None,
        };
        let recording = fields.optional_text("recording")?;
        let (content, n_channels) = content(path, kind, channels.as_deref(), stored)?;
        let channels = channels.unwrap_or_else(|| (0..n_channels).map(|n| n.to_string()).collect());
        if channels.len() != n_channels {
            let expected = format!("{n_channels} channels, as the values have");
            return Err(fields.error("chans", format!("{} names", channels.len()), expected));
        }
        Ok(Self { path: path.to_path_buf(), recording, channels, rate, dt, content, epochs })
    }

    /// The bin nearest to a time.
    pub(super) fn bin(&self, seconds: f64) -> i64 {
        // Saturates for times beyond all recordings.
        (seconds * self.rate).round() as i64
    }
}

fn channels(fields: &Fields<'_>, list: Vec<Value>) -> Result<Vec<String>> {
    let name = |value: Value| match value {
        Value::String(name) => Ok(name),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(fields.error("chans", shortened(&other), "names")),
    };
    list.into_iter().map(name).collect()
}

/// From `<class 'nems.tools.signal.PointProcess'>`.
fn kind(text: &str) -> Option<Kind> {
    [("RasterizedSignal", Kind::Raster), ("PointProcess", Kind::Points), ("TiledSignal", Kind::Tiles)]
        .into_iter()
        .find_map(|(name, kind)| text.contains(name).then_some(kind))
}

/// The content of a signal and its number of channels. Where the description does not say the kind, a table is a raster, datasets called as
/// the channels are events, and others are tiles.
fn content(
    description: &Path,
    kind: Option<Kind>,
    channels: Option<&[String]>,
    stored: Stored,
) -> Result<(Content, usize)> {
    let (path, bytes) = match stored {
        Stored::Table(table) => {
            return match kind {
                None | Some(Kind::Raster) => {
                    let n_channels = table.ncols();
                    Ok((Content::Raster(table), n_channels))
                }
                Some(_) => Err(Error::Field {
                    path: description.to_path_buf(),
                    field: "signal_type".to_owned(),
                    got: "a point process or tiles".to_owned(),
                    expected: "a RasterizedSignal, since the values are in a .csv".to_owned(),
                }),
            };
        }
        Stored::Hdf5(path, bytes) => (path, bytes),
    };
    let in_file = |source| Error::ArrayFile { path: path.clone(), array: "the signal", source };
    let file = Hdf5::parse(bytes).map_err(in_file)?;
    let names = file.members("/").map_err(in_file)?.datasets;
    let all_named = |list: &[String]| list.iter().all(|name| names.contains(name));
    let kind =
        kind.unwrap_or_else(|| if channels.is_some_and(all_named) { Kind::Points } else { Kind::Tiles });
    match kind {
        Kind::Points => {
            let channels = channels.unwrap_or(&names);
            let events = channels.iter().map(|name| events(&file, name).map_err(in_file));
            let events: Vec<Vec<f64>> = events.collect::<Result<_>>()?;
            let n_channels = events.len();
            Ok((Content::Points(events), n_channels))
        }
        Kind::Tiles => {
            let tiles = names.iter().map(|name| Ok((name.clone(), matrix(&file, name).map_err(in_file)?)));
            let tiles: BTreeMap<String, Array2<f32>> = tiles.collect::<Result<_>>()?;
            let n_channels = tiles.values().next().map_or(0, Array2::nrows);
            match tiles.iter().find(|(_, tile)| tile.nrows() != n_channels) {
                None => Ok((Content::Tiles(tiles), n_channels)),
                Some((name, tile)) => Err(in_file(FormatError::Hdf5Object {
                    inside: name.clone(),
                    got: format!("{} channels", tile.nrows()),
                    expected: "as many as the other tiles",
                })),
            }
        }
        Kind::Raster => {
            let [name] = names.as_slice() else {
                return Err(in_file(FormatError::Hdf5Object {
                    inside: "/".to_owned(),
                    got: format!("{} datasets", names.len()),
                    expected: "one dataset (channels, bins) for a raster",
                }));
            };
            let raster = matrix(&file, name).map_err(in_file)?;
            let n_channels = raster.nrows();
            Ok((Content::Raster(raster.reversed_axes()), n_channels))
        }
    }
}

/// Sorted times in seconds.
fn events(file: &Hdf5, name: &str) -> Result<Vec<f64>, FormatError> {
    let mut times = file.numbers(name)?.into_raw_vec_and_offset().0;
    if times.iter().any(|time| !time.is_finite()) {
        return Err(FormatError::Hdf5Object {
            inside: name.to_owned(),
            got: "a time that is infinite or NaN".to_owned(),
            expected: "times in seconds",
        });
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn matrix(file: &Hdf5, name: &str) -> Result<Array2<f32>, FormatError> {
    let values: ArrayD<f64> = file.numbers(name)?;
    let shape = values.shape().to_vec();
    let matrix = values.into_dimensionality::<Ix2>();
    matrix.map(|values| values.mapv(|value| value as f32)).map_err(|_| FormatError::Hdf5Object {
        inside: name.to_owned(),
        got: format!("an array of shape {shape:?}"),
        expected: "two axes (channels, bins)",
    })
}
