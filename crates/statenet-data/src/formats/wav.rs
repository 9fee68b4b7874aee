//! WAV, as mono sound of 16 bits, which every player supports.

/// Encodes a wav file with one channel. Samples beyond -1 and 1 are clipped.
#[must_use]
pub fn encode(samples: &[f32], rate_hz: u32) -> Vec<u8> {
    const BYTES: u32 = 2;
    let n_bytes = u32::try_from(samples.len()).unwrap_or(u32::MAX / BYTES).saturating_mul(BYTES);
    let mut wav = Vec::with_capacity(44 + samples.len() * BYTES as usize);
    wav.extend(b"RIFF");
    wav.extend(n_bytes.saturating_add(36).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend(1u16.to_le_bytes());
    wav.extend(1u16.to_le_bytes());
    wav.extend(rate_hz.to_le_bytes());
    wav.extend(rate_hz.saturating_mul(BYTES).to_le_bytes());
    wav.extend((BYTES as u16).to_le_bytes());
    wav.extend(16u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(n_bytes.to_le_bytes());
    wav.extend(
        samples.iter().flat_map(|x| ((x.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16).to_le_bytes()),
    );
    wav
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_its_length_and_holds_its_samples() {
        let wav = encode(&[0.0, 0.5, -1.0, 2.0], 8000);
        assert_eq!((wav.len(), &wav[..4], &wav[8..16]), (52, &b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!((wav[4..8].to_vec(), wav[40..44].to_vec()), (vec![44, 0, 0, 0], vec![8, 0, 0, 0]));
        let sample = |i: usize| i16::from_le_bytes([wav[44 + 2 * i], wav[45 + 2 * i]]);
        assert_eq!([sample(0), sample(1), sample(2), sample(3)], [0, 16383, -32767, 32767]);
    }
}
