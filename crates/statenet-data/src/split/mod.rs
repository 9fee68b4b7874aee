//! Splits of a recording's stimuli into training, validation and test parts without leaks.

pub(crate) mod part;
mod plan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use part::Part;
pub use plan::SplitPlan;

use crate::{
    error::{Error, Result},
    recording::{Recording, Stimulus},
};

/// Indices of the stimuli for training, validation and test. No part is empty, and no stimulus is listed twice.
///
/// Stored as `{"train": [..], "val": [..], "test": [..]}`. [`SplitPlan::resolve`] and [`check`](Self::check) also make
/// sure that no sound is in two parts under different names.
///
/// ```
/// use statenet_data::Split;
/// let split = Split::new(vec![0, 1], vec![2], vec![3])?;
/// assert_eq!(split.test(), [3]);
/// let leak = Split::new(vec![0, 1], vec![2], vec![1]).unwrap_err();
/// assert_eq!(leak.to_string(), "stimulus 1 is in the train part and again in the test part, expected once");
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Lists", into = "Lists")]
pub struct Split {
    train: Vec<usize>,
    val: Vec<usize>,
    test: Vec<usize>,
}

/// A split as it is stored, not yet checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    train: Vec<usize>,
    val: Vec<usize>,
    test: Vec<usize>,
}

impl Split {
    /// A split from lists of indices.
    ///
    /// # Errors
    /// [`Error::EmptyPart`] if a list is empty, [`Error::Leak`] if an index is listed twice.
    pub fn new(train: Vec<usize>, val: Vec<usize>, test: Vec<usize>) -> Result<Self> {
        let split = Self { train, val, test };
        split.expect_disjoint(|index| index.to_string())?;
        Ok(split)
    }

    /// Indices of the training stimuli.
    #[must_use]
    pub fn train(&self) -> &[usize] {
        &self.train
    }

    /// Indices of the validation stimuli.
    #[must_use]
    pub fn val(&self) -> &[usize] {
        &self.val
    }

    /// Indices of the test stimuli.
    #[must_use]
    pub fn test(&self) -> &[usize] {
        &self.test
    }

    /// Indices of the stimuli in a part.
    #[must_use]
    pub fn part(&self, part: Part) -> &[usize] {
        match part {
            Part::Train => &self.train,
            Part::Val => &self.val,
            Part::Test => &self.test,
        }
    }

    /// Checks the split against a recording: every index must exist, and no sound may be in two parts.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`], [`Error::Leak`], or [`Error::SameSound`] if stimuli in different parts have
    /// the same cochleagram, bit for bit.
    pub fn check(&self, recording: &Recording) -> Result<()> {
        let n_stimuli = recording.n_stimuli();
        let mut listed: Vec<(Part, &Stimulus)> = Vec::new();
        for (part, index) in self.entries() {
            let stimulus = recording.stimuli().get(index);
            let missing = Error::StimulusOutOfRange { index, part: Some(part), n_stimuli };
            listed.push((part, stimulus.ok_or(missing)?));
        }
        let name =
            |index: usize| recording.stimulus(index).map_or(index.to_string(), |s| s.name().to_owned());
        self.expect_disjoint(name)?;
        for (i, &(first_part, first)) in listed.iter().enumerate() {
            let same = listed.iter().skip(i + 1).find(|(part, s)| *part != first_part && s.same_sound(first));
            if let Some(&(second_part, second)) = same {
                let (first, second) = (first.name().to_owned(), second.name().to_owned());
                return Err(Error::SameSound { first, first_part, second, second_part });
            }
        }
        Ok(())
    }

    /// Every index with its part: first train, then val, then test.
    fn entries(&self) -> impl Iterator<Item = (Part, usize)> + '_ {
        let part = |part| self.part(part).iter().map(move |&index| (part, index));
        part(Part::Train).chain(part(Part::Val)).chain(part(Part::Test))
    }

    /// Checks that no part is empty and no index is listed twice; `name` names a stimulus in errors.
    fn expect_disjoint(&self, name: impl Fn(usize) -> String) -> Result<()> {
        for part in [Part::Train, Part::Val, Part::Test] {
            if self.part(part).is_empty() {
                return Err(Error::EmptyPart { part });
            }
        }
        let mut parts = BTreeMap::new();
        for (second, index) in self.entries() {
            if let Some(first) = parts.insert(index, second) {
                return Err(Error::Leak { stimulus: name(index), first, second });
            }
        }
        Ok(())
    }
}

impl TryFrom<Lists> for Split {
    type Error = Error;
    fn try_from(lists: Lists) -> Result<Self> {
        Self::new(lists.train, lists.val, lists.test)
    }
}

impl From<Split> for Lists {
    fn from(split: Split) -> Self {
        Self { train: split.train, val: split.val, test: split.test }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Neuron, Responses};

    /// A recording of silent stimuli s0, s1, .. whose cochleagrams are the given levels.
    pub(crate) fn of_levels(levels: &[f32]) -> Recording {
        let stimuli = levels
            .iter()
            .enumerate()
            .map(|(i, &level)| {
                let silent = Responses::from_nan(Array3::zeros((1, 1, 2))).unwrap();
                Stimulus::new(format!("s{i}"), Array2::from_elem((1, 2), level), silent).unwrap()
            })
            .collect();
        let dt = TimeBin::from_millis(5.0).unwrap();
        Recording::new(Description::default(), dt, vec![], vec![Neuron::new("u")], stimuli).unwrap()
    }

    #[test]
    fn an_empty_part_is_named() {
        let error = Split::new(vec![0], vec![], vec![1]).unwrap_err();
        assert_eq!(error.to_string(), "the val part of the split is empty, expected at least one stimulus");
    }

    #[test]
    fn a_stimulus_twice_in_one_part_is_an_error() {
        let error = Split::new(vec![0, 0], vec![2], vec![1]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "stimulus 0 is in the train part and again in the train part, expected once"
        );
    }

    #[test]
    fn the_same_sound_under_two_names_is_a_leak() {
        let recording = of_levels(&[1.0, 2.0, 3.0, 1.0]);
        let error = Split::new(vec![0], vec![1], vec![3]).unwrap().check(&recording).unwrap_err();
        assert_eq!(
            error.to_string(),
            "stimulus s0 in the train part and stimulus s3 in the test part have the same cochleagram, \
             expected them in one part"
        );
        Split::new(vec![0, 3], vec![1], vec![2]).unwrap().check(&recording).unwrap();
    }

    #[test]
    fn an_index_beyond_the_recording_is_named() {
        let recording = of_levels(&[1.0, 2.0, 3.0]);
        let error = Split::new(vec![0], vec![1], vec![3]).unwrap().check(&recording).unwrap_err();
        assert_eq!(error.to_string(), "stimulus index in the test part is 3, expected below 3");
    }

    #[test]
    fn serde_keeps_the_three_lists_and_refuses_a_leak() {
        let split = Split::new(vec![0, 2], vec![1], vec![3]).unwrap();
        let text = serde_json::to_string(&split).unwrap();
        assert_eq!(text, r#"{"train":[0,2],"val":[1],"test":[3]}"#);
        assert_eq!(serde_json::from_str::<Split>(&text).unwrap(), split);
        assert!(serde_json::from_str::<Split>(r#"{"train":[0],"val":[1],"test":[0]}"#).is_err());
    }
}
