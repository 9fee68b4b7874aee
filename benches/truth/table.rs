//! The table of what was found, as a page of the book.

use std::fmt::Write;

use crate::{
    cells::CellResult,
    coverage::Coverage,
    estimators::{ALL, Claim},
    level::Level,
    pospisil::Pospisil,
};

/// Ratios of signal power and its standard error that divide the cells into classes.
const CLASSES: [(f64, f64, &str); 4] = [
    (f64::NEG_INFINITY, 2.0, "q < 2"),
    (2.0, 5.0, "q 2 to 5"),
    (5.0, 10.0, "q 5 to 10"),
    (10.0, f64::INFINITY, "q from 10"),
];

/// All that was simulated.
pub(crate) struct Found {
    /// Seed of all numbers.
    pub(crate) seed: u64,
    /// Recordings in a cell.
    pub(crate) n: usize,
    /// The same for the coverage of intervals.
    pub(crate) n_intervals: usize,
    /// Data sets of each paired test.
    pub(crate) n_sets: usize,
    /// Whether cells and recordings are few.
    pub(crate) is_small: bool,
    /// Results of the cells.
    pub(crate) cells: Vec<CellResult>,
    /// Coverage of intervals.
    pub(crate) coverage: Vec<Coverage>,
    /// Levels of paired tests.
    pub(crate) levels: Vec<Level>,
    /// The simulation of Pospisil and Bair.
    pub(crate) pospisil: Pospisil,
}

impl Found {
    /// The page.
    pub(crate) fn page(&self) -> String {
        let mut page = String::from(include_str!("page.md"));
        let n_cells = self.cells.len();
        let _ =
            writeln!(page, "\nHere: {} recordings in each of {n_cells} cells, seed {}.\n", self.n, self.seed);
        page += &self.biases();
        page += &self.intervals();
        page += &self.tests();
        page += &self.pospisil.text();
        page
    }

    /// Claims and biases of all estimators, and the share of recordings in which they exist, in the cell with the fewest.
    fn biases(&self) -> String {
        let mut text =
            String::from("## Bias\n\n| estimator | of | bias claimed | cells beyond 3 SE | defined in |");
        CLASSES.iter().for_each(|(_, _, name)| text += &format!(" {name} |"));
        text += "\n|---|---|---|---|---|---|---|---|---|\n";
        for (k, estimator) in ALL.iter().enumerate() {
            let held = self.cells.iter().filter(|c| c.quality >= estimator.claim.from());
            let (mut n, mut beyond) = (0, 0);
            for cell in held {
                n += 1;
                beyond += usize::from(cell.outcomes[k].excess(estimator.claim) > 3.0);
            }
            let cells =
                if estimator.claim == Claim::Off { "-".to_owned() } else { format!("{beyond} of {n}") };
            let unit = if estimator.is_relative { " (relative)" } else { "" };
            let claim = estimator.claim.text();
            // Of the cell with the fewest.
            let defined = self.cells.iter().map(|c| c.outcomes[k].n).min().unwrap_or_default();
            let defined = 100 * defined / self.n.max(1);
            let _ = write!(
                text,
                "| `{}` | {}{unit} | {claim} | {cells} | {defined} % |",
                estimator.name, estimator.of
            );
            for (from, to, _) in CLASSES {
                let of_class = self.cells.iter().filter(|c| c.quality >= from && c.quality < to);
                let biases: Vec<f64> =
                    of_class.map(|c| c.outcomes[k].bias).filter(|b| b.is_finite()).collect();
                let _ = write!(text, " {} |", range(&biases));
            }
            text += "\n";
        }
        text
    }

    fn intervals(&self) -> String {
        let mut text = format!(
            "\n## Coverage of 95 % intervals\n\n\
             {} recordings in a cell; Poisson. Intervals over stimuli are for the true value over all stimuli that \
             could be played, r2_ER's for the stimuli that were. By the number of stimuli, the least and the most over the cells. *Held* is what \
             this program fails without: so many of the cells within 93 to 97 %. Intervals of means over neurons and of \
             single neurons from blocks of time are held by `crates/statenet-metrics/tests/coverage.rs`, those of further scores by \
             `further_coverage.rs` beside it.\n\n\
             | interval | held | cells with ten stimuli or more within 93 to 97 % |",
            self.n_intervals
        );
        let counts = self.coverage.first().map(Coverage::stimuli).unwrap_or_default();
        counts.iter().for_each(|n| text += &format!(" {n} stimuli |"));
        text += &format!("\n|---|---|---|{}\n", "---|".repeat(counts.len()));
        self.coverage.iter().for_each(|of| text += &of.row());
        text += "\nCells of the held intervals outside of 93 to 97 % (SNR, repeats, stimuli):\n\n";
        for of in &self.coverage {
            if let Some(outside) = of.outside() {
                text += &format!("- {}: {outside}.\n", of.name);
            }
        }
        text
    }

    fn tests(&self) -> String {
        let mut text = format!(
            "\n## Level of paired tests\n\n\
             Two models that are equally good, 20 neurons, ten stimuli; {} data sets. Where neurons share, half of the variance of a model's error \
             and a third of that of the noise are common to all of them. Tests over neurons do not hold their level then.\n\n\
             | test | neurons share errors and noise | p below .05 |\n|---|---|---|\n",
            self.n_sets
        );
        self.levels.iter().for_each(|level| text += &level.row());
        text
    }

    /// What is outside of its claim, in words; empty if all is as claimed.
    ///
    /// Of many cells some lie beyond three standard errors by chance. Beyond 4.5 none should, and no
    /// estimator may have more than one in a hundred cells beyond three, or two where cells are few. The coverage of intervals is
    /// judged in full runs only.
    pub(crate) fn broken_claims(&self) -> Vec<String> {
        const MOST: f64 = 4.5;
        let mut broken = Vec::new();
        for (k, estimator) in ALL.iter().enumerate() {
            let (mut n, mut beyond) = (0, 0);
            for cell in self.cells.iter().filter(|c| c.quality >= estimator.claim.from()) {
                let outcome = &cell.outcomes[k];
                let excess = outcome.excess(estimator.claim);
                n += 1;
                beyond += usize::from(excess > 3.0);
                if excess > MOST {
                    broken.push(format!(
                        "{}: bias {:.4} +- {:.4} in {} (q {:.1}), claimed: {}",
                        estimator.name,
                        outcome.bias,
                        outcome.error,
                        cell.cell.name(),
                        cell.quality,
                        estimator.claim.text()
                    ));
                }
            }
            if beyond > (n / 100).max(2) {
                broken
                    .push(format!("{}: {beyond} of {n} cells beyond three standard errors", estimator.name));
            }
        }
        if !self.is_small {
            broken.extend(self.coverage.iter().filter_map(Coverage::broken));
        }
        broken.extend(self.levels.iter().filter_map(Level::broken));
        broken.extend(self.pospisil.broken());
        broken
    }
}

/// The range of some numbers.
fn range(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let text = |x: f64| {
        if x.abs() >= 1e4 {
            return format!("{x:+.0e}");
        }
        let digits = if x.abs() >= 10.0 {
            0
        } else if x.abs() >= 1.0 {
            1
        } else {
            3
        };
        format!("{x:+.digits$}")
    };
    if values.is_empty() { "-".to_owned() } else { format!("{} to {}", text(least), text(most)) }
}
