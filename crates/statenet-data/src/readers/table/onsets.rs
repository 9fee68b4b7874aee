//! The table of the sounds' onsets.

use std::path::Path;

use super::{
    columns::{Column, Columns, wrong_value},
    row::Fields,
    rows::for_each_row,
};
use crate::{error::Result, readers::clock::Onset};

/// Reads the columns `stimulus` and `onset_s` or `onset_ms`.
///
/// # Errors
/// [`Error::TableColumns`]; [`Error::TableValue`] for a row without a stimulus or without a finite onset.
pub(crate) fn parse(bytes: Vec<u8>, path: &Path) -> Result<Vec<Onset>> {
    struct Found {
        stimulus: usize,
        onset: usize,
        seconds: f64,
        onsets: Vec<Onset>,
    }
    let header = |names| {
        let mut columns = Columns::new(names);
        let stimulus = columns.find(Column::Stimulus, path)?;
        let onset = columns.find(Column::Onset, path)?;
        Ok(Found { stimulus, onset, seconds: columns.seconds, onsets: Vec::new() })
    };
    let row = |found: &mut Found, line: u64, fields: &dyn Fields| {
        let wrong = |column, got, expected| wrong_value(path, line, column, got, expected);
        let Some(stimulus) = fields.text(found.stimulus) else {
            return Err(wrong("stimulus", "empty".to_owned(), "the name of a sound"));
        };
        match fields.number(found.onset) {
            Ok(Some(onset)) if onset.is_finite() => {
                found.onsets.push(Onset { stimulus: stimulus.into_owned(), seconds: found.seconds * onset });
                Ok(())
            }
            Ok(got) => {
                Err(wrong("onset", got.map_or("empty".to_owned(), |n| n.to_string()), "a finite time"))
            }
            Err(text) => Err(wrong("onset", text, "a finite time")),
        }
    };
    Ok(for_each_row(bytes, path, header, row)?.onsets)
}
