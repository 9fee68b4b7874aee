//! WAV: reading mono sound of 8 to 32 bits or of floats, writing 16 bits, which every player supports, or floats.

use statenet_core::SampleRate;

use super::{FormatError, Sound};

/// Decodes a wav file with one channel.
///
/// Headers hold whole numbers of samples per second. The rates of Tucker-Davis hardware are not whole: 48,828 stands for
/// 48,828.125 Hz, and so for its halves, quarters and doubles. Only the header's rate is believed, not its byte rate, which some
/// programs write wrongly.
///
/// # Errors
/// [`FormatError::Sound`] for bytes that are no wav file, a truncated one, several channels, another encoding, or no samples;
/// [`FormatError::NotFinite`] for a sample that is infinite or NaN.
pub fn decode(bytes: &[u8]) -> Result<Sound, FormatError> {
    let (header, data) = parts(bytes)?;
    let samples: Vec<f32> = match (header.is_float, header.bits) {
        // The only one without a sign.
        (false, 8) => data.iter().map(|&b| (f32::from(b) - 128.0) / 128.0).collect(),
        (false, 16) => {
            data.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32_768.0).collect()
        }
        (false, 24) => data
            .as_chunks::<3>()
            .0
            .iter()
            .map(|&[a, b, c]| i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0)
            .collect(),
        (false, 32) => {
            data.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b) as f32 / 2_147_483_648.0).collect()
        }
        (true, 32) => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        (true, 64) => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
        _ => return Err(header.unread()),
    };
    if samples.is_empty() {
        return Err(no_samples());
    }
    if let Some(index) = samples.iter().position(|x| !x.is_finite()) {
        return Err(FormatError::NotFinite { index, got: f64::from(samples[index]) });
    }
    Ok(Sound { samples, rate: header.rate()? })
}

/// How long the sound of a wav file lasts, in seconds: that of [`decode`], without its samples.
///
/// # Errors
/// Those of [`decode`], but for samples that are not finite.
pub fn seconds(bytes: &[u8]) -> Result<f64, FormatError> {
    let (header, data) = parts(bytes)?;
    let sample_bytes = match (header.is_float, header.bits) {
        (false, 8 | 16 | 24 | 32) | (true, 32 | 64) => usize::from(header.bits / 8),
        _ => return Err(header.unread()),
    };
    match data.len() / sample_bytes {
        0 => Err(no_samples()),
        n_samples => Ok(n_samples as f64 / header.rate()?.hz()),
    }
}

fn no_samples() -> FormatError {
    FormatError::Sound { got: "no samples".to_owned(), expected: "one or more" }
}

/// What the header of a wav file with one channel says, and the bytes of its samples.
fn parts(bytes: &[u8]) -> Result<(Header, &[u8]), FormatError> {
    let wrong = |got: String, expected: &'static str| Err(FormatError::Sound { got, expected });
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        let start = &bytes[..bytes.len().min(12)];
        return wrong(format!("a file that starts with {start:02x?}"), "a wav file: RIFF, a size, WAVE");
    }
    let mut header = None;
    let mut data = None;
    let mut rest = &bytes[12..];
    while let Some((head, after)) = rest.split_at_checked(8) {
        let size = u32_at(head, 4).map_or(0, |n| n as usize);
        let content = after.get(..size);
        match &head[..4] {
            b"fmt " => header = content.and_then(Header::read),
            b"data" => {
                // Programs that stream leave a size of 0 or 2^32 - 1, or one beyond the end of the file.
                let is_open = size == 0 || size == u32::MAX as usize;
                data = if is_open { Some(after) } else { content };
                if data.is_none() {
                    return wrong(
                        format!("{} bytes of samples", after.len()),
                        "as many as the header says: the file is truncated",
                    );
                }
            }
            _ => {}
        }
        // Chunks begin at even places.
        rest = after.get(size.saturating_add(size % 2)..).unwrap_or_default();
    }
    let Some(header) = header else { return wrong("no fmt chunk".to_owned(), "one with 16 bytes or more") };
    let Some(data) = data else { return wrong("no data chunk".to_owned(), "one with samples") };
    if header.channels != 1 {
        return wrong(
            format!("{} channels", header.channels),
            "one channel: write each into a file of its own",
        );
    }
    Ok((header, data))
}

