//! Nested cross-validation: every stimulus tests once, and what is chosen is chosen without it.
//!
//! K outer folds test in turn. The other stimuli are divided into J inner folds, which validate in turn: settings are compared by their
//! mean validation score over the J inner splits, and the chosen ones are scored on the outer fold, which had no part in the choice.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Split, SplitPlan, plan::groups, similar};
use crate::{
    error::{Error, Result},
    recording::Recording,
};

/// The group of stimuli whose sounds are alike, as the field of a rule.
pub(super) const ALIKE: &str = "alike";

/// A nested cross-validation of K outer and J inner folds; `nested:K/J` or `nested:FIELD:K/J` as text.
///
/// Alike sounds ([`Likeness`](super::Likeness): equal, one a part of the other, or correlated above .999) are always in one fold, and so
/// are stimuli with the same `FIELD` of their metadata, the same `kind`, or the same `name` up to an `@`, where a field is given. Groups are
/// taken in the order in which they first occur, and each joins the fold with the fewest stimuli so far, the first of those: stimulus s
/// without its like is in outer fold s mod K. The inner folds are made the same way of the stimuli outside the outer fold.
///
/// ```
/// use statenet_data::{NestedPlan, SimulationConfig, SplitPlan};
///
/// let recording = SimulationConfig::small().simulate()?.recording;
/// let plan: NestedPlan = "nested:3/2".parse()?;
/// for outer in plan.folds(&recording)? {
///     for split in outer.inner() { // fit and validate each candidate
///         assert_eq!(split.test(), outer.test());
///     }
/// }
/// // One of these splits, for `--split`: outer fold 2 tests, inner fold 0 validates.
/// let one: SplitPlan = "nested:3/2:2".parse()?;
/// assert_eq!(one.resolve(&recording)?, plan.folds(&recording)?[2].inner()[0]);
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NestedPlan {
    field: String,
    n_folds: usize,
    n_inner: usize,
}

/// One outer fold: the stimuli that test, and the splits of the others.
///
/// Stored as `{"fold": I, "splits": [{"train": [..], "val": [..], "test": [..]}, ..]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterFold {
    fold: usize,
    splits: Vec<Split>,
}

impl OuterFold {
    /// Its number I, from 0.
    #[must_use]
    pub fn fold(&self) -> usize {
        self.fold
    }

    /// Indices of the stimuli that test, those of every inner split.
    #[must_use]
    pub fn test(&self) -> &[usize] {
        self.splits.first().map(Split::test).unwrap_or_default()
    }

    /// J splits, whose test part is that of the outer fold and whose validation parts are the inner folds.
    #[must_use]
    pub fn inner(&self) -> &[Split] {
        &self.splits
    }
}

impl NestedPlan {
    /// K outer and J inner folds, of groups of alike sounds.
    ///
    /// # Errors
    /// [`Error::Setting`] if either is below 2.
    pub fn new(n_folds: usize, n_inner: usize) -> Result<Self> {
        for (setting, n) in [("number of outer folds", n_folds), ("number of inner folds", n_inner)] {
            if n < 2 {
                return Err(Error::Setting { setting, got: n.to_string(), expected: "2 or more" });
            }
        }
        Ok(Self { field: ALIKE.to_owned(), n_folds, n_inner })
    }

    /// The same with stimuli of the same field in one fold, too: a field of their metadata, `kind`, or `name` up to an `@`.
    #[must_use]
    pub fn grouped_by(self, field: impl Into<String>) -> Self {
        Self { field: field.into(), ..self }
    }

    /// Number of outer folds K.
    #[must_use]
    pub fn n_folds(&self) -> usize {
        self.n_folds
    }

    /// Number of inner folds J.
    #[must_use]
    pub fn n_inner(&self) -> usize {
        self.n_inner
    }

    /// The rules of the K outer folds, each with its first inner fold: `nested:K/J:0` to `nested:K/J:K-1`.
    #[must_use]
    pub fn splits(&self) -> Vec<SplitPlan> {
        let one = |fold| SplitPlan::Nested { plan: self.clone(), fold, inner: 0 };
        (0..self.n_folds).map(one).collect()
    }

