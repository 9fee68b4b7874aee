//! Recursive filters of the cochlea: sections in a row that share a pair of poles, each with at most one zero.
//!
//! ```text
//! H(z) = g prod_j (1 - z_j / z) / ((1 - p / z) (1 - p* / z)),   p = e^(-(beta + 2 pi i c) / fs),   |H| = 1 at c
//! ```
//! A section is computed by two numbers, u and v, which need no division and stay accurate where c is far below fs:
//!
//! ```text
//! u[n] = Re(p) u[n-1] - Im(p)^2 v[n-1] + x[n]      v[n] = Re(p) v[n-1] + u[n-1]      y[n] = u[n] + (Re(p) - z_j) v[n]
//! ```

use std::f64::consts::TAU;

use statenet_core::Hertz;

use crate::error::{Result, config_error};

/// Numbers that a section carries from sample to sample.
const PER_SECTION: usize = 2;
/// Where an impulse response ends, relative to the peak of its envelope.
const NEGLIGIBLE: f64 = 1e-10;
/// The longest impulse response, in samples.
const LONGEST: usize = 65_536;

/// The sections of one band.
pub(super) struct Cascade {
    /// Real and imaginary part.
    pole: (f64, f64),
    /// One a section, 0 for a section without.
    zeros: Vec<f64>,
    gain: f64,
}

impl Cascade {
    /// `decay` is beta, in 1/s; `zero` gives the zero of each of `n` sections from the pole.
    pub(super) fn new(
        center: Hertz,
        decay: f64,
        sample_rate: f64,
        n: usize,
        zero: impl Fn(usize, (f64, f64)) -> f64,
    ) -> Self {
        let (sin, cos) = (TAU * center.hz() / sample_rate).sin_cos();
        let radius = (-decay / sample_rate).exp();
        let pole = (radius * cos, radius * sin);
        let zeros = (0..n).map(|j| zero(j, pole)).collect();
        let cascade = Self { pole, zeros, gain: 1.0 };
        let gain = 1.0 / cascade.magnitude(center.hz() / sample_rate);
        Self { gain, ..cascade }
    }

    pub(super) fn n_states(&self) -> usize {
        PER_SECTION * self.zeros.len()
    }

    /// |H| at a frequency in cycles per sample.
    pub(super) fn magnitude(&self, frequency: f64) -> f64 {
        let (sin, cos) = (TAU * frequency).sin_cos();
        let (re, im) = self.pole;
        // Distances from e^(i w) to zeros and poles.
        let below: f64 = f64::hypot(cos - re, sin - im) * f64::hypot(cos - re, sin + im);
        self.zeros.iter().fold(self.gain, |h, zero| h * f64::hypot(cos - zero, sin) / below)
    }

    /// The next sample, (u, v) of each section in `state`.
    pub(super) fn step(&self, x: f64, state: &mut [f64]) -> f64 {
        let (re, im) = self.pole;
        self.zeros.iter().zip(state.chunks_exact_mut(PER_SECTION)).fold(self.gain * x, |x, (zero, s)| {
            let (u, v) = (s[0], s[1]);
            s[0] = re * u - im * im * v + x;
            s[1] = re * v + u;
            s[0] + (re - zero) * s[1]
        })
    }

    /// Samples after which an impulse is forgotten.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for a filter that rings on for too long, by the field of its frequency.
    pub(super) fn n_samples(&self, field: &str, center: Hertz) -> Result<usize> {
        let decay = -f64::hypot(self.pole.0, self.pole.1).ln();
        let power = self.zeros.len() as f64 - 1.0;
        let envelope = |n: usize| power * (n as f64 + 1.0).ln() - decay * n as f64;
        let peak = (power / decay).clamp(0.0, LONGEST as f64) as usize;
        let end = envelope(peak) + NEGLIGIBLE.ln();
        (peak + 1..=LONGEST).find(|n| envelope(*n) < end).ok_or_else(|| {
            config_error(
                field,
                center.hz(),
                format!("a higher frequency: its filter rings for over {LONGEST} samples"),
            )
        })
    }
}

/// Samples after which the filters of all bands have forgotten; `field` is where the lowest centre is configured.
///
/// # Errors
/// As [`Cascade::n_samples`].
pub(super) fn longest(filters: &[Cascade], centers: &[Hertz], field: &str) -> Result<usize> {
    let lengths: Result<Vec<_>> =
        filters.iter().zip(centers).map(|(filter, center)| filter.n_samples(field, *center)).collect();
    Ok(lengths?.into_iter().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impulse_response(cascade: &Cascade, n: usize) -> Vec<f64> {
        let mut state = vec![0.0; cascade.n_states()];
        (0..n).map(|i| cascade.step(if i == 0 { 1.0 } else { 0.0 }, &mut state)).collect()
    }

    fn at(hz: f64, n: usize, zero: f64) -> Cascade {
        Cascade::new(Hertz::new(hz).unwrap(), 400.0, 16_000.0, n, move |j, _| if j == 0 { zero } else { 0.0 })
    }

    #[test]
    fn a_section_is_its_difference_equation() {
        for hz in [50.0, 1000.0, 8000.0] {
            let cascade = at(hz, 1, 0.9);
            let (re, im) = cascade.pole;
            let (mut y, mut expected) = ([0.0; 2], Vec::new());
            for n in 0..200 {
                let x = if n == 0 { cascade.gain } else { 0.0 };
                let before = if n == 1 { cascade.gain } else { 0.0 };
                let next = 2.0 * re * y[0] - (re * re + im * im) * y[1] + x - 0.9 * before;
                y = [next, y[0]];
                expected.push(next);
            }
            for (a, b) in impulse_response(&cascade, 200).iter().zip(expected) {
                assert!((a - b).abs() < 1e-12 * cascade.gain.max(1.0), "{hz}: {a} {b}");
            }
        }
    }

    #[test]
    fn the_magnitude_is_that_of_the_impulse_response_and_one_at_the_centre() {
        let cascade = at(500.0, 3, 1.0);
        let response = impulse_response(&cascade, 4_000);
        for hz in [0.0, 200.0, 500.0, 3000.0] {
            let (re, im) = response.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, h)| {
                let (sin, cos) = (TAU * hz / 16_000.0 * n as f64).sin_cos();
                (re + h * cos, im + h * sin)
            });
            assert!((f64::hypot(re, im) - cascade.magnitude(hz / 16_000.0)).abs() < 1e-9, "{hz}");
        }
        assert!((cascade.magnitude(500.0 / 16_000.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_impulse_is_forgotten_after_the_samples_that_are_told() {
        let cascade = at(500.0, 4, 1.0);
        let n = cascade.n_samples("low_hz", Hertz::whole::<500>()).unwrap();
        let response = impulse_response(&cascade, n + 500);
        let largest = response.iter().fold(0.0f64, |a, h| a.max(h.abs()));
        assert!(response[n..].iter().all(|h| h.abs() < 1e-9 * largest));
        assert!(response[n / 2..n].iter().any(|h| h.abs() > 1e-9 * largest), "{n}");
        let slow = Cascade::new(Hertz::whole::<500>(), 1e-3, 16_000.0, 4, |_, _| 0.0);
        let message = slow.n_samples("ozgf.low_hz", Hertz::whole::<500>()).unwrap_err().to_string();
        assert!(message.starts_with("ozgf.low_hz is 500, expected a higher frequency"), "{message}");
    }
}
