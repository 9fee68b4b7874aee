//! Whether responses lie where the sound is: the lag at which rises of the response follow rises of the sound's level.

mod doubts;
mod rises;

use serde::Serialize;
use statenet_core::Seed;

use crate::{
    error::{Error, Result},
    recording::{Recording, Stimulus},
};
use rises::{correlations, means, of_responses, of_sounds, onset_response, psths};

/// The lag of the responses behind the sound, measured: for a figure, and to find sounds whose onsets were recorded wrongly.
///
/// Only what rises from bin to bin counts: of each band of the cochleagram, in standard deviations of the band, averaged over bands (or of the
/// logarithm of the sound's amplitude); and of the mean over neurons of the PSTH, each in its standard deviations. Onsets are sharp where
/// levels are not. The lag is that of the largest correlation between -200 and 300 ms, in whole bins, averaged over stimuli; the interval is
/// that of 1,000 bootstrap samples of the stimuli. A neuron that answers by silence is not seen.
///
/// ```
/// use statenet_core::Seed;
/// use statenet_data::{Alignment, SimulationConfig};
///
/// let recording = SimulationConfig::small().simulate()?.recording;
/// let alignment = Alignment::of(&recording, Seed::new(0))?;
/// assert!(alignment.lag_ms.is_some_and(|lag| (0.0..50.0).contains(&lag)));
/// assert!(alignment.doubts(recording.name()).is_empty());
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Alignment {
    /// The lag, in ms: above 0 if the response follows the sound. `None` if sound or response never rises.
    pub lag_ms: Option<f64>,
    /// Its 95 % interval over stimuli; `None` for a single stimulus.
    pub ci95: Option<[f64; 2]>,
    /// The correlation at that lag.
    pub correlation: Option<f64>,
    /// Whether that correlation is twice that at any lag more than 25 ms off. Sounds that repeat themselves have several lags that fit.
    pub clear: bool,
    /// The lag in the first and in the second half of the repeats, if there are four or more.
    pub halves_ms: Option<[f64; 2]>,
    /// Of each stimulus whose own lag is clear.
    pub stimuli: Vec<StimulusLag>,
    /// The correlation at each lag, averaged over stimuli.
    pub curve: Vec<LagCorrelation>,
    /// The mean response around the sounds' clearest rises, in the unit of the responses (continuous ones about each neuron's mean), at the same lags: NaN where no rise is so far from
    /// the start or end of a stimulus. Empty if nothing rises clearly.
    #[serde(skip)]
    pub onset_response: Vec<f64>,
}

/// The lag of the responses to one stimulus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StimulusLag {
    /// The stimulus.
    pub name: String,
    /// The lag, in ms.
    pub lag_ms: f64,
    /// The correlation at that lag.
    pub correlation: f64,
}

/// The correlation at one lag.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LagCorrelation {
    /// The lag, in ms.
    pub lag_ms: f64,
    /// The correlation.
    pub correlation: f64,
}

/// The lags that are tried, in ms.
const FIRST_MS: f64 = -200.0;
const LAST_MS: f64 = 300.0;
const SAMPLES: usize = 1000;

