//! One neuron's rates beside its responses.

use ndarray::Axis;

use crate::{
    observation::Observation,
    responses::{NeuronRecorded, StimulusRecorded},
    undefined::Undefined,
};

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
