//! Writes sounds to files.

use std::path::Path;

use statenet_core::{SampleRate, atomic};

use crate::{error::Result, formats::wav};

/// Writes samples as a mono wav file of 16 bits. The rate is rounded to whole Hz, and samples beyond -1 and 1 are clipped. The
/// write is atomic.
///
/// ```
/// use statenet_core::SampleRate;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("dream.wav");
/// statenet_data::write_wav(&path, &[0.0, 0.5, -0.5], SampleRate::new(48_000.0)?)?;
/// assert_eq!(std::fs::read(&path)?.len(), 44 + 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Write`](crate::Error::Write) if the file cannot be written.
pub fn write_wav(path: impl AsRef<Path>, samples: &[f32], rate: SampleRate) -> Result<()> {
    let path = path.as_ref();
    let bytes = wav::encode(samples, rate.hz().round() as u32);
    Ok(atomic::write_file(path, |writer| writer.write_all(&bytes))?)
}
