//! Synthesises the sounds of an experiment as samples.

use std::f64::consts::TAU;

use statenet_core::{Millis, SampleRate, Seed};

use super::sound::{Carrier, Part, Sound};

/// Duration of onset and offset ramps (a quarter of a sine) of all parts but clicks, against spectral splatter.
const RAMP_MS: f64 = 5.0;
/// Tones per octave of ripples and chords.
const TONES_PER_OCTAVE: f64 = 8.0;
/// The lowest tone of ripples and chords; the highest is at 0.45 of the sample rate, but not above 20 kHz.
const LOWEST_HZ: f64 = 250.0;

/// The samples of a sound; 0 dB is a root mean square of 1, for a click a sample of 1.
pub(super) fn samples(sound: &Sound, rate: SampleRate) -> Vec<f32> {
    let n = (sound.duration.seconds() * rate.hz()).round() as usize;
    let mut samples = vec![0.0; n];
    for part in &sound.parts {
        add(part, rate, &mut samples);
    }
    samples.into_iter().map(|x| x as f32).collect()
}

/// Adds one part of a sound to the samples.
fn add(part: &Part, rate: SampleRate, samples: &mut [f64]) {
    let index = |time: Millis| (time.seconds() * rate.hz()).round() as usize;
    let amplitude = 10f64.powf(part.level_db / 20.0);
    let first = index(part.start);
    if part.carrier == Carrier::Click {
        if let Some(sample) = samples.get_mut(first) {
            *sample += amplitude;
        }
        return;
    }
    let last = index(part.stop).min(samples.len());
    let Some(own) = samples.get_mut(first..last.max(first)) else { return };
    let n = own.len();
    let ramp = (RAMP_MS / 1000.0 * rate.hz()).min(n as f64 / 2.0).max(1.0);
    let envelope = |i: usize| {
        let edge = (i as f64 + 0.5).min(n as f64 - i as f64 - 0.5);
        if edge < ramp { (edge / ramp * TAU / 4.0).sin() } else { 1.0 }
    };
    let wave: Box<dyn FnMut(usize) -> f64> = match part.carrier {
        Carrier::Tone(frequency) => {
            let turn = TAU * frequency.hz() / rate.hz();
            Box::new(move |i| 2f64.sqrt() * (turn * i as f64).sin())
        }
        Carrier::Noise(seed) => {
            let mut stream = seed.stream("noise");
            Box::new(move |_| stream.normal())
        }
        Carrier::Ripple(ripple) => {
            let bank = Bank::new(rate);
            Box::new(move |i| {
                let seconds = i as f64 / rate.hz();
                bank.sum(seconds, |tone| ripple.gain_db(seconds, bank.octave(tone)))
            })
        }
        Carrier::Chords(chords) => {
            let bank = Bank::new(rate);
            let mut current = (0, chords.gains_db(0, bank.n()));
            Box::new(move |i| {
                let seconds = i as f64 / rate.hz();
                let chord = Millis::new(seconds * 1000.0).map_or(0, |since| chords.at(since));
                if chord != current.0 {
                    current = (chord, chords.gains_db(chord, bank.n()));
                }
                bank.sum(seconds, |tone| current.1.get(tone).copied().unwrap_or(0.0))
            })
        }
        Carrier::Click => return,
    };
    let mut wave = wave;
    for (i, sample) in own.iter_mut().enumerate() {
        *sample += amplitude * envelope(i) * wave(i);
    }
}

/// Tones evenly spaced in octaves, with random phases and a joint root mean square of 1.
struct Bank {
    frequencies_hz: Vec<f64>,
    phases: Vec<f64>,
}

impl Bank {
    fn new(rate: SampleRate) -> Self {
        let highest = (0.45 * rate.hz()).min(20_000.0);
        let n = ((highest / LOWEST_HZ).log2() * TONES_PER_OCTAVE).max(0.0) as usize + 1;
        let mut stream = Seed::new(0).stream("experiments/phases");
        Self {
            frequencies_hz: (0..n).map(|i| LOWEST_HZ * (i as f64 / TONES_PER_OCTAVE).exp2()).collect(),
            phases: (0..n).map(|_| TAU * stream.unit()).collect(),
        }
    }

    fn n(&self) -> usize {
        self.frequencies_hz.len()
    }

    /// The frequency of a tone in octaves above 1 kHz.
    fn octave(&self, tone: usize) -> f64 {
        self.frequencies_hz.get(tone).map_or(0.0, |hz| (hz / 1000.0).log2())
    }

    fn sum(&self, seconds: f64, gain_db: impl Fn(usize) -> f64) -> f64 {
        let tones = self.frequencies_hz.iter().zip(&self.phases).enumerate();
        let sum: f64 = tones
            .map(|(tone, (hz, phase))| 10f64.powf(gain_db(tone) / 20.0) * (TAU * hz * seconds + phase).sin())
            .sum();
        sum * (2.0 / self.n() as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::Hertz;

    use super::super::sound::Ripple;
    use super::*;

    fn rms(carrier: Carrier) -> f64 {
        let at = |ms| Millis::new(ms).unwrap();
        let part = Part { carrier, level_db: 0.0, start: at(50.0), stop: at(550.0) };
        let all =
            samples(&Sound { duration: at(600.0), parts: vec![part] }, SampleRate::new(16_000.0).unwrap());
        assert_eq!(all.len(), 9600);
        assert!(all[..800].iter().chain(&all[8800..]).all(|&x| x == 0.0));
        let inside = &all[1600..8000];
        (inside.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / inside.len() as f64).sqrt()
    }

    #[test]
    fn zero_decibels_is_a_root_mean_square_of_one() {
        let flat = Ripple { cycles_per_octave: 1.0, velocity_hz: 4.0, depth_db: 0.0 };
        for carrier in
            [Carrier::Tone(Hertz::whole::<1000>()), Carrier::Noise(Seed::new(2)), Carrier::Ripple(flat)]
        {
            let got = rms(carrier);
            assert!((got - 1.0).abs() < 0.05, "{carrier:?}: {got}");
        }
    }

    #[test]
    fn a_click_is_one_sample() {
        let at = |ms| Millis::new(ms).unwrap();
        let part = Part { carrier: Carrier::Click, level_db: 20.0, start: at(1.0), stop: at(1.0) };
        let all = samples(&Sound { duration: at(2.0), parts: vec![part] }, SampleRate::new(1000.0).unwrap());
        assert_eq!(all, [0.0, 10.0]);
    }
}
