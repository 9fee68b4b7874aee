//! Changes of wav files: of the numbers in the header, of the samples, of the order of chunks.

use crate::random::Random;

/// Changes a file; `None` if the bytes are not a wav file with a header of 44 bytes or more.
pub(super) fn mutate(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    if bytes.len() < 44 || !bytes.starts_with(b"RIFF") {
        return None;
    }
    let mut wav = bytes.to_vec();
    let u16s = [0u16, 1, 2, 3, 6, 8, 16, 24, 32, 64, 0xfffe, u16::MAX];
    let u32s = [0u32, 1, 2, 3, 8000, 16_000, 24_414, 44_100, 48_828, 192_000, u32::MAX, 1 << 31, 18, 40];
    match random.below(8) {
        0 => wav[20..22].copy_from_slice(&random.pick(&u16s).to_le_bytes()),
        1 => wav[22..24].copy_from_slice(&random.pick(&u16s).to_le_bytes()),
        2 => wav[24..28].copy_from_slice(&random.pick(&u32s).to_le_bytes()),
        3 => wav[34..36].copy_from_slice(&random.pick(&u16s).to_le_bytes()),
        4 => wav[40..44].copy_from_slice(&random.pick(&u32s).to_le_bytes()),
        5 => {
            // Another chunk before the samples, or a longer fmt chunk.
            const CHUNKS: [&[u8]; 3] =
                [b"LIST\x04\0\0\0abcd", b"fact\x03\0\0\0abc\0", b"fmt \x02\0\0\0\x01\0"];
            let chunk = *random.pick(&CHUNKS);
            wav.splice(36..36, chunk.iter().copied());
        }
        6 => {
            let bits = *random.pick(&[(1u16, 16u16), (1, 24), (1, 32), (3, 32), (3, 64), (1, 8)]);
            wav[20..22].copy_from_slice(&bits.0.to_le_bytes());
            wav[34..36].copy_from_slice(&bits.1.to_le_bytes());
        }
        _ => {
            let at = 44 + random.below(wav.len() - 44);
            if let Some(four) = wav.get_mut(at..at + 4) {
                let x = *random.pick(&[f32::NAN, f32::INFINITY, 1e30, -1.0, 0.0]);
                four.copy_from_slice(&x.to_le_bytes());
            } else {
                wav.extend([0, 1, 2, 3, 4, 5, 6]);
            }
        }
    }
    Some(wav)
}
