//! Conditions on metadata, by which neurons and stimuli are chosen.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde_json::Value;

use super::{Metadata, Neuron, Recording, Stimulus};
use crate::{
    error::{Error, Result},
    readers::shortened,
};

/// A condition on a field of neurons or stimuli.
///
/// | text | holds where the field |
/// |---|---|
/// | `FIELD=VALUE` | is VALUE, as a number if both are, else as text |
/// | `FIELD=VALUE\|VALUE` | is one of them |
/// | `FIELD!=VALUE` | is another value, or missing |
/// | `FIELD<VALUE`, `<=`, `>`, `>=` | is such a number |
///
/// A missing field meets no condition but `!=`.
///
/// ```
/// use statenet_data::Condition;
/// let deep: Condition = "depth >= 200".parse()?;
/// assert_eq!(deep.to_string(), "depth>=200");
/// assert!("depth".parse::<Condition>().is_err());
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    field: String,
    comparison: Comparison,
    /// As written; one, unless the comparison is of equality.
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Is,
    IsNot,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// The longer of two signs that begin alike comes first.
const SIGNS: [(&str, Comparison); 6] = [
    ("!=", Comparison::IsNot),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Is),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

impl Condition {
    /// The field that it is about.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Whether a value meets the condition; `None` for one that is no number where one is needed.
    fn holds(&self, value: Option<&Value>) -> Option<bool> {
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Some(self.comparison == Comparison::IsNot);
        };
        let is = || self.values.iter().any(|wanted| same(value, wanted));
        let number = || Some((number(value)?, self.values.first()?.parse::<f64>().ok()?));
        Some(match self.comparison {
            Comparison::Is => is(),
            Comparison::IsNot => !is(),
            Comparison::Below => number().map(|(x, limit)| x < limit)?,
            Comparison::AtMost => number().map(|(x, limit)| x <= limit)?,
            Comparison::Above => number().map(|(x, limit)| x > limit)?,
            Comparison::AtLeast => number().map(|(x, limit)| x >= limit)?,
        })
    }
}

/// Whether a value of a file is one that was written on a command line.
fn same(value: &Value, wanted: &str) -> bool {
    match (number(value), wanted.parse::<f64>()) {
        (Some(value), Ok(wanted)) => value == wanted,
        _ => text(value) == wanted,
    }
}

/// A number, also one that a table had as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl FromStr for Condition {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self> {
        let wrong = || Error::Condition { text: written.to_owned() };
        let at = written.find(['!', '<', '>', '=']).ok_or_else(wrong)?;
        let (field, rest) = written.split_at(at);
        let sign = SIGNS.iter().find_map(|&(sign, comparison)| Some((rest.strip_prefix(sign)?, comparison)));
        let (value, comparison) = sign.ok_or_else(wrong)?;
        let values: Vec<String> = match comparison {
            Comparison::Is | Comparison::IsNot => value.split('|').map(|v| v.trim().to_owned()).collect(),
            _ => vec![value.trim().to_owned()],
        };
        let is_number = |value: &String| value.parse::<f64>().is_ok_and(f64::is_finite);
        let in_order = !matches!(comparison, Comparison::Is | Comparison::IsNot);
        let field = field.trim().to_owned();
        if field.is_empty() || values.iter().any(|v| v.is_empty() || (in_order && !is_number(v))) {
            return Err(wrong());
        }
        Ok(Self { field, comparison, values })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = SIGNS.iter().find(|(_, comparison)| *comparison == self.comparison);
        write!(f, "{}{}{}", self.field, sign.map_or("", |(sign, _)| sign), self.values.join("|"))
    }
}

