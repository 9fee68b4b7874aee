//! The scores that are made of sums over stimuli, and what each stimulus adds to them.
//!
//! A jackknife changes one stimulus at a time: the sums of the others stay.

use std::borrow::Cow;

use super::{Jackknifed, Prepared};
use crate::{
    responses::StimulusRecorded,
    scores::{
        Neuron, bits_per_spike,
        cc_ttrc::SingleTrials,
        coherence::StimulusSpectra,
        deviance_explained,
        explained_signal_power::ExplainedPower,
        fano::Windows,
        poisson::PoissonSums,
        spike_trains::train::{PerSpike, StimulusTrains, Trains},
    },
    undefined::{Score, Undefined},
};

/// What each stimulus adds to the scores of a neuron, or the reason why its responses cannot be read.
pub(super) struct NeuronSums {
    scored: Result<Vec<ScoredSums>, Undefined>,
    counts: Result<Vec<CountSums>, Undefined>,
    /// Why the responses are no counts.
    are_counts: Result<(), Undefined>,
}

/// A stimulus that is left out, and what of it stays.
#[derive(Clone, Copy)]
pub(super) struct Without<'s> {
    pub(super) stimulus: usize,
    pub(super) rest: &'s NeuronSums,
}

impl NeuronSums {
    /// Those of a neuron's responses as they are scored and of its counts; `trains` are the spike trains of these.
    pub(super) fn of_trains(
        prepared: &Prepared,
        scored: &Result<Neuron, Undefined>,
        counts: &Result<Neuron, Undefined>,
        trains: &Result<Trains, Undefined>,
    ) -> Self {
        let trains_of = |b: usize| trains.as_ref().map(|t| Cow::Borrowed(&t.stimuli()[b])).map_err(|e| *e);
        Self::with(prepared, scored, counts, 0, |b, _| trains_of(b))
    }

    /// Those of some of the stimuli, of which `first` is the number of the first.
    pub(super) fn of(
        prepared: &Prepared,
        scored: &Result<Neuron, Undefined>,
        counts: &Result<Neuron, Undefined>,
        first: usize,
    ) -> Self {
        let trains_of = |_: usize, stimulus: &StimulusRecorded| StimulusTrains::of(stimulus).map(Cow::Owned);
        Self::with(prepared, scored, counts, first, trains_of)
    }

    fn with<'t>(
        prepared: &Prepared,
        scored: &Result<Neuron, Undefined>,
        counts: &Result<Neuron, Undefined>,
        first: usize,
        trains_of: impl Fn(usize, &StimulusRecorded) -> Result<Cow<'t, StimulusTrains>, Undefined>,
    ) -> Self {
        let (scored, counts) = (read(scored), read(counts));
        let are_counts = counts.and_then(|counts| counts.recorded().expect_counts());
        let of_stimulus = |(b, (stimulus, rate)): (usize, (&StimulusRecorded, &[f64]))| {
            let trains = are_counts.and_then(|()| trains_of(b, stimulus));
            CountSums::of(prepared, first + b, stimulus, rate, trains.as_deref().map_err(|reason| *reason))
        };
        Self {
            scored: scored.map(|n| n.stimuli().map(|(s, rate)| ScoredSums::of(prepared, s, rate)).collect()),
            counts: counts.map(|n| n.stimuli().enumerate().map(of_stimulus).collect()),
            are_counts,
        }
    }

    /// The spectra of all stimuli.
    pub(super) fn spectra<'s>(
        &'s self,
        without: Option<Without<'s>>,
    ) -> Result<impl Iterator<Item = &'s StimulusSpectra> + Clone, Undefined> {
        let scored = chosen(&self.scored, without, |rest| &rest.scored)?;
        Ok(scored.map(|sums| &sums.spectra))
    }
}

fn read(neuron: &Result<Neuron, Undefined>) -> Result<&Neuron, Undefined> {
    neuron.as_ref().map_err(|reason| *reason)
}

/// The sums of all stimuli, or of those that stay.
fn chosen<'s, S>(
    all: &'s Result<Vec<S>, Undefined>,
    without: Option<Without<'s>>,
    of: impl Fn(&'s NeuronSums) -> &'s Result<Vec<S>, Undefined>,
) -> Result<impl Iterator<Item = &'s S> + Clone, Undefined> {
    let all = all.as_ref().map_err(|reason| *reason)?;
    let out = without.map(|without| without.stimulus);
    let rest = without.and_then(|without| of(without.rest).as_deref().ok()).unwrap_or_default();
    let stays = move |(b, sums)| (Some(b) != out).then_some(sums);
    Ok(all.iter().enumerate().filter_map(stays).chain(rest))
}

/// What a stimulus adds to the scores of responses as they are scored, smoothed or not.
struct ScoredSums {
    explained: ExplainedPower,
    trials: SingleTrials,
    spectra: StimulusSpectra,
}

