//! Pure tones over frequency and level: the frequency response area.

use ndarray::{Array2, Axis};
use statenet_core::{Hertz, Millis};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Sound, plus},
};
use crate::{
    error::Result,
    tuning::peak::{between, flanks, peak},
};

/// The tones to play, each alone after silence.
#[derive(Clone, Debug, PartialEq)]
pub struct Tones {
    /// Frequencies, lowest first.
    pub frequencies: Vec<Hertz>,
    /// Levels, softest first, decibels.
    pub levels_db: Vec<f64>,
    /// Silence before each tone; the spontaneous rate is the mean over its second half.
    pub lead: Millis,
    /// Length of each tone, over which the rate is averaged.
    pub duration: Millis,
}

/// A neuron's responses to tones over frequency and level (Evans 1979; Kiang 1965).
#[derive(Clone, Debug, PartialEq)]
pub struct FrequencyResponseArea {
    /// The neuron.
    pub neuron: usize,
    /// Frequencies of the tones.
    pub frequencies: Vec<Hertz>,
    /// Levels of the tones, decibels.
    pub levels_db: Vec<f64>,
    /// Rate in silence, spikes per second.
    pub spontaneous_hz: f64,
    /// Rate during the tone minus the rate in silence, `(levels, frequencies)`, spikes per second.
    pub evoked_hz: Array2<f64>,
}

/// Plays every tone at every level.
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for a neuron that the model does not have,
/// [`Error::FrontEnd`](crate::Error::FrontEnd) if the front end fails, [`Error::Model`](crate::Error::Model) if the model
/// does.
pub fn frequency_response_area(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    tones: &Tones,
    neurons: &[usize],
) -> Result<Vec<FrequencyResponseArea>> {
    let (start, stop) = (tones.lead, plus(tones.lead, tones.duration));
    let sound = |frequency: Hertz, level_db: f64| Sound {
        duration: stop,
        parts: vec![Part { carrier: Carrier::Tone(frequency), level_db, start, stop }],
    };
    let each_level = |&level: &f64| tones.frequencies.iter().map(move |&frequency| sound(frequency, level));
    let sounds: Vec<Sound> = tones.levels_db.iter().flat_map(each_level).collect();
    let played = Presentation::of(model, front_end, &sounds, neurons)?;
    let half = Millis::new(0.5 * start.ms()).unwrap_or(start);
    let n = tones.frequencies.len();
    let of = |(i, &neuron): (usize, &usize)| {
        let spontaneous_hz = played.mean(0, i, half, start);
        let evoked_hz = Array2::from_shape_fn((tones.levels_db.len(), n), |(level, frequency)| {
            let sound = level * n + frequency;
            played.mean(sound, i, start, stop) - played.mean(sound, i, half, start)
        });
        let (frequencies, levels_db) = (tones.frequencies.clone(), tones.levels_db.clone());
        FrequencyResponseArea { neuron, frequencies, levels_db, spontaneous_hz, evoked_hz }
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}

impl FrequencyResponseArea {
    /// The frequency with the highest evoked rate, summed over levels; `None` if no tone excites.
    #[must_use]
    pub fn best_frequency(&self) -> Option<Hertz> {
        let best = peak(&self.evoked_hz.sum_axis(Axis(0)).to_vec())?;
        Hertz::new(between(&self.octaves(), best.position)?.exp2()).ok()
    }

    /// The softest level at which a tone evokes `share` of the highest evoked rate, interpolated linearly between levels;
    /// `None` if no tone excites.
    #[must_use]
    pub fn threshold_db(&self, share: f64) -> Option<f64> {
        let largest = self.evoked_hz.iter().copied().fold(0.0, f64::max);
        let at: Vec<f64> =
            self.evoked_hz.outer_iter().map(|row| row.iter().copied().fold(f64::MIN, f64::max)).collect();
        let criterion = share * largest;
        let level = at.iter().position(|&evoked| largest > 0.0 && evoked >= criterion)?;
        let here = self.levels_db.get(level)?;
        let below = level.checked_sub(1).and_then(|below| Some((at.get(below)?, self.levels_db.get(below)?)));
        Some(below.map_or(*here, |(softer, level_db)| {
            level_db + (criterion - softer) / (at[level] - softer) * (here - level_db)
        }))
    }

    /// Full width at half height of the tuning curve at one level (an index), octaves; `None` if no tone excites.
    #[must_use]
    pub fn bandwidth_octaves(&self, level: usize) -> Option<f64> {
        let row = self.evoked_hz.outer_iter().nth(level)?.to_vec();
        let (low, high) = flanks(&row, &peak(&row)?, 0.5)?;
        Some(between(&self.octaves(), high)? - between(&self.octaves(), low)?)
    }

    fn octaves(&self) -> Vec<f64> {
        self.frequencies.iter().map(|frequency| frequency.hz().log2()).collect()
    }
}
