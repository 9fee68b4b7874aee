//! The scores beyond correlations, all of them at once: each neuron's responses are read once.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statenet_core::TimeBin;

mod over_sounds;

use super::{EvaluationOptions, leave_out::Unit};
use crate::{
    error::{Error, Result},
    observation::{Observation, n_neurons, recorded},
    resampling::{ConfidenceInterval, jackknife_interval},
    scores::{
        Coherence, CoherenceOptions, CountWindow, Neuron, SpikeDistanceOptions,
        coherence::Estimator,
        r2_er, r2_er_interval,
        spike_trains::{train::Trains, van_rossum::VanRossum, victor_purpura::VictorPurpura},
    },
    time_blocks::DEFAULT_BINS,
    undefined::{Score, Undefined},
};

use over_sounds::{NeuronSums, OverSounds, Without};

/// Options of [`further_scores`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherOptions {
    /// Of the coherence.
    pub coherence: CoherenceOptions,
    /// Of van Rossum's and of Victor and Purpura's distance.
    pub distances: SpikeDistanceOptions,
    /// Of the Fano factor.
    pub window: CountWindow,
    /// Confidence of intervals, above 0 and below 1; `None` for no interval. Default .95.
    pub confidence: Option<f64>,
    /// Length in bins of the blocks of time that are left out in turn for the intervals of all scores but r2_ER, where there are fewer
    /// than ten stimuli; at least 1. Default 500 ms.
    #[serde(default = "default_block")]
    pub block_bins: usize,
}

fn default_block() -> usize {
    DEFAULT_BINS
}

impl FurtherOptions {
    /// The defaults for a time bin: segments of half a second, a time scale of 10 ms, windows of 100 ms.
    #[must_use]
    pub fn for_dt(dt: TimeBin) -> Self {
        let window = statenet_core::Millis::whole::<100>();
        Self {
            coherence: CoherenceOptions::for_dt(dt),
            distances: SpikeDistanceOptions::for_dt(dt),
            window: CountWindow { bins: dt.nearest_bins(window) },
            confidence: Some(0.95),
            block_bins: EvaluationOptions::for_dt(dt).block_bins,
        }
    }
}

/// The intervals of further scores of one neuron; `None` where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FurtherIntervals {
    /// In closed form, [`r2_er_interval`](crate::scores::r2_er_interval): for the sounds that were played.
    pub r2_er: Option<ConfidenceInterval>,
    /// This and all further ones: over sounds, as [`intervals_over_sounds`](crate::intervals_over_sounds).
    pub explained_signal_power: Option<ConfidenceInterval>,
    /// Of the correlation relative to TTRC.
    pub cc_ttrc: Option<ConfidenceInterval>,
    /// Of the information rate of the coherence.
    pub bits_per_second: Option<ConfidenceInterval>,
    /// Of the deviance explained.
    pub deviance_explained: Option<ConfidenceInterval>,
    /// Of the bits per spike.
    pub bits_per_spike: Option<ConfidenceInterval>,
    /// Of the Fano factor.
    pub fano: Option<ConfidenceInterval>,
    /// Of van Rossum's distance.
    pub van_rossum: Option<ConfidenceInterval>,
    /// Of Victor and Purpura's distance.
    pub victor_purpura: Option<ConfidenceInterval>,
}

/// The scores that a jackknife is over, in the order of [`FurtherIntervals`] after r2_ER.
type Jackknifed = [Option<f64>; 8];

/// The scores of one neuron, each as the function of its name in [`scores`](crate::scores).
#[derive(Clone, Debug, PartialEq)]
pub struct FurtherScores {
    /// [`r2_er`](crate::scores::r2_er).
    pub r2_er: Score,
    /// [`explained_signal_power`](crate::scores::explained_signal_power).
    pub explained_signal_power: Score,
    /// [`cc_ttrc`](crate::scores::cc_ttrc).
    pub cc_ttrc: Score,
    /// [`coherence`](crate::scores::coherence), with its information rate.
    pub coherence: Result<Coherence, Undefined>,
    /// [`deviance_explained`](crate::scores::deviance_explained).
    pub deviance_explained: Score,
    /// [`bits_per_spike`](crate::scores::bits_per_spike).
    pub bits_per_spike: Score,
    /// [`fano`](crate::scores::fano).
    pub fano: Score,
    /// [`van_rossum`](crate::scores::van_rossum).
    pub van_rossum: Score,
    /// [`van_rossum_ceiling`](crate::scores::van_rossum_ceiling).
    pub van_rossum_ceiling: Score,
    /// [`victor_purpura`](crate::scores::victor_purpura).
    pub victor_purpura: Score,
    /// [`victor_purpura_ceiling`](crate::scores::victor_purpura_ceiling).
    pub victor_purpura_ceiling: Score,
    /// Intervals, if asked for.
    pub intervals: FurtherIntervals,
}

