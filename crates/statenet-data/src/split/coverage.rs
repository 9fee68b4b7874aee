//! Which neurons have data in the parts of a split.

use super::{Part, Split};
use crate::{
    error::{Error, Result},
    recording::Recording,
};

impl Split {
    /// Whether each neuron of a recording has a recorded bin in any stimulus of a part.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`].
    pub fn has_data(&self, part: Part, recording: &Recording) -> Result<Vec<bool>> {
        let mut has_data = vec![false; recording.n_neurons()];
        let n_stimuli = recording.n_stimuli();
        for &index in self.part(part) {
            let stimulus = recording.stimuli().get(index);
            let missing = Error::StimulusOutOfRange { index, part: Some(part), n_stimuli };
            let stimulus = stimulus.ok_or(missing)?;
            for (neuron, has_data) in has_data.iter_mut().enumerate() {
                *has_data = *has_data || stimulus.n_repeats_of(neuron) > 0;
            }
        }
        Ok(has_data)
    }

    /// Ids of the neurons without a recorded bin in any stimulus of a part, in the order of the recording: for [`Part::Train`]
    /// those that no model can be fitted to.
    ///
    /// ```
    /// use ndarray::{Array2, array};
    /// use statenet_core::TimeBin;
    /// use statenet_data::{Description, Neuron, Part, Recording, Responses, Split, Stimulus};
    ///
    /// let stimulus = |i: usize| -> Result<Stimulus, statenet_data::Error> {
    ///     let late = if i == 0 { f32::NAN } else { 1.0 }; // the second neuron misses the first stimulus
    ///     let responses = Responses::from_nan(array![[[0., 1.]], [[late, late]]])?;
    ///     Stimulus::new(format!("s{i}"), Array2::from_elem((3, 2), i as f32), responses)
    /// };
    /// let neurons = vec![Neuron::new("early"), Neuron::new("late")];
    /// let stimuli = vec![stimulus(0)?, stimulus(1)?, stimulus(2)?];
    /// let recording =
    ///     Recording::new(Description::default(), TimeBin::from_millis(5.0)?, vec![], neurons, stimuli)?;
    /// let split = Split::new(vec![0], vec![1], vec![2])?;
    /// assert_eq!(split.without_data(Part::Train, &recording)?, ["late"]);
    /// assert!(split.without_data(Part::Test, &recording)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`].
    pub fn without_data(&self, part: Part, recording: &Recording) -> Result<Vec<String>> {
        self.without_data_in(&[part], recording)
    }

    /// Ids of the neurons without a recorded bin in any stimulus of these parts, in the order of the recording.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`].
    pub fn without_data_in(&self, parts: &[Part], recording: &Recording) -> Result<Vec<String>> {
        let mut without: Vec<String> = recording.neuron_ids();
        for &part in parts {
            let has_data = self.has_data(part, recording)?;
            let ids = recording.neurons().iter().zip(has_data);
            let with: Vec<&str> = ids.filter(|(_, has_data)| *has_data).map(|(n, _)| n.id()).collect();
            without.retain(|id| !with.contains(&id.as_str()));
        }
        Ok(without)
    }

