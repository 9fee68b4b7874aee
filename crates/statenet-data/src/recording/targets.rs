//! Recordings whose responses are replaced by targets to learn, such as the rates of another model.

use std::collections::BTreeMap;

use statenet_core::expect_shape;

use super::{Recording, Responses, Stimulus};
use crate::error::{Error, Place, Result};

impl Recording {
    /// The same recording with other responses `(N, R, T)` to some stimuli, and with further stimuli at the end. How responses were
    /// smoothed stays as it is said to be.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`]; [`Error::Shape`] for responses of another number of neurons or bins, and for a stimulus of another number
    /// of bands; [`Error::ResponseUnit`] for another unit; [`Error::Duplicate`] for a further stimulus with the name of another.
    pub fn with_targets(
        &self,
        mut replaced: BTreeMap<usize, Responses>,
        more: impl IntoIterator<Item = Stimulus>,
    ) -> Result<Self> {
        let mut stimuli = Vec::with_capacity(self.n_stimuli());
        for (index, stimulus) in self.stimuli().iter().enumerate() {
            stimuli.push(match replaced.remove(&index) {
                Some(responses) => {
                    let (n, t) = (self.n_neurons(), stimulus.n_bins());
                    let shape = [n.into(), responses.n_repeats().into(), t.into()];
                    expect_shape(responses.unit().array(), responses.values().shape(), &shape).map_err(
                        |shape| Error::Shape { place: Place::Stimulus(stimulus.name().to_owned()), shape },
                    )?;
                    stimulus.with_responses(responses)
                }
                None => stimulus.clone(),
            });
        }
        if let Some((&index, _)) = replaced.first_key_value() {
            return Err(Error::StimulusOutOfRange { index, part: None, n_stimuli: self.n_stimuli() });
        }
        stimuli.extend(more);
        let (about, bands, neurons) =
            (self.description().clone(), self.bands().to_vec(), self.neurons().to_vec());
        let made = Self::of_input(self.input(), about, self.dt(), bands, neurons, stimuli)?;
        Ok(made.declare_smoothed(self.smoothing()))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::TimeBin;

    use super::*;
    use crate::{Description, Neuron, Smoothing};

    fn of(n: usize, t: usize, value: f32) -> Responses {
        Responses::from_nan(Array3::from_elem((n, 1, t), value)).unwrap()
    }

    fn sound(name: &str, t: usize) -> Stimulus {
        Stimulus::new(name, Array2::ones((3, t)), of(2, t, 1.0)).unwrap()
    }

    fn recording() -> Recording {
        let neurons = vec![Neuron::new("a"), Neuron::new("b")];
        let dt = TimeBin::whole_millis::<5>();
        let stimuli = vec![sound("x", 4), sound("y", 6)];
        Recording::new(Description::default(), dt, vec![], neurons, stimuli).unwrap()
    }

    #[test]
    fn responses_are_replaced_and_stimuli_added() {
        let recording = recording().smooth(Smoothing::default()).unwrap();
        let made = recording.with_targets([(1, of(2, 6, 0.5))].into(), [sound("z", 5)]).unwrap();
        assert_eq!(made.smoothing(), recording.smoothing());
        assert_eq!(made.stimuli()[0], recording.stimuli()[0]);
        assert_eq!(made.stimuli()[1].responses().unwrap().values()[[1, 0, 5]], 0.5);
        assert_eq!(made.stimuli()[2].name(), "z");
    }

    #[test]
    fn targets_of_another_shape_are_refused() {
        let message =
            |index, targets| recording().with_targets([(index, targets)].into(), []).unwrap_err().to_string();
        assert_eq!(message(1, of(2, 4, 0.5)), "stimulus y: counts has shape (2, 1, 4), expected (2, 1, 6)");
        assert_eq!(message(2, of(2, 4, 0.5)), "stimulus index is 2, expected below 2");
        let twice = recording().with_targets(BTreeMap::new(), [sound("x", 4)]).unwrap_err().to_string();
        assert!(twice.contains("x"), "{twice}");
    }
}
