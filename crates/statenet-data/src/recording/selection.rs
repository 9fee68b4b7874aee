//! Selecting neurons and stimuli.

use std::collections::BTreeMap;

use super::{Neuron, Recording, Stimulus};
use crate::error::{Error, Result};

impl Recording {
    /// The recording with only the given neurons, in that order.
    ///
    /// # Errors
    /// [`Error::NeuronOutOfRange`]; [`Error::Empty`] for an empty list; [`Error::Duplicate`] for a neuron listed
    /// twice.
    pub fn select_neurons(&self, neurons: &[usize]) -> Result<Self> {
        let chosen: Vec<Neuron> = neurons
            .iter()
            .map(|&index| {
                let n_neurons = self.n_neurons();
                self.neurons.get(index).cloned().ok_or(Error::NeuronOutOfRange { index, n_neurons })
            })
            .collect::<Result<_>>()?;
        super::unique("neuron", chosen.iter().map(Neuron::id))?;
        if chosen.is_empty() {
            return Err(Error::Empty { what: "neurons" });
        }
        let select = |s: &Stimulus| s.with_neurons(neurons);
        let stimuli = self.stimuli.iter().map(select).collect();
        Ok(Self { neurons: chosen, ..self.with_stimuli(stimuli) })
    }

    /// The recording with only the given stimuli, in that order.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`]; [`Error::Empty`] for an empty list; [`Error::Duplicate`] for a stimulus listed twice.
    pub fn select_stimuli(&self, stimuli: &[usize]) -> Result<Self> {
        if stimuli.is_empty() {
            return Err(Error::Empty { what: "stimuli" });
        }
        let chosen: Vec<Stimulus> =
            stimuli.iter().map(|&s| self.stimulus(s).cloned()).collect::<Result<_>>()?;
        super::unique("stimulus", chosen.iter().map(Stimulus::name))?;
        Ok(self.with_stimuli(chosen))
    }

    /// The recording with only the neurons of these ids, in that order.
    ///
    /// # Errors
    /// [`Error::UnknownNeurons`] with the ids that the recording lacks; [`Error::Empty`] for an empty list;
    /// [`Error::Duplicate`] for an id listed twice.
    pub fn with_neurons<S: AsRef<str>>(&self, ids: &[S]) -> Result<Self> {
        let places: BTreeMap<&str, usize> =
            self.neurons.iter().enumerate().map(|(index, neuron)| (neuron.id(), index)).collect();
        let place = |id: &S| places.get(id.as_ref()).copied();
        let unknown = ids.iter().filter(|id| place(id).is_none()).map(|id| id.as_ref().to_owned());
        let unknown: Vec<String> = unknown.collect();
        if !unknown.is_empty() {
            let recording = format!("recording {}", self.name());
            return Err(Error::UnknownNeurons {
                holder: recording,
                ids: unknown,
                n_neurons: self.n_neurons(),
            });
        }
        self.select_neurons(&ids.iter().filter_map(place).collect::<Vec<_>>())
    }

    /// Parses a list of neurons such as `0,3,5-9` into indices, in the order of the list.
    ///
    /// Entries are separated by commas. An entry equal to the id of a neuron is that neuron, even if the id looks like a
    /// number; any other number is an index, and `5-9` is the range of indices from 5 to 9.
    ///
    /// # Errors
    /// [`Error::NeuronList`] for any other entry or an index that does not exist; [`Error::Duplicate`] for a neuron listed
    /// twice.
    pub fn neuron_indices(&self, list: &str) -> Result<Vec<usize>> {
        let mut indices = Vec::new();
        for entry in list.split(',').map(str::trim) {
            let (first, last) = self
                .entry(entry)
                .ok_or_else(|| Error::NeuronList { entry: entry.to_owned(), n_neurons: self.n_neurons() })?;
            indices.extend(first..=last);
        }
        let ids = indices.iter().filter_map(|&i| self.neurons.get(i)).map(Neuron::id);
        super::unique("neuron", ids)?;
        Ok(indices)
    }

