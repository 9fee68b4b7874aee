//! Reads data of each format.

use std::path::Path;

use anyhow::{anyhow, bail, ensure};
use statenet::{
    core::Warning,
    data::{
        Binning, Error, RawRecording,
        readers::{
            aa1::{self, Aa1Options},
            ac1::{self, Ac1Options, Subset},
            array, mat,
            nems::{
                self, NemsOptions,
                nat4::{self, Nat4Options},
            },
            ns1,
            nwb::{self, NwbOptions},
            phy::{self, PhyOptions},
            pprox::{self, PproxOptions},
            pynapple::{self, PynappleOptions},
            table::{self, TableOptions},
            with_sounds,
        },
    },
    prelude::*,
};

use super::{
    args::{ReadArgs, SubsetArg, TimeUnitArg},
    format::{Format, any_file, is_of_nat4},
};

/// What was read, and how its spikes are to be counted.
pub(crate) struct Raw {
    /// Sounds and responses.
    pub(crate) recording: RawRecording,
    /// How they become bins.
    pub(crate) binning: Binning,
    /// The format.
    pub(crate) format: Format,
}

impl Raw {
    /// The recording in bins, with what is missing and doubtful; `place` is where it was read.
    ///
    /// # Errors
    /// If a sound is missing or cannot be read, or bins do not fit.
    pub(crate) fn bin(&self, place: &Path) -> anyhow::Result<(Recording, Vec<Warning>)> {
        let raw = &self.recording;
        let missing = missing(&raw.missing, &place.display().to_string());
        let (recording, of_times) = match (raw.bin_with_doubts(&self.binning), &missing) {
            (Ok(binned), _) => binned,
            (Err(error @ Error::NoSound { .. }), Some(missing)) => {
                return Err(anyhow::Error::new(error).context(missing.to_string()));
            }
            (Err(error), _) => return Err(error.into()),
        };
        let mut doubts = self.doubts(place);
        doubts.extend(of_times);
        Ok((recording, doubts))
    }

    /// The responses in bins, with silence in place of the sounds, for what concerns responses alone.
    ///
    /// # Errors
    /// If bins do not fit.
    pub(crate) fn bin_in_silence(&self) -> anyhow::Result<Recording> {
        Ok(self.recording.in_silence(&self.binning)?.bin(&self.binning)?)
    }

    /// What is missing and what is doubtful, before spikes are counted.
    pub(crate) fn doubts(&self, place: &Path) -> Vec<Warning> {
        let mut doubts: Vec<Warning> =
            missing(&self.recording.missing, &place.display().to_string()).into_iter().collect();
        doubts.extend(self.recording.warnings.iter().cloned());
        doubts
    }
}

/// Reads a file or folder that is not the folder of a recording.
///
/// # Errors
/// If its format is not known, or it cannot be read.
pub(crate) fn read_raw(path: &Path, args: &ReadArgs) -> anyhow::Result<Raw> {
    let format = args.from.or_else(|| Format::of(path)).ok_or_else(|| {
        anyhow!(
            "{}: {}, expected the folder of a recording or data of another format (--from)",
            path.display(),
            if path.exists() { "nothing in it says what it is" } else { "there is no such file or folder" }
        )
    })?;
    let holds_arrays = match format {
        Format::Mat => true,
        Format::Array => !is_pynapple(path),
        _ => false,
    };
    ensure!(
        holds_arrays || args.unit.is_spikes(),
        "--unit {}: responses of the format {} are spikes or say their unit themselves, expected the format mat or array",
        args.unit,
        format.name()
    );
    let binning = args.binning()?;
    // Of arrays, responses are moved before they are cut into trials.
    let moved = Binning { shift_ms: 0.0, ..binning };
    let (recording, binning) = match format {
        Format::Table => (table::read(path, &table_options(args)?)?, binning),
        Format::Phy => (phy::read(path, &phy_options(args)?)?, binning),
        Format::Aa1 => {
            let options = Aa1Options { areas: args.areas.clone(), classes: args.classes.clone() };
            (aa1::read(path, &options)?, binning)
        }
        Format::Ns1 => {
            let units = if args.all_units { ns1::Units::All } else { ns1::Units::Single };
            let published = ns1::binning();
            let binning =
                Binning { dt: binning.dt.or(published.dt), shift_ms: binning.shift_ms, ..published };
            (ns1::read(path, &ns1::Ns1Options { units, ..ns1::Ns1Options::default() })?, binning)
        }
        Format::Ac1 => {
            let subset = match args.subset {
                SubsetArg::Wehr => Subset::Wehr,
                SubsetArg::AsariCortex => Subset::AsariCortex,
                SubsetArg::AsariThalamus => Subset::AsariThalamus,
            };
            (
                ac1::read(path, &Ac1Options { subset, cells: args.cells.clone(), ..Ac1Options::default() })?,
                binning,
            )
        }
        Format::Nems => (nems(path, args)?, binning),
        Format::Nwb => {
            let (table, stimulus, onset) =
                (args.table.clone(), args.stimulus_column.clone(), args.onset_column.clone());
            let audio = args.audio.clone();
            let options = NwbOptions { table, stimulus, onset, audio, shift_ms: args.shift };
            (nwb::read(path, &options)?, binning)
        }
        Format::Pprox => {
            let unit = args.time_unit.map(|unit| match unit {
                TimeUnitArg::S => pprox::TimeUnit::Seconds,
                TimeUnitArg::Ms => pprox::TimeUnit::Milliseconds,
            });
            (pprox::read(path, &PproxOptions { unit, audio: args.audio.clone() })?, binning)
        }
        Format::Mat => (heard(mat::read(path, &args.arrays()?)?, args)?, moved),
        Format::Array if is_pynapple(path) => {
            let (onsets, audio) = (args.onsets.clone(), args.audio.clone());
            (pynapple::read(path, &PynappleOptions { onsets, audio, shift_ms: args.shift })?, binning)
        }
        Format::Array => (heard(array::read(path, &args.arrays()?)?, args)?, moved),
    };
    Ok(Raw { recording, binning, format })
}

