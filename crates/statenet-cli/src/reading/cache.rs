//! Recordings that were converted on the fly, by the content of what was read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::json;
use statenet::{
    core::{Digest, Warning},
    data::{Alignment, Error},
    prelude::*,
};

use super::{
    args::ReadArgs,
    format::Format,
    raw::{Raw, read_raw},
};
use crate::shared::Warnings;

/// Data of another format after it was read.
pub(super) enum Converted {
    /// A recording.
    Recording(Box<Recording>),
    /// Responses to sounds that are not all there, and the error that names these.
    WithoutSounds(Box<Raw>, anyhow::Error),
}

/// The recording of data in another format: from the cache, if the same files were converted with the same options before; else it is converted
/// and kept there. `cache` is created when it is needed. Doubts about alignment are voiced if they are `wanted`.
///
/// # Errors
/// If the data cannot be read, or the cache cannot be written.
pub(super) fn converted(
    path: &Path,
    args: &ReadArgs,
    cache: &Path,
    wanted: AlignmentDoubts,
    warnings: &mut Warnings,
) -> anyhow::Result<Converted> {
    let kept = cache.join(key(path, args)?);
    let recording = match Recording::read(&kept) {
        Ok(recording) => recording,
        Err(_) => {
            let raw = read_raw(path, args)?;
            let (recording, doubts) = match raw.bin(path) {
                Ok(binned) => binned,
                Err(error) if matches!(error.downcast_ref(), Some(Error::NoSound { .. })) => {
                    return Ok(Converted::WithoutSounds(Box::new(raw), error));
                }
                Err(error) => return Err(error),
            };
            let of_alignment = Alignment::of(&recording, Seed::new(0))?.doubts(&path.display().to_string());
            fs::create_dir_all(cache).with_context(|| format!("{}: cannot create", cache.display()))?;
            let about = json!({ DOUBTS: doubts, ALIGNMENT_DOUBTS: of_alignment });
            recording.with_metadata(CONVERSION, about).write(&kept)?;
            Recording::read(&kept)?
        }
    };
    let lists = match wanted {
        AlignmentDoubts::Voiced => [DOUBTS, ALIGNMENT_DOUBTS].as_slice(),
        AlignmentDoubts::LeftToProgram => &[DOUBTS],
    };
    if let Some(about) = recording.description().metadata.get(CONVERSION) {
        for doubts in lists.iter().filter_map(|list| about.get(*list)) {
            warnings.extend(serde_json::from_value::<Vec<Warning>>(doubts.clone())?);
        }
    }
    Ok(Converted::Recording(Box::new(recording)))
}

/// Whether doubts about how responses lie to sounds are voiced when data is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlignmentDoubts {
    /// They are.
    Voiced,
    /// The program measures the alignment itself, and voices its own.
    LeftToProgram,
}

/// Where `recording.json` of the cache keeps the doubts about the data, and those about its alignment.
const CONVERSION: &str = "conversion";
const DOUBTS: &str = "warnings";
const ALIGNMENT_DOUBTS: &str = "alignment_warnings";

/// The width of the bins of data without bins of its own, in ms.
const DEFAULT_DT_MS: f64 = 5.0;

/// A name for the content of all files that are read and the options.
fn key(path: &Path, args: &ReadArgs) -> anyhow::Result<String> {
    let mut digest = Digest::default();
    // Where it is kept makes no difference, nor whether the width of bins that is meant is also said.
    let has_bins = args.from.or_else(|| Format::of(path)) == Some(Format::Nems) || args.sample_rate.is_some();
    let dt = args.dt.or((!has_bins).then_some(DEFAULT_DT_MS));
    let options = ReadArgs { cache: None, dt, ..args.clone() };
    digest.add(format!("{} {options:?}", env!("CARGO_PKG_VERSION")).as_bytes());
    add(&mut digest, path)?;
    for (_, beside) in args.inputs() {
        add(&mut digest, beside)?;
    }
    Ok(digest.to_string())
}

/// A digest of the content of a file or folder, wherever it lies.
///
/// # Errors
/// If something cannot be read.
pub(crate) fn content(path: &Path) -> anyhow::Result<Digest> {
    let mut digest = Digest::default();
    add(&mut digest, path)?;
    Ok(digest)
}

/// Adds a file, or the files of a folder, in the order of their names.
fn add(digest: &mut Digest, path: &Path) -> anyhow::Result<()> {
    let failed = || format!("{}: cannot read", path.display());
    if path.is_dir() {
        let mut inside: Vec<PathBuf> = fs::read_dir(path)
            .with_context(failed)?
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()
            .with_context(failed)?;
        inside.sort();
        for path in inside {
            digest.add(path.file_name().unwrap_or_default().as_encoded_bytes());
            add(digest, &path)?;
        }
        return Ok(());
    }
    digest.add(&fs::read(path).with_context(failed)?);
    Ok(())
}
