//! Rules that split the stimuli of a recording, by name.

use std::{fs, path::PathBuf, str::FromStr};

use serde_json::{Map, Value};
use statenet_core::json;

use super::{NestedPlan, Part, Split, Vetted, nested::ALIKE, similar};
use crate::{
    error::{Error, Result},
    readers::shortened,
    recording::{Recording, Stimulus},
};

/// Test stimuli of the split of Rahman et al. (2019) on NS1.
const RAHMAN_TEST: [usize; 4] = [3, 6, 9, 19];
/// Our validation stimuli, of the sixteen that Rahman et al. use for training and validation.
const RAHMAN_VAL: [usize; 3] = [16, 17, 18];
/// Number of stimuli of NS1.
const RAHMAN_STIMULI: usize = 20;

/// A rule that splits the stimuli of a recording; parsed from the text of the option `--split`.
///
/// | text | rule |
/// |---|---|
/// | `demo` | in order: training, then 15 % validation, then 15 % test; each 15 % is rounded to the nearest number (half up) and at least one: 0-13 / 14-16 / 17-19 of 20 |
/// | `rahman` | test 3, 6, 9, 19 of NS1 (Rahman et al. 2019); validation 16, 17, 18; training the other thirteen |
/// | `kfold:K/I` | stimulus s is in fold s mod K; fold I is the test part, fold I + 1 mod K the validation part, the rest training; K is 3 or more |
/// | `loo:I` | stimulus I is the test part, the next one the validation part (the first after the last), the rest training |
/// | `grouped:FIELD:K/I` | as `kfold:K/I` with groups in place of stimuli, in the order in which they first occur: stimuli with the same FIELD of their metadata, `kind`, `name` (up to an `@`: pieces of one stimulus) or `alike` (sounds that are equal or nearly so) are in one part |
/// | `nested:K/J:I/V` | one split of a [`NestedPlan`]: outer fold I of K is the test part, inner fold V of J the validation part, the rest training; `nested:K/J:I` has V 0, and `nested:FIELD:K/J:I` keeps groups together as `grouped` does |
/// | `repeats` | the stimuli with the most recorded repeats of any neuron are the test part (estimation with one repeat, test with many, as in NAT4); of the others the last 15 %, rounded as in `demo`, the validation part, and the rest training |
/// | `FILE.json` | `{"train": [..], "val": [..], "test": [..]}`, each entry an index or the name of a stimulus |
///
/// ```
/// use statenet_data::SplitPlan;
/// let plan: SplitPlan = "kfold:5/0".parse()?;
/// assert_eq!(plan.to_string(), "kfold:5/0");
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SplitPlan {
    /// 70 % training, 15 % validation, 15 % test, in order.
    #[default]
    Demo,
    /// The split of Rahman et al. (2019) for NS1.
    Rahman,
    /// One fold of a cross-validation.
    KFold {
        /// Number of folds K.
        n_folds: usize,
        /// The test fold I.
        fold: usize,
    },
    /// One stimulus tests.
    LeaveOneOut {
        /// The test stimulus.
        test: usize,
    },
    /// One fold of a cross-validation over groups of stimuli.
    Grouped {
        /// What stimuli of a group have in common: `kind`, `name` up to an `@`, `alike`, or a field of their metadata.
        field: String,
        /// Number of folds K.
        n_folds: usize,
        /// The test fold I.
        fold: usize,
    },
    /// One split of a nested cross-validation.
    Nested {
        /// Its folds.
        plan: NestedPlan,
        /// The outer fold I, which tests.
        fold: usize,
        /// The inner fold V, which validates.
        inner: usize,
    },
    /// The stimuli with the most repeats test.
    Repeats,
    /// A JSON file with the three lists.
    File(PathBuf),
}

