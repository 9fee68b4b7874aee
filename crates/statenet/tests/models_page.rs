//! The table of models has every model of the zoo, with as many parameters as it has: `docs/src/theory/models.md`.
//!
//! `STATENET_UPDATE=1 cargo test -p statenet --test models_page` writes the numbers anew; a row for a new model, with its
//! memory and its formula, is written by hand.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use statenet::prelude::*;

const N_BANDS: usize = 34;
const N_NEURONS: [usize; 2] = [1, 53];

#[test]
fn the_table_of_models_is_true() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/theory/models.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut rows: Vec<(String, String)> = Vec::new();
    let true_page: String = page
        .lines()
        .map(|line| match zoo_row(line) {
            Some((name, row)) => {
                rows.push((name, row.clone()));
                row + "\n"
            }
            None => line.to_owned() + "\n",
        })
        .collect();
    for entry in zoo::ALL {
        assert!(
            rows.iter().any(|(name, _)| name == entry.name),
            "docs/src/theory/models.md has no row for `{}`",
            entry.name
        );
    }
    if std::env::var_os("STATENET_UPDATE").is_some() {
        std::fs::write(&path, true_page).unwrap();
        return;
    }
    let stale = page.lines().zip(true_page.lines()).find(|(there, now)| there != now);
    assert!(
        page == true_page,
        "docs/src/theory/models.md is stale at {stale:?}: STATENET_UPDATE=1 cargo test -p statenet --test models_page"
    );
}

/// A row of the table that begins with the link of a model of the zoo: its name, and the row with its true numbers of
/// parameters in the last two cells.
fn zoo_row(line: &str) -> Option<(String, String)> {
    let name = line.strip_prefix("| [`")?.split_once('`')?.0;
    let entry = zoo::ALL.iter().find(|entry| entry.name == name)?;
    let mut cells: Vec<String> =
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let first = cells.len().checked_sub(N_NEURONS.len())?;
    for (cell, n_neurons) in cells[first..].iter_mut().zip(N_NEURONS) {
        let dt = TimeBin::from_millis(5.0).unwrap();
        let axes = match entry.input {
            Input::Cochleagram => Axes::new(N_BANDS, n_neurons, dt),
            Input::Sound => Sampling::new(SampleRate::new(48_000.0).unwrap(), dt).unwrap().axes(n_neurons),
        };
        let model = (entry.config)(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
        *cell = with_commas(model.params().n_trained());
    }
    Some((name.to_owned(), format!("| {} |", cells.join(" | "))))
}

/// 72133 as 72,133.
fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
