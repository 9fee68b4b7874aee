//! Sound files of any kind that is read, recognised by their content: wav and FLAC.

use statenet_core::SampleRate;

use super::{FormatError, flac, wav};

/// A mono sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// The samples; those stored as whole numbers are scaled to -1 to 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate: SampleRate,
}

impl Sound {
    /// How long it lasts, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / self.rate.hz()
    }
}

/// Decodes a wav or FLAC file with one channel.
///
/// # Errors
/// Those of [`wav::decode`] and [`flac::decode`].
pub fn decode(bytes: &[u8]) -> Result<Sound, FormatError> {
    if is_flac(bytes) { flac::decode(bytes) } else { wav::decode(bytes) }
}

/// How long the sound of a wav or FLAC file lasts, in seconds, without its samples where the header says it.
///
/// # Errors
/// Those of [`wav::seconds`] and [`flac::seconds`].
pub fn seconds(bytes: &[u8]) -> Result<f64, FormatError> {
    if is_flac(bytes) { flac::seconds(bytes) } else { wav::seconds(bytes) }
}

fn is_flac(bytes: &[u8]) -> bool {
    bytes.starts_with(b"fLaC")
}