impl SplitPlan {
    /// Applies the rule to a recording.
    ///
    /// # Errors
    /// [`Error::SplitCount`] if the rule does not fit the number of stimuli; [`Error::Io`], [`Error::Json`],
    /// [`Error::Field`] or [`Error::UnknownStimulus`] for a file; and the errors of [`Split::new`] and [`Split::check`].
    pub fn resolve(&self, recording: &Recording) -> Result<Split> {
        self.lists(recording)?.vetted(recording, false)
    }

    /// As [`resolve`](Self::resolve), also where sounds in different parts are alike: they are then listed by
    /// [`Split::similar_sounds`], for a warning.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve), but for [`Error::SimilarSounds`].
    pub fn resolve_allowing_similar_sounds(&self, recording: &Recording) -> Result<Split> {
        self.lists(recording)?.vetted(recording, true)
    }

    fn lists(&self, recording: &Recording) -> Result<Split> {
        let n = recording.n_stimuli();
        match self {
            Self::Demo => self.demo(n),
            Self::Rahman => self.rahman(n),
            Self::KFold { n_folds, fold } => self.k_fold(n, *n_folds, *fold),
            Self::LeaveOneOut { test } => self.leave_one_out(n, *test),
            Self::Grouped { field, n_folds, fold } => {
                let groups = groups(recording, field)?;
                let folds = self.k_fold(groups.len(), *n_folds, *fold)?;
                let of = |part: &[usize]| -> Vec<usize> {
                    let mut stimuli: Vec<usize> =
                        part.iter().filter_map(|&group| groups.get(group)).flatten().copied().collect();
                    stimuli.sort_unstable();
                    stimuli
                };
                Split::new(of(folds.train()), of(folds.val()), of(folds.test()))
            }
            Self::Nested { plan, fold, inner } => plan.split(recording, *fold, *inner),
            Self::Repeats => self.repeats(recording),
            Self::File(path) => from_file(path, recording),
        }
    }

    fn leave_one_out(&self, n: usize, test: usize) -> Result<Split> {
        if n < 3 {
            return Err(self.count("at least 3", n));
        }
        if test >= n {
            return Err(Error::StimulusOutOfRange { index: test, part: Some(Part::Test), n_stimuli: n });
        }
        let val = (test + 1) % n;
        Split::new((0..n).filter(|&s| s != test && s != val).collect(), vec![val], vec![test])
    }

    fn repeats(&self, recording: &Recording) -> Result<Split> {
        // Those that were recorded: where recordings were joined, an array may have room for more.
        let of_stimulus =
            |s: &Stimulus| (0..s.n_neurons()).map(|neuron| s.n_repeats_of(neuron)).max().unwrap_or(0);
        let counts: Vec<usize> = recording.stimuli().iter().map(of_stimulus).collect();
        let repeats = |s: &usize| counts.get(*s).copied().unwrap_or(0);
        let n = recording.n_stimuli();
        let most = (0..n).map(|s| repeats(&s)).max().unwrap_or(0);
        let (test, rest): (Vec<usize>, Vec<usize>) = (0..n).partition(|s| repeats(s) == most);
        if rest.len() < 2 {
            return Err(self.count("at least 2 less repeated", rest.len()));
        }
        let held_out = ((0.15 * rest.len() as f64 + 0.5).floor() as usize).max(1);
        let (train, val) = rest.split_at(rest.len() - held_out);
        Split::new(train.to_vec(), val.to_vec(), test)
    }

    fn demo(&self, n: usize) -> Result<Split> {
        if n < 3 {
            return Err(self.count("at least 3", n));
        }
        let held_out = ((0.15 * n as f64 + 0.5).floor() as usize).max(1);
        let (val, test) = (n - 2 * held_out, n - held_out);
        Split::new((0..val).collect(), (val..test).collect(), (test..n).collect())
    }

