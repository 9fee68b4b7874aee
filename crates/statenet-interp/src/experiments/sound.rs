//! What is played: tones, noise, clicks, ripples and chords with their times and levels.

use statenet_core::{Hertz, Millis, Seed};

/// A sound of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Its length, silence included.
    pub duration: Millis,
    /// What sounds in it; parts that overlap add up in power.
    pub parts: Vec<Part>,
}

/// One part of a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// What sounds.
    pub carrier: Carrier,
    /// Its level, decibels: relative to the front end's 0 dB.
    pub level_db: f64,
    /// When it begins.
    pub start: Millis,
    /// When it ends.
    pub stop: Millis,
}

/// What sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Carrier {
    /// A pure tone.
    Tone(Hertz),
    /// Noise in all bands, drawn from a seed; `level_db` in every band (waveforms: of the whole).
    Noise(Seed),
    /// A click at the start, whatever the stop.
    Click,
    /// All bands with a spectrum that is a drifting sine in decibels (Kowalski, Depireux & Shamma 1996).
    Ripple(Ripple),
    /// A chord in all bands, drawn anew at every step, each level uniform within +- the spread (Rabinowitz et al. 2011).
    Chords(Chords),
}

/// A drifting ripple: level + depth / 2 sin(2 pi (velocity t + density x)), x in octaves above 1 kHz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ripple {
    /// Cycles per octave.
    pub cycles_per_octave: f64,
    /// Cycles per second; above 0 the peaks move to lower frequencies.
    pub velocity_hz: f64,
    /// From trough to peak, decibels.
    pub depth_db: f64,
}

/// Random chords.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chords {
    /// What the levels are drawn from.
    pub seed: Seed,
    /// How long each chord lasts.
    pub step: Millis,
    /// Levels lie within +- this of the part's level, decibels.
    pub spread_db: f64,
}

impl Ripple {
    /// Decibels above the part's level, at a time in seconds and a frequency.
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

    /// Which chord sounds at a time after the part's start.
    pub(super) fn at(&self, since_start: Millis) -> usize {
        if self.step.ms() > 0.0 { (since_start.ms() / self.step.ms()) as usize } else { 0 }
    }
}

/// The sum of two times.
pub(super) fn plus(a: Millis, b: Millis) -> Millis {
    // Both are durations, so that their sum is one unless it overflows.
    Millis::new(a.ms() + b.ms()).unwrap_or(a)
}
