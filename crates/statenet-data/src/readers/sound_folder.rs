//! The sound files of a folder, by name.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    raw::{RawRecording, RawSound},
};

/// Endings of sound files; their content is what counts when they are read.
const ENDINGS: [&str; 3] = ["wav", "wave", "flac"];

/// The wav and FLAC files of a folder, sorted by name, without their endings.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be listed; [`Error::Duplicate`] for two files that differ in their ending only.
pub(crate) fn sound_files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    files_with(folder, &ENDINGS, "list the sounds")
}

/// Gives stimuli that were arrays the sounds of a folder: the first stimulus the first file in alphabetical order, and so on. They are called
/// as the files from then on.
///
/// # Errors
/// [`Error::Setting`] if there is not one file for each stimulus; those of listing the folder.
pub fn with_sounds(mut raw: RawRecording, folder: impl AsRef<Path>) -> Result<RawRecording> {
    let sounds = sound_files(folder.as_ref())?;
    if sounds.len() != raw.stimuli.len() {
        return Err(Error::Setting {
            setting: "number of sound files",
            got: format!("{} for {} stimuli", sounds.len(), raw.stimuli.len()),
            expected: "one for each stimulus of the array",
        });
    }
    for (stimulus, (name, file)) in raw.stimuli.iter_mut().zip(sounds) {
        stimulus.name = name;
        stimulus.sound = RawSound::File(file);
    }
    Ok(raw)
}

/// The files of a folder with one of these endings, sorted by name, without their endings.
///
/// # Errors
/// As [`sound_files`].
pub(crate) fn files_with(
    folder: &Path,
    endings: &[&str],
    action: &'static str,
) -> Result<BTreeMap<String, PathBuf>> {
    let failed = |source| Error::Io { path: folder.to_path_buf(), action, source };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(ending) = path.extension().and_then(|ending| ending.to_str()) else { continue };
        if !endings.iter().any(|known| ending.eq_ignore_ascii_case(known)) {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // Hidden files: those that macOS puts beside others on foreign disks are no sounds.
        if name.starts_with('.') {
            continue;
        }
        if files.insert(name.clone(), path).is_some() {
            return Err(Error::Duplicate { what: "sound file", name });
        }
    }
    Ok(files)
}

/// The name of a stimulus as a table has it, without the ending of a sound file.
pub(crate) fn without_ending(name: &str) -> &str {
    let Some((stem, ending)) = name.rsplit_once('.') else { return name };
    let is_sound = ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) || ending == "npy";
    if is_sound && !stem.is_empty() { stem } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_named_by_their_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.wav", "a.FLAC", "._a.wav", "notes.txt", "c"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let names: Vec<String> = sound_files(folder.path()).unwrap().into_keys().collect();
        assert_eq!(names, ["a", "b"]);
        std::fs::write(folder.path().join("a.wav"), b"").unwrap();
        let error = sound_files(folder.path()).unwrap_err().to_string();
        assert_eq!(error, "sound file a occurs twice, expected unique names");
    }

    #[test]
    fn only_endings_of_sounds_are_taken_off() {
        assert_eq!(without_ending("a.wav"), "a");
        assert_eq!(without_ending("snr.0.token.1"), "snr.0.token.1");
        assert_eq!(without_ending(".wav"), ".wav");
    }
}
