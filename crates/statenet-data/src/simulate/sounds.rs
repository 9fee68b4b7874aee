//! Simulated cochleagrams: sounds with natural statistics, and random chords.
//!
//! ```text
//! x[f, t] = 1/2 ln( (p[f, t] + p[f, t-1]) / 2 + floor^2 ) + jitter
//! ```
//! in natural-log amplitude, with p the power of all components after level steps and silences. A frame depends on the
//! current and the previous bin only. Silence is at the floor, 4.6 (40 dB) below amplitude 1.

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, RandomStream, TimeBin};

use super::{
    modulation::{NATURAL_STEPS, pink, silences, steps},
    tones::{BandScale, harmonic_complex, vocalizations},
};

/// Amplitude floor of the cochleagram.
pub(super) const FLOOR: f64 = 0.01;
/// Standard deviation of measurement noise, log amplitude.
const JITTER: f64 = 0.05;
/// Standard deviation of the fast fluctuations of noise in a band, log amplitude.
const FLUTTER: f64 = 0.25;
/// Number of independent modulations over the bands of a noise; bands in between interpolate.
const KNOTS: usize = 6;

/// Length of a random chord.
const CHORD_MS: f64 = 20.0;
/// Half the range of the levels of a chord's tones at low and at high contrast, log amplitude: full ranges of 7 and 40 dB.
const CHORD_CONTRASTS: std::ops::Range<f64> = 0.4..2.3;
/// Mean levels of chords, log amplitude.
const CHORD_LEVELS: std::ops::Range<f64> = -2.3..-1.0;
/// Durations between steps of contrast and of mean level, ms.
const CHORD_STEPS: std::ops::Range<f64> = 500.0..3000.0;

/// The sounds of a simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoundSet {
    /// Noise, harmonic complexes, vocalizations and scenes in turn. The default.
    ///
    /// Neighbouring bands are correlated as in natural sounds, so that responses reveal little about the fine structure of
    /// receptive fields.
    #[default]
    Natural,
    /// Dynamic random chords (deCharms et al. 1998; Linden et al. 2003): a tone in each band, whose level is drawn
    /// independently every 20 ms. They resolve receptive fields better than natural sounds. Level and contrast step every
    /// 0.5 to 3 s, which reveals gain control (Rabinowitz et al. 2011).
    RandomChords,
}

impl SoundSet {
    /// The kind of a sound, by its index.
    pub(super) fn kind(self, stimulus: usize) -> SoundKind {
        match self {
            Self::Natural => SoundKind::of(stimulus),
            Self::RandomChords => SoundKind::RandomChords,
        }
    }
}

/// The kind of a simulated sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundKind {
    /// Noise with 1/f modulations, partly shared by all bands, like wind, water or rain.
    ModulatedNoise,
    /// Harmonic complexes with pitch contours and formants, like speech or music.
    HarmonicComplex,
    /// Sweeps with overtones, like calls.
    Vocalization,
    /// Calls or syllables over soft noise.
    Scene,
    /// Tones in all bands with random levels every 20 ms.
    RandomChords,
}

impl SoundKind {
    /// The natural kinds in turn, so that every part of a split contains all of them.
    pub(super) fn of(stimulus: usize) -> Self {
        match stimulus % 4 {
            0 => Self::ModulatedNoise,
            1 => Self::HarmonicComplex,
            2 => Self::Vocalization,
            _ => Self::Scene,
        }
    }
}

impl std::fmt::Display for SoundKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ModulatedNoise => "modulated noise",
            Self::HarmonicComplex => "harmonic complex",
            Self::Vocalization => "vocalization",
            Self::Scene => "scene",
            Self::RandomChords => "random chords",
        })
    }
}