    /// Checks that the neurons have the data that a fit and its evaluation need: some neuron in each of `parts`, and some neuron in
    /// all of them.
    ///
    /// # Errors
    /// [`Error::NobodyRecorded`] or [`Error::NobodyInAll`]; [`Error::StimulusOutOfRange`].
    pub fn expect_data(&self, parts: &[Part], recording: &Recording) -> Result<()> {
        let mut in_all = vec![true; recording.n_neurons()];
        for (i, &part) in parts.iter().enumerate() {
            let has_data = self.has_data(part, recording)?;
            if !has_data.contains(&true) {
                let stimuli = self.part(part).iter().filter_map(|&s| recording.stimuli().get(s));
                return Err(Error::NobodyRecorded {
                    part,
                    stimuli: stimuli.map(|s| s.name().to_owned()).collect(),
                    recording: recording.name().to_owned(),
                });
            }
            in_all.iter_mut().zip(has_data).for_each(|(all, has)| *all = *all && has);
            if !in_all.contains(&true) {
                let parts = parts.get(..=i).unwrap_or(parts).to_vec();
                return Err(Error::NobodyInAll { parts, recording: recording.name().to_owned() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use proptest::prelude::*;
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Neuron, Responses, Stimulus};

    /// `recorded[s]` says for each neuron whether it heard stimulus s.
    fn of(recorded: &[Vec<bool>]) -> Recording {
        let stimuli = recorded.iter().enumerate().map(|(s, neurons)| {
            let heard = |n: usize, r: usize| neurons[n] && r == 1;
            let values =
                Array3::from_shape_fn(
                    (neurons.len(), 2, 3),
                    |(n, r, _)| {
                        if heard(n, r) { 0.0 } else { f32::NAN }
                    },
                );
            let responses = Responses::from_nan(values).unwrap();
            Stimulus::new(format!("s{s}"), Array2::from_elem((1, 3), s as f32), responses).unwrap()
        });
        let neurons = (0..recorded[0].len()).map(|n| Neuron::new(format!("u{n}"))).collect();
        let about = Description { name: "mine".to_owned(), ..Description::default() };
        Recording::new(about, TimeBin::whole_millis::<5>(), vec![], neurons, stimuli.collect()).unwrap()
    }

    fn refused(recorded: &[Vec<bool>]) -> String {
        let split = Split::new(vec![0], vec![1], vec![2]).unwrap();
        let parts = [Part::Train, Part::Val, Part::Test];
        split.expect_data(&parts, &of(recorded)).unwrap_err().to_string()
    }

    #[test]
    fn a_part_in_which_nobody_was_recorded_is_named() {
        assert_eq!(
            refused(&[vec![true, true], vec![false, false], vec![true, true]]),
            "recording mine: no neuron has a recorded response to any val stimulus (s1), expected one at least; choose \
             another split or other neurons"
        );
    }

    #[test]
    fn neurons_that_are_never_in_all_parts_are_refused() {
        assert_eq!(
            refused(&[vec![true, false], vec![false, true], vec![true, true]]),
            "recording mine: no neuron has recorded responses in all of the parts train and val of the split, expected one at \
             least; choose a split whose parts share neurons"
        );
    }

    #[test]
    fn an_index_beyond_the_recording_is_named() {
        let split = Split::new(vec![0], vec![1], vec![9]).unwrap();
        let message = split.has_data(Part::Test, &of(&[vec![true], vec![true]])).unwrap_err().to_string();
        assert_eq!(message, "stimulus index in the test part is 9, expected below 2");
    }

    proptest! {
        #[test]
        fn who_has_data_is_who_was_recorded(flags in prop::collection::vec(any::<bool>(), 15)) {
            let recorded: Vec<Vec<bool>> = flags.chunks(3).map(<[bool]>::to_vec).collect();
            let (recording, split) = (of(&recorded), Split::new(vec![0, 3], vec![1], vec![2, 4]).unwrap());
            let mut in_all = [true; 3];
            let mut in_each = true;
            for part in [Part::Train, Part::Val, Part::Test] {
                let expected: Vec<bool> =
                    (0..3).map(|n| split.part(part).iter().any(|&s| recorded[s][n])).collect();
                prop_assert_eq!(&split.has_data(part, &recording).unwrap(), &expected);
                let without = split.without_data(part, &recording).unwrap();
                let ids: Vec<String> = (0..3).filter(|&n| !expected[n]).map(|n| format!("u{n}")).collect();
                prop_assert_eq!(&without, &ids);
                let of_two = split.without_data_in(&[part, Part::Train], &recording).unwrap();
                let in_train = split.has_data(Part::Train, &recording).unwrap();
                let neither: Vec<String> = (0..3).filter(|&n| !expected[n] && !in_train[n]).map(|n| format!("u{n}")).collect();
                prop_assert_eq!(of_two, neither);
                in_each &= expected.contains(&true);
                in_all.iter_mut().zip(&expected).for_each(|(all, has)| *all &= has);
            }
            let right = split.expect_data(&[Part::Train, Part::Val, Part::Test], &recording).is_ok();
            prop_assert_eq!(right, in_each && in_all.contains(&true));
        }
    }
}
