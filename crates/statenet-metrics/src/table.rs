//! Scores as a text table: the neurons of one model, or several models.

use std::fmt;

use crate::{
    evaluation::{Evaluation, NeuronScores},
    undefined::Undefined,
};

/// Printed instead of a missing score.
const MISSING: &str = "-";
/// Printed behind a CCnorm that a weak signal hardly supports.
const WEAK: &str = "?";

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

    /// One row per neuron (CCraw, CCnorm, FVE, CCmax), then the mean with its interval, the median, and the number of neurons in
    /// them. A CCnorm that the neuron's [weak](crate::NeuronScores::weak) signal hardly supports has a `?`.
    #[must_use]
    pub fn of_neurons(evaluation: &Evaluation) -> Self {
        let mut table = Self::new("neuron", &["CCraw", "CCnorm", "FVE", "CCmax"]);
        for neuron in &evaluation.per_neuron {
            let mut scores = [neuron.cc, neuron.ccnorm, neuron.fve, neuron.ccmax].map(Self::score);
            if neuron.weak {
                scores[1].push_str(WEAK);
            }
            table.push(&neuron.id, scores);
        }
        let means = [evaluation.cc_mean, evaluation.ccnorm_mean, evaluation.fve_mean];
        table.push("mean", means.map(Self::score).into_iter().chain([MISSING.to_owned()]));
        let intervals = [evaluation.cc_ci95, evaluation.ccnorm_ci95, evaluation.fve_ci95];
        table.push("interval", intervals.map(Self::interval).into_iter().chain([MISSING.to_owned()]));
        let medians = [evaluation.cc_median, evaluation.ccnorm_median, None, None];
        table.push("median", medians.map(Self::score));
        let counts = evaluation.n_defined;
        table.push("neurons", [counts.cc, counts.ccnorm, counts.fve, counts.ccmax].map(|n| n.to_string()));
        table
    }

    /// One row per model: mean CCraw, mean CCnorm with its interval, median CCnorm, mean FVE, how many neurons have a CCnorm, and how
    /// many of these have a [weak](crate::NeuronScores::weak) signal.
    #[must_use]
    pub fn of_models(models: &[(&str, &Evaluation)]) -> Self {
        let mut table =
            Self::new("model", &["CCraw", "CCnorm", "interval", "median", "FVE", "neurons", "weak"]);
        for (name, evaluation) in models {
            let [cc, ccnorm, fve] =
                [evaluation.cc_mean, evaluation.ccnorm_mean, evaluation.fve_mean].map(Self::score);
            let neurons = format!("{}/{}", evaluation.n_ccnorm(), evaluation.per_neuron.len());
            let (interval, median) =
                (Self::interval(evaluation.ccnorm_ci95), Self::score(evaluation.ccnorm_median));
            table.push(name, [cc, ccnorm, interval, median, fve, neurons, evaluation.n_weak.to_string()]);
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

    /// What the means leave out and what makes them doubtful, in a sentence each; `None` if there is nothing to say.
    #[must_use]
    pub fn left_out(&self) -> Option<String> {
        let ids = |chosen: &dyn Fn(&NeuronScores) -> bool| -> Vec<&str> {
            self.per_neuron.iter().filter(|n| chosen(n)).map(|n| n.id.as_str()).collect()
        };
        let not_trained = ids(&|n| n.undefined.cc == Some(Undefined::NotTrained));
        let not_tested = ids(&|n| n.undefined.cc == Some(Undefined::NotTested));
        let below = ids(&|n| matches!(n.undefined.cc, Some(Undefined::WeakSignal { .. })));
        let weak = ids(&|n| n.weak);
        let minimum = self.options.min_signal_power.unwrap_or_default();
        let sentences: Vec<String> = [
            (not_trained, "without training data, in no mean: ".to_owned()),
            (not_tested, "without test data, in no mean: ".to_owned()),
            (below, format!("with a signal power below {minimum}, in no mean: ")),
            (
                weak,
                "with a weak signal, whose CCnorm can be far off (--min-signal-power leaves it out): "
                    .to_owned(),
            ),
        ]
        .into_iter()
        .filter(|(ids, _)| !ids.is_empty())
        .map(|(ids, what)| {
            format!("{} of {} neurons {what}{}", ids.len(), self.per_neuron.len(), shortened(&ids))
        })
        .collect();
        (!sentences.is_empty()).then(|| sentences.join("\n"))
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

/// The first ids of a list.
fn shortened(ids: &[&str]) -> String {
    const SHOWN: usize = 8;
    let more = if ids.len() > SHOWN { ", .." } else { "" };
    format!("{}{more}", ids.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation() -> Evaluation {
        serde_json::from_str(
            r#"{"cc_mean": 0.5, "cc_median": 0.5, "ccnorm_mean": 0.75, "ccnorm_median": 0.75, "fve_mean": null,
                "ccnorm_ci95": [0.7, 0.8], "n_defined": {"cc": 1, "ccnorm": 1, "fve": 0, "ccmax": 1},
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
median    0.500           0.750    -      -
neurons       1               1    0      1
";
        assert_eq!(ScoreTable::of_neurons(&evaluation()).to_string(), text);
        let models = ScoreTable::of_models(&[("ln", &evaluation())]);
        assert_eq!(models.rows(), [["ln", "0.500", "0.750", "[0.700, 0.800]", "0.750", "-", "1/2", "0"]]);
        assert_eq!(models.header()[3], "interval");
    }
}