impl FurtherScores {
    /// The same without those of the prediction, for the reason that its neuron is left out; what responses alone have, stays.
    #[must_use]
    pub fn left_out(self, reason: Undefined) -> Self {
        let no = Err(reason);
        Self {
            r2_er: no,
            explained_signal_power: no,
            cc_ttrc: no,
            coherence: Err(reason),
            deviance_explained: no,
            bits_per_spike: no,
            van_rossum: no,
            victor_purpura: no,
            intervals: FurtherIntervals { fano: self.intervals.fano, ..FurtherIntervals::default() },
            ..self
        }
    }

    /// Sets the intervals over sounds from the scores, and those without each unit of each stratum.
    fn set_intervals(&mut self, estimates: Jackknifed, without: &[Vec<Jackknifed>], confidence: f64) {
        let interval = |score: usize| {
            let strata: Vec<Vec<Option<f64>>> =
                without.iter().map(|units| units.iter().map(|scores| scores[score]).collect()).collect();
            jackknife_interval(estimates[score]?, &strata, confidence).ok()
        };
        self.intervals = FurtherIntervals {
            r2_er: self.intervals.r2_er,
            explained_signal_power: interval(0),
            cc_ttrc: interval(1),
            bits_per_second: interval(2),
            deviance_explained: interval(3),
            bits_per_spike: interval(4),
            fano: interval(5),
            van_rossum: interval(6),
            victor_purpura: interval(7),
        };
    }
}

/// Further scores of each neuron: those of [`scores`](crate::scores) that [`evaluate_observations`](crate::evaluate_observations)
/// does not have.
///
/// - `observations`: rates and responses as they are scored, smoothed or not; for r2_ER, explained signal power, TTRC and coherence.
/// - `counts`: rates and responses that are not smoothed, of the same neurons, for the scores of spike counts. These are undefined
///   ([`Undefined::NotCounts`]) for continuous responses.
///
/// # Errors
/// [`Error::OutOfRange`] for an option; [`Error::Count`] if the two differ in neurons; [`Error`] if there is no stimulus or the stimuli
/// differ in N.
pub fn further_scores(
    observations: &[Observation<'_>],
    counts: &[Observation<'_>],
    options: &FurtherOptions,
) -> Result<Vec<FurtherScores>> {
    let n = n_neurons(&recorded(observations))?;
    let got = n_neurons(&recorded(counts))?;
    if got != n {
        return Err(Error::Count { list: "counts", got, expected: n, per: "neuron" });
    }
    let prepared = Prepared::new(options)?;
    // Responses that are not smoothed are read once for all scores.
    let same = observations.len() == counts.len()
        && observations.iter().zip(counts).all(|(scored, counts)| scored.is_same_as(counts));
    let data = Data { observations, counts: (!same).then_some(counts) };
    let strata = match options.confidence {
        Some(_) => Unit::strata(observations, options.block_bins),
        None => Vec::new(),
    };
    let score = |neuron| {
        let of_neuron = OneNeuron::read(&data, neuron, &prepared);
        let (mut scores, estimates) = prepared.score(&of_neuron);
        if let Some(confidence) = options.confidence {
            let without = |unit: &Unit| prepared.without(*unit, &of_neuron.sums, &data, neuron);
            let without: Vec<Vec<Jackknifed>> =
                strata.iter().map(|units| units.iter().map(without).collect()).collect();
            scores.set_intervals(estimates, &without, confidence);
        }
        scores
    };
    Ok((0..n).into_par_iter().map(score).collect())
}

/// Responses as they are scored, and their counts: `None` if they are the same.
struct Data<'d, 'o, 'c> {
    observations: &'d [Observation<'o>],
    counts: Option<&'d [Observation<'c>]>,
}

/// What does not depend on the neuron.
struct Prepared {
    coherence: Estimator,
    van_rossum: VanRossum,
    victor_purpura: VictorPurpura,
    window: CountWindow,
    confidence: Option<f64>,
}

