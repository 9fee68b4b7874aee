//! Scores as a text table: the neurons of one model, or several models.

use std::fmt;

use crate::evaluation::Evaluation;

/// Printed instead of a missing score.
const MISSING: &str = "-";

/// A table of scores, printed with aligned columns.
///
/// ```
/// use statenet_metrics::ScoreTable;
/// let mut table = ScoreTable::new("model", &["CCnorm", "seconds"]);
/// table.push("ridge", [ScoreTable::score(Some(0.687)), "0.4".into()]);
/// table.push("statenet-gru", [ScoreTable::score(None), "81".into()]);
/// assert_eq!(table.to_string(), "\
/// model         CCnorm  seconds
/// ridge          0.687      0.4
/// statenet-gru       -       81
/// ");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreTable {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl ScoreTable {
    /// An empty table; `rows_are` is the title of the first column.
    #[must_use]
    pub fn new(rows_are: &str, columns: &[&str]) -> Self {
        let header = std::iter::once(rows_are).chain(columns.iter().copied()).map(str::to_owned).collect();
        Self { header, rows: Vec::new() }
    }

    /// One row per neuron (CCraw, CCnorm, FVE, CCmax), then the mean with its interval.
    #[must_use]
    pub fn of_neurons(evaluation: &Evaluation) -> Self {
        let mut table = Self::new("neuron", &["CCraw", "CCnorm", "FVE", "CCmax"]);
        for neuron in &evaluation.per_neuron {
            let scores = [neuron.cc, neuron.ccnorm, neuron.fve, neuron.ccmax];
            table.push(&neuron.id, scores.map(Self::score));
        }
        let means = [evaluation.cc_mean, evaluation.ccnorm_mean, evaluation.fve_mean];
        table.push("mean", means.map(Self::score).into_iter().chain([MISSING.to_owned()]));
        let intervals = [evaluation.cc_ci95, evaluation.ccnorm_ci95, evaluation.fve_ci95];
        table.push("interval", intervals.map(Self::interval).into_iter().chain([MISSING.to_owned()]));
        table
    }

    /// One row per model: mean CCraw, mean CCnorm with its interval, mean FVE, and how many neurons have a CCnorm.
    #[must_use]
    pub fn of_models(models: &[(&str, &Evaluation)]) -> Self {
        let mut table = Self::new("model", &["CCraw", "CCnorm", "interval", "FVE", "neurons"]);
        for (name, evaluation) in models {
            let [cc, ccnorm, fve] =
                [evaluation.cc_mean, evaluation.ccnorm_mean, evaluation.fve_mean].map(Self::score);
            let neurons = format!("{}/{}", evaluation.n_ccnorm(), evaluation.per_neuron.len());
            table.push(name, [cc, ccnorm, Self::interval(evaluation.ccnorm_ci95), fve, neurons]);
        }
        table
    }

    /// Adds a row. Missing cells are left blank, excess cells dropped.
    pub fn push(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = std::iter::once(name.to_owned()).chain(cells).collect();
        row.resize(self.header.len(), String::new());
        self.rows.push(row);
    }

    /// A score with three decimals, or `-`.
    #[must_use]
    pub fn score(score: Option<f64>) -> String {
        score.map_or_else(|| MISSING.to_owned(), |s| format!("{s:.3}"))
    }

    /// An interval with three decimals, or `-`.
    #[must_use]
    pub fn interval(interval: Option<[f64; 2]>) -> String {
        interval.map_or_else(|| MISSING.to_owned(), |[low, high]| format!("[{low:.3}, {high:.3}]"))
    }

    /// The titles of the columns.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The rows; each has its name first and as many cells as the header.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }
}

impl fmt::Display for ScoreTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = || std::iter::once(&self.header).chain(&self.rows);
        let width = |column: usize| {
            lines().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        for line in lines() {
            for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
                if column == 0 {
                    write!(f, "{cell:<width$}")?;
                } else {
                    write!(f, "  {cell:>width$}")?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Evaluation {
    /// Number of neurons with a CCnorm.
    #[must_use]
    pub fn n_ccnorm(&self) -> usize {
        self.per_neuron.iter().filter(|neuron| neuron.ccnorm.is_some()).count()
    }

    /// A summary in one line: `CCraw 0.689, CCnorm 0.817 [0.778, 0.852] (53 of 53 neurons), FVE 0.481`.
    #[must_use]
    pub fn summary_line(&self) -> String {
        let interval =
            self.ccnorm_ci95.map_or_else(String::new, |i| format!(" {}", ScoreTable::interval(Some(i))));
        format!(
            "CCraw {}, CCnorm {}{interval} ({} of {} neurons), FVE {}",
            ScoreTable::score(self.cc_mean),
            ScoreTable::score(self.ccnorm_mean),
            self.n_ccnorm(),
            self.per_neuron.len(),
            ScoreTable::score(self.fve_mean),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation() -> Evaluation {
        serde_json::from_str(
            r#"{"cc_mean": 0.5, "cc_median": 0.5, "ccnorm_mean": 0.75, "ccnorm_median": 0.75, "fve_mean": null,
                "ccnorm_ci95": [0.7, 0.8],
                "per_neuron": [{"id": "a", "cc": 0.5, "ccnorm": 0.75, "fve": null, "ccmax": 0.9},
                               {"id": "long-id", "cc": null, "ccnorm": null, "fve": null, "ccmax": null}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_model_fits_on_a_line() {
        let line = "CCraw 0.500, CCnorm 0.750 [0.700, 0.800] (1 of 2 neurons), FVE -";
        assert_eq!(evaluation().summary_line(), line);
    }

    #[test]
    fn tables_are_aligned() {
        let text = "\
neuron    CCraw          CCnorm  FVE  CCmax
a         0.500           0.750    -  0.900
long-id       -               -    -      -
mean      0.500           0.750    -      -
interval      -  [0.700, 0.800]    -      -
";
        assert_eq!(ScoreTable::of_neurons(&evaluation()).to_string(), text);
        let models = ScoreTable::of_models(&[("ln", &evaluation())]);
        assert_eq!(models.rows(), [["ln", "0.500", "0.750", "[0.700, 0.800]", "-", "1/2"]]);
        assert_eq!(models.header()[3], "interval");
    }
}