/// Encodings of samples, as numbered in wav files.
const WHOLE: u16 = 1;
const FLOAT: u16 = 3;

/// What the fmt chunk says.
struct Header {
    is_float: bool,
    channels: u16,
    rate: u32,
    bits: u16,
}

impl Header {
    /// `None` for a chunk that is too short, or of an encoding that is neither whole numbers nor floats.
    fn read(chunk: &[u8]) -> Option<Self> {
        const EXTENSIBLE: u16 = 0xfffe;
        let encoding = match u16_at(chunk, 0)? {
            // The first two bytes of the identifier of the encoding.
            EXTENSIBLE => u16_at(chunk, 24)?,
            encoding => encoding,
        };
        let is_float = match encoding {
            WHOLE => false,
            FLOAT => true,
            _ => return None,
        };
        Some(Self {
            is_float,
            channels: u16_at(chunk, 2)?,
            rate: u32_at(chunk, 4)?,
            bits: u16_at(chunk, 14)?,
        })
    }

    fn rate(&self) -> Result<SampleRate, FormatError> {
        SampleRate::new(exact_rate(self.rate.into()))
            .map_err(|_| FormatError::Sound { got: "0 samples per second".to_owned(), expected: "above 0" })
    }

    /// The error about an encoding that is not read.
    fn unread(&self) -> FormatError {
        let kind = if self.is_float { "floats" } else { "whole numbers" };
        FormatError::Sound {
            got: format!("{kind} of {} bits", self.bits),
            expected: "8, 16, 24 or 32 bits, or floats of 32 or 64",
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The rate for which the whole number in a file stands.
pub(crate) fn exact_rate(stated: f64) -> f64 {
    let of_hardware = (6..=12).map(|halvings| 25e6 / f64::from(1u32 << halvings));
    of_hardware.into_iter().find(|rate| rate.fract() != 0.0 && (rate - stated).abs() < 1.0).unwrap_or(stated)
}

/// Encodes a wav file with one channel of 16 bits. Samples beyond -1 and 1 are clipped.
#[must_use]
pub fn encode(samples: &[f32], rate_hz: u32) -> Vec<u8> {
    let data = samples.iter().flat_map(|x| ((x.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16).to_le_bytes());
    file(WHOLE, 16, rate_hz, data.collect())
}

/// Encodes a wav file with one channel of 32-bit floats, which keep every sample as it is.
///
/// A rate of Tucker-Davis hardware, which is not whole, is written without its fraction, as that hardware does; [`decode`] knows them.
#[must_use]
pub fn encode_floats(samples: &[f32], rate: SampleRate) -> Vec<u8> {
    let data = samples.iter().flat_map(|x| x.to_le_bytes());
    file(FLOAT, 32, rate.hz() as u32, data.collect())
}

/// A wav file with one channel and these bytes of samples.
fn file(encoding: u16, bits: u16, rate_hz: u32, data: Vec<u8>) -> Vec<u8> {
    let frame = bits / 8;
    let n_bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut wav = Vec::with_capacity(44 + data.len());
    wav.extend(b"RIFF");
    wav.extend(n_bytes.saturating_add(36).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend(encoding.to_le_bytes());
    wav.extend(1u16.to_le_bytes());
    wav.extend(rate_hz.to_le_bytes());
    wav.extend(rate_hz.saturating_mul(u32::from(frame)).to_le_bytes());
    wav.extend(frame.to_le_bytes());
    wav.extend(bits.to_le_bytes());
    wav.extend(b"data");
    wav.extend(n_bytes.to_le_bytes());
    wav.extend(data);
    wav
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wav file of one channel: encoding, bits and bytes of the samples.
    fn file(encoding: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        wav.extend(encoding.to_le_bytes());
        wav.extend(channels.to_le_bytes());
        wav.extend(rate.to_le_bytes());
        // A wrong byte rate, as some programs write it.
        wav.extend([1, 2, 3, 4, 0, 0]);
        wav.extend(bits.to_le_bytes());
        // A chunk of an odd length that nobody needs.
        wav.extend(b"LIST\x03\0\0\0abc\0data");
        wav.extend((data.len() as u32).to_le_bytes());
        wav.extend(data);
        wav
    }

    #[test]
    fn every_encoding_gives_its_samples() {
        let halves = |bytes: &[u8], encoding, bits| {
            let file = file(encoding, 1, 8000, bits, bytes);
            assert_eq!(seconds(&file).unwrap(), 2.0 / 8000.0);
            decode(&file).unwrap().samples
        };
        assert_eq!(halves(&[0xc0, 0], 1, 8), [0.5, -1.0]);
        assert_eq!(halves(&[0, 0x40, 0, 0x80], 1, 16), [0.5, -1.0]);
        assert_eq!(halves(&[0, 0, 0x40, 0, 0, 0x80], 1, 24), [0.5, -1.0]);
        assert_eq!(halves(&[0, 0, 0, 0x40, 0, 0, 0, 0x80], 1, 32), [0.5, -1.0]);
        let floats: Vec<u8> = [0.5f32, -3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(halves(&floats, 3, 32), [0.5, -3.0]);
        let doubles: Vec<u8> = [0.5f64, -3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(halves(&doubles, 3, 64), [0.5, -3.0]);
        let written = decode(&encode(&[0.25, -0.5], 44_100)).unwrap();
        assert!((written.samples[0] - 0.25).abs() < 1e-4 && (written.samples[1] + 0.5).abs() < 1e-4);
        assert_eq!(written.rate.hz(), 44_100.0);
    }

    #[test]
    fn floats_are_kept_as_they_are() {
        let rate = SampleRate::new(48_828.125).unwrap();
        let samples = vec![3.3, -0.1, f32::MIN_POSITIVE];
        assert_eq!(decode(&encode_floats(&samples, rate)).unwrap(), Sound { samples, rate });
    }

    #[test]
    fn rates_of_tucker_davis_hardware_are_not_whole() {
        let rate = |header| decode(&file(1, 1, header, 16, &[0, 0])).unwrap().rate.hz();
        assert_eq!(
            [48_828, 24_414, 97_656, 195_313, 12_207].map(rate),
            [48_828.125, 24_414.062_5, 97_656.25, 195_312.5, 12_207.031_25]
        );
        assert_eq!(
            [48_000, 44_100, 8_000, 390_625, 192_000].map(rate),
            [48_000.0, 44_100.0, 8_000.0, 390_625.0, 192_000.0]
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let text = |bytes: &[u8]| {
            let text = decode(bytes).unwrap_err().to_string();
            assert_eq!(seconds(bytes).unwrap_err().to_string(), text);
            text
        };
        assert!(text(b"ID3").starts_with("is a file that starts with [49, 44, 33], expected a wav file"));
        assert_eq!(
            text(&file(1, 2, 8000, 16, &[0; 4])),
            "is 2 channels, expected one channel: write each into a file of its own"
        );
        assert_eq!(
            text(&file(1, 1, 8000, 12, &[0; 4])),
            "is whole numbers of 12 bits, expected 8, 16, 24 or 32 bits, or floats of 32 or 64"
        );
        assert_eq!(text(&file(1, 1, 8000, 16, &[])), "is no samples, expected one or more");
        assert_eq!(text(&file(1, 1, 0, 16, &[0; 2])), "is 0 samples per second, expected above 0");
        let whole = file(1, 1, 8000, 16, &[0; 40]);
        assert!(text(&whole[..60]).contains("the file is truncated"), "{}", text(&whole[..60]));
        let nan = file(3, 1, 8000, 32, &f32::NAN.to_le_bytes());
        assert_eq!(decode(&nan).unwrap_err().to_string(), "sample 0 is NaN, expected a finite number");
        for n in 0..whole.len() {
            // No prefix of a file stops the program.
            let _ = decode(&whole[..n]);
        }
    }

    #[test]
    fn a_file_says_its_length_and_holds_its_samples() {
        let wav = encode(&[0.0, 0.5, -1.0, 2.0], 8000);
        assert_eq!((wav.len(), &wav[..4], &wav[8..16]), (52, &b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!((wav[4..8].to_vec(), wav[40..44].to_vec()), (vec![44, 0, 0, 0], vec![8, 0, 0, 0]));
        let sample = |i: usize| i16::from_le_bytes([wav[44 + 2 * i], wav[45 + 2 * i]]);
        assert_eq!([sample(0), sample(1), sample(2), sample(3)], [0, 16383, -32767, 32767]);
    }
}