    fn rahman(&self, n: usize) -> Result<Split> {
        if n != RAHMAN_STIMULI {
            return Err(self.count("20", n));
        }
        let train = (0..n).filter(|s| !RAHMAN_TEST.contains(s) && !RAHMAN_VAL.contains(s)).collect();
        Split::new(train, RAHMAN_VAL.to_vec(), RAHMAN_TEST.to_vec())
    }

    fn k_fold(&self, n: usize, n_folds: usize, fold: usize) -> Result<Split> {
        if n_folds < 3 || fold >= n_folds {
            return Err(Error::SplitPlan { text: self.to_string() });
        }
        if n < n_folds {
            return Err(self.count(&format!("at least {n_folds}"), n));
        }
        let of = |wanted: &dyn Fn(usize) -> bool| (0..n).filter(|s| wanted(s % n_folds)).collect();
        let next = (fold + 1) % n_folds;
        Split::new(of(&|f| f != fold && f != next), of(&|f| f == next), of(&|f| f == fold))
    }

    fn count(&self, expected: &str, got: usize) -> Error {
        Error::SplitCount { plan: self.to_string(), expected: expected.to_owned(), got }
    }
}

impl FromStr for SplitPlan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::SplitPlan { text: text.to_owned() };
        match text {
            "demo" => return Ok(Self::Demo),
            "rahman" => return Ok(Self::Rahman),
            _ => {}
        }
        if let Some(folds) = text.strip_prefix("kfold:") {
            let (n_folds, fold) = folds.split_once('/').ok_or_else(unknown)?;
            let n_folds = n_folds.parse().map_err(|_| unknown())?;
            let fold = fold.parse().map_err(|_| unknown())?;
            return if n_folds >= 3 && fold < n_folds {
                Ok(Self::KFold { n_folds, fold })
            } else {
                Err(unknown())
            };
        }
        if text == "repeats" {
            return Ok(Self::Repeats);
        }
        if let Some(test) = text.strip_prefix("loo:") {
            return Ok(Self::LeaveOneOut { test: test.parse().map_err(|_| unknown())? });
        }
        if let Some(grouped) = text.strip_prefix("grouped:") {
            let (field, folds) = grouped.rsplit_once(':').ok_or_else(unknown)?;
            return match format!("kfold:{folds}").parse()? {
                Self::KFold { n_folds, fold } if !field.is_empty() => {
                    Ok(Self::Grouped { field: field.to_owned(), n_folds, fold })
                }
                _ => Err(unknown()),
            };
        }
        if let Some(nested) = text.strip_prefix("nested:") {
            return NestedPlan::parse_fold(nested).ok_or_else(unknown);
        }
        if text.ends_with(".json") { Ok(Self::File(text.into())) } else { Err(unknown()) }
    }
}

