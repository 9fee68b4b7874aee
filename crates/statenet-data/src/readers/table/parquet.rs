//! Rows of a Parquet file.

use std::{borrow::Cow, path::Path};

use statenet_core::Need;

use super::{columns::Column, row::Fields};
use crate::{
    error::{Error, Result},
    formats::{
        FormatError,
        parquet::{Batch, Cell, Parquet},
    },
};

/// Most rows that a byte of a file may hold: runs of one value can be of any length in a few bytes, but times of spikes differ.
const ROWS_A_BYTE: usize = 1000;
/// What a row of a table takes in memory, at most, in bytes.
const ROW_BYTES: usize = 32;

/// The rows of the columns that are known; others are not decoded.
pub(super) fn parquet_rows<C>(
    bytes: Vec<u8>,
    path: &Path,
    header: impl FnOnce(Vec<String>) -> Result<C>,
    mut row: impl FnMut(&mut C, u64, &dyn Fields) -> Result<()>,
) -> Result<C> {
    let failed = |source: FormatError| match source {
        FormatError::Memory(too_large) => Error::from(too_large),
        source => Error::Table { path: path.to_path_buf(), source: Box::new(source) },
    };
    let most = bytes.len().saturating_mul(ROWS_A_BYTE);
    let file = Parquet::parse(bytes).map_err(failed)?;
    // A column that is not read is no column of that name, and the message that one is missing says why.
    let name = |column: &crate::formats::parquet::Column| match column.unread {
        None => column.name.clone(),
        Some(kind) => format!("{} (of {kind})", column.name),
    };
    let mut columns = header(file.columns().iter().map(name).collect())?;
    let wanted: Vec<usize> = (0..file.columns().len())
        .filter(|&place| {
            file.columns()
                .get(place)
                .is_some_and(|column| column.unread.is_none() && Column::is_known(&column.name))
        })
        .collect();
    let n_rows = file.n_rows().map_err(failed)?;
    if n_rows > most {
        let source = format!("it has {n_rows} rows, expected at most {most} in a file of this length").into();
        return Err(Error::Table { path: path.to_path_buf(), source });
    }
    Need::of_values(&[n_rows], ROW_BYTES)
        .ensure(format!("{}: {n_rows} rows", path.display()), "use a machine with more memory")?;
    let mut number = 0;
    for batch in file.batches(&wanted).map_err(failed)? {
        let batch = batch.map_err(failed)?;
        for at in 0..batch.n_rows() {
            number += 1;
            row(&mut columns, number, &ParquetRow { batch: &batch, wanted: &wanted, row: at })?;
        }
    }
    Ok(columns)
}

/// A row of a batch.
struct ParquetRow<'a> {
    batch: &'a Batch,
    /// The places in the file of the batch's columns, in increasing order.
    wanted: &'a [usize],
    row: usize,
}

impl ParquetRow<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        let place = self.wanted.binary_search(&column);
        place.map_or(Cell::Missing, |place| self.batch.cell(place, self.row))
    }
}

impl Fields for ParquetRow<'_> {
    fn text(&self, column: usize) -> Option<Cow<'_, str>> {
        match self.cell(column) {
            Cell::Missing => None,
            Cell::Whole(number) => Some(Cow::Owned(number.to_string())),
            Cell::Real(number) => Some(Cow::Owned(number.to_string())),
            Cell::Text(text) => {
                let text = text.trim_ascii();
                (!text.is_empty()).then(|| String::from_utf8_lossy(text))
            }
        }
    }

    fn number(&self, column: usize) -> Result<Option<f64>, String> {
        match self.cell(column) {
            Cell::Whole(number) => Ok(Some(number as f64)),
            Cell::Real(number) => Ok(Some(number)),
            Cell::Missing => Ok(None),
            Cell::Text(_) => match self.text(column) {
                Some(text) => text.parse().map(Some).map_err(|_| text.into_owned()),
                None => Ok(None),
            },
        }
    }
}