    /// The K outer folds of a recording, each with its J splits.
    ///
    /// # Errors
    /// [`Error::SplitCount`] for too few groups of stimuli; [`Error::NoGroup`] for a stimulus without the field.
    pub fn folds(&self, recording: &Recording) -> Result<Vec<OuterFold>> {
        let folds = Folds::of(self, recording)?;
        let outer = |fold| {
            let splits = (0..self.n_inner).map(|inner| folds.split(self, recording, fold, inner));
            Ok(OuterFold { fold, splits: splits.collect::<Result<_>>()? })
        };
        (0..self.n_folds).map(outer).collect()
    }

    /// One split.
    pub(super) fn split(&self, recording: &Recording, fold: usize, inner: usize) -> Result<Split> {
        if fold >= self.n_folds || inner >= self.n_inner {
            return Err(Error::SplitPlan { text: format!("{self}:{fold}/{inner}") });
        }
        Folds::of(self, recording)?.split(self, recording, fold, inner)
    }

    /// A text such as `5/4` or `kind:5/4`.
    fn parse(text: &str) -> Option<Self> {
        let of = |folds: &str| {
            let (n_folds, n_inner) = folds.split_once('/')?;
            Self::new(n_folds.parse().ok()?, n_inner.parse().ok()?).ok()
        };
        of(text).or_else(|| {
            let (field, folds) = text.rsplit_once(':').filter(|(field, _)| !field.is_empty())?;
            Some(of(folds)?.grouped_by(field))
        })
    }

    /// A text such as `5/4:0` or `kind:5/4:0/3`.
    pub(super) fn parse_fold(text: &str) -> Option<SplitPlan> {
        let (plan, chosen) = text.rsplit_once(':')?;
        let plan = Self::parse(plan)?;
        let (fold, inner) = chosen.split_once('/').unwrap_or((chosen, "0"));
        let (fold, inner) = (fold.parse().ok()?, inner.parse().ok()?);
        (fold < plan.n_folds && inner < plan.n_inner).then_some(SplitPlan::Nested { plan, fold, inner })
    }
}

impl FromStr for NestedPlan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = text.strip_prefix("nested:").and_then(Self::parse);
        parsed.ok_or_else(|| Error::NestedPlan { text: text.to_owned() })
    }
}

impl fmt::Display for NestedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nested:")?;
        if self.field != ALIKE {
            write!(f, "{}:", self.field)?;
        }
        write!(f, "{}/{}", self.n_folds, self.n_inner)
    }
}

/// The groups of a recording's stimuli, and the outer fold of each.
struct Folds {
    groups: Vec<Vec<usize>>,
    outer: Vec<usize>,
}

impl Folds {
    fn of(plan: &NestedPlan, recording: &Recording) -> Result<Self> {
        let groups = match plan.field.as_str() {
            ALIKE => similar::groups(recording),
            field => joined(similar::groups(recording), groups(recording, field)?),
        };
        let outer = dealt(groups.iter().map(Vec::len), plan.n_folds);
        // As many groups as outer folds, and as inner folds outside each of them.
        let largest = (0..plan.n_folds.min(groups.len()))
            .map(|fold| outer.iter().filter(|&&f| f == fold).count())
            .max();
        let outside = groups.len() - largest.unwrap_or(0).min(groups.len());
        if groups.len() < plan.n_folds || outside < plan.n_inner {
            let (n_folds, n_inner, got) = (plan.n_folds, plan.n_inner, groups.len());
            return Err(Error::SplitGroups { plan: plan.to_string(), n_folds, n_inner, got, outside });
        }
        Ok(Self { groups, outer })
    }

    fn split(&self, plan: &NestedPlan, recording: &Recording, fold: usize, inner: usize) -> Result<Split> {
        let (tests, others): (Vec<_>, Vec<_>) =
            self.groups.iter().zip(&self.outer).partition(|&(_, &outer)| outer == fold);
        let dealt = dealt(others.iter().map(|(group, _)| group.len()), plan.n_inner);
        let (validate, train): (Vec<_>, Vec<_>) = others.iter().zip(dealt).partition(|&(_, of)| of == inner);
        let sorted = |groups: &mut dyn Iterator<Item = &Vec<usize>>| {
            let mut stimuli: Vec<usize> = groups.flatten().copied().collect();
            stimuli.sort_unstable();
            stimuli
        };
        let split = Split::new(
            sorted(&mut train.iter().map(|((group, _), _)| *group)),
            sorted(&mut validate.iter().map(|((group, _), _)| *group)),
            sorted(&mut tests.iter().map(|(group, _)| *group)),
        )?;
        split.vetted_by_groups(recording)
    }
}

