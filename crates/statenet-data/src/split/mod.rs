//! Splits of a recording's stimuli into training, validation and test parts without leaks.

mod coverage;
pub(crate) mod likeness;
mod nested;
pub(crate) mod part;
mod plan;
mod similar;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statenet_core::{Digest, Seed};

pub use likeness::{Likeness, SimilarSounds};
pub use nested::{NestedPlan, OuterFold};
pub use part::Part;
pub use plan::SplitPlan;

use crate::{
    error::{Error, Result},
    recording::{Recording, Stimulus},
};

/// Indices of the stimuli for training, validation and test. No part is empty, and no stimulus is listed twice.
///
/// Stored as `{"train": [..], "val": [..], "test": [..]}`. [`SplitPlan::resolve`] and [`check`](Self::check) also make
/// sure that no sound is in two parts under different names, neither the same one nor a part, a louder copy or a shifted one of it.
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
    vetted: Vetted,
}

/// What is known of the sounds of a split. It is no part of a split's identity, and not stored.
#[derive(Clone, Debug, Default)]
struct Vetted {
    /// The sounds in which no two of different parts were found alike.
    sounds: Option<Digest>,
    /// The sounds in different parts that are alike and were allowed.
    allowed: Option<Vec<SimilarSounds>>,
}

impl PartialEq for Vetted {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Vetted {}

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
        let split = Self { train, val, test, vetted: Vetted::default() };
        split.expect_disjoint(|index| index.to_string())?;
        Ok(split)
    }

    /// The same split with further training stimuli, to be [checked](Self::check) again. What was
    /// [allowed](SplitPlan::resolve_allowing_similar_sounds) stays allowed.
    ///
    /// # Errors
    /// [`Error::Leak`] for an index that is listed already.
    pub fn with_training(&self, more: impl IntoIterator<Item = usize>) -> Result<Self> {
        let mut split = self.clone();
        split.train.extend(more);
        split.vetted.sounds = None;
        split.expect_disjoint(|index| index.to_string())?;
        Ok(split)
    }

    /// The same split with a share of its training stimuli, at least one, drawn by the seed. Of two shares with one seed the larger one
    /// has the stimuli of the smaller.
    ///
    /// # Errors
    /// [`Error::TrainingShare`] for a share that is not above 0 and at most 1.
    pub fn with_share_of_training(&self, share: f64, seed: Seed) -> Result<Self> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(Error::TrainingShare { got: share });
        }
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        seed.stream("share of training stimuli").shuffle(&mut order);
        let n = ((share * order.len() as f64).ceil() as usize).clamp(1, order.len().max(1));
        let mut kept: Vec<usize> = order.into_iter().take(n).collect();
        kept.sort_unstable();
        let train = kept.into_iter().filter_map(|at| self.train.get(at).copied()).collect();
        Ok(Self { train, ..self.clone() })
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

    /// The names of the stimuli of each part: `train`, `val`, `test`. Indices that a recording lacks are left out.
    #[must_use]
    pub fn names(&self, recording: &Recording) -> BTreeMap<String, Vec<String>> {
        let name = |&s: &usize| Some(recording.stimulus(s).ok()?.name().to_owned());
        let of = |part: Part| (part.to_string(), self.part(part).iter().filter_map(name).collect());
        [Part::Train, Part::Val, Part::Test].map(of).into()
    }

    /// The split whose parts hold the stimuli of these [names](Self::names).
    ///
    /// # Errors
    /// [`Error::UnknownStimulus`] for a name that the recording lacks, and the errors of [`Split::new`].
    pub fn of_names(names: &BTreeMap<String, Vec<String>>, recording: &Recording) -> Result<Self> {
        let places: BTreeMap<&str, usize> =
            recording.stimuli().iter().enumerate().map(|(s, stimulus)| (stimulus.name(), s)).collect();
        let of = |part: Part| -> Result<Vec<usize>> {
            let listed = names.get(&part.to_string()).map(Vec::as_slice).unwrap_or_default();
            let place = |name: &String| {
                places
                    .get(name.as_str())
                    .copied()
                    .ok_or_else(|| Error::UnknownStimulus { name: name.clone(), part })
            };
            listed.iter().map(place).collect()
        };
        Self::new(of(Part::Train)?, of(Part::Val)?, of(Part::Test)?)
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
    /// [`Error::StimulusOutOfRange`], [`Error::Leak`], or [`Error::SimilarSounds`] if sounds in different parts are equal, one
    /// is a part of another, or they correlate above .999 over a good part, and this was not
    /// [allowed](SplitPlan::resolve_allowing_similar_sounds).
    pub fn check(&self, recording: &Recording) -> Result<()> {
        let listed = self.listed(recording)?;
        if self.vetted.allowed.is_some() || self.vetted.sounds == Some(digest(&listed)) {
            return Ok(());
        }
        match similar::find(&listed).into_iter().next() {
            Some(similar) => Err(Error::SimilarSounds(Box::new(similar))),
            None => Ok(()),
        }
    }

    /// The split, once its sounds were looked at: alike sounds in different parts are an error, or kept if they are allowed.
    fn vetted(self, recording: &Recording, allow_similar: bool) -> Result<Self> {
        let listed = self.listed(recording)?;
        if self.vetted.sounds == Some(digest(&listed)) {
            return Ok(self);
        }
        let found = similar::find(&listed);
        let vetted = match found.first() {
            None => Vetted { sounds: Some(digest(&listed)), allowed: None },
            Some(_) if allow_similar => Vetted { sounds: None, allowed: Some(found) },
            Some(first) => return Err(Error::SimilarSounds(Box::new(first.clone()))),
        };
        Ok(Self { vetted, ..self })
    }

    /// The split of whose sounds it is known that none are alike in different parts.
    fn vetted_by_groups(self, recording: &Recording) -> Result<Self> {
        let sounds = Some(digest(&self.listed(recording)?));
        Ok(Self { vetted: Vetted { sounds, allowed: None }, ..self })
    }

    /// The sounds in different parts that are alike and were [allowed](SplitPlan::resolve_allowing_similar_sounds).
    #[must_use]
    pub fn similar_sounds(&self) -> &[SimilarSounds] {
        self.vetted.allowed.as_deref().unwrap_or_default()
    }

    /// Every stimulus with its part. Checks that it exists and is listed once.
    fn listed<'a>(&self, recording: &'a Recording) -> Result<Vec<(Part, &'a Stimulus)>> {
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
        Ok(listed)
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

/// A digest of sounds and their parts.
fn digest(listed: &[(Part, &Stimulus)]) -> Digest {
    let mut digest = Digest::default();
    for (part, stimulus) in listed {
        digest.add(&[*part as u8]);
        digest.add(&stimulus.n_bins().to_le_bytes());
        for value in stimulus.cochleagram() {
            digest.add(&value.to_bits().to_le_bytes());
        }
    }
    digest
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
    fn larger_shares_of_training_hold_smaller_ones_and_leave_the_other_parts() {
        let split = Split::new((0..10).collect(), vec![10], vec![11, 12]).unwrap();
        let share = |share: f64, seed: u64| split.with_share_of_training(share, Seed::new(seed)).unwrap();
        for seed in 0..5 {
            let mut before: Vec<usize> = Vec::new();
            for (some, n) in [(0.01, 1), (0.25, 3), (0.5, 5), (1.0, 10)] {
                let drawn = share(some, seed);
                assert_eq!((drawn.train().len(), drawn.val(), drawn.test()), (n, split.val(), split.test()));
                assert!(before.iter().all(|s| drawn.train().contains(s)) && drawn.train().is_sorted());
                before = drawn.train().to_vec();
            }
        }
        assert_ne!(share(0.5, 0), share(0.5, 1));
        let error = split.with_share_of_training(0.0, Seed::new(0)).unwrap_err().to_string();
        assert_eq!(error, "the share of training stimuli is 0, expected above 0 and at most 1");
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
            "the sounds of stimulus s0 in the train part and stimulus s3 in the test part have the same values, expected them in \
             one part, or similar sounds to be allowed (--allow-similar-sounds)"
        );
        Split::new(vec![0, 3], vec![1], vec![2]).unwrap().check(&recording).unwrap();
        // Zero has two signs.
        let zeros = of_levels(&[0.0, 2.0, 3.0, -0.0]);
        let error = Split::new(vec![0], vec![1], vec![3]).unwrap().check(&zeros).unwrap_err();
        assert!(matches!(error, Error::SimilarSounds(_)), "{error}");
    }

    #[test]
    fn allowed_similar_sounds_are_named_and_pass() {
        let recording = of_levels(&[1.0, 2.0, 1.0]);
        assert!(SplitPlan::Demo.resolve(&recording).is_err());
        let split = SplitPlan::Demo.resolve_allowing_similar_sounds(&recording).unwrap();
        assert_eq!((split.similar_sounds().len(), &*split.similar_sounds()[0].second), (1, "s2"));
        split.check(&recording).unwrap();
        let other = SplitPlan::Demo.resolve_allowing_similar_sounds(&of_levels(&[1.0, 2.0, 3.0])).unwrap();
        assert!(other.similar_sounds().is_empty() && other.check(&recording).is_err());
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
