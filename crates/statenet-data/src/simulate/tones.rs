//! Sounds made of spectral lines: harmonic complexes with pitch contours, and sweeps.

use ndarray::Array2;
use statenet_core::{Hertz, RandomStream, TimeBin, scales::Scale};

use super::modulation::{Events, attack_and_decay, pink};

/// Width of the excitation by one spectral line, in bands.
const LINE_WIDTH: f64 = 0.7;
/// How many bands on either side of a line it excites.
const REACH: f64 = 2.5;

/// Converts frequencies to positions among bands that are evenly spaced in mel.
#[derive(Clone, Copy, Debug)]
pub(super) struct BandScale {
    lowest_mel: f64,
    spacing_mel: f64,
    n_bands: usize,
}

impl BandScale {
    /// The scale of bands with these centre frequencies, at least two.
    pub(super) fn of(centers: &[Hertz]) -> Self {
        let mel = |i: usize| centers.get(i).map_or(0.0, |&hz| Scale::Mel.from_hertz(hz));
        Self { lowest_mel: mel(0), spacing_mel: mel(1) - mel(0), n_bands: centers.len() }
    }

    pub(super) fn n_bands(&self) -> usize {
        self.n_bands
    }

    /// The frequency in Hz at a position in bands; the lowest centre is at 0.
    fn hertz_at(&self, position: f64) -> f64 {
        Scale::Mel.to_hertz(self.lowest_mel + position * self.spacing_mel).map_or(20.0, Hertz::hz)
    }

    /// The position of a frequency; far below all bands for an invalid frequency.
    fn position(&self, hz: f64) -> f64 {
        let mel = Hertz::new(hz).map_or(-1e6, |hz| Scale::Mel.from_hertz(hz));
        (mel - self.lowest_mel) / self.spacing_mel
    }

    /// Adds the power of a spectral line to one bin; returns false if the line is above all bands.
    fn add_line(&self, power: &mut Array2<f64>, bin: usize, hz: f64, log_amplitude: f64) -> bool {
        let position = self.position(hz);
        if position > self.n_bands as f64 + REACH {
            return false;
        }
        let (first, last) = ((position - REACH).ceil().max(0.0), (position + REACH).floor());
        let peak = libm::exp(2.0 * log_amplitude);
        for band in first as usize..self.n_bands {
            if band as f64 > last {
                break;
            }
            let distance = (band as f64 - position) / LINE_WIDTH;
            if let Some(cell) = power.get_mut((band, bin)) {
                *cell += peak * libm::exp(-distance * distance);
            }
        }
        true
    }
}

/// Adds a speech-like harmonic complex: syllables, a pitch that varies around 120 to 480 Hz, two moving formants.
pub(super) fn harmonic_complex(
    power: &mut Array2<f64>,
    bands: BandScale,
    dt: TimeBin,
    stream: &mut RandomStream,
) {
    let n_bins = power.dim().1;
    let base_hz = 120.0 * libm::exp2(stream.uniform(0.0, 2.0));
    let contour = pink(n_bins, dt, stream);
    let n = bands.n_bands() as f64;
    let formants = [stream.uniform(0.1, 0.45), stream.uniform(0.45, 0.9)].map(|place| place * n);
    let moves = [pink(n_bins, dt, stream), pink(n_bins, dt, stream)];
    let syllables = Events { gap_ms: 40.0..250.0, duration_ms: 120.0..450.0 };
    for syllable in syllables.draw(n_bins, dt, stream) {
        let (length, level, glide) = (syllable.len(), stream.uniform(-0.6, 0.6), stream.uniform(-0.4, 0.4));
        for (i, bin) in syllable.enumerate() {
            let progress = i as f64 / length as f64;
            let wander = contour.get(bin).copied().unwrap_or(0.0);
            let pitch_hz = base_hz * libm::exp2(glide * progress + 0.15 * wander);
            let envelope = level + attack_and_decay(i, length, 3.0, -0.8);
            let peaks: Vec<f64> = formants
                .iter()
                .zip(&moves)
                .map(|(place, moves)| place + 0.1 * n * moves.get(bin).copied().unwrap_or(0.0))
                .collect();
            for harmonic in 1..200 {
                let hz = pitch_hz * f64::from(harmonic);
                let place = bands.position(hz);
                let near = |peak: &f64| {
                    let distance = (place - peak) / (0.12 * n);
                    1.8 * libm::exp(-distance * distance)
                };
                let spectrum =
                    -0.25 * libm::log2(f64::from(harmonic)) + peaks.iter().map(near).sum::<f64>() - 0.8;
                if !bands.add_line(power, bin, hz, envelope + spectrum) {
                    break;
                }
            }
        }
    }
}

/// Adds calls: frequency sweeps of 60 to 350 ms over up to one and a half octaves, with two overtones.
pub(super) fn vocalizations(
    power: &mut Array2<f64>,
    bands: BandScale,
    dt: TimeBin,
    stream: &mut RandomStream,
) {
    let n_bins = power.dim().1;
    let n = bands.n_bands() as f64;
    let calls = Events { gap_ms: 30.0..350.0, duration_ms: 60.0..350.0 };
    for call in calls.draw(n_bins, dt, stream) {
        let length = call.len();
        let start_hz = bands.hertz_at(stream.uniform(0.05, 0.8) * n);
        let octaves = stream.uniform(-1.5, 1.5);
        let (trill_octaves, trills) = (stream.uniform(0.0, 0.15), stream.uniform(1.0, 6.0));
        let level = stream.uniform(-0.3, 1.2);
        for (i, bin) in call.enumerate() {
            let progress = i as f64 / length as f64;
            let trill = trill_octaves * libm::sin(std::f64::consts::TAU * trills * progress);
            let hz = start_hz * libm::exp2(octaves * progress + trill);
            let envelope = level + attack_and_decay(i, length, 2.0, -1.2);
            for overtone in 1..=3u32 {
                let below = 0.7 * f64::from(overtone - 1);
                if !bands.add_line(power, bin, hz * f64::from(overtone), envelope - below) {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_loudest_in_the_band_of_its_frequency() {
        let centers = Scale::Mel.spaced(10, Hertz::new(500.0).unwrap(), Hertz::new(8000.0).unwrap()).unwrap();
        let bands = BandScale::of(&centers);
        for (band, hz) in centers.iter().enumerate() {
            let mut power = Array2::zeros((10, 1));
            assert!(bands.add_line(&mut power, 0, hz.hz(), 0.0));
            assert!((power[[band, 0]] - 1.0).abs() < 1e-6);
            assert!(power.iter().all(|&p| p <= power[[band, 0]]));
        }
        let mut power = Array2::zeros((10, 1));
        assert!(bands.add_line(&mut power, 0, 20.0, 0.0));
        assert!(!bands.add_line(&mut power, 0, 20_000.0, 0.0));
        assert!(power.sum() < 1e-4, "far below the lowest band");
    }
}
