//! The scores beyond correlations, all of them at once: each neuron's responses are read once.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statenet_core::TimeBin;

use super::{EvaluationOptions, leave_out::Unit};
use crate::{
    error::{Error, Result},
    observation::{Observation, n_neurons, recorded},
    resampling::{ConfidenceInterval, jackknife_interval},
    scores::{
        Coherence, CoherenceOptions, CountWindow, Neuron, SpikeDistanceOptions, bits_per_spike, cc_ttrc,
        coherence::Estimator,
        deviance_explained, explained_signal_power, fano,
        poisson::PoissonSums,
        r2_er, r2_er_interval,
        spike_trains::{train::Trains, van_rossum::VanRossum, victor_purpura::VictorPurpura},
    },
    time_blocks::DEFAULT_BINS,
    undefined::{Score, Undefined},
};

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
    let counts = (!same).then_some(counts);
    let score = |neuron| prepared.score(&OneNeuron::read(observations, counts, neuron));
    let (mut all, estimates): (Vec<FurtherScores>, Vec<Jackknifed>) =
        (0..n).into_par_iter().map(score).unzip();
    let Some(confidence) = options.confidence else { return Ok(all) };
    let of_units = |observations: &[Observation<'_>], counts: Option<&[Observation<'_>]>| {
        let scores = |neuron| prepared.over_sounds(&OneNeuron::read(observations, counts, neuron)).values();
        (0..n).into_par_iter().map(scores).collect()
    };
    let without = |unit: &Unit| -> Result<Vec<Jackknifed>> {
        unit.without(observations, &|observations| match counts {
            None => Ok(of_units(observations, None)),
            Some(counts) => unit.without(counts, &|counts| Ok(of_units(observations, Some(counts)))),
        })
    };
    let strata: Vec<Vec<Vec<Jackknifed>>> = Unit::strata(observations, options.block_bins)
        .iter()
        .map(|units| units.iter().map(without).collect())
        .collect::<Result<_>>()?;
    for (neuron, (scores, estimates)) in all.iter_mut().zip(estimates).enumerate() {
        let of_neuron: Vec<Vec<Jackknifed>> =
            strata.iter().map(|units| units.iter().map(|unit| unit[neuron]).collect()).collect();
        scores.set_intervals(estimates, &of_neuron, confidence);
    }
    Ok(all)
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
        let over_sounds = self.over_sounds(neuron);
        let estimates = over_sounds.values();
        let interval = |confidence| neuron.of(|neuron| r2_er_interval::of_neuron(neuron, confidence)).ok();
        let scores = FurtherScores {
            r2_er: neuron.of(r2_er::of_neuron),
            explained_signal_power: over_sounds.explained_signal_power,
            cc_ttrc: over_sounds.cc_ttrc,
            coherence: over_sounds.coherence,
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

    fn over_sounds(&self, neuron: &OneNeuron) -> OverSounds {
        OverSounds {
            explained_signal_power: neuron.of(explained_signal_power::of_neuron),
            cc_ttrc: neuron.of(cc_ttrc::of_neuron),
            coherence: neuron.of(|neuron| self.coherence.coherence(neuron)),
            deviance_explained: neuron.poisson.and_then(|sums| deviance_explained::of_sums(&sums)),
            bits_per_spike: neuron.poisson.and_then(|sums| bits_per_spike::of_sums(&sums)),
            fano: neuron.of_counts(|counts| fano::fano_of_neuron(counts.recorded(), &self.window)),
            van_rossum: neuron.of_trains(|neuron, trains| self.van_rossum.score(neuron, trains)),
            victor_purpura: neuron.of_trains(|neuron, trains| self.victor_purpura.score(neuron, trains)),
        }
    }
}

/// A neuron as it is scored, and its counts, with what several of their scores are made from.
struct OneNeuron {
    scored: Result<Neuron, Undefined>,
    /// `None`: they are what is scored.
    counts: Option<Result<Neuron, Undefined>>,
    trains: Result<Trains, Undefined>,
    poisson: Result<PoissonSums, Undefined>,
}

impl OneNeuron {
    /// `counts`: `None` if they are the observations.
    fn read(observations: &[Observation<'_>], counts: Option<&[Observation<'_>]>, neuron: usize) -> Self {
        let mut one = Self {
            scored: Neuron::of(observations, neuron),
            counts: counts.map(|counts| Neuron::of(counts, neuron)),
            trains: Err(Undefined::NoData),
            poisson: Err(Undefined::NoData),
        };
        one.trains = one.of_counts(|counts| Trains::of(counts.recorded()));
        one.poisson = one.of_counts(PoissonSums::of_counts);
        one
    }

    fn of<T>(&self, score: impl FnOnce(&Neuron) -> Score<T>) -> Score<T> {
        self.scored.as_ref().map_err(|reason| *reason).and_then(score)
    }

    fn of_counts<T>(&self, score: impl FnOnce(&Neuron) -> Score<T>) -> Score<T> {
        self.counts.as_ref().unwrap_or(&self.scored).as_ref().map_err(|reason| *reason).and_then(score)
    }

    fn of_trains(&self, score: impl FnOnce(&Neuron, &Trains) -> Score) -> Score {
        self.of_counts(|counts| score(counts, self.trains.as_ref().map_err(|reason| *reason)?))
    }
}

/// The scores that a jackknife is over.
struct OverSounds {
    explained_signal_power: Score,
    cc_ttrc: Score,
    coherence: Result<Coherence, Undefined>,
    deviance_explained: Score,
    bits_per_spike: Score,
    fano: Score,
    van_rossum: Score,
    victor_purpura: Score,
}

impl OverSounds {
    fn values(&self) -> Jackknifed {
        let bits_per_second = self.coherence.as_ref().ok().map(|coherence| coherence.bits_per_second);
        [
            self.explained_signal_power.ok(),
            self.cc_ttrc.ok(),
            bits_per_second,
            self.deviance_explained.ok(),
            self.bits_per_spike.ok(),
            self.fano.ok(),
            self.van_rossum.ok(),
            self.victor_purpura.ok(),
        ]
    }
}