impl ScoredSums {
    fn of(prepared: &Prepared, stimulus: &StimulusRecorded, rate: &[f64]) -> Self {
        Self {
            explained: ExplainedPower::of(stimulus, rate),
            trials: SingleTrials::of_stimulus(stimulus, rate),
            spectra: prepared.coherence.spectra(stimulus, rate),
        }
    }
}

/// What a stimulus adds to the scores of spike counts.
struct CountSums {
    poisson: Result<PoissonSums, Undefined>,
    windows: Windows,
    distances: Result<Distances, Undefined>,
}

#[derive(Clone, Copy, Debug)]
struct Distances {
    van_rossum: PerSpike,
    victor_purpura: Result<PerSpike, Undefined>,
}

impl CountSums {
    /// Those of stimulus b; `trains` are its spike trains, if its responses are counts.
    fn of(
        prepared: &Prepared,
        b: usize,
        stimulus: &StimulusRecorded,
        rate: &[f64],
        trains: Result<&StimulusTrains, Undefined>,
    ) -> Self {
        let distances = |trains| Distances {
            van_rossum: prepared.van_rossum.of_stimulus(stimulus, rate, trains),
            victor_purpura: prepared.victor_purpura.of_stimulus(b, rate, trains),
        };
        Self {
            poisson: PoissonSums::of_stimulus(stimulus, rate),
            windows: Windows::of(stimulus, &prepared.window),
            distances: trains.map(distances),
        }
    }

    fn none() -> Self {
        let distances =
            Distances { van_rossum: PerSpike::default(), victor_purpura: Ok(PerSpike::default()) };
        Self { poisson: Ok(PoissonSums::default()), windows: Windows::default(), distances: Ok(distances) }
    }

    fn add(&mut self, other: &Self) {
        self.poisson = self.poisson.and_then(|sums| Ok(sums.with(&other.poisson?)));
        self.windows.add(&other.windows);
        self.distances = self.distances.and_then(|sums| Ok(sums.with(&other.distances?)));
    }
}

impl Distances {
    fn with(mut self, other: &Self) -> Self {
        self.van_rossum.add(&other.van_rossum);
        self.victor_purpura = self.victor_purpura.and_then(|mut sum| {
            sum.add(&other.victor_purpura?);
            Ok(sum)
        });
        self
    }
}

/// The scores that a jackknife over sounds is over.
pub(super) struct OverSounds {
    pub(super) explained_signal_power: Score,
    pub(super) cc_ttrc: Score,
    pub(super) bits_per_second: Score,
    pub(super) deviance_explained: Score,
    pub(super) bits_per_spike: Score,
    pub(super) fano: Score,
    pub(super) van_rossum: Score,
    pub(super) victor_purpura: Score,
}

impl OverSounds {
    /// From what each stimulus adds; the information rate is from their [spectra](NeuronSums::spectra).
    pub(super) fn of(neuron: &NeuronSums, without: Option<Without<'_>>, bits_per_second: Score) -> Self {
        let are_counts = neuron.are_counts;
        let scored = chosen(&neuron.scored, without, |rest| &rest.scored).map(|stimuli| {
            let (mut explained, mut trials) = (ExplainedPower::default(), SingleTrials::default());
            for stimulus in stimuli {
                explained.add(&stimulus.explained);
                trials.add(&stimulus.trials);
            }
            (explained, trials)
        });
        let counts = chosen(&neuron.counts, without, |rest| &rest.counts).map(|stimuli| {
            let mut sums = CountSums::none();
            stimuli.for_each(|stimulus| sums.add(stimulus));
            sums
        });
        let of_counts =
            |score: &dyn Fn(&CountSums) -> Score| counts.as_ref().map_err(|reason| *reason).and_then(score);
        let poisson = |score: fn(&PoissonSums) -> Score| {
            of_counts(&|sums| {
                let sums = sums.poisson?;
                are_counts?;
                score(&sums)
            })
        };
        Self {
            explained_signal_power: scored.and_then(|(explained, _)| explained.score()),
            cc_ttrc: scored.and_then(|(_, trials)| trials.over_root_ttrc()),
            bits_per_second,
            deviance_explained: poisson(deviance_explained::of_sums),
            bits_per_spike: poisson(bits_per_spike::of_sums),
            fano: of_counts(&|sums| are_counts.and_then(|()| sums.windows.fano())),
            van_rossum: of_counts(&|sums| sums.distances?.van_rossum.ratio()),
            victor_purpura: of_counts(&|sums| {
                let distances = sums.distances?;
                distances.van_rossum.ratio()?; // without spikes there is no distance to them
                distances.victor_purpura?.ratio()
            }),
        }
    }

    pub(super) fn values(&self) -> Jackknifed {
        [
            self.explained_signal_power,
            self.cc_ttrc,
            self.bits_per_second,
            self.deviance_explained,
            self.bits_per_spike,
            self.fano,
            self.van_rossum,
            self.victor_purpura,
        ]
        .map(Result::ok)
    }
}