/// Whether an npz file has spike times that pynapple saved.
fn is_pynapple(path: &Path) -> bool {
    path.is_file() && pynapple::is_one(path)
}

/// One warning for everything that is missing; `import.json` has the whole list.
fn missing(lines: &[String], place: &str) -> Option<Warning> {
    const SHOWN: usize = 5;
    let shown = lines.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    let message = match lines.len() {
        0 => return None,
        n if n <= SHOWN => format!("missing or left out: {shown}"),
        n => format!("missing or left out: {shown}; and {} more", n - SHOWN),
    };
    Some(Warning::new("missing", message, place))
}

fn table_options(args: &ReadArgs) -> anyhow::Result<TableOptions> {
    Ok(TableOptions {
        spikes: args.spikes.clone(),
        onsets: args.onsets.clone(),
        audio: args.audio.clone(),
        repeats: args.repeats,
        dt: args.time_bin()?,
        shift_ms: args.shift,
    })
}

fn phy_options(args: &ReadArgs) -> anyhow::Result<PhyOptions> {
    Ok(PhyOptions {
        onsets: args.onsets.clone(),
        audio: args.audio.clone(),
        sample_rate: args.rate()?,
        groups: args.groups.clone(),
        shift_ms: args.shift,
    })
}

/// A recording of NEMS, or the release NAT4, whose archives say so in their names.
fn nems(path: &Path, args: &ReadArgs) -> anyhow::Result<RawRecording> {
    if any_file(path, is_of_nat4) {
        ensure!(args.epoch_prefix.is_none(), "--epoch-prefix: the stimuli of NAT4 are known, remove it");
        let area = match args.areas.as_slice() {
            [] => None,
            [area] => Some(area.clone()),
            several => bail!("--areas is {}, expected one area, A1 or PEG", several.join(",")),
        };
        return Ok(nat4::read(path, &Nat4Options { area, shift_ms: args.shift, ..Nat4Options::default() })?);
    }
    Ok(nems::read(path, &nems_options(args))?)
}

fn nems_options(args: &ReadArgs) -> NemsOptions {
    let default = NemsOptions::default();
    NemsOptions {
        responses: args.responses.clone().unwrap_or(default.responses),
        stimuli: args.stimuli.clone().unwrap_or(default.stimuli),
        audio: args.audio.clone(),
        shift_ms: args.shift,
        prefix: args.epoch_prefix.clone().unwrap_or(default.prefix),
    }
}

/// Stimuli that were arrays, with the sounds of `--audio`, if it is given.
fn heard(raw: RawRecording, args: &ReadArgs) -> anyhow::Result<RawRecording> {
    Ok(match &args.audio {
        Some(folder) => with_sounds(raw, folder)?,
        None => raw,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_that_are_stimuli_begin_as_the_option_says() {
        assert_eq!(nems_options(&ReadArgs::default()), NemsOptions::default());
        let named = ReadArgs { epoch_prefix: Some("REFERENCE_".to_owned()), ..ReadArgs::default() };
        assert_eq!(nems_options(&named).prefix, "REFERENCE_");
    }

    #[test]
    fn arrays_in_finer_bins_are_joined() {
        let args = ReadArgs { sample_rate: Some(1000.0), dt: Some(5.0), ..ReadArgs::default() };
        let (arrays, binning) = (args.arrays().unwrap().arrays, args.binning().unwrap());
        assert_eq!((arrays.dt.ms(), binning.dt.map(TimeBin::ms)), (1.0, Some(5.0)));
        let plain = ReadArgs { dt: Some(10.0), ..ReadArgs::default() };
        assert_eq!(plain.arrays().unwrap().arrays.dt.ms(), 10.0);
    }
}
