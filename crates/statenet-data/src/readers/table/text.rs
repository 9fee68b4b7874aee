//! Rows of a table that is text: CSV or TSV, or JSON.

use std::{borrow::Cow, path::Path};

use serde_json::Value;
use statenet_core::json;

use super::row::Fields;
use crate::error::{Error, Result};

impl Fields for csv::ByteRecord {
    fn text(&self, column: usize) -> Option<Cow<'_, str>> {
        let field = self.get(column)?.trim_ascii();
        (!field.is_empty()).then(|| String::from_utf8_lossy(field))
    }
}

/// The rows of a table with separators: commas, tabs or semicolons.
pub(super) fn separated_rows<C>(
    bytes: &[u8],
    path: &Path,
    header: impl FnOnce(Vec<String>) -> Result<C>,
    mut row: impl FnMut(&mut C, u64, &dyn Fields) -> Result<()>,
) -> Result<C> {
    let failed = |source: csv::Error| Error::Table { path: path.to_path_buf(), source: Box::new(source) };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator(bytes)).from_reader(bytes);
    let names = reader.byte_headers().map_err(failed)?;
    let mut columns = header(names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())?;
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(failed)? {
        let line = record.position().map_or(0, csv::Position::line);
        row(&mut columns, line, &record)?;
    }
    Ok(columns)
}

/// What separates the columns: whichever of tab, semicolon and comma the first line has most of.
fn separator(bytes: &[u8]) -> u8 {
    let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| first.iter().filter(|&&byte| byte == separator).count();
    [b',', b'\t', b';'].into_iter().rev().max_by_key(|&separator| count(separator)).unwrap_or(b',')
}

/// The fields of one object, in the order of the header.
struct JsonRow<'a>(Vec<Option<&'a Value>>);

impl Fields for JsonRow<'_> {
    fn text(&self, column: usize) -> Option<Cow<'_, str>> {
        match self.0.get(column).copied().flatten()? {
            Value::Null => None,
            Value::String(text) => Some(Cow::Borrowed(text.trim())).filter(|text| !text.is_empty()),
            other => Some(Cow::Owned(other.to_string())),
        }
    }
}

/// A list of objects with the same keys, or an object of lists of the same length.
pub(super) fn json_rows<C>(
    bytes: &[u8],
    path: &Path,
    header: impl FnOnce(Vec<String>) -> Result<C>,
    mut row: impl FnMut(&mut C, u64, &dyn Fields) -> Result<()>,
) -> Result<C> {
    let value: Value =
        json::parse(bytes).map_err(|source| Error::Json { path: path.to_path_buf(), source })?;
    let wrong = |got: &Value| Error::Field {
        path: path.to_path_buf(),
        field: "the table".to_owned(),
        got: crate::readers::shortened(got),
        expected: "a list of objects, one a row, or an object of lists of one length, one a column"
            .to_owned(),
    };
    match &value {
        Value::Array(objects) => {
            let names: Vec<String> = match objects.first() {
                Some(Value::Object(first)) => first.keys().cloned().collect(),
                _ => return Err(wrong(&value)),
            };
            let mut columns = header(names.clone())?;
            for (place, object) in objects.iter().enumerate() {
                let Value::Object(object) = object else { return Err(wrong(object)) };
                let fields = names.iter().map(|name| object.get(name)).collect();
                row(&mut columns, place as u64 + 1, &JsonRow(fields))?;
            }
            Ok(columns)
        }
        Value::Object(lists) => {
            let mut arrays = Vec::with_capacity(lists.len());
            for list in lists.values() {
                arrays.push(list.as_array().ok_or_else(|| wrong(list))?);
            }
            let n_rows = arrays.first().map_or(0, |array| array.len());
            if arrays.iter().any(|array| array.len() != n_rows) {
                return Err(wrong(&value));
            }
            let mut columns = header(lists.keys().cloned().collect())?;
            for place in 0..n_rows {
                let fields = arrays.iter().map(|array| array.get(place)).collect();
                row(&mut columns, place as u64 + 1, &JsonRow(fields))?;
            }
            Ok(columns)
        }
        other => Err(wrong(other)),
    }
}
