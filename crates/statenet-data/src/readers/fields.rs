//! Takes fields out of a JSON object one by one, with errors that name file and field.

use std::path::{Component, Path};

use serde_json::{Map, Value};
use statenet_core::ResponseUnit;

use crate::error::{Error, Result};

/// The fields of a JSON object that have not been taken yet.
pub(crate) struct Fields<'a> {
    path: &'a Path,
    at: String,
    map: Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of an object; `at` is its place in the file, such as `stimuli[3]`, empty for the whole file.
    pub(crate) fn new(path: &'a Path, at: String, value: Value) -> Result<Self> {
        match value {
            Value::Object(map) => Ok(Self { path, at, map }),
            other => {
                let field = if at.is_empty() { "the file".to_owned() } else { at };
                Err(Error::Field {
                    path: path.to_path_buf(),
                    field,
                    got: shortened(&other),
                    expected: "an object".to_owned(),
                })
            }
        }
    }

    /// An error about a field of this object.
    pub(crate) fn error(&self, name: &str, got: impl Into<String>, expected: impl Into<String>) -> Error {
        let field = if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) };
        Error::Field { path: self.path.to_path_buf(), field, got: got.into(), expected: expected.into() }
    }

    /// Takes a field; `None` if it is missing or null.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        // Unlike `remove`, this keeps the order of the other fields.
        self.map.shift_remove(name).filter(|value| !value.is_null())
    }

    /// Whether a field is there, not null and not taken yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    fn optional<T>(
        &mut self,
        name: &str,
        expected: &str,
        convert: impl FnOnce(Value) -> Result<T, Value>,
    ) -> Result<Option<T>> {
        match self.value(name).map(convert) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(other)) => Err(self.error(name, shortened(&other), expected)),
        }
    }

    fn required<T>(&self, name: &str, expected: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(name, "missing", expected))
    }

    pub(crate) fn optional_text(&mut self, name: &str) -> Result<Option<String>> {
        self.optional(name, "a text", |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<String> {
        let text = self.optional_text(name)?;
        self.required(name, "a text", text)
    }

    /// The unit of responses.
    pub(crate) fn optional_unit(&mut self, name: &str) -> Result<Option<ResponseUnit>> {
        match self.optional_text(name)?.map(|text| text.parse()).transpose() {
            Ok(unit) => Ok(unit),
            Err(statenet_core::Error::ResponseUnit { got, expected }) => Err(self.error(name, got, expected)),
            Err(other) => Err(other.into()),
        }
    }

    pub(crate) fn optional_number(&mut self, name: &str) -> Result<Option<f64>> {
        self.optional(name, "a number", |value| value.as_f64().ok_or(value))
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<f64> {
        let number = self.optional_number(name)?;
        self.required(name, "a number", number)
    }

    pub(crate) fn optional_count(&mut self, name: &str) -> Result<Option<usize>> {
        let count = |value: Value| value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or(value);
        self.optional(name, "a whole number", count)
    }

    pub(crate) fn optional_list(&mut self, name: &str) -> Result<Option<Vec<Value>>> {
        self.optional(name, "a list", |value| match value {
            Value::Array(list) => Ok(list),
            other => Err(other),
        })
    }

    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<Value>> {
        let list = self.optional_list(name)?;
        self.required(name, "a list", list)
    }

    /// Takes `format` and `version`, which must be these.
    pub(crate) fn expect_format(&mut self, format: &str, version: usize) -> Result<()> {
        let got = self.text("format")?;
        if got != format {
            return Err(self.error("format", got, format));
        }
        match self.optional_count("version")? {
            Some(got) if got == version => Ok(()),
            other => {
                let got = other.map_or("missing".to_owned(), |v| v.to_string());
                Err(self.error("version", got, version.to_string()))
            }
        }
    }

    /// The path in a field, if it stays inside the recording's folder. The field stays, to be taken with its errors.
    pub(crate) fn peek_path(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(Value::as_str).filter(|text| is_inside(text))
    }

    /// A path relative to the recording's folder that stays inside it.
    pub(crate) fn optional_path(&mut self, name: &str) -> Result<Option<String>> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        if !is_inside(&text) {
            return Err(self.error(name, format!("{text:?}"), "a relative path inside the folder"));
        }
        Ok(Some(text))
    }

    pub(crate) fn path(&mut self, name: &str) -> Result<String> {
        let path = self.optional_path(name)?;
        self.required(name, "a relative path inside the folder", path)
    }

    /// The fields that were not taken, in the order of the file.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.map
    }
}

/// Whether a path is relative and stays inside the folder that it is relative to.
fn is_inside(path: &str) -> bool {
    let inside = |c| matches!(c, Component::Normal(_) | Component::CurDir);
    let foreign = path.contains(['\\', '\0']) || path.contains(':');
    !path.is_empty() && !foreign && Path::new(path).components().all(inside)
}

/// A value as JSON, shortened to at most 60 characters.
pub(crate) fn shortened(value: &Value) -> String {
    statenet_core::shortened(&value.to_string(), 60)
}