/// The cochleagram `(F, T)` of a sound.
pub(super) fn cochleagram(
    kind: SoundKind,
    centers: &[Hertz],
    n_bins: usize,
    dt: TimeBin,
    stream: &mut RandomStream,
) -> Array2<f32> {
    let bands = BandScale::of(centers);
    let mut power = Array2::zeros((bands.n_bands(), n_bins));
    match kind {
        SoundKind::ModulatedNoise => modulated_noise(&mut power, 0.0, dt, stream),
        SoundKind::HarmonicComplex => {
            background(&mut power, dt, stream);
            harmonic_complex(&mut power, bands, dt, stream);
        }
        SoundKind::Vocalization => {
            background(&mut power, dt, stream);
            vocalizations(&mut power, bands, dt, stream);
        }
        SoundKind::Scene => {
            modulated_noise(&mut power, -1.8, dt, stream);
            if stream.unit() < 0.5 {
                harmonic_complex(&mut power, bands, dt, stream);
            } else {
                vocalizations(&mut power, bands, dt, stream);
            }
        }
        SoundKind::RandomChords => random_chords(&mut power, dt, stream),
    }
    if kind != SoundKind::RandomChords {
        let gains = steps(n_bins, dt, NATURAL_STEPS, -1.0..1.0, stream);
        for (mut column, gain) in power.axis_iter_mut(Axis(1)).zip(gains) {
            column *= libm::exp(2.0 * gain);
        }
        for silence in silences(n_bins, dt, stream) {
            power.slice_mut(ndarray::s![.., silence]).fill(0.0);
        }
    }
    let mut before = vec![0.0; bands.n_bands()];
    let mut frames = Array2::zeros(power.dim());
    for (column, mut frame) in power.axis_iter(Axis(1)).zip(frames.axis_iter_mut(Axis(1))) {
        for ((&now, before), x) in column.iter().zip(&mut before).zip(&mut frame) {
            let mean = 0.5 * (now + *before);
            *x = (0.5 * libm::log(mean + FLOOR * FLOOR) + JITTER * stream.normal()) as f32;
            *before = now;
        }
    }
    frames
}

/// Fills in chords one after the other; the level of a tone is constant during its chord.
fn random_chords(power: &mut Array2<f64>, dt: TimeBin, stream: &mut RandomStream) {
    let each = ((CHORD_MS / dt.ms()).round() as usize).max(1);
    let n_bins = power.ncols();
    let levels = steps(n_bins, dt, CHORD_STEPS, CHORD_LEVELS, stream);
    let contrasts = steps(n_bins, dt, CHORD_STEPS, CHORD_CONTRASTS, stream);
    let firsts = levels.into_iter().zip(contrasts).step_by(each);
    for (mut chord, (level, contrast)) in power.axis_chunks_iter_mut(Axis(1), each).zip(firsts) {
        for mut tone in chord.outer_iter_mut() {
            tone.fill(libm::exp(2.0 * (level + contrast * stream.uniform(-1.0, 1.0))));
        }
    }
}

/// Adds background noise, unmodulated but for flutter, whose level steps between far below and just below the foreground:
/// calls in silence then have high contrast, calls in noise low contrast.
fn background(power: &mut Array2<f64>, dt: TimeBin, stream: &mut RandomStream) {
    let (n_bands, n_bins) = power.dim();
    let slope = stream.uniform(-1.5, 0.3);
    let levels = steps(n_bins, dt, NATURAL_STEPS, -4.5..-0.3, stream);
    for (mut column, level) in power.axis_iter_mut(Axis(1)).zip(levels) {
        for (band, cell) in column.iter_mut().enumerate() {
            let place = band as f64 / (n_bands - 1).max(1) as f64;
            *cell += libm::exp(2.0 * (level + slope * place + FLUTTER * stream.normal()));
        }
    }
}

