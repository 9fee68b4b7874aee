//! The table that says when each stimulus was presented.

use std::path::Path;

use statenet_core::Warning;

use super::NwbOptions;
use crate::formats::{FormatError, hdf5::Hdf5};

/// Columns that usually hold the name of the stimulus.
const STIMULUS: [&str; 7] =
    ["stimulus", "stimulus_name", "stimulus_id", "stim", "stim_name", "stim_id", "sound"];
/// Columns that usually hold the onset of a stimulus that begins later than its trial.
const ONSET: [&str; 6] = [
    "stimulus_onset",
    "stimulus_start_time",
    "stimulus_time",
    "stim_onset",
    "stim_start_time",
    "sound_onset",
];

/// One presentation of a stimulus.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Presentation {
    pub(super) stimulus: String,
    /// Seconds on the clock of the file.
    pub(super) onset: f64,
    /// The end of its interval.
    pub(super) stop: f64,
}

impl Presentation {
    /// From onset to the end of the interval.
    pub(super) fn seconds(&self) -> f64 {
        self.stop - self.onset
    }
}

/// The rows of the table, and what is doubtful about it.
pub(super) struct Intervals {
    pub(super) rows: Vec<Presentation>,
    /// Rows without a stimulus or without times.
    left_out: usize,
    /// A column that may hold the onsets.
    maybe_onset: Option<String>,
    path: String,
}

impl Intervals {
    pub(super) fn warnings(&self, file: &Path) -> Vec<Warning> {
        let place = format!("{}, {}", file.display(), self.path);
        let mut warnings = Vec::new();
        if self.left_out > 0 {
            let message = format!("{} rows have no stimulus or no times: they are left out", self.left_out);
            warnings.push(Warning::new("intervals_left_out", message, &place));
        }
        if let Some(column) = &self.maybe_onset {
            let message = format!(
                "onsets are taken from start_time, though there is a column {column}: name it (--onset-column) if sounds begin then"
            );
            warnings.push(Warning::new("onset_column", message, place));
        }
        warnings
    }
}

/// Reads the table.
pub(super) fn read(file: &Hdf5, options: &NwbOptions) -> Result<Intervals, FormatError> {
    let asked = match &options.table {
        Some(table) => table.clone(),
        None => usual_table(file),
    };
    let path = if asked.contains('/') { asked } else { format!("intervals/{asked}") };
    let Ok(members) = file.members(&path) else {
        let tables = file.members("intervals").map(|members| members.groups).unwrap_or_default();
        return Err(FormatError::Hdf5Object {
            inside: "intervals".to_owned(),
            got: if tables.is_empty() { "no tables".to_owned() } else { tables.join(", ") },
            expected: "a table of the intervals of stimuli called trials, or another that is named (--table)",
        });
    };
    let columns: Vec<String> =
        members.datasets.iter().filter(|column| !column.ends_with("_index")).cloned().collect();
    let stimulus = stimulus_column(&path, &columns, options.stimulus.as_deref())?;
    let onset = options.onset.as_deref().unwrap_or("start_time");
    let column = |name: &str| -> Result<Vec<f64>, FormatError> {
        expect_column(&path, &columns, name)?;
        Ok(file.numbers(&format!("{path}/{name}"))?.iter().copied().collect())
    };
    let (onsets, stops) = (column(onset)?, column("stop_time")?);
    let names = names(file, &path, &stimulus)?;
    if names.len() != onsets.len() || stops.len() != onsets.len() {
        return Err(FormatError::Hdf5Object {
            inside: path,
            got: format!("columns of {}, {} and {} rows", names.len(), onsets.len(), stops.len()),
            expected: "columns of one length",
        });
    }
    let n_rows = names.len();
    let rows = names.into_iter().zip(onsets).zip(stops);
    let rows: Vec<Presentation> = rows
        .map(|((stimulus, onset), stop)| Presentation { stimulus, onset, stop })
        .filter(|row| !row.stimulus.is_empty() && row.stimulus != "NaN" && row.stop > row.onset)
        .filter(|row| row.onset.is_finite() && row.stop.is_finite())
        .collect();
    let maybe_onset = columns.into_iter().find(|column| ONSET.contains(&column.as_str()));
    Ok(Intervals {
        left_out: n_rows - rows.len(),
        rows,
        maybe_onset: maybe_onset.filter(|_| options.onset.is_none()),
        path,
    })
}

/// `trials`, or if there is none, the only table with a column of stimuli.
fn usual_table(file: &Hdf5) -> String {
    let usual = "trials".to_owned();
    let tables = file.members("intervals").map(|members| members.groups).unwrap_or_default();
    if tables.contains(&usual) {
        return usual;
    }
    let has_stimuli = |table: &String| {
        let columns = file.members(&format!("intervals/{table}")).map(|members| members.datasets);
        columns.is_ok_and(|columns| columns.iter().any(|column| STIMULUS.contains(&column.as_str())))
    };
    let mut with_stimuli = tables.into_iter().filter(has_stimuli);
    match (with_stimuli.next(), with_stimuli.next()) {
        (Some(only), None) => only,
        _ => usual,
    }
}

fn stimulus_column(path: &str, columns: &[String], asked: Option<&str>) -> Result<String, FormatError> {
    if let Some(asked) = asked {
        return expect_column(path, columns, asked).map(|()| asked.to_owned());
    }
    let mut found = columns.iter().filter(|column| STIMULUS.contains(&column.as_str()));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Err(FormatError::Hdf5Object {
            inside: path.to_owned(),
            got: format!("the columns {}", columns.join(", ")),
            expected: "one column called stimulus, or the name of the column with the stimuli (--stimulus-column)",
        }),
    }
}

fn expect_column(path: &str, columns: &[String], name: &str) -> Result<(), FormatError> {
    if columns.iter().any(|column| column == name) {
        return Ok(());
    }
    Err(FormatError::Hdf5Object {
        inside: path.to_owned(),
        got: format!("the columns {}", columns.join(", ")),
        expected: "the column that is named",
    })
}

/// The texts of a column; numbers as texts; of a column of lists, the members of each joined by commas.
fn names(file: &Hdf5, path: &str, column: &str) -> Result<Vec<String>, FormatError> {
    let at = format!("{path}/{column}");
    let values: Vec<String> = match file.texts(&at) {
        Ok(texts) => texts,
        Err(_) => file.numbers(&at)?.iter().map(ToString::to_string).collect(),
    };
    let index = format!("{at}_index");
    if !file.has(&index) {
        return Ok(values);
    }
    let mut start = 0;
    let of_row = |end: u64| {
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        let members = values.get(start..end);
        start = end;
        members.map(|members| members.join(",")).ok_or_else(|| FormatError::Hdf5Object {
            inside: index.clone(),
            got: end.to_string(),
            expected: "ends that increase, up to the length of the column",
        })
    };
    file.indices(&index)?.into_iter().map(of_row).collect()
}
