//! Sound at another sample rate.

use rubato::{
    Fft, FixedSync, Resampler, WindowFunction::BlackmanHarris2, audioadapter_buffers::owned::InterleavedOwned,
};
use statenet_core::SampleRate;

use super::polyphase::polyphase;
use crate::error::{Error, Result};

/// How a sound is brought to another rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resampling {
    /// By a Fourier transform of blocks, flat to near the lower of the two Nyquist frequencies.
    #[default]
    Fourier,
    /// By a short filter, as SciPy's `resample_poly` does: lower near that frequency. Cochleagrams that were made so are reproduced to
    /// rounding.
    Polyphase,
}

/// Samples of a sound at one rate as those at another: sample k is the sound at the time k / `to`, so that nothing is shifted.
///
/// By a Fourier transform of blocks (rubato), flat to near the lower of the two Nyquist frequencies. A sound that has the rate
/// already is returned as it is.
///
/// # Errors
/// [`Error::Resample`] for rates whose ratio is not one of small whole numbers, or leads to blocks of more than 2^19 samples: a wav
/// file may claim any rate; and for samples beyond 1e20, whose
/// sums could be infinite.
pub fn resample(samples: &[f32], from: SampleRate, to: SampleRate) -> Result<Vec<f32>> {
    resample_by(Resampling::Fourier, samples, from, to)
}

/// The same by a way of one's choice.
///
/// # Errors
/// As [`resample`].
pub fn resample_by(way: Resampling, samples: &[f32], from: SampleRate, to: SampleRate) -> Result<Vec<f32>> {
    if from == to {
        return Ok(samples.to_vec());
    }
    let failed = |reason: String| Error::Resample { from, to, reason };
    // Their sums would be infinite, at which the transform stops the program.
    const LOUDEST: f32 = 1e20;
    if samples.iter().any(|x| x.abs() > LOUDEST || x.is_nan()) {
        return Err(failed("the samples are too large, or no numbers".to_owned()));
    }
    let (n_in, n_out) =
        ratio(from, to).ok_or_else(|| failed("their ratio is not one of small whole numbers".to_owned()))?;
    // Blocks of an even multiple of the ratio: with an odd one the filter's centre lies between two samples, and the sound would
    // be shifted by half a sample.
    const SHORTEST: usize = 4096;
    const LONGEST: usize = 1 << 19;
    let blocks = 2 * SHORTEST.div_ceil(2 * n_in.min(n_out));
    if n_in.max(n_out).saturating_mul(blocks) > LONGEST {
        return Err(failed("their ratio is not one of small whole numbers".to_owned()));
    }
    if way == Resampling::Polyphase {
        return Ok(polyphase(samples, n_out, n_in));
    }
    let resampler =
        Fft::<f32>::new_custom(n_in, n_out, blocks * n_in, 1, 1, BlackmanHarris2, FixedSync::Input);
    let mut resampler = resampler.map_err(|e| failed(e.to_string()))?;
    let input =
        InterleavedOwned::new_from(samples.to_vec(), 1, samples.len()).map_err(|e| failed(e.to_string()))?;
    let output = resampler.process_all(&input, samples.len(), None).map_err(|e| failed(e.to_string()))?;
    Ok(output.take_data())
}

/// The ratio of two rates in lowest terms.
fn ratio(from: SampleRate, to: SampleRate) -> Option<(usize, usize)> {
    const PARTS: f64 = 1024.0;
    const MOST: u64 = 1 << 20;
    let whole = |rate: SampleRate| {
        let parts = rate.hz() * PARTS;
        (parts.fract() == 0.0 && parts < 1e15).then_some(parts as u64)
    };
    let (from, to) = (whole(from)?, whole(to)?);
    let (mut a, mut b) = (from, to);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    let (from, to) = (from / a, to / a);
    (from <= MOST && to <= MOST).then_some((from as usize, to as usize))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn rate(hz: f64) -> SampleRate {
        SampleRate::new(hz).unwrap()
    }

    /// A tone of a frequency, `seconds` long.
    fn tone(hz: f64, rate: f64, seconds: f64) -> Vec<f32> {
        (0..(rate * seconds) as usize).map(|k| (TAU * hz * k as f64 / rate + 0.3).sin() as f32).collect()
    }

    #[test]
    fn a_tone_stays_the_tone_at_its_time() {
        let cases =
            [(48_828.125, 48_000.0), (44_100.0, 44_200.0), (24_414.062_5, 24_000.0), (16_000.0, 48_000.0)];
        for (from, to) in cases {
            for hz in [200.0, 1000.0, 0.4 * f64::min(from, to)] {
                let resampled = resample(&tone(hz, from, 1.0), rate(from), rate(to)).unwrap();
                let expected = tone(hz, to, 1.0);
                assert!(resampled.len().abs_diff(expected.len()) <= 1, "{from} {to}: {}", resampled.len());
                // Away from the ends, where the tone begins and stops.
                let middle = expected.len() / 4..expected.len() * 3 / 4;
                let worst = middle.map(|k| (resampled[k] - expected[k]).abs()).fold(0.0, f32::max);
                assert!(worst < 2e-3, "{from} to {to} Hz, {hz} Hz: {worst}");
            }
        }
    }

    #[test]
    fn a_click_stays_where_it_is() {
        let mut click = vec![0f32; 48_828];
        click[20_000] = 1.0;
        let resampled = resample(&click, rate(48_828.125), rate(48_000.0)).unwrap();
        let peak = (0..resampled.len()).max_by(|&a, &b| resampled[a].total_cmp(&resampled[b])).unwrap();
        assert_eq!(peak, (20_000.0f64 * 48_000.0 / 48_828.125).round() as usize);
    }

    #[test]
    fn the_same_rate_is_the_same_sound_and_an_odd_ratio_is_refused() {
        assert_eq!(resample(&[0.1, 0.2], rate(8000.0), rate(8000.0)).unwrap(), [0.1, 0.2]);
        let message = resample(&[0.1], rate(8000.1), rate(8000.0)).unwrap_err().to_string();
        assert!(message.starts_with("cannot resample from 8000.1 to 8000 Hz"), "{message}");
        let loud: Vec<f32> = (0..800).map(|k| if k % 2 == 0 { 3e38 } else { -3e38 }).collect();
        let message = resample(&loud, rate(8000.0), rate(16_000.0)).unwrap_err().to_string();
        assert!(message.contains("the samples are too large, or no numbers"), "{message}");
        // A rate that a header claims and nothing has: the blocks would be gigabytes.
        assert!(resample(&[0.1], rate(1_048_576_000.0), rate(1000.0)).is_err());
    }
}
