//! The sound of a raw stimulus.

use std::path::PathBuf;

use ndarray::Array2;
use statenet_core::TimeBin;

#[cfg(doc)]
use crate::error::Error;
use crate::{error::Result, formats::Sound, recording::sound_file_seconds};

/// What was played.
#[derive(Clone, Debug, PartialEq)]
pub enum RawSound {
    /// The source does not have it.
    Missing,
    /// A sound file, wav or FLAC, recognised by its content.
    File(PathBuf),
    /// Its samples.
    Samples(Sound),
    /// No sound, but a cochleagram or another description of it by bands.
    Cochleagram {
        /// `(F, T)`.
        values: Array2<f32>,
        /// The width of its bins.
        dt: TimeBin,
    },
}

impl RawSound {
    /// How long it lasts, in seconds; `None` if it is missing. Reads a sound file, whose samples are not decoded.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::SoundFile`] for a file that cannot be read.
    pub fn seconds(&self) -> Result<Option<f64>> {
        Ok(match self {
            Self::Missing => None,
            Self::File(path) => Some(sound_file_seconds(path)?),
            Self::Samples(sound) => Some(sound.seconds()),
            Self::Cochleagram { values, dt } => Some(values.ncols() as f64 * dt.seconds()),
        })
    }
}
