//! wav files: decoded, written with 16 bits, decoded again, equal to a step of 16 bits.

use statenet_core::SampleRate;
use statenet_data::{formats::wav, resample};

use super::told;
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target =
    Target { name: "wav", kind: Kind::Wav, most_bytes: 1 << 14, largest_block, seeds, sealed: None, check };

/// The samples, and the blocks of a resampler.
pub(super) fn largest_block(bytes: usize) -> usize {
    (1 << 26) + 64 * bytes
}

fn check(bytes: &[u8]) -> bool {
    let sound = match wav::decode(bytes) {
        Ok(sound) => sound,
        Err(error) => return told(&error),
    };
    assert!(!sound.samples.is_empty() && sound.samples.len() <= bytes.len());
    assert!(sound.samples.iter().all(|x| x.is_finite()));
    let written = wav::encode(&sound.samples, sound.rate.hz().round() as u32);
    let again = wav::decode(&written).expect("what we write we can read");
    assert_eq!(again.rate, sound.rate);
    assert_eq!(again.samples.len(), sound.samples.len());
    for (x, y) in sound.samples.iter().zip(&again.samples) {
        assert!((x.clamp(-1.0, 1.0) - y).abs() <= 1e-4, "{x} became {y}");
    }
    // At a rate to which a whole number of samples a bin leads; few samples become few.
    if let Ok(to) = SampleRate::new(16_000.0)
        && sound.rate.hz() >= 1000.0
    {
        match resample(&sound.samples, sound.rate, to) {
            Ok(samples) => assert!(samples.iter().all(|x| !x.is_nan())),
            Err(error) => {
                told(&error);
            }
        }
    }
    true
}

/// A header of 44 bytes, or one with an extension, and samples.
pub(super) fn file(encoding: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    wav.extend(encoding.to_le_bytes());
    wav.extend(1u16.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate.wrapping_mul(u32::from(bits)) / 8).to_le_bytes());
    wav.extend((bits / 8).to_le_bytes());
    wav.extend(bits.to_le_bytes());
    wav.extend(b"data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let data: Vec<u8> = (0..48u8).map(|i| i.wrapping_mul(37)).collect();
    let floats: Vec<u8> = (0..8).flat_map(|i| (i as f32 / 8.0).to_le_bytes()).collect();
    let doubles: Vec<u8> = (0..8).flat_map(|i| (f64::from(i) / 8.0).to_le_bytes()).collect();
    let mut extensible = file(0xfffe, 48_000, 24, &data);
    let extension = [22, 0, 24, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
    extensible.splice(36..36, extension);
    extensible[16] = 40;
    vec![
        ("16bit".to_owned(), file(1, 8000, 16, &data)),
        ("24bit".to_owned(), file(1, 24_414, 24, &data)),
        ("32bit".to_owned(), file(1, 44_100, 32, &data)),
        ("float".to_owned(), file(3, 16_000, 32, &floats)),
        ("double".to_owned(), file(3, 48_828, 64, &doubles)),
        ("extensible".to_owned(), extensible),
    ]
}
