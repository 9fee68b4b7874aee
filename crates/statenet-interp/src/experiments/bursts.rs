//! Noise bursts and clicks: latency of the onset response and its adaptation.

use statenet_core::{Millis, Seed, TimeBin};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Sound, plus},
};
use crate::error::Result;

/// Bursts of noise or clicks, after silence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// Level, decibels.
    pub level_db: f64,
    /// Silence before the onset; the spontaneous rate is the mean over its second half.
    pub lead: Millis,
    /// Length of a burst of noise, or of the time after a click.
    pub duration: Millis,
    /// Draws of the noise, over which the rate is averaged.
    pub n_draws: usize,
    /// Seed of the noise.
    pub seed: Seed,
}

/// A neuron's response to an onset.
#[derive(Clone, Debug, PartialEq)]
pub struct OnsetResponse {
    /// The neuron.
    pub neuron: usize,
    /// Width of a bin of the rate.
    pub dt: TimeBin,
    /// The rate from the onset on, averaged over draws, minus the spontaneous rate, spikes per second.
    pub evoked_hz: Vec<f64>,
    /// Rate in silence, spikes per second.
    pub spontaneous_hz: f64,
    /// Time from the onset to the first bin whose evoked rate reaches half of its peak; `None` if the evoked rate is never
    /// above 0.
    pub latency: Option<Millis>,
    /// 1 - (mean over the last third) / peak: 0 for a sustained response, 1 for one that ends; `None` if the evoked rate is
    /// never above 0.
    pub adaptation: Option<f64>,
}

/// Plays bursts of noise.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn noise_bursts(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    bursts: &Bursts,
    neurons: &[usize],
) -> Result<Vec<OnsetResponse>> {
    let draw = |i: usize| Carrier::Noise(bursts.seed.child(&format!("burst/{i}")));
    onsets(model, front_end, bursts, &(0..bursts.n_draws).map(draw).collect::<Vec<_>>(), neurons)
}

/// Plays a click; `n_draws` and `seed` are not used.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn click(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    bursts: &Bursts,
    neurons: &[usize],
) -> Result<Vec<OnsetResponse>> {
    onsets(model, front_end, bursts, &[Carrier::Click], neurons)
}

fn onsets(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    bursts: &Bursts,
    carriers: &[Carrier],
    neurons: &[usize],
) -> Result<Vec<OnsetResponse>> {
    let (start, stop) = (bursts.lead, plus(bursts.lead, bursts.duration));
    let sound = |&carrier: &Carrier| Sound {
        duration: stop,
        parts: vec![Part { carrier, level_db: bursts.level_db, start, stop }],
    };
    let sounds: Vec<Sound> = carriers.iter().map(sound).collect();
    let played = Presentation::of(model, front_end, &sounds, neurons)?;
    let half = Millis::new(0.5 * start.ms()).unwrap_or(start);
    let during = played.bins(start, stop);
    let dt = played.dt();
    let of = |(i, &neuron): (usize, &usize)| {
        let n = sounds.len() as f64;
        let spontaneous_hz = (0..sounds.len()).map(|s| played.mean(s, i, half, start)).sum::<f64>() / n;
        let mut evoked_hz = vec![-spontaneous_hz; during.len()];
        for sound in 0..sounds.len() {
            let rate = played.rate(sound, i).into_iter().skip(during.start);
            evoked_hz.iter_mut().zip(rate).for_each(|(mean, rate)| *mean += rate / n);
        }
        let (latency, adaptation) = latency_and_adaptation(&evoked_hz, dt).unzip();
        OnsetResponse { neuron, dt, evoked_hz, spontaneous_hz, latency, adaptation }
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}

fn latency_and_adaptation(evoked: &[f64], dt: TimeBin) -> Option<(Millis, f64)> {
    let peak = evoked.iter().copied().reduce(f64::max).filter(|&peak| peak > 0.0)?;
    let first = evoked.iter().position(|&rate| rate >= 0.5 * peak)?;
    let last = evoked.get(evoked.len() - evoked.len().div_ceil(3)..)?;
    let sustained = last.iter().sum::<f64>() / last.len() as f64;
    Some((dt.times(first), 1.0 - sustained / peak))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_to_half_the_peak_and_adaptation_what_is_lost_of_it() {
        let dt = TimeBin::whole_millis::<5>();
        let (latency, adaptation) = latency_and_adaptation(&[0.0, 1.0, 6.0, 8.0, 4.0, 2.0], dt).unwrap();
        assert_eq!((latency.ms(), adaptation), (10.0, 1.0 - 3.0 / 8.0));
        assert_eq!(latency_and_adaptation(&[0.0, -1.0], dt), None);
        assert_eq!(latency_and_adaptation(&[], dt), None);
    }
}