impl std::fmt::Display for SplitPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Demo => f.write_str("demo"),
            Self::Rahman => f.write_str("rahman"),
            Self::KFold { n_folds, fold } => write!(f, "kfold:{n_folds}/{fold}"),
            Self::LeaveOneOut { test } => write!(f, "loo:{test}"),
            Self::Grouped { field, n_folds, fold } => write!(f, "grouped:{field}:{n_folds}/{fold}"),
            Self::Nested { plan, fold, inner: 0 } => write!(f, "{plan}:{fold}"),
            Self::Nested { plan, fold, inner } => write!(f, "{plan}:{fold}/{inner}"),
            Self::Repeats => f.write_str("repeats"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The stimuli of each group, in the order in which groups first occur.
///
/// # Errors
/// [`Error::NoGroup`] for a stimulus without the field.
pub(super) fn groups(recording: &Recording, field: &str) -> Result<Vec<Vec<usize>>> {
    if field == ALIKE {
        return Ok(similar::groups(recording));
    }
    let mut keys: Vec<String> = Vec::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (s, stimulus) in recording.stimuli().iter().enumerate() {
        let key = match field {
            "kind" => stimulus.kind().map(str::to_owned),
            "name" => stimulus.name().split('@').next().map(str::to_owned),
            field => stimulus.metadata().get(field).filter(|value| !value.is_null()).map(ToString::to_string),
        };
        let Some(key) = key else {
            let (stimulus, field) = (stimulus.name().to_owned(), field.to_owned());
            return Err(Error::NoGroup { stimulus, field });
        };
        match keys.iter().position(|known| *known == key) {
            Some(group) => groups.get_mut(group).into_iter().for_each(|group| group.push(s)),
            None => {
                keys.push(key);
                groups.push(vec![s]);
            }
        }
    }
    Ok(groups)
}

fn from_file(path: &PathBuf, recording: &Recording) -> Result<Split> {
    let bytes = fs::read(path).map_err(|source| Error::Io { path: path.clone(), action: "read", source })?;
    let lists: Map<String, Value> =
        json::parse(&bytes).map_err(|source| Error::Json { path: path.clone(), source })?;
    let field = |field: &str, got: &str, expected: &str| Error::Field {
        path: path.clone(),
        field: field.to_owned(),
        got: got.to_owned(),
        expected: expected.to_owned(),
    };
    let part = |part: Part| -> Result<Vec<usize>> {
        let name = part.to_string();
        let entries = lists.get(&name).ok_or_else(|| field(&name, "missing", "a list of stimuli"))?;
        let entries = entries.as_array().ok_or_else(|| field(&name, "not a list", "a list of stimuli"))?;
        let index = |(i, entry): (usize, &Value)| match entry {
            Value::String(name) => recording
                .stimuli()
                .iter()
                .position(|s| s.name() == name)
                .ok_or_else(|| Error::UnknownStimulus { name: name.clone(), part }),
            other => other.as_u64().and_then(|index| usize::try_from(index).ok()).ok_or_else(|| {
                field(&format!("{name}[{i}]"), &shortened(other), "an index or a stimulus's name")
            }),
        };
        entries.iter().enumerate().map(index).collect()
    };
    let (train, val, test) = (part(Part::Train)?, part(Part::Val)?, part(Part::Test)?);
    let split = Split { train, val, test, vetted: Vetted::default() };
    if let Some(stray) = lists.keys().find(|key| !matches!(key.as_str(), "train" | "val" | "test")) {
        return Err(field(stray, "present", "only the fields train, val and test"));
    }
    // Not through `Split::new`: it knows only the index of a stimulus that leaks, `listed` also its name.
    split.listed(recording)?;
    Ok(split)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::split::tests::of_levels;

    fn of(n: usize) -> Recording {
        of_levels(&(0..n).map(|i| i as f32).collect::<Vec<_>>())
    }

    fn split(text: &str, n: usize) -> Result<Split> {
        text.parse::<SplitPlan>()?.resolve(&of(n))
    }

    #[test]
    fn demo_is_fourteen_three_three_of_twenty() {
        let demo = split("demo", 20).unwrap();
        assert_eq!(demo.train(), (0..14).collect::<Vec<_>>());
        assert_eq!((demo.val(), demo.test()), (&[14, 15, 16][..], &[17, 18, 19][..]));
        let sizes = |n| split("demo", n).map(|s| [s.train().len(), s.val().len(), s.test().len()]).unwrap();
        assert_eq!(
            [sizes(3), sizes(4), sizes(10), sizes(100)],
            [[1, 1, 1], [2, 1, 1], [6, 2, 2], [70, 15, 15]]
        );
        assert_eq!(
            split("demo", 2).unwrap_err().to_string(),
            "split demo needs at least 3 stimuli, the recording has 2"
        );
    }

    #[test]
    fn one_stimulus_is_left_out() {
        let last = split("loo:4", 5).unwrap();
        assert_eq!((last.train(), last.val(), last.test()), (&[1, 2, 3][..], &[0][..], &[4][..]));
        assert_eq!(
            split("loo:5", 5).unwrap_err().to_string(),
            "stimulus index in the test part is 5, expected below 5"
        );
    }

    #[test]
    fn groups_stay_together() {
        let plain = of(9);
        let stimuli = plain
            .stimuli()
            .iter()
            .enumerate()
            .map(|(s, stimulus)| stimulus.clone().with_kind(["a", "b", "c"][s % 3]));
        let recording = Recording::new(
            plain.description().clone(),
            plain.dt(),
            plain.bands().to_vec(),
            plain.neurons().to_vec(),
            stimuli.collect(),
        )
        .unwrap();
        let plan: SplitPlan = "grouped:kind:3/1".parse().unwrap();
        assert_eq!(plan.to_string(), "grouped:kind:3/1");
        let split = plan.resolve(&recording).unwrap();
        assert_eq!(
            (split.train(), split.val(), split.test()),
            (&[0, 3, 6][..], &[2, 5, 8][..], &[1, 4, 7][..])
        );
        let error =
            "grouped:site:3/1".parse::<SplitPlan>().unwrap().resolve(&recording).unwrap_err().to_string();
        assert!(error.contains("has no site"), "{error}");
        assert!(
            "grouped:kind:2/0".parse::<SplitPlan>().is_err() && "grouped:3/0".parse::<SplitPlan>().is_err()
        );
    }

    #[test]
    fn what_was_repeated_most_tests() {
        // Estimation sounds heard once, two sounds heard by some neurons three times; room for four repeats in every array.
        let dt = statenet_core::TimeBin::whole_millis::<5>();
        let stimuli = (0..10).map(|s| {
            let n_heard = if s == 2 || s == 5 { 3 } else { 1 };
            let counts = ndarray::Array3::from_shape_fn((2, 4, 2), |(n, r, _)| {
                if r < n_heard && (n == 1 || r == 0) { 1.0 } else { f32::NAN }
            });
            let sound = ndarray::Array2::from_elem((1, 2), s as f32);
            Stimulus::new(format!("s{s}"), sound, crate::recording::Responses::from_nan(counts).unwrap())
                .unwrap()
        });
        let neurons = ["a", "b"].map(crate::recording::Neuron::new).to_vec();
        let recording = Recording::new(Default::default(), dt, vec![], neurons, stimuli.collect()).unwrap();
        let parts = SplitPlan::Repeats.resolve(&recording).unwrap();
        assert_eq!(
            (parts.train(), parts.val(), parts.test()),
            (&[0, 1, 3, 4, 6, 7, 8][..], &[9][..], &[2, 5][..])
        );
        let message = split("repeats", 6).unwrap_err().to_string();
        assert!(
            message == "split repeats needs at least 2 less repeated stimuli, the recording has 0",
            "{message}"
        );
    }

    #[test]
    fn rahman_is_for_twenty_stimuli() {
        let rahman = split("rahman", 20).unwrap();
        assert_eq!(rahman.train(), [0, 1, 2, 4, 5, 7, 8, 10, 11, 12, 13, 14, 15]);
        assert_eq!((rahman.val(), rahman.test()), (&[16, 17, 18][..], &[3, 6, 9, 19][..]));
        assert_eq!(
            split("rahman", 19).unwrap_err().to_string(),
            "split rahman needs 20 stimuli, the recording has 19"
        );
    }

    #[test]
    fn folds_go_round() {
        let last = split("kfold:4/3", 6).unwrap();
        assert_eq!((last.train(), last.val(), last.test()), (&[1, 2, 5][..], &[0, 4][..], &[3][..]));
        assert_eq!(
            split("kfold:7/0", 6).unwrap_err().to_string(),
            "split kfold:7/0 needs at least 7 stimuli, the recording has 6"
        );
    }

    #[test]
    fn text_that_is_no_split_is_refused() {
        for text in
            ["", "Demo", "kfold", "kfold:", "kfold:5", "kfold:5/5", "kfold:2/0", "kfold:-3/0", "split.txt"]
        {
            let error = text.parse::<SplitPlan>().unwrap_err();
            assert!(matches!(error, Error::SplitPlan { .. }), "{text}");
        }
        assert_eq!(
            "x".parse::<SplitPlan>().unwrap_err().to_string(),
            "split is \"x\", expected demo, rahman, repeats, kfold:K/I or grouped:FIELD:K/I with K of at least 3 and I below K, loo:I, \
             nested:K/J:I with K and J of at least 2 and I below K, or a .json file"
        );
        let built = SplitPlan::KFold { n_folds: 0, fold: 0 }.resolve(&of(5));
        assert!(matches!(built, Err(Error::SplitPlan { .. })));
    }

    fn file(text: &str, recording: &Recording) -> Result<Split, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("split.json");
        fs::write(&path, text).unwrap();
        let plan: SplitPlan = path.to_str().unwrap().parse().unwrap();
        plan.resolve(recording)
            .map_err(|e| e.to_string().replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn a_file_lists_indices_and_names() {
        let split = file(r#"{"train": [0, "s3"], "val": ["s1"], "test": [2]}"#, &of(5)).unwrap();
        assert_eq!((split.train(), split.val(), split.test()), (&[0, 3][..], &[1][..], &[2][..]));
    }

    #[test]
    fn every_fault_of_a_file_is_named() {
        let recording = of(5);
        let cases = [
            (r#"{"train": [0], "val": [1]}"#, "split.json: test is missing, expected a list of stimuli"),
            (
                r#"{"train": 0, "val": [1], "test": [2]}"#,
                "split.json: train is not a list, expected a list of stimuli",
            ),
            (
                r#"{"train": [0, 1.5], "val": [1], "test": [2]}"#,
                "split.json: train[1] is 1.5, expected an index or a stimulus's name",
            ),
            (
                r#"{"train": [0], "val": ["s9"], "test": [2]}"#,
                "stimulus s9 in the val part is not in the recording",
            ),
            (
                r#"{"train": [0], "val": [1], "test": [5]}"#,
                "stimulus index in the test part is 5, expected below 5",
            ),
            (
                r#"{"train": [0, 1], "val": [2], "test": ["s1"]}"#,
                "stimulus s1 is in the train part and again in the test part, expected once",
            ),
            (
                r#"{"train": [0], "val": [], "test": [1]}"#,
                "the val part of the split is empty, expected at least one stimulus",
            ),
            (
                r#"{"train": [0], "val": [1], "test": [2], "extra": []}"#,
                "split.json: extra is present, expected only the fields train, val and test",
            ),
            ("[0]", "split.json: cannot read as JSON"),
        ];
        for (text, message) in cases {
            assert_eq!(file(text, &recording).unwrap_err(), message, "{text}");
        }
        let missing = SplitPlan::File("nowhere.json".into()).resolve(&recording).unwrap_err();
        assert_eq!(missing.to_string(), "nowhere.json: cannot read");
    }

    proptest! {
        #[test]
        fn splits_never_leak_and_cover_everything(n in 3usize..60, k in 3usize..12, fold in 0usize..12) {
            for plan in [SplitPlan::Demo, SplitPlan::KFold { n_folds: k, fold: fold % k }] {
                let Ok(split) = plan.resolve(&of(n)) else {
                    prop_assert!(k > n);
                    continue;
                };
                let mut all = [split.train(), split.val(), split.test()].concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
            }
        }

        #[test]
        fn every_stimulus_is_tested_in_one_fold(n in 3usize..40, k in 3usize..8) {
            prop_assume!(n >= k);
            let mut tested: Vec<usize> = (0..k)
                .flat_map(|fold| SplitPlan::KFold { n_folds: k, fold }.resolve(&of(n)).unwrap().test().to_vec())
                .collect();
            tested.sort_unstable();
            prop_assert_eq!(tested, (0..n).collect::<Vec<_>>());
        }
    }
}