    /// The first and last index of an entry.
    fn entry(&self, entry: &str) -> Option<(usize, usize)> {
        if let Some(index) = self.neurons.iter().position(|neuron| neuron.id() == entry) {
            return Some((index, index));
        }
        let (first, last) = match entry.split_once('-') {
            Some((first, last)) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
            None => entry.parse().ok().map(|index: usize| (index, index))?,
        };
        (first <= last && last < self.n_neurons()).then_some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Responses};

    fn ten() -> Recording {
        let counts = Array3::from_shape_fn((10, 2, 3), |(n, r, t)| (n + r + t) as f32);
        let stimulus =
            Stimulus::new("a", Array2::zeros((2, 3)), Responses::from_nan(counts).unwrap()).unwrap();
        let neurons = (0..10).map(|i| Neuron::new(format!("unit-{i}"))).collect();
        let dt = TimeBin::from_millis(5.0).unwrap();
        Recording::new(Description::default(), dt, vec![], neurons, vec![stimulus]).unwrap()
    }

    #[test]
    fn lists_mix_indices_ranges_and_ids() {
        let recording = ten();
        assert_eq!(recording.neuron_indices("0, 3,5-7,unit-9").unwrap(), [0, 3, 5, 6, 7, 9]);
        assert_eq!(recording.neuron_indices("unit-2").unwrap(), [2]);
    }

    #[test]
    fn an_entry_that_means_nothing_is_named() {
        let recording = ten();
        for bad in ["", "10", "3-10", "5-4", "unit-10", "1,,2", "-1", "0-99999999999999999999"] {
            assert!(matches!(recording.neuron_indices(bad), Err(Error::NeuronList { .. })), "{bad}");
        }
        assert_eq!(
            recording.neuron_indices("3,x").unwrap_err().to_string(),
            "the list of neurons contains \"x\", expected an id, an index below 10 or a range of indices like 5-9"
        );
        let twice = recording.neuron_indices("1,0-2").unwrap_err();
        assert_eq!(twice.to_string(), "neuron unit-1 occurs twice, expected unique names");
    }

    #[test]
    fn neurons_are_found_by_id() {
        let two = ten().with_neurons(&["unit-7", "unit-2"]).unwrap();
        assert_eq!(two.neuron_ids(), ["unit-7", "unit-2"]);
        assert_eq!(two.stimuli()[0].responses().unwrap().values()[[1, 1, 2]], 5.0);
        let error = ten().with_neurons(&["unit-1", "a", "7"]).unwrap_err();
        assert_eq!(error.to_string(), "recording  has none of these neurons: a, 7 (it has 10 others)");
    }

    #[test]
    fn stimuli_are_selected_in_the_order_of_the_list() {
        let silent = || Responses::from_nan(Array3::zeros((10, 2, 3))).unwrap();
        let more = |s: &str| Stimulus::new(s, Array2::ones((2, 3)), silent()).unwrap();
        let three = ten().with_stimuli(vec![more("a"), more("b"), more("c")]);
        let names = |stimuli: &[usize]| -> Result<Vec<String>> {
            Ok(three.select_stimuli(stimuli)?.stimuli().iter().map(|s| s.name().to_owned()).collect())
        };
        assert_eq!(names(&[2, 0]).unwrap(), ["c", "a"]);
        let message = |stimuli: &[usize]| names(stimuli).unwrap_err().to_string();
        assert_eq!(message(&[3]), "stimulus index is 3, expected below 3");
        assert_eq!(message(&[1, 1]), "stimulus b occurs twice, expected unique names");
        assert_eq!(message(&[]), "recording has no stimuli, expected at least one");
    }

    #[test]
    fn selecting_keeps_the_order_of_the_list() {
        let two = ten().select_neurons(&[7, 2]).unwrap();
        assert_eq!(two.neurons()[0].id(), "unit-7");
        assert_eq!(two.stimuli()[0].responses().unwrap().values()[[1, 1, 2]], 5.0);
        let error = ten().select_neurons(&[10]).unwrap_err();
        assert_eq!(error.to_string(), "neuron index is 10, expected below 10");
        assert_eq!(
            ten().select_neurons(&[]).unwrap_err().to_string(),
            "recording has no neurons, expected at least one"
        );
    }
}