/// Adds noise with a sloping spectrum, a modulation shared by all bands, one that differs between bands, and flutter. The
/// depth of modulation steps between shallow and deep.
fn modulated_noise(power: &mut Array2<f64>, level: f64, dt: TimeBin, stream: &mut RandomStream) {
    let (n_bands, n_bins) = power.dim();
    let slope = stream.uniform(-1.5, 0.3);
    let depths = steps(n_bins, dt, NATURAL_STEPS, 0.3..1.5, stream);
    let common = pink(n_bins, dt, stream);
    let local: Vec<Vec<f64>> = (0..KNOTS).map(|_| pink(n_bins, dt, stream)).collect();
    for (band, mut row) in power.axis_iter_mut(Axis(0)).enumerate() {
        let place = band as f64 / (n_bands - 1).max(1) as f64;
        let between = place * (KNOTS - 1) as f64;
        let knot = (between as usize).min(KNOTS - 2);
        let weight = between - knot as f64;
        for (bin, cell) in row.iter_mut().enumerate() {
            let at = |knot: usize| local.get(knot).and_then(|k| k.get(bin)).copied().unwrap_or(0.0);
            let own = (1.0 - weight) * at(knot) + weight * at(knot + 1);
            let shared = common.get(bin).copied().unwrap_or(0.0);
            let flutter = FLUTTER * stream.normal();
            let depth = depths.get(bin).copied().unwrap_or(1.0);
            let log_amplitude = level + slope * place + depth * (0.7 * shared + 0.7 * own) + flutter;
            *cell += libm::exp(2.0 * log_amplitude);
        }
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{Seed, scales::Scale};

    use super::*;

    fn sound(kind: SoundKind, seed: u64) -> Array2<f32> {
        let centers =
            Scale::Mel.spaced(20, Hertz::new(600.0).unwrap(), Hertz::new(20_000.0).unwrap()).unwrap();
        let dt = TimeBin::from_millis(5.0).unwrap();
        cochleagram(kind, &centers, 800, dt, &mut Seed::new(seed).stream("sound"))
    }

    #[test]
    fn every_kind_has_sound_and_silence_above_the_floor() {
        for kind in (0..4).map(SoundKind::of) {
            let x = sound(kind, 1);
            let floor = FLOOR.ln() as f32;
            assert!(
                x.iter().all(|v| v.is_finite() && *v > floor - 6.0 * JITTER as f32 && *v < 6.0),
                "{kind}"
            );
            let silent = x.iter().filter(|v| **v < floor + 0.3).count() as f64 / x.len() as f64;
            assert!((0.01..0.9).contains(&silent), "{kind}: {silent}");
            let loud = x.iter().filter(|v| **v > -1.5).count() as f64 / x.len() as f64;
            assert!(loud > 0.05, "{kind}: {loud}");
        }
    }

    #[test]
    fn bands_of_noise_move_together_and_neighbours_more_so() {
        let x = sound(SoundKind::ModulatedNoise, 3).mapv(f64::from);
        let correlation = |a: usize, b: usize| {
            let centred = |band: usize| {
                let row = x.row(band);
                &row - row.mean().unwrap()
            };
            let (a, b) = (centred(a), centred(b));
            a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt()
        };
        let (near, far) = (correlation(8, 9), correlation(2, 17));
        assert!(near > 0.8 && far > 0.2 && near > far, "{near} {far}");
    }

    #[test]
    fn tones_of_random_chords_move_apart() {
        let x = sound(SoundKind::RandomChords, 3).mapv(f64::from);
        let centred = |band: usize| &x.row(band) - x.row(band).mean().unwrap();
        let (a, b) = (centred(8), centred(9));
        let correlation = a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt();
        // Level and contrast are common to all bands.
        assert!(correlation.abs() < 0.5, "{correlation}");
        // The second to the fourth bin of a chord differ by the noise of the measurement.
        assert!((x[(5, 401)] - x[(5, 403)]).abs() < 8.0 * JITTER, "{} {}", x[(5, 401)], x[(5, 403)]);
        assert!(a.iter().fold(0f64, |most, x| most.max(*x)) > 1.5);
    }

    #[test]
    fn a_seed_gives_the_same_sound() {
        assert_eq!(sound(SoundKind::Scene, 5), sound(SoundKind::Scene, 5));
        assert_ne!(sound(SoundKind::Scene, 5), sound(SoundKind::Scene, 6));
    }
}
