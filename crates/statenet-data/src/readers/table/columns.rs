//! Which column of a table is which, by the names of its header.

use std::path::Path;

use crate::error::{Error, Result};

/// A column that a table may have, and the names under which it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Unit,
    Stimulus,
    Repeat,
    Time,
    Onset,
}

impl Column {
    const ALL: [Self; 5] = [Self::Unit, Self::Stimulus, Self::Repeat, Self::Time, Self::Onset];

    /// Whether a column of this name, in capital letters or not, is one of them.
    pub(super) fn is_known(name: &str) -> bool {
        let name = normalized(name);
        Self::ALL.iter().any(|column| column.names().contains(&name.as_str()))
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Unit => &["unit", "neuron", "cell", "cluster", "unit_id", "neuron_id", "cluster_id"],
            Self::Stimulus => &["stimulus", "sound", "stim", "stimulus_name"],
            Self::Repeat => &["repeat", "trial"],
            Self::Time => &["time_s", "time_ms"],
            Self::Onset => &["onset_s", "onset_ms"],
        }
    }

    /// What an error says is expected.
    fn expected(self) -> &'static str {
        match self {
            Self::Unit => "a column unit",
            Self::Stimulus => "a column stimulus",
            Self::Repeat => "a column repeat",
            Self::Time => "a column time_s or time_ms, the unit in its name",
            Self::Onset => "a column onset_s or onset_ms, the unit in its name",
        }
    }
}

fn normalized(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Where the columns of a header are, and the unit of the times.
pub(super) struct Columns {
    header: Vec<String>,
    /// How many seconds a unit of the time column is.
    pub(super) seconds: f64,
}

impl Columns {
    pub(super) fn new(header: impl IntoIterator<Item = String>) -> Self {
        let header = header.into_iter().map(|name| normalized(&name)).collect();
        Self { header, seconds: 1.0 }
    }

    /// The place of a column.
    ///
    /// # Errors
    /// [`Error::TableColumns`] if it is missing, or there twice.
    pub(super) fn find(&mut self, column: Column, path: &Path) -> Result<usize> {
        let is_it = |name: &&String| column.names().contains(&name.as_str());
        let found: Vec<usize> =
            self.header.iter().enumerate().filter(|(_, name)| is_it(name)).map(|(place, _)| place).collect();
        let [place] = found.as_slice() else {
            return Err(Error::TableColumns {
                path: path.to_path_buf(),
                found: self.header.clone(),
                expected: if found.is_empty() { column.expected() } else { "one column of each kind" },
            });
        };
        if matches!(column, Column::Time | Column::Onset) {
            let in_ms = self.header.get(*place).is_some_and(|name| name.ends_with("_ms"));
            self.seconds = if in_ms { 1e-3 } else { 1.0 };
        }
        Ok(*place)
    }
}

/// The error about a field of a row.
pub(super) fn wrong_value(
    path: &Path,
    line: u64,
    column: &'static str,
    got: String,
    expected: &'static str,
) -> Error {
    Error::TableValue { path: path.to_path_buf(), line, column, got, expected }
}
