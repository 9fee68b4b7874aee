//! The natural sounds.

use std::path::{Path, PathBuf};

/// One of the natural sounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct NaturalSound {
    /// Its index, which is that of its set in spike files.
    index: usize,
    /// `source`, `fw` and `frozen` of its file name.
    file: (u8, u8, u8),
    pub(super) kind: Option<&'static str>,
}

/// The natural sounds, in the order of the sets of spike files: twelve of source 1, eight of source 2.
pub(super) const SOUNDS: [NaturalSound; 20] = {
    let mut sounds = [NaturalSound { index: 0, file: (1, 2, 1), kind: None }; 20];
    let mut i = 0;
    while i < sounds.len() {
        let file = if i < 12 { (1, 2, i as u8 + 1) } else { (2, 1, i as u8 - 11) };
        let kind = match i {
            0 | 19 => Some("water"),
            3 => Some("ferret vocalisation"),
            6 => Some("insects"),
            8..=11 => Some("human speech"),
            _ => None,
        };
        sounds[i] = NaturalSound { index: i, file, kind };
        i += 1;
    }
    sounds
};

impl NaturalSound {
    /// Its name in a recording, `nat01` to `nat20`.
    pub(super) fn name(&self) -> String {
        format!("nat{:02}", self.index + 1)
    }

    /// The name of its file.
    pub(super) fn file(&self) -> String {
        let (source, fw, frozen) = self.file;
        format!("source.{source}.sound.0.snr.0.token.0.fw.{fw}.frozen.{frozen}")
    }
}

/// The file of a sound, or the place where it should be.
pub(super) fn file(folder: &Path, sound: &NaturalSound) -> Result<PathBuf, String> {
    let below = format!("spikesandwav/SH.En.C/{}", sound.file());
    let path = folder.join(&below);
    let with_extension = folder.join(format!("{below}.wav"));
    if path.is_file() {
        Ok(path)
    } else if with_extension.is_file() {
        Ok(with_extension)
    } else {
        Err(below)
    }
}
