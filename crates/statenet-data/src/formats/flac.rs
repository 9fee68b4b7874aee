//! FLAC: reading mono sound.

use std::io::Cursor;

use claxon::FlacReader;
use statenet_core::SampleRate;

use super::{FormatError, Sound};

/// Most samples that a byte of a file may hold. Digital silence has 300 of them; a file made to fill the memory has 6,000.
const SAMPLES_A_BYTE: usize = 1_000;

/// Decodes a FLAC file with one channel. Samples are scaled to -1 to 1.
///
/// # Errors
/// [`FormatError::Decode`] for a damaged file; [`FormatError::Sound`] for several channels, no samples, or more of them than a file of this
/// length can hold.
pub fn decode(bytes: &[u8]) -> Result<Sound, FormatError> {
    let wrong = |got: String, expected: &'static str| Err(FormatError::Sound { got, expected });
    let mut reader = reader(bytes)?;
    let info = reader.streaminfo();
    if info.channels != 1 {
        let got = format!("{} channels", info.channels);
        return wrong(got, "one channel: write each into a file of its own");
    }
    let Ok(rate) = SampleRate::new(f64::from(info.sample_rate)) else {
        return wrong("0 samples per second".to_owned(), "above 0");
    };
    let full_scale = f64::from(2.0f32).powi(i32::try_from(info.bits_per_sample).unwrap_or(0) - 1);
    let most = bytes.len().saturating_mul(SAMPLES_A_BYTE);
    let mut samples = Vec::new();
    let mut blocks = reader.blocks();
    let mut buffer = Vec::new();
    while let Some(block) = blocks.read_next_or_eof(buffer).map_err(damaged)? {
        if samples.len() + block.duration() as usize > most {
            return wrong(format!("more than {most} samples"), "as many as a file of this length can hold");
        }
        samples.extend(block.channel(0).iter().map(|&x| (f64::from(x) / full_scale) as f32));
        buffer = block.into_buffer();
    }
    if samples.is_empty() {
        return wrong("no samples".to_owned(), "one or more");
    }
    if info.samples.is_some_and(|stated| stated != samples.len() as u64) {
        return wrong(
            format!("{} samples", samples.len()),
            "as many as the header says: the file is truncated",
        );
    }
    Ok(Sound { samples, rate })
}

/// A reader behind the header.
fn reader(bytes: &[u8]) -> Result<FlacReader<Cursor<&[u8]>>, FormatError> {
    expect_header_within(bytes)?;
    FlacReader::new(Cursor::new(bytes)).map_err(damaged)
}

/// Returns an error for a block of the header that is longer than the file: the decoder makes room by what such a block claims. A block is
/// one byte, of which the highest bit marks the last, three bytes of length, and so many bytes.
fn expect_header_within(bytes: &[u8]) -> Result<(), FormatError> {
    // The decoder says what is wrong with a file that begins otherwise.
    let Some(mut rest) = bytes.strip_prefix(b"fLaC") else { return Ok(()) };
    loop {
        let within = match rest {
            [kind, a, b, c, behind @ ..] => {
                let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
                behind.get(length..).map(|behind| (kind & 0x80 != 0, behind))
            }
            _ => None,
        };
        match within {
            Some((true, _)) => return Ok(()),
            Some((false, behind)) => rest = behind,
            None => {
                let got = format!("a header that goes beyond the {} bytes of the file", bytes.len());
                return Err(FormatError::Sound { got, expected: "a whole file" });
            }
        }
    }
}

fn damaged(source: claxon::Error) -> FormatError {
    FormatError::Decode { source: Box::new(source) }
}

/// How long the sound of a FLAC file lasts, in seconds, as its header says; where it does not, as [`decode`] finds.
///
/// # Errors
/// Those of [`decode`] that concern the header.
pub fn seconds(bytes: &[u8]) -> Result<f64, FormatError> {
    let reader = reader(bytes)?;
    let info = reader.streaminfo();
    match (info.samples, SampleRate::new(f64::from(info.sample_rate))) {
        (Some(n_samples), Ok(rate)) if info.channels == 1 && n_samples > 0 => {
            let most = bytes.len().saturating_mul(SAMPLES_A_BYTE) as u64;
            if n_samples > most {
                let got = format!("more than {most} samples");
                return Err(FormatError::Sound {
                    got,
                    expected: "as many as a file of this length can hold",
                });
            }
            Ok(n_samples as f64 / rate.hz())
        }
        _ => Ok(decode(bytes)?.seconds()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 samples of 16 bits at 8 kHz, 0 to 19 times 512, with digital silence after them, by libsndfile 1.2.2.
    const RAMP: &[u8] = include_bytes!("../../tests/golden/ramp.flac");

    #[test]
    fn samples_and_rate_are_those_of_the_file() {
        let sound = decode(RAMP).unwrap();
        assert_eq!(seconds(RAMP).unwrap(), sound.seconds());
        assert_eq!(sound.rate.hz(), 8000.0);
        let expected = (0..20).map(|i| i as f32 * 512.0 / 32_768.0);
        assert!(sound.samples.iter().copied().take(20).eq(expected), "{:?}", &sound.samples[..20]);
        assert!(sound.samples[20..].iter().all(|&x| x == 0.0));
    }

    #[test]
    fn a_part_of_a_file_is_an_error_and_no_panic() {
        for n in 0..RAMP.len() {
            assert!(decode(&RAMP[..n]).is_err(), "the first {n} bytes");
        }
    }
}
