//! Rows of a table, whatever its file: CSV or TSV, JSON, or Parquet.

use std::path::Path;

use super::{
    parquet::parquet_rows,
    row::Fields,
    text::{json_rows, separated_rows},
};
use crate::{error::Result, formats::parquet::is_parquet};

/// Calls `header` with the names of the columns and then `row` with the number of each row, as people count lines, and its fields.
///
/// # Errors
/// [`Error::Table`](crate::Error::Table) for a file that is not a table; those of `header` and `row`.
pub(super) fn for_each_row<C>(
    bytes: Vec<u8>,
    path: &Path,
    header: impl FnOnce(Vec<String>) -> Result<C>,
    row: impl FnMut(&mut C, u64, &dyn Fields) -> Result<()>,
) -> Result<C> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        _ if is_parquet(&bytes) => parquet_rows(bytes, path, header, row),
        "parquet" => parquet_rows(bytes, path, header, row),
        "json" => json_rows(&bytes, path, header, row),
        _ => separated_rows(&bytes, path, header, row),
    }
}
