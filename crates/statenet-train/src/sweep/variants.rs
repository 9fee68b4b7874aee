//! Fields of a config that a plan sets or varies, found by their names.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use statenet_core::shortened;

use super::{entry::Candidates, error::SweepError};
use crate::error::Result;

/// Most characters of a value, and of a field that is not there, in an error: a file can hold any.
const QUOTED: usize = 200;
/// Most characters of what serde says of a value, which quotes it too, beside the values allowed.
const SAID: usize = 1000;

/// All combinations of one candidate for each field; one without fields if there are none. The first field varies slowest.
pub(super) fn combinations(vary: &BTreeMap<String, Candidates>) -> Vec<BTreeMap<String, Value>> {
    let mut all = vec![BTreeMap::new()];
    for (field, Candidates(values)) in vary {
        let with = |chosen: &BTreeMap<String, Value>| {
            let one = |value: &Value| {
                let mut chosen = chosen.clone();
                chosen.insert(field.clone(), value.clone());
                chosen
            };
            values.iter().map(one).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}

/// A config with other values of some fields. A field is named by its path, else by the end of its path if only one ends so: `hidden`,
/// `gru.hidden` and `model.pipeline.core.statenet.backbone.gru.hidden` are the same field of StateNet-GRU. `of` says whose config it is.
///
/// # Errors
/// [`SweepError::Field`] for a field that is not in the config or in several places; [`SweepError::Value`] for a value that the field
/// cannot have.
pub fn set_fields<T: Serialize + DeserializeOwned>(
    config: &T,
    of: &str,
    fields: &BTreeMap<String, Value>,
) -> Result<T> {
    let failed = |field: &str, got: String, e: serde_json::Error| SweepError::Value {
        field: format!("{field} of {of}"),
        got: shortened(&got, QUOTED),
        expected: shortened(&e.to_string(), SAID),
    };
    let mut whole = serde_json::to_value(config).map_err(|e| failed("config", String::new(), e))?;
    for (field, value) in fields {
        let mut paths = Vec::new();
        collect(&whole, &mut Vec::new(), &mut paths);
        let dotted = |path: &Vec<String>| path.join(".");
        let ends = |path: &&Vec<String>| dotted(path).ends_with(&format!(".{field}"));
        let whole_path = paths.iter().find(|path| dotted(path) == *field);
        let found: Vec<&Vec<String>> =
            whole_path.map_or_else(|| paths.iter().filter(ends).collect(), |path| vec![path]);
        let path = match found.as_slice() {
            [path] => *path,
            [] => {
                let known = paths.iter().map(dotted).collect();
                return Err(SweepError::Field {
                    of: of.to_owned(),
                    field: shortened(field, QUOTED),
                    found: 0,
                    known,
                }
                .into());
            }
            several => {
                let known: Vec<String> = several.iter().map(|path| dotted(path)).collect();
                let found = known.len();
                return Err(
                    SweepError::Field { of: of.to_owned(), field: field.clone(), found, known }.into()
                );
            }
        };
        if let Some(place) = path.iter().try_fold(&mut whole, |inside, key| inside.get_mut(key.as_str())) {
            *place = value.clone();
        }
        // At once, so that the error is about this field.
        if let Err(e) = T::deserialize(&whole) {
            return Err(failed(field, value.to_string(), e).into());
        }
    }
    Ok(T::deserialize(&whole).map_err(|e| failed("config", String::new(), e))?)
}

/// The paths of all fields of objects in objects.
fn collect(value: &Value, path: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let Value::Object(fields) = value else { return };
    for (name, inside) in fields {
        path.push(name.clone());
        paths.push(path.clone());
        collect(inside, path, paths);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use statenet_core::{Axes, TimeBin};
    use statenet_models::zoo;

    use super::*;
    use crate::gradient::FitConfig;

    fn fields(value: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_field_is_found_by_the_end_of_its_path() {
        let axes = Axes::new(34, 3, TimeBin::from_millis(5.0).unwrap());
        let gru = zoo::statenet_gru(&axes).resolved().unwrap();
        for name in ["hidden", "gru.hidden", "model.pipeline.core.statenet.backbone.gru.hidden"] {
            let changed = set_fields(&gru, "statenet-gru", &fields(json!({ name: 35 }))).unwrap();
            assert!(changed.slug().contains("h35"), "{}", changed.slug());
        }
        let error = set_fields(&gru, "statenet-gru", &fields(json!({"hiden": 1}))).unwrap_err().to_string();
        assert!(
            error.starts_with("statenet-gru has 0 fields hiden, expected exactly one: format"),
            "{error}"
        );
        let error =
            set_fields(&gru, "statenet-gru", &fields(json!({"hidden": "x"}))).unwrap_err().to_string();
        assert!(error.starts_with("hidden of statenet-gru of the plan is \"x\", expected"), "{error}");
    }

    #[test]
    fn an_error_does_not_quote_all_of_a_long_value_or_field() {
        let long = "x".repeat(5000);
        let config = FitConfig::default();
        for wrong in [json!({"loss": &long}), json!({"loss": [&long]}), json!({ &long: 1 })] {
            let error = set_fields(&config, "the recipe", &fields(wrong)).unwrap_err().to_string();
            assert!(error.len() < 2000 && error.contains("xxx..."), "{error}");
        }
    }

    #[test]
    fn an_ambiguous_field_lists_its_places() {
        let twice = json!({"first": {"size": 1}, "second": {"size": 2}});
        let error = set_fields(&twice, "ln", &fields(json!({"size": 3}))).unwrap_err().to_string();
        assert_eq!(error, "ln has 2 fields size, expected exactly one: first.size, second.size");
        let changed = set_fields(&twice, "ln", &fields(json!({"second.size": 3}))).unwrap();
        assert_eq!(changed, json!({"first": {"size": 1}, "second": {"size": 3}}));
        // A whole path is itself, also where it is the end of another one.
        let recipe = FitConfig::default();
        let changed =
            set_fields(&recipe, "recipe", &fields(json!({"patience": 3, "learning_rate": 0.5}))).unwrap();
        assert_eq!((changed.patience, changed.optimizer.learning_rate), (3, 0.5));
        assert_eq!(changed.schedule, recipe.schedule);
    }

    #[test]
    fn all_combinations_are_made() {
        let vary = [("a", vec![json!(1), json!(2)]), ("b", vec![json!("x"), json!("y"), json!("z")])];
        let vary = vary.into_iter().map(|(field, values)| (field.to_owned(), Candidates(values))).collect();
        let all = combinations(&vary);
        assert_eq!(all.len(), 6);
        assert_eq!(json!(all[1]), json!({"a": 1, "b": "y"}));
        assert_eq!(combinations(&BTreeMap::new()), [BTreeMap::new()]);
    }
}