/// The fold of each group: the one with the fewest stimuli so far, the first of those. Folds beyond the number of groups get none.
fn dealt(sizes: impl ExactSizeIterator<Item = usize>, n_folds: usize) -> Vec<usize> {
    let mut full = vec![0; n_folds.min(sizes.len())];
    let fold_of = |size: usize| {
        let (fold, stimuli) = full.iter_mut().enumerate().min_by_key(|(_, stimuli)| **stimuli)?;
        *stimuli += size;
        Some(fold)
    };
    sizes.filter_map(fold_of).collect()
}

/// Two ways to group the same stimuli, joined: what is together in either is together, in the order of first stimuli.
fn joined(mut groups: Vec<Vec<usize>>, others: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    for other in others {
        let (touched, mut rest): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
            groups.into_iter().partition(|group| group.iter().any(|s| other.contains(s)));
        let mut whole: Vec<usize> = touched.into_iter().flatten().collect();
        whole.sort_unstable();
        rest.push(whole);
        groups = rest;
    }
    groups.retain(|group| !group.is_empty());
    groups.sort();
    groups
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, s};
    use proptest::prelude::*;
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{
        recording::{Description, Neuron, Responses, Stimulus},
        split::tests::of_levels,
    };

    fn of(n: usize) -> Recording {
        of_levels(&(0..n).map(|i| i as f32).collect::<Vec<_>>())
    }

    fn resolve(text: &str, recording: &Recording) -> Split {
        text.parse::<SplitPlan>().unwrap().resolve(recording).unwrap()
    }

    #[test]
    fn folds_of_unlike_sounds_go_round() {
        let split = resolve("nested:3/2:1", &of(9));
        assert_eq!(split.test(), [1, 4, 7]);
        assert_eq!((split.val(), split.train()), (&[0, 3, 6][..], &[2, 5, 8][..]));
        let other = resolve("nested:3/2:1/1", &of(9));
        assert_eq!((other.val(), other.train()), (split.train(), split.val()));
        assert_eq!(other.test(), split.test());
    }

    #[test]
    fn texts_are_read_and_written() {
        for text in ["nested:5/4:0", "nested:5/4:4/3", "nested:kind:5/4:1", "nested:a:b:2/2:1/1"] {
            assert_eq!(text.parse::<SplitPlan>().unwrap().to_string(), text);
        }
        for text in ["nested:5/4", "nested:kind:2/3"] {
            assert_eq!(text.parse::<NestedPlan>().unwrap().to_string(), text);
        }
        assert_eq!("nested:5/4:2/0".parse::<SplitPlan>().unwrap().to_string(), "nested:5/4:2");
        let plans: Vec<String> =
            NestedPlan::new(2, 3).unwrap().splits().iter().map(ToString::to_string).collect();
        assert_eq!(plans, ["nested:2/3:0", "nested:2/3:1"]);
        for text in
            ["nested:", "nested:5/4", "nested:1/4:0", "nested:5/1:0", "nested:5/4:5", "nested:5/4:0/4"]
        {
            assert!(matches!(text.parse::<SplitPlan>(), Err(Error::SplitPlan { .. })), "{text}");
        }
        let message = "nested:5".parse::<NestedPlan>().unwrap_err().to_string();
        assert!(message.contains("nested:K/J") && message.contains("nested:5"), "{message}");
    }

    #[test]
    fn too_few_stimuli_are_refused_in_words() {
        let message =
            |text: &str, n| text.parse::<NestedPlan>().unwrap().folds(&of(n)).unwrap_err().to_string();
        assert_eq!(
            message("nested:5/4", 4),
            "split nested:5/4 needs at least 5 groups of unlike stimuli, 4 of them outside each outer fold, the recording has \
             4, with 3 outside the largest"
        );
        assert_eq!(
            message("nested:2/3", 4),
            "split nested:2/3 needs at least 2 groups of unlike stimuli, 3 of them outside each outer fold, the recording has \
             4, with 2 outside the largest"
        );
    }

    #[test]
    fn a_fold_that_is_not_there_is_refused() {
        let plan = NestedPlan::new(3, 2).unwrap();
        for (fold, inner) in [(3, 0), (0, 2)] {
            let plan = SplitPlan::Nested { plan: plan.clone(), fold, inner };
            assert!(matches!(plan.resolve(&of(9)), Err(Error::SplitPlan { .. })));
        }
    }

    #[test]
    fn folds_are_stored_as_splits() {
        let folds = NestedPlan::new(2, 2).unwrap().folds(&of(4)).unwrap();
        let text = serde_json::to_string(&folds).unwrap();
        assert_eq!(
            text,
            r#"[{"fold":0,"splits":[{"train":[3],"val":[1],"test":[0,2]},{"train":[1],"val":[3],"test":[0,2]}]},"#
                .to_owned()
                + r#"{"fold":1,"splits":[{"train":[2],"val":[0],"test":[1,3]},{"train":[0],"val":[2],"test":[1,3]}]}]"#
        );
        assert_eq!(serde_json::from_str::<Vec<OuterFold>>(&text).unwrap(), folds);
    }

    /// A recording of noises `(2, 60)`, each with copies: the same, a part, or a louder one; `kinds` are metadata.
    fn with_copies(copies: &[usize], kinds: usize) -> Recording {
        let mut stimuli = Vec::new();
        for (i, &n) in copies.iter().enumerate() {
            let mut stream = Seed::new(3).stream(&format!("noise.{i}"));
            let noise = Array2::from_shape_fn((2, 60), |_| stream.normal() as f32);
            for copy in 0..=n {
                let sound = match copy % 3 {
                    0 => noise.clone(),
                    1 => noise.slice(s![.., copy..]).to_owned(),
                    _ => &noise * 1.5 + 0.25,
                };
                let silent = Responses::from_nan(Array3::zeros((1, 1, sound.ncols()))).unwrap();
                let stimulus = Stimulus::new(format!("n{i}-{copy}"), sound, silent).unwrap();
                stimuli.push(stimulus.with_kind(format!("k{}", i % kinds)));
            }
        }
        // Copies do not lie side by side.
        let order: Vec<usize> = {
            let mut order: Vec<usize> = (0..stimuli.len()).collect();
            Seed::new(4).stream("order").shuffle(&mut order);
            order
        };
        let stimuli = order.into_iter().map(|s| stimuli[s].clone()).collect();
        let dt = TimeBin::whole_millis::<5>();
        Recording::new(Description::default(), dt, vec![], vec![Neuron::new("u")], stimuli).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_stimulus_tests_once_and_alike_sounds_stay_together(
            copies in prop::collection::vec(0usize..4, 4..10),
            kinds in 2usize..10,
            (k, j) in (2usize..5, 2usize..4),
            by_kind: bool,
        ) {
            let recording = with_copies(&copies, kinds);
            let plan = NestedPlan::new(k, j).unwrap();
            let plan = if by_kind { plan.grouped_by("kind") } else { plan };
            let n_groups = if by_kind { kinds.min(copies.len()) } else { copies.len() };
            let folds = match plan.folds(&recording) {
                Ok(folds) => folds,
                Err(Error::SplitGroups { got, outside, .. }) => {
                    prop_assert_eq!(got, n_groups);
                    prop_assert!(got < k || outside < j);
                    return Ok(());
                }
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            };
            let mut tested: Vec<usize> = folds.iter().flat_map(|fold| fold.test().to_vec()).collect();
            tested.sort_unstable();
            prop_assert_eq!(tested, (0..recording.n_stimuli()).collect::<Vec<_>>());
            let root = |s: usize| recording.stimuli()[s].name().split('-').next().unwrap().to_owned();
            let kind = |s: usize| recording.stimuli()[s].kind().unwrap().to_owned();
            for outer in &folds {
                prop_assert_eq!(outer.inner().len(), j);
                let mut validated = Vec::new();
                for split in outer.inner() {
                    prop_assert_eq!(split.test(), outer.test());
                    // Looked at anew, without what is known of the groups.
                    let again = Split::new(split.train().to_vec(), split.val().to_vec(), split.test().to_vec()).unwrap();
                    again.check(&recording).unwrap();
                    let parts = [split.train(), split.val(), split.test()];
                    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                        for &x in parts[a] {
                            prop_assert!(parts[b].iter().all(|&y| root(x) != root(y)));
                            prop_assert!(!by_kind || parts[b].iter().all(|&y| kind(x) != kind(y)));
                        }
                    }
                    validated.extend(split.val().to_vec());
                }
                validated.extend(outer.test().to_vec());
                validated.sort_unstable();
                prop_assert_eq!(validated, (0..recording.n_stimuli()).collect::<Vec<_>>());
            }
            let one = SplitPlan::Nested { plan, fold: k - 1, inner: j - 1 }.resolve(&recording).unwrap();
            prop_assert_eq!(&one, &folds[k - 1].inner()[j - 1]);
        }
    }
}
