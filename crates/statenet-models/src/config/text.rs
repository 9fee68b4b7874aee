//! Configs as text: JSON and TOML, read and written in one place.
//!
//! JSON in all its forms (text, lines, a document read before) reaches a config through `erased_serde`, and so does all that
//! is written. The code that serde derives for the configs of all stages is then compiled once for each direction, not
//! once for each reader and writer: it was most of what this crate took to compile. TOML is read directly, because
//! its errors would lose their place in the text.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

/// A value from JSON text, or what is wrong in which line and column.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = erased_serde::deserialize(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut json));
    let value = value.map_err(|e| e.to_string())?;
    json.end().map_err(|e| e.to_string())?;
    Ok(value)
}

/// A value from the bytes of a JSON file, or what is wrong: also a key that occurs twice, and NaN, with the field.
pub(crate) fn from_json_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    from_json(&statenet_core::json::checked_text(bytes).map_err(|e| e.to_string())?)
}

/// A value from a JSON document that was read before, or what is wrong.
pub(crate) fn from_json_value<T: DeserializeOwned>(document: serde_json::Value) -> Result<T, String> {
    erased_serde::deserialize(&mut <dyn erased_serde::Deserializer<'_>>::erase(document))
        .map_err(|e| e.to_string())
}

/// A value from TOML text, or what is wrong in which line and column, in one line as JSON's errors are.
pub(crate) fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|e| {
        let Some(before) = e.span().and_then(|span| text.get(..span.start)) else {
            return e.message().to_owned();
        };
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        format!("{} at line {line} column {column}", e.message())
    })
}

/// A value from a file: TOML if its name ends in `.toml`, else JSON.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| Error::File {
        path: path.to_path_buf(),
        action: "read",
        source: Box::new(source),
    })?;
    let origin = path.display().to_string();
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
        let text = statenet_core::json::text(&bytes).map_err(|e| e.to_string());
        parse(text.and_then(|text| from_toml(&text)), &origin)
    } else {
        parse(from_json_bytes(&bytes), &origin)
    }
}

/// A parsed value, or the error that names where the text comes from.
pub(crate) fn parse<T>(parsed: Result<T, String>, origin: &str) -> Result<T> {
    parsed.map_err(|e| Error::ConfigText { origin: origin.to_owned(), reason: e.trim().to_owned() })
}

/// JSON text in one line.
pub(crate) fn to_json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(erased(value))
}

/// JSON text, indented.
pub(crate) fn to_pretty_json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(erased(value))
}

/// TOML text.
pub(crate) fn to_toml(value: &impl Serialize) -> Result<String, toml::ser::Error> {
    toml::to_string(erased(value))
}

fn erased<'a>(value: &'a impl Serialize) -> &'a (dyn erased_serde::Serialize + 'a) {
    value
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Layer {
        #[serde(rename = "units")]
        _units: u32,
    }

    #[test]
    fn errors_name_line_and_column_in_both_formats() {
        let json = from_json::<Layer>("{\"units\": 1,\n \"unit\": 2}").unwrap_err();
        assert!(json.contains("unknown field `unit`") && json.ends_with("at line 2 column 7"), "{json}");
        let toml = from_toml::<Layer>("units = 1\nunit = 2").unwrap_err();
        assert!(toml.contains("unknown field `unit`") && toml.ends_with("at line 2 column 1"), "{toml}");
        let end = from_json::<Vec<f64>>("[1.5] 2").unwrap_err();
        assert!(end.starts_with("trailing characters at line 1"), "{end}");
    }

    #[test]
    fn numbers_keep_their_bits() {
        let values = vec![0.1, 1.0 / 3.0, 5e-324, f64::MAX];
        assert_eq!(from_json::<Vec<f64>>(&to_json(&values).unwrap()).unwrap(), values);
        assert_eq!(from_json_value::<Vec<f64>>(serde_json::json!(values)).unwrap(), values);
    }
}