/// What has fields that conditions are about.
trait Described {
    /// What it is, in the singular.
    const WHAT: &'static str;
    fn name(&self) -> &str;
    /// The fields of the format itself.
    fn own(&self) -> Vec<(&'static str, &str)>;
    fn metadata(&self) -> &Metadata;

    fn field(&self, field: &str) -> Option<Value> {
        let own = self.own().into_iter().find(|(name, _)| *name == field);
        own.map(|(_, value)| Value::from(value)).or_else(|| self.metadata().get(field).cloned())
    }
}

impl Described for Neuron {
    const WHAT: &'static str = "neuron";
    fn name(&self) -> &str {
        self.id()
    }
    fn own(&self) -> Vec<(&'static str, &str)> {
        vec![("id", self.id())]
    }
    fn metadata(&self) -> &Metadata {
        self.metadata()
    }
}

impl Described for Stimulus {
    const WHAT: &'static str = "stimulus";
    fn name(&self) -> &str {
        self.name()
    }
    fn own(&self) -> Vec<(&'static str, &str)> {
        [("name", self.name())].into_iter().chain(self.kind().map(|kind| ("kind", kind))).collect()
    }
    fn metadata(&self) -> &Metadata {
        self.metadata()
    }
}

impl Recording {
    /// Indices of the neurons that meet all conditions on their `id` and metadata, in the order of the recording.
    ///
    /// ```
    /// use statenet_data::SimulationConfig;
    /// let recording = SimulationConfig::small().simulate()?.recording;
    /// let last = recording.neuron_ids().pop().unwrap_or_default();
    /// let found = recording.neurons_where(&[format!("id={last}").parse()?])?;
    /// assert_eq!(found, [recording.n_neurons() - 1]);
    /// # Ok::<(), statenet_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownField`] for a field that no neuron has, with those that there are; [`Error::NotANumber`] for a value that
    /// is to be compared as a number and is none; [`Error::NothingMeets`] if no neuron meets the conditions.
    pub fn neurons_where(&self, conditions: &[Condition]) -> Result<Vec<usize>> {
        meeting(self.name(), self.neurons(), conditions)
    }

