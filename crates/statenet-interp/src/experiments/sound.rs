//! The sounds of experiments: tones, noise, clicks, ripples and chords with their times and levels.

use statenet_core::{Hertz, Millis, Seed};

/// A sound of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Total length, silence included.
    pub duration: Millis,
    /// The parts that sound; the power of overlapping parts adds up.
    pub parts: Vec<Part>,
}

/// One part of a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The kind of sound.
    pub carrier: Carrier,
    /// Level, decibels relative to the front end's 0 dB.
    pub level_db: f64,
    /// When it begins.
    pub start: Millis,
    /// When it ends.
    pub stop: Millis,
}

/// The kind of sound of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Carrier {
    /// A pure tone.
    Tone(Hertz),
    /// Noise in all bands, drawn from this seed. `level_db` is that of each band, or, as a waveform, that of the whole.
    Noise(Seed),
    /// A click at `start`; `stop` is ignored.
    Click,
    /// A drifting sinusoidal spectrum over all bands (Kowalski, Depireux & Shamma 1996).
    Ripple(Ripple),
    /// A sequence of chords over all bands, each level drawn uniformly within +- a spread (Rabinowitz et al. 2011).
    Chords(Chords),
}

/// A drifting ripple: level + depth / 2 sin(2 pi (velocity t + density x)) decibels, x in octaves above 1 kHz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ripple {
    /// Density, cycles per octave.
    pub cycles_per_octave: f64,
    /// Velocity, cycles per second; if positive the peaks move to lower frequencies.
    pub velocity_hz: f64,
    /// Depth from trough to peak, decibels.
    pub depth_db: f64,
}

/// Random chords.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chords {
    /// Seed of the levels.
    pub seed: Seed,
    /// Duration of each chord.
    pub step: Millis,
    /// Largest deviation from the part's level, decibels.
    pub spread_db: f64,
}

impl Ripple {
    /// Decibels above the part's level, at a time in seconds and a frequency in octaves above 1 kHz.
    pub(super) fn gain_db(&self, seconds: f64, octave: f64) -> f64 {
        let cycles = self.velocity_hz * seconds + self.cycles_per_octave * octave;
        0.5 * self.depth_db * (std::f64::consts::TAU * cycles).sin()
    }
}

impl Chords {
    /// Decibels above the part's level of each of `n` tones during one chord.
    pub(super) fn gains_db(&self, chord: usize, n: usize) -> Vec<f64> {
        let mut stream = self.seed.stream(&format!("chords/{chord}"));
        (0..n).map(|_| self.spread_db * stream.uniform(-1.0, 1.0)).collect()
    }

    /// Index of the chord that sounds at a time after the part's start.
    pub(super) fn at(&self, since_start: Millis) -> usize {
        if self.step.ms() > 0.0 { (since_start.ms() / self.step.ms()) as usize } else { 0 }
    }
}

/// The sum of two times.
pub(super) fn plus(a: Millis, b: Millis) -> Millis {
    // The sum of two durations is a valid duration unless it overflows.
    Millis::new(a.ms() + b.ms()).unwrap_or(a)
}
