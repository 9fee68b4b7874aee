//! Parquet files: every column that can be read, and the table of spikes in it.

use statenet_data::{
    formats::{
        FormatError,
        parquet::{Cell, Parquet},
    },
    readers::table::{self, TableOptions},
};

use super::told;
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "parquet",
    kind: Kind::Bytes,
    most_bytes: 1 << 13,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// A byte becomes 32 kB of a page at most, by zstd; a number of four bytes in a dictionary takes as much in memory, or a text of four bytes 32.
fn largest_block(bytes: usize) -> usize {
    (1 << 26) + 8 * (1 << 15) * bytes
}

fn check(bytes: &[u8]) -> bool {
    // Runs of a value can be of any length in a few bytes: reading them takes time, not memory.
    match Parquet::parse(bytes.to_vec()).and_then(|file| file.n_rows()) {
        Ok(n_rows) if n_rows > 1 << 16 => return true,
        Ok(_) => {}
        Err(error) => return told(&error),
    }
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let path = scratch.path().join("spikes.parquet");
    std::fs::write(&path, bytes).expect("a scratch file can be written");
    if let Err(error) = table::read(scratch.path(), &TableOptions::default()) {
        told(&error);
    }
    match read_all(bytes) {
        Ok(()) => true,
        Err(error) => told(&error),
    }
}

fn read_all(bytes: &[u8]) -> Result<(), FormatError> {
    let file = Parquet::parse(bytes.to_vec())?;
    let readable: Vec<usize> = file
        .columns()
        .iter()
        .enumerate()
        .filter(|(_, column)| column.unread.is_none())
        .map(|(place, _)| place)
        .collect();
    let n_rows = file.n_rows()?;
    let mut n_read = 0;
    for batch in file.batches(&readable)? {
        let batch = batch?;
        n_read += batch.n_rows();
        for column in 0..readable.len() {
            for row in 0..batch.n_rows() {
                if let Cell::Text(text) = batch.cell(column, row) {
                    assert!(text.len() <= largest_block(bytes.len()));
                }
            }
        }
    }
    assert_eq!(n_read, n_rows);
    Ok(())
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let golden: [(&str, &[u8]); 3] = [
        ("pandas", include_bytes!("../../../crates/statenet-data/tests/golden/parquet/pandas.parquet")),
        (
            "pandas-zstd",
            include_bytes!("../../../crates/statenet-data/tests/golden/parquet/pandas-zstd.parquet"),
        ),
        ("polars", include_bytes!("../../../crates/statenet-data/tests/golden/parquet/polars.parquet")),
    ];
    golden.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).to_vec()
}
