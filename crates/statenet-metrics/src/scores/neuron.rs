//! What one neuron was recorded and predicted to do, read once for all scores of it.

use ndarray::Axis;

use crate::{
    ceilings::{PooledPowers, PowerSum},
    observation::{Observation, Recorded},
    psth::Psth,
    repeats::Repeats,
    undefined::Undefined,
};

/// The responses of one neuron to all stimuli.
#[derive(Clone, Debug)]
pub(crate) struct NeuronRecorded(Vec<StimulusRecorded>);

/// The responses of one neuron to one stimulus.
#[derive(Clone, Debug)]
pub(crate) struct StimulusRecorded {
    pub(crate) psth: Psth,
    pub(crate) repeats: Repeats,
}

impl NeuronRecorded {
    /// # Errors
    /// [`Undefined::NotFinite`] if a recorded response is NaN or infinite, [`Undefined::NoData`] if nothing was recorded.
    pub(crate) fn of(recorded: &[Recorded<'_>], neuron: usize) -> Result<Self, Undefined> {
        let one = |stimulus: &Recorded<'_>| {
            Ok(StimulusRecorded {
                psth: Psth::of(stimulus, neuron)?,
                repeats: Repeats::of(stimulus, neuron)?,
            })
        };
        let stimuli = recorded.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        if stimuli.iter().all(|stimulus| stimulus.psth.n_bins() == 0) {
            return Err(Undefined::NoData);
        }
        Ok(Self(stimuli))
    }

    pub(crate) fn stimuli(&self) -> &[StimulusRecorded] {
        &self.0
    }

    /// The signal and noise power, pooled over the stimuli that have them.
    pub(crate) fn powers(&self) -> Result<PooledPowers, Undefined> {
        let mut sum = PowerSum::default();
        for stimulus in &self.0 {
            sum.add(&stimulus.repeats, stimulus.psth.n_bins());
        }
        sum.pooled()
    }

    /// Why no stimulus has two repeats with enough bins, or `Ok` if one has.
    pub(crate) fn expect_two_repeats(&self) -> Result<(), Undefined> {
        let repeats = self.0.iter().map(|stimulus| stimulus.repeats.n_repeats()).max().unwrap_or(0);
        if repeats < 2 { Err(Undefined::TooFewRepeats { repeats }) } else { Ok(()) }
    }

    /// Returns an error unless every recorded response is a whole number, 0 or more.
    pub(crate) fn expect_counts(&self) -> Result<(), Undefined> {
        for stimulus in &self.0 {
            stimulus.repeats.expect_counts()?;
        }
        Ok(())
    }
}

/// One neuron's rates beside its responses.
#[derive(Clone, Debug)]
pub(crate) struct Neuron {
    recorded: NeuronRecorded,
    /// The rate of each stimulus at the bins of its PSTH.
    rates: Vec<Vec<f64>>,
}

impl Neuron {
    /// # Errors
    /// [`Undefined::NotFinite`] if a recorded response, or a rate where there is one, is NaN or infinite,
    /// [`Undefined::NoData`] if nothing was recorded.
    pub(crate) fn of(observations: &[Observation<'_>], neuron: usize) -> Result<Self, Undefined> {
        let recorded = NeuronRecorded::of(&crate::observation::recorded(observations), neuron)?;
        let rate = |(observation, stimulus): (&Observation<'_>, &StimulusRecorded)| {
            stimulus.psth.pick(observation.rate().index_axis_move(Axis(0), neuron))
        };
        let rates = observations.iter().zip(recorded.stimuli()).map(rate).collect::<Result<_, _>>()?;
        Ok(Self { recorded, rates })
    }

    pub(crate) fn recorded(&self) -> &NeuronRecorded {
        &self.recorded
    }

    /// Each stimulus with the rate at the bins of its PSTH.
    pub(crate) fn stimuli(&self) -> impl Iterator<Item = (&StimulusRecorded, &[f64])> {
        self.recorded.stimuli().iter().zip(self.rates.iter().map(Vec::as_slice))
    }
}

impl StimulusRecorded {
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