    /// Indices of the stimuli that meet all conditions on their `name`, `kind` and metadata, in the order of the recording.
    ///
    /// # Errors
    /// As [`neurons_where`](Self::neurons_where).
    pub fn stimuli_where(&self, conditions: &[Condition]) -> Result<Vec<usize>> {
        meeting(self.name(), self.stimuli(), conditions)
    }
}

fn meeting<D: Described>(recording: &str, all: &[D], conditions: &[Condition]) -> Result<Vec<usize>> {
    for condition in conditions {
        if all.iter().all(|one| one.field(&condition.field).is_none()) {
            let own = all.iter().flat_map(|one| one.own().into_iter().map(|(name, _)| name.to_owned()));
            let more = all.iter().flat_map(|one| one.metadata().keys().cloned());
            return Err(Error::UnknownField {
                recording: recording.to_owned(),
                what: D::WHAT,
                field: condition.field.clone(),
                known: own.chain(more).collect::<BTreeSet<_>>().into_iter().collect(),
            });
        }
    }
    let mut found = Vec::new();
    for (index, one) in all.iter().enumerate() {
        let mut all_hold = true;
        for condition in conditions {
            let value = one.field(&condition.field);
            all_hold &= condition.holds(value.as_ref()).ok_or_else(|| Error::NotANumber {
                holder: format!("{} {}", D::WHAT, one.name()),
                field: condition.field.clone(),
                got: value.as_ref().map(shortened).unwrap_or_default(),
                condition: condition.to_string(),
            })?;
        }
        if all_hold {
            found.push(index);
        }
    }
    if found.is_empty() && !conditions.is_empty() {
        let values = conditions.first().map(|condition| {
            let of_field = all.iter().filter_map(|one| Some(text(&one.field(&condition.field)?)));
            (condition.field.clone(), of_field.collect::<BTreeSet<_>>().into_iter().collect())
        });
        let (field, values) = values.unwrap_or_default();
        return Err(Error::NothingMeets {
            holder: format!("{} of recording {recording}", D::WHAT),
            conditions: conditions.iter().map(ToString::to_string).collect(),
            field,
            values,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use proptest::prelude::*;
    use serde_json::json;
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Responses};

    fn metadata(value: &Value) -> Metadata {
        value.as_object().cloned().unwrap_or_default()
    }

    fn recording() -> Recording {
        let neurons = [
            ("u0", json!({"site": "A1", "depth": 150, "good": true})),
            ("u1", json!({"site": "A1", "depth": 420.5, "good": false})),
            ("u2", json!({"site": "PEG", "depth": "300"})),
            ("u3", json!({"depth": null})),
        ];
        let neurons = neurons.map(|(id, about)| Neuron::new(id).with_metadata(metadata(&about)));
        let stimuli = ["song", "noise", "song"].iter().enumerate().map(|(s, kind)| {
            let silent = Responses::from_nan(Array3::zeros((4, 1, 2))).unwrap();
            let stimulus =
                Stimulus::new(format!("s{s}"), Array2::from_elem((1, 2), s as f32), silent).unwrap();
            stimulus.with_kind(*kind).with_metadata(metadata(&json!({"level": 50 + 10 * s})))
        });
        let about = Description { name: "mine".to_owned(), ..Description::default() };
        Recording::new(about, TimeBin::whole_millis::<5>(), vec![], neurons.to_vec(), stimuli.collect())
            .unwrap()
    }

    fn neurons(conditions: &[&str]) -> Result<Vec<usize>> {
        let parsed: Vec<Condition> = conditions.iter().map(|text| text.parse().unwrap()).collect();
        recording().neurons_where(&parsed)
    }

    #[test]
    fn neurons_meet_conditions_on_their_metadata() {
        let cases: [(&[&str], &[usize]); 11] = [
            (&[], &[0, 1, 2, 3]),
            (&["site=A1"], &[0, 1]),
            (&["site = PEG|A1"], &[0, 1, 2]),
            (&["site!=A1"], &[2, 3]),
            (&["depth>=300"], &[1, 2]),
            (&["depth>300"], &[1]),
            (&["depth<=150.0"], &[0]),
            (&["depth=150.0"], &[0]),
            (&["good=true"], &[0]),
            (&["id=u3|u0"], &[0, 3]),
            (&["site=A1", "depth<400"], &[0]),
        ];
        for (conditions, expected) in cases {
            assert_eq!(neurons(conditions).unwrap(), expected, "{conditions:?}");
        }
    }

    #[test]
    fn stimuli_meet_conditions_on_kind_name_and_metadata() {
        let of = |text: &str| recording().stimuli_where(&[text.parse().unwrap()]).unwrap();
        assert_eq!((of("kind=song"), of("name=s1"), of("level>50")), (vec![0, 2], vec![1], vec![1, 2]));
        let songs = recording().select_stimuli(&of("kind=song")).unwrap();
        let names: Vec<_> = songs.stimuli().iter().map(Stimulus::name).collect();
        assert_eq!(names, ["s0", "s2"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_there_is() {
        let message = |conditions: &[&str]| neurons(conditions).unwrap_err().to_string();
        assert_eq!(
            message(&["deepness>3"]),
            "no neuron of recording mine has the field deepness, expected one of depth, good, id, site"
        );
        assert_eq!(
            message(&["site=A2"]),
            "no neuron of recording mine meets site=A2, expected one at least: the values of site are A1, PEG"
        );
        assert_eq!(
            message(&["site=PEG", "depth>400"]),
            "no neuron of recording mine meets site=PEG and depth>400, expected one at least: the values of site are A1, PEG"
        );
        assert_eq!(
            message(&["site>3"]),
            "neuron u0: site is \"A1\", expected a number, to be compared as site>3 asks"
        );
        for text in
            ["", "site", "=A1", "site=", "site=A1|", "depth>deep", "depth>", "depth~3", "depth<1|2", "x!3"]
        {
            let error = text.parse::<Condition>().unwrap_err();
            assert!(matches!(error, Error::Condition { .. }), "{text}: {error}");
        }
        assert_eq!(
            "site".parse::<Condition>().unwrap_err().to_string(),
            "condition is \"site\", expected FIELD=VALUE, FIELD=VALUE|VALUE or FIELD!=VALUE, or FIELD<NUMBER with <, <=, > or >="
        );
    }

    proptest! {
        #[test]
        fn a_condition_is_read_as_it_is_written(
            field in "[a-z_]{1,8}",
            sign in prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]),
            value in -1e6..1e6f64,
        ) {
            let condition: Condition = format!("{field}{sign}{value}").parse().unwrap();
            prop_assert_eq!(condition.field(), &field);
            prop_assert_eq!(condition.to_string().parse::<Condition>().unwrap(), condition.clone());
            for (x, order) in [(value - 1.0, -1), (value, 0), (value + 1.0, 1)] {
                let expected = match sign {
                    "=" => order == 0,
                    "!=" => order != 0,
                    "<" => order < 0,
                    "<=" => order <= 0,
                    ">" => order > 0,
                    _ => order >= 0,
                };
                prop_assert_eq!(condition.holds(Some(&json!(x))), Some(expected));
            }
        }
    }
}
