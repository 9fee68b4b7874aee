//! What one neuron was recorded to do, read once for all scores of it.

use std::cell::OnceCell;

use crate::{
    observation::Recorded,
    powers::{PooledPowers, PowerSum},
    psth::Psth,
    repeats::{Powers, Repeats},
    undefined::Undefined,
};

/// The responses of one neuron to all stimuli.
#[derive(Clone, Debug)]
pub(crate) struct NeuronRecorded {
    stimuli: Vec<StimulusRecorded>,
    are_counts: OnceCell<Result<(), Undefined>>,
}

/// The responses of one neuron to one stimulus.
#[derive(Clone, Debug)]
pub(crate) struct StimulusRecorded {
    /// Number of bins of the stimulus, recorded or not.
    pub(crate) n_bins: usize,
    pub(crate) psth: Psth,
    pub(crate) repeats: Repeats,
    /// `None` if no two repeats share at least two bins.
    pub(crate) powers: Option<Powers>,
}

impl NeuronRecorded {
    /// # Errors
    /// [`Undefined::NotFinite`] if a recorded response is NaN or infinite, [`Undefined::NoData`] if nothing was recorded.
    pub(crate) fn of(recorded: &[Recorded<'_>], neuron: usize) -> Result<Self, Undefined> {
        let one = |stimulus: &Recorded<'_>| StimulusRecorded::of(stimulus, neuron);
        let stimuli = recorded.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        if stimuli.iter().all(|stimulus| stimulus.psth.n_bins() == 0) {
            return Err(Undefined::NoData);
        }
        Ok(Self { stimuli, are_counts: OnceCell::new() })
    }

    pub(crate) fn stimuli(&self) -> &[StimulusRecorded] {
        &self.stimuli
    }

    /// The signal and noise power, pooled over the stimuli that have them.
    pub(crate) fn powers(&self) -> Result<PooledPowers, Undefined> {
        let mut sum = PowerSum::default();
        for stimulus in &self.stimuli {
            sum.add(stimulus.powers, stimulus.repeats.n_repeats(), stimulus.psth.n_bins());
        }
        sum.pooled()
    }

    /// The largest number of repeats of a stimulus.
    pub(crate) fn most_repeats(&self) -> usize {
        self.stimuli.iter().map(|stimulus| stimulus.repeats.n_repeats()).max().unwrap_or(0)
    }

    /// The largest number of recorded bins of a stimulus.
    pub(crate) fn most_bins(&self) -> usize {
        self.stimuli.iter().map(|stimulus| stimulus.psth.n_bins()).max().unwrap_or(0)
    }

    /// Why no stimulus has two repeats with enough bins, or `Ok` if one has.
    pub(crate) fn expect_two_repeats(&self) -> Result<(), Undefined> {
        let repeats = self.most_repeats();
        if repeats < 2 { Err(Undefined::TooFewRepeats { repeats }) } else { Ok(()) }
    }

    /// Returns an error unless every recorded response is a whole number, 0 or more.
    pub(crate) fn expect_counts(&self) -> Result<(), Undefined> {
        *self.are_counts.get_or_init(|| self.stimuli.iter().try_for_each(|s| s.repeats.expect_counts()))
    }
}

impl StimulusRecorded {
    fn of(recorded: &Recorded<'_>, neuron: usize) -> Result<Self, Undefined> {
        let repeats = Repeats::of(recorded, neuron)?;
        let psth = Psth::of_repeats(&repeats, recorded, neuron)?;
        Ok(Self { n_bins: recorded.n_bins(), psth, powers: repeats.powers(), repeats })
    }

    /// A row of [`Repeats::values`] at the bins of the PSTH, with flags of the recorded ones (`None`: all).
    pub(crate) fn row(&self, repeat: usize) -> (Vec<f64>, Option<Vec<bool>>) {
        let values = &self.repeats.values()[repeat];
        match self.repeats.valid() {
            None => (values.clone(), None),
            Some(valid) => {
                let times = self.psth.times();
                let valid = times.iter().map(|&t| valid[repeat][t]).collect();
                (times.iter().map(|&t| values[t]).collect(), Some(valid))
            }
        }
    }

    /// The number of repeats recorded at each bin of the PSTH.
    pub(crate) fn counts_of_repeats(&self) -> Vec<f64> {
        match self.repeats.valid() {
            None => vec![self.repeats.n_repeats() as f64; self.psth.n_bins()],
            Some(valid) => {
                let recorded = |t: usize| valid.iter().filter(|valid| valid[t]).count() as f64;
                self.psth.times().into_iter().map(recorded).collect()
            }
        }
    }
}