impl Alignment {
    /// Measures it.
    ///
    /// # Errors
    /// As [`Stimulus::responses`].
    pub fn of(recording: &Recording, seed: Seed) -> Result<Self> {
        let dt = recording.dt().ms();
        let (first, last) = ((FIRST_MS / dt).round() as isize, (LAST_MS / dt).round() as isize);
        let lags: Vec<isize> = (first..=last).collect();
        let sounds = of_sounds(recording);
        let baselines = recording.baselines()?;
        let whole = psths(recording, &baselines, |_, _| true)?;
        let of_stimuli = correlations(&sounds, &of_responses(&whole), &lags);
        let every: Vec<usize> = (0..of_stimuli.len()).collect();
        let mean = mean_of(&of_stimuli, &every, lags.len());
        let ms = |place: usize| lags.get(place).map(|&lag| lag as f64 * dt);
        let best = peak(&mean);
        let n_repeats = recording.stimuli().iter().map(Stimulus::n_repeats).max().unwrap_or(0);
        let halves = if n_repeats >= 4 {
            let half = |second: bool| {
                let of_half = psths(recording, &baselines, |repeat, of| (2 * repeat >= of) == second)?;
                let of_half = correlations(&sounds, &of_responses(&of_half), &lags);
                let mean = mean_of(&of_half, &every, lags.len());
                let best = peak(&mean).filter(|(place, _)| is_clear(&mean, *place, dt));
                Ok::<_, Error>(best.and_then(|(place, _)| ms(place)))
            };
            half(false)?.zip(half(true)?).map(|(first, second)| [first, second])
        } else {
            None
        };
        Ok(Self {
            lag_ms: best.and_then(|(place, _)| ms(place)),
            correlation: best.map(|(_, r)| r),
            clear: best.is_some_and(|(place, _)| is_clear(&mean, place, dt)),
            ci95: best
                .and(interval(&of_stimuli, lags.len(), seed))
                .and_then(|[low, high]| Some([ms(low)?, ms(high)?])),
            halves_ms: halves.filter(|_| best.is_some()),
            stimuli: recording
                .stimuli()
                .iter()
                .zip(&of_stimuli)
                .filter_map(|(s, r)| clear_lag(s, r, dt, ms))
                .collect(),
            curve: lags
                .iter()
                .zip(&mean)
                .map(|(&lag, &correlation)| LagCorrelation { lag_ms: lag as f64 * dt, correlation })
                .collect(),
            onset_response: onset_response(&sounds, &means(&whole), &lags),
        })
    }
}

/// The mean correlation at each lag over some of the stimuli.
fn mean_of(of_stimuli: &[Vec<f64>], chosen: &[usize], n_lags: usize) -> Vec<f64> {
    let mut mean = vec![0.0; n_lags];
    for of_one in chosen.iter().filter_map(|&s| of_stimuli.get(s)) {
        for (mean, r) in mean.iter_mut().zip(of_one) {
            *mean += r / chosen.len() as f64;
        }
    }
    mean
}

/// The place of the largest correlation and its value; `None` if none is above 0.
fn peak(correlations: &[f64]) -> Option<(usize, f64)> {
    let best = correlations.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.filter(|(_, r)| *r > 0.0)
}

/// The places of the 2.5 and 97.5 percentiles of the best lag over bootstrap samples of the stimuli.
fn interval(of_stimuli: &[Vec<f64>], n_lags: usize, seed: Seed) -> Option<[usize; 2]> {
    let n = of_stimuli.len();
    if n < 2 {
        return None;
    }
    let mut stream = seed.stream("alignment");
    let draw = |_: usize| {
        let chosen: Vec<usize> = (0..n).map(|_| stream.below(n)).collect();
        peak(&mean_of(of_stimuli, &chosen, n_lags)).map(|(place, _)| place)
    };
    let mut places: Vec<usize> = (0..SAMPLES).filter_map(draw).collect();
    places.sort_unstable();
    let at =
        |share: f64| places.get((share * (places.len().checked_sub(1)?) as f64).round() as usize).copied();
    Some([at(0.025)?, at(0.975)?])
}

/// Whether the correlation at a place is twice that at any lag more than 25 ms off.
fn is_clear(correlations: &[f64], place: usize, dt_ms: f64) -> bool {
    const NEAR_MS: f64 = 25.0;
    let is_far = |other: usize| other.abs_diff(place) as f64 * dt_ms > NEAR_MS;
    let elsewhere = correlations.iter().enumerate().filter(|(other, _)| is_far(*other)).map(|(_, r)| *r);
    let largest = elsewhere.fold(0.0, f64::max);
    correlations.get(place).is_some_and(|&r| r > 2.0 * largest)
}

/// The lag of a stimulus, if it is clear and its correlation well above what chance gives in so many bins.
fn clear_lag(
    stimulus: &Stimulus,
    correlations: &[f64],
    dt_ms: f64,
    ms: impl Fn(usize) -> Option<f64>,
) -> Option<StimulusLag> {
    // In units of the standard deviation of a correlation of independent numbers.
    const CLEAR: f64 = 6.0;
    let (place, correlation) = peak(correlations)?;
    let clear =
        correlation * (stimulus.n_bins() as f64).sqrt() > CLEAR && is_clear(correlations, place, dt_ms);
    clear.then_some(StimulusLag { name: stimulus.name().to_owned(), lag_ms: ms(place)?, correlation })
}
