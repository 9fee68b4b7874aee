//! The sounds of a recording that is written: copies of files, or files of sounds in memory.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::canonical::{io, make_folder, write_file};
use crate::{
    error::Result,
    formats::{Sound, wav},
    recording::Stimulus,
};

/// The sounds written so far, and where to: pieces of one sound share its file.
#[derive(Default)]
pub(super) struct Sounds {
    copied: BTreeMap<PathBuf, String>,
    written: Vec<(Arc<Sound>, String)>,
}

impl Sounds {
    /// Writes the sound of a stimulus, if it has one; returns its path relative to `root`. A sound of which several stimuli are pieces is
    /// named after the first of them.
    pub(super) fn write(&mut self, root: &Path, stimulus: &Stimulus) -> Result<Option<String>> {
        if let Some(sound) = stimulus.shared_sound() {
            return self.write_samples(root, stimulus.name(), sound).map(Some);
        }
        let Some(from) = stimulus.audio() else { return Ok(None) };
        let is_piece = stimulus.excerpt().is_some();
        if let Some(copied) = self.copied.get(from).filter(|_| is_piece) {
            return Ok(Some(copied.clone()));
        }
        let to = copy(root, stimulus.name(), from)?;
        if is_piece {
            self.copied.insert(from.to_path_buf(), to.clone());
        }
        Ok(Some(to))
    }

    fn write_samples(&mut self, root: &Path, name: &str, sound: &Arc<Sound>) -> Result<String> {
        if let Some((_, written)) = self.written.iter().find(|(known, _)| Arc::ptr_eq(known, sound)) {
            return Ok(written.clone());
        }
        make_folder(&root.join("audio"))?;
        let to = format!("audio/{name}.wav");
        write_file(&root.join(&to), &wav::encode_floats(&sound.samples, sound.rate))?;
        self.written.push((Arc::clone(sound), to.clone()));
        Ok(to)
    }
}

/// Copies a sound file into the folder, named after the stimulus, with the ending that its content has: releases have files without.
fn copy(root: &Path, name: &str, from: &Path) -> Result<String> {
    make_folder(&root.join("audio"))?;
    let mut start = [0; 4];
    let known = fs::File::open(from).and_then(|mut file| file.read_exact(&mut start)).map(|()| start);
    let ending = match known.as_ref() {
        Ok(b"RIFF") => ".wav".to_owned(),
        Ok(b"fLaC") => ".flac".to_owned(),
        _ => from.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default(),
    };
    let to = format!("audio/{name}{ending}");
    fs::copy(from, root.join(&to)).map_err(io(from, "copy the sound"))?;
    Ok(to)
}
