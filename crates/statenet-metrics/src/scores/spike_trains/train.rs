//! Spike trains as sorted lists of bins.

use crate::{
    moments::sum,
    responses::{NeuronRecorded, StimulusRecorded},
    undefined::{Score, Undefined, finite},
};

/// The largest mean of spikes per bin that is written out as a train. It is far above what any neuron does; without a limit, a number that
/// is no count of spikes would fill the memory.
const MOST_SPIKES_PER_BIN: f64 = 1000.0;

/// Bins that are looked at together, as most are silent.
const SILENT: usize = 8;

/// # Errors
/// [`Undefined::TooManySpikes`] if a train of so many spikes in so many bins is not written out.
pub(super) fn expect_few(spikes: f64, bins: usize) -> Result<(), Undefined> {
    if spikes <= MOST_SPIKES_PER_BIN * bins as f64 {
        Ok(())
    } else {
        Err(Undefined::TooManySpikes { spikes, bins, most_per_bin: MOST_SPIKES_PER_BIN })
    }
}

/// A sum of distances, and the number of spikes by which it is divided.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PerSpike {
    pub(super) distance: f64,
    pub(super) spikes: f64,
}

impl PerSpike {
    /// Adds the distances of another stimulus.
    pub(crate) fn add(&mut self, other: &Self) {
        self.distance += other.distance;
        self.spikes += other.spikes;
    }

    /// The distance per spike.
    pub(crate) fn ratio(&self) -> Score {
        if self.spikes > 0.0 { finite(self.distance / self.spikes) } else { Err(Undefined::NoSpikes) }
    }
}

/// The spike trains of a neuron: for each stimulus, those of its repeats.
#[derive(Clone, Debug)]
pub(crate) struct Trains(Vec<StimulusTrains>);

/// The spike trains of one stimulus.
#[derive(Clone, Debug)]
pub(crate) struct StimulusTrains {
    /// The bins of the PSTH.
    pub(super) times: Vec<usize>,
    /// For each repeat the bins of its spikes, in order; a bin of two spikes occurs twice.
    pub(super) spikes: Vec<Vec<u32>>,
    /// For each repeat, flags of the recorded bins of the stimulus; `None` if all have those of `times`.
    pub(super) valid: Option<Vec<Vec<bool>>>,
}

impl Trains {
    /// # Errors
    /// [`Undefined::NotCounts`] if a response is not a whole number, [`Undefined::NoSpikes`] if all are 0, and
    /// [`Undefined::TooManySpikes`].
    pub(crate) fn of(neuron: &NeuronRecorded) -> Result<Self, Undefined> {
        neuron.expect_counts()?;
        let stimuli: Vec<_> = neuron.stimuli().iter().map(StimulusTrains::of).collect::<Result<_, _>>()?;
        if stimuli.iter().all(|stimulus| stimulus.spikes.iter().all(Vec::is_empty)) {
            return Err(Undefined::NoSpikes);
        }
        Ok(Self(stimuli))
    }

    pub(crate) fn stimuli(&self) -> &[StimulusTrains] {
        &self.0
    }
}

impl StimulusTrains {
    /// The trains of counts.
    ///
    /// # Errors
    /// [`Undefined::TooManySpikes`].
    pub(crate) fn of(stimulus: &StimulusRecorded) -> Result<Self, Undefined> {
        let (repeats, times) = (&stimulus.repeats, stimulus.psth.times());
        let valid = repeats.valid().map(<[Vec<bool>]>::to_vec);
        let bin = |i: usize| if valid.is_some() { i } else { times[i] };
        let spikes = |row: &Vec<f64>| {
            expect_few(sum(row), row.len())?;
            let mut spikes = Vec::new();
            let mut add = |i: usize, y: f64| {
                if y > 0.0 {
                    spikes.extend(std::iter::repeat_n(bin(i) as u32, y as usize));
                }
            };
            let (chunks, rest) = row.as_chunks::<SILENT>();
            for (chunk, counts) in chunks.iter().enumerate() {
                if counts.iter().fold(false, |spikes, &y| spikes | (y != 0.0)) {
                    counts.iter().enumerate().for_each(|(i, &y)| add(chunk * SILENT + i, y));
                }
            }
            rest.iter().enumerate().for_each(|(i, &y)| add(chunks.len() * SILENT + i, y));
            Ok(spikes)
        };
        let spikes = repeats.values().iter().map(spikes).collect::<Result<_, _>>()?;
        Ok(Self { spikes, times, valid })
    }

    /// The number of spikes of all repeats.
    pub(crate) fn n_spikes(&self) -> usize {
        self.spikes.iter().map(Vec::len).sum()
    }

    /// The spikes of repeat `r` at the bins that repeat `other` has too.
    pub(super) fn shared(&self, r: usize, other: usize) -> std::borrow::Cow<'_, [u32]> {
        self.recorded_by(&self.spikes[r], other)
    }

    /// The spikes at bins that a repeat has.
    pub(super) fn recorded_by<'s>(&self, spikes: &'s [u32], repeat: usize) -> std::borrow::Cow<'s, [u32]> {
        match &self.valid {
            None => spikes.into(),
            Some(valid) => spikes.iter().copied().filter(|&t| valid[repeat][t as usize]).collect(),
        }
    }
}
