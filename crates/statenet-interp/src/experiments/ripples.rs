//! Ripples over velocity and density: the spectro-temporal modulation transfer function.
//!
//! ```text
//! locked[d, v] = 2 / n |sum_t r(t) exp(-2 pi i v t)|       over whole cycles, after the onset response has settled
//! ```
//! The amplitude at which the rate is phase-locked to the ripple (Kowalski, Depireux & Shamma 1996, J Neurophysiol 76:3503).

use ndarray::Array2;
use statenet_core::Millis;
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Ripple, Sound, plus},
};
use crate::error::Result;

/// The ripples to play, each alone after silence.
#[derive(Clone, Debug, PartialEq)]
pub struct Ripples {
    /// Ripple velocities of either sign, cycles per second.
    pub velocities_hz: Vec<f64>,
    /// Ripple densities, cycles per octave.
    pub densities: Vec<f64>,
    /// Level, decibels.
    pub level_db: f64,
    /// Depth from trough to peak, decibels.
    pub depth_db: f64,
    /// Silence before each ripple.
    pub lead: Millis,
    /// The first part of each ripple, left out so that the onset response can settle.
    pub settle: Millis,
    /// The second part, which is measured.
    pub duration: Millis,
}

/// How strongly a neuron's rate is locked to ripples.
#[derive(Clone, Debug, PartialEq)]
pub struct ModulationTransfer {
    /// The neuron.
    pub neuron: usize,
    /// Ripple velocities, cycles per second.
    pub velocities_hz: Vec<f64>,
    /// Ripple densities, cycles per octave.
    pub densities: Vec<f64>,
    /// Mean rate, `(densities, velocities)`, spikes per second.
    pub mean_hz: Array2<f64>,
    /// Amplitude of the rate at the ripple's velocity, `(densities, velocities)`, spikes per second.
    pub locked_hz: Array2<f64>,
}

/// Plays every ripple.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn modulation_transfer(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    ripples: &Ripples,
    neurons: &[usize],
) -> Result<Vec<ModulationTransfer>> {
    let start = ripples.lead;
    let settled = plus(start, ripples.settle);
    let stop = plus(settled, ripples.duration);
    let sound = |cycles_per_octave: f64, velocity_hz: f64| {
        let carrier = Carrier::Ripple(Ripple { cycles_per_octave, velocity_hz, depth_db: ripples.depth_db });
        Sound { duration: stop, parts: vec![Part { carrier, level_db: ripples.level_db, start, stop }] }
    };
    let each_density =
        |&density: &f64| ripples.velocities_hz.iter().map(move |&velocity| sound(density, velocity));
    let sounds: Vec<Sound> = ripples.densities.iter().flat_map(each_density).collect();
    let played = Presentation::of(model, front_end, &sounds, neurons)?;
    let (n, shape) = (ripples.velocities_hz.len(), (ripples.densities.len(), ripples.velocities_hz.len()));
    let measured = played.bins(settled, stop);
    let of = |(i, &neuron): (usize, &usize)| ModulationTransfer {
        neuron,
        velocities_hz: ripples.velocities_hz.clone(),
        densities: ripples.densities.clone(),
        mean_hz: Array2::from_shape_fn(shape, |(d, v)| played.mean(d * n + v, i, settled, stop)),
        locked_hz: Array2::from_shape_fn(shape, |(d, v)| {
            let rate: Vec<f64> =
                played.rate(d * n + v, i).into_iter().take(measured.end).skip(measured.start).collect();
            locked(&rate, ripples.velocities_hz[v] * played.dt().seconds())
        }),
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}

impl ModulationTransfer {
    /// The velocity and density with the strongest locking; `None` if the rate is locked to no ripple.
    #[must_use]
    pub fn best(&self) -> Option<(f64, f64)> {
        let ((density, velocity), best) = self.locked_hz.indexed_iter().max_by(|a, b| a.1.total_cmp(b.1))?;
        let found = || Some((*self.velocities_hz.get(velocity)?, *self.densities.get(density)?));
        (*best > 0.0).then(found).flatten()
    }
}

/// The amplitude of a rate at a frequency in cycles per bin, over as many whole cycles as fit; 0 if not one fits.
fn locked(rate: &[f64], cycles_per_bin: f64) -> f64 {
    let cycles = (rate.len() as f64 * cycles_per_bin.abs() + 1e-9).floor();
    if cycles < 1.0 {
        return 0.0;
    }
    let n = ((cycles / cycles_per_bin.abs()).round() as usize).min(rate.len());
    let within = rate.get(..n).unwrap_or(rate);
    let mean = within.iter().sum::<f64>() / n as f64;
    let (mut re, mut im) = (0.0, 0.0);
    for (t, r) in within.iter().enumerate() {
        let (sin, cos) = (std::f64::consts::TAU * cycles_per_bin * t as f64).sin_cos();
        re += (r - mean) * cos;
        im -= (r - mean) * sin;
    }
    2.0 * re.hypot(im) / n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_is_followed_with_its_amplitude_and_no_other_is() {
        let rate: Vec<f64> =
            (0..105).map(|t| 7.0 + 3.0 * (std::f64::consts::TAU * f64::from(t) / 20.0).cos()).collect();
        assert!((locked(&rate, 0.05) - 3.0).abs() < 1e-9);
        assert!((locked(&rate, -0.05) - 3.0).abs() < 1e-9);
        assert!(locked(&rate, 0.1) < 1e-9);
        assert_eq!(locked(&rate, 0.001), 0.0);
    }
}