impl Prepared {
    fn new(options: &FurtherOptions) -> Result<Self> {
        options.window.validate()?;
        if options.block_bins == 0 {
            return Err(Error::OutOfRange { option: "block_bins", got: 0.0, expected: "1 or more" });
        }
        if let Some(confidence) = options.confidence {
            r2_er_interval::check_confidence(confidence)?;
        }
        Ok(Self {
            coherence: Estimator::new(&options.coherence)?,
            van_rossum: VanRossum::new(&options.distances)?,
            victor_purpura: VictorPurpura::new(&options.distances)?,
            window: options.window,
            confidence: options.confidence,
        })
    }

    /// All scores, and those that a jackknife is over.
    fn score(&self, neuron: &OneNeuron) -> (FurtherScores, Jackknifed) {
        let sums = &neuron.sums;
        let coherence = sums.spectra(None).and_then(|spectra| self.coherence.of_spectra(spectra));
        let bits_per_second = coherence.as_ref().map(|c| c.bits_per_second).map_err(|reason| *reason);
        let over_sounds = OverSounds::of(sums, None, bits_per_second);
        let estimates = over_sounds.values();
        let interval = |confidence| neuron.of(|neuron| r2_er_interval::of_neuron(neuron, confidence)).ok();
        let scores = FurtherScores {
            r2_er: neuron.of(r2_er::of_neuron),
            explained_signal_power: over_sounds.explained_signal_power,
            cc_ttrc: over_sounds.cc_ttrc,
            coherence,
            deviance_explained: over_sounds.deviance_explained,
            bits_per_spike: over_sounds.bits_per_spike,
            fano: over_sounds.fano,
            van_rossum: over_sounds.van_rossum,
            van_rossum_ceiling: neuron
                .of_trains(|neuron, trains| self.van_rossum.ceiling(neuron.recorded(), trains)),
            victor_purpura: over_sounds.victor_purpura,
            victor_purpura_ceiling: neuron
                .of_trains(|neuron, trains| self.victor_purpura.ceiling(neuron.recorded(), trains)),
            intervals: FurtherIntervals {
                r2_er: self.confidence.and_then(interval),
                ..FurtherIntervals::default()
            },
        };
        (scores, estimates)
    }

    /// The scores of a neuron without a unit of time.
    fn without(&self, unit: Unit, sums: &NeuronSums, data: &Data<'_, '_, '_>, neuron: usize) -> Jackknifed {
        let stimulus = unit.stimulus();
        let scored = unit.rest_of_stimulus(data.observations, neuron);
        let counts = data.counts.map(|counts| unit.rest_of_stimulus(counts, neuron));
        let rest = NeuronSums::of(self, &scored, counts.as_ref().unwrap_or(&scored), stimulus);
        let without = Some(Without { stimulus, rest: &rest });
        let bits_per_second =
            sums.spectra(without).and_then(|spectra| self.coherence.bits_per_second(spectra));
        OverSounds::of(sums, without, bits_per_second).values()
    }
}

/// A neuron as it is scored, and its counts, with what several of their scores are made from.
struct OneNeuron {
    scored: Result<Neuron, Undefined>,
    /// `None`: they are what is scored.
    counts: Option<Result<Neuron, Undefined>>,
    trains: Result<Trains, Undefined>,
    sums: NeuronSums,
}

impl OneNeuron {
    fn read(data: &Data<'_, '_, '_>, neuron: usize, prepared: &Prepared) -> Self {
        let scored = Neuron::of(data.observations, neuron);
        let counts = data.counts.map(|counts| Neuron::of(counts, neuron));
        let of_counts = counts.as_ref().unwrap_or(&scored);
        let trains = of_counts.as_ref().map_err(|reason| *reason).and_then(|n| Trains::of(n.recorded()));
        let sums = NeuronSums::of_trains(prepared, &scored, of_counts, &trains);
        Self { scored, counts, trains, sums }
    }

    fn of<T>(&self, score: impl FnOnce(&Neuron) -> Score<T>) -> Score<T> {
        self.scored.as_ref().map_err(|reason| *reason).and_then(score)
    }

    fn of_trains(&self, score: impl FnOnce(&Neuron, &Trains) -> Score) -> Score {
        let counts = self.counts.as_ref().unwrap_or(&self.scored).as_ref().map_err(|reason| *reason)?;
        score(counts, self.trains.as_ref().map_err(|reason| *reason)?)
    }
}
