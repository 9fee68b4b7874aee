//! How often 95 % intervals of single neurons contain the true value, over stimuli that could have been played.

use std::fmt::Write;

use ndarray::Axis;
use rayon::prelude::*;
use statenet::{
    core::Seed,
    metrics::{
        Undefined, ceilings,
        resampling::{ConfidenceInterval, IntervalMethod, Resampling, bootstrap},
    },
};

use crate::simulate::{Cell, Recordings};

/// Draws of a bootstrap.
const DRAWS: usize = 500;
/// Recordings that are simulated at a time.
const AT_A_TIME: usize = 25;
/// From so many stimuli on coverage is claimed.
const ENOUGH: usize = 10;

/// What a stimulus adds to the statistics of a neuron: stimuli are of one length, so that pooling is adding.
#[derive(Clone, Copy, Default)]
struct Sums {
    signal: f64,
    product: f64,
    prediction: f64,
}

/// A statistic of some stimuli.
type Statistic = fn(&Sums) -> f64;

/// An interval of a statistic, and the statistic's true value in a cell.
struct Interval {
    name: &'static str,
    statistic: Statistic,
    truth: fn(&Recordings) -> f64,
    method: Method,
    /// Share of cells with ten stimuli or more, in which the signal is known to a half, that cover 93 to 97 %.
    claimed: Option<f64>,
}

/// Interval of n stimuli, given the statistic of a choice of them.
type Method =
    fn(usize, &(dyn Fn(&[usize]) -> Option<f64> + Sync), Seed) -> Result<ConfidenceInterval, Undefined>;

fn percentile(
    n: usize,
    statistic: &(dyn Fn(&[usize]) -> Option<f64> + Sync),
    seed: Seed,
) -> Result<ConfidenceInterval, Undefined> {
    bootstrap(n, statistic, IntervalMethod::Percentile, 0.95, &resampling(seed)?)
}

fn bca(
    n: usize,
    statistic: &(dyn Fn(&[usize]) -> Option<f64> + Sync),
    seed: Seed,
) -> Result<ConfidenceInterval, Undefined> {
    bootstrap(n, statistic, IntervalMethod::Bca, 0.95, &resampling(seed)?)
}

fn resampling(seed: Seed) -> Result<Resampling, Undefined> {
    Resampling::new(seed, DRAWS).map_err(|_| Undefined::NoData)
}

const SIGNAL_POWER: (Statistic, fn(&Recordings) -> f64) = (|sums| sums.signal, Recordings::signal_power);
const CC_NORM: (Statistic, fn(&Recordings) -> f64) =
    (|sums| sums.product / (sums.prediction * sums.signal).sqrt(), |_| Recordings::correlation());

const ALL: &[Interval] = &[
    Interval {
        name: "signal power, percentile over stimuli",
        statistic: SIGNAL_POWER.0,
        truth: SIGNAL_POWER.1,
        method: percentile,
        claimed: None,
    },
    Interval {
        name: "signal power, BCa over stimuli",
        statistic: SIGNAL_POWER.0,
        truth: SIGNAL_POWER.1,
        method: bca,
        claimed: None,
    },
    Interval {
        name: "CCnorm, percentile over stimuli",
        statistic: CC_NORM.0,
        truth: CC_NORM.1,
        method: percentile,
        claimed: None,
    },
    Interval {
        name: "CCnorm, BCa over stimuli",
        statistic: CC_NORM.0,
        truth: CC_NORM.1,
        method: bca,
        claimed: None,
    },
];

/// Coverage of one kind of interval, cell by cell.
#[derive(Clone, Debug)]
pub struct Coverage {
    name: &'static str,
    claimed: Option<f64>,
    /// Coverage of each cell, and its recordings with an interval.
    cells: Vec<(Cell, f64, usize)>,
}

impl Coverage {
    fn of(&self, enough: bool) -> Vec<f64> {
        let cells = self.cells.iter().filter(|(cell, _, n)| (cell.n_stimuli >= ENOUGH) == enough && *n > 0);
        cells.map(|(_, coverage, _)| *coverage).collect()
    }

    fn share_right(&self) -> (usize, usize) {
        let of = self.of(true);
        (of.iter().filter(|c| (0.93..=0.97).contains(*c)).count(), of.len())
    }

    /// Its row of the table.
    pub fn row(&self) -> String {
        let (right, n) = self.share_right();
        let least = |x: &[f64]| x.iter().copied().fold(f64::INFINITY, f64::min);
        let most = |x: &[f64]| x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (enough, few) = (self.of(true), self.of(false));
        let percent = |x: f64| if x.is_finite() { format!("{:.1} %", 100.0 * x) } else { "-".to_owned() };
        let mut row = String::new();
        let _ = writeln!(
            row,
            "| {} | {right} of {n} | {} | {} | {} |",
            self.name,
            percent(least(&enough)),
            percent(most(&enough)),
            percent(least(&few))
        );
        row
    }

    /// What is not as claimed.
    pub fn broken(&self) -> Option<String> {
        let claimed = self.claimed?;
        let (right, n) = self.share_right();
        ((right as f64) < claimed * n as f64)
            .then(|| format!("{}: covers 93 to 97 % in {right} of {n} cells, claimed: {claimed}", self.name))
    }
}

/// The coverage of all intervals in some cells.
///
/// # Errors
/// If an estimator refuses the recordings.
pub fn run(cells: &[Cell], n: usize, seed: Seed) -> anyhow::Result<Vec<Coverage>> {
    let of_cells: Vec<Vec<(usize, usize)>> =
        cells.iter().map(|&cell| of_cell(cell, n, seed)).collect::<anyhow::Result<_>>()?;
    let coverage = |k: usize| {
        let interval = &ALL[k];
        let of = cells.iter().zip(&of_cells).map(|(&cell, counts)| {
            let (covered, defined) = counts[k];
            (cell, covered as f64 / defined.max(1) as f64, defined)
        });
        Coverage { name: interval.name, claimed: interval.claimed, cells: of.collect() }
    };
    Ok((0..ALL.len()).map(coverage).collect())
}

/// For each interval, how many contain the truth and how many there are.
fn of_cell(cell: Cell, n: usize, seed: Seed) -> anyhow::Result<Vec<(usize, usize)>> {
    let batches: Vec<usize> = (0..n.div_ceil(AT_A_TIME)).collect();
    let counted = batches
        .into_par_iter()
        .map(|batch| {
            let seed = seed.child(&format!("coverage/{batch}"));
            let recordings = Recordings::draw(cell, AT_A_TIME.min(n - batch * AT_A_TIME), seed);
            count(cell, &recordings, seed)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok((0..ALL.len()).map(|k| counted.iter().fold((0, 0), |(c, d), of| (c + of[k].0, d + of[k].1))).collect())
}

fn count(cell: Cell, recordings: &Recordings, seed: Seed) -> anyhow::Result<Vec<(usize, usize)>> {
    let recorded = recordings.recorded()?;
    let mut sums = vec![vec![Sums::default(); cell.n_stimuli]; recordings.n()];
    for (b, stimulus) in recorded.iter().enumerate() {
        let signal = ceilings::signal_power(std::slice::from_ref(stimulus))?;
        for (neuron, signal) in signal.into_iter().enumerate() {
            let prediction = recordings.predictions[b].row(neuron).to_vec();
            let counts = recordings.counts[b].index_axis(Axis(0), neuron);
            let psth: Vec<f64> = counts.mean_axis(Axis(0)).map(|mean| mean.to_vec()).unwrap_or_default();
            sums[neuron][b] = Sums {
                signal: signal.unwrap_or_default(),
                product: covariance(&prediction, &psth),
                prediction: covariance(&prediction, &prediction),
            };
        }
    }
    let mut counts = vec![(0, 0); ALL.len()];
    for (neuron, of_stimuli) in sums.iter().enumerate() {
        for (interval, (covered, defined)) in ALL.iter().zip(&mut counts) {
            let statistic = |chosen: &[usize]| {
                let mut total = Sums::default();
                for &b in chosen {
                    let Sums { signal, product, prediction } = of_stimuli[b];
                    total.signal += signal;
                    total.product += product;
                    total.prediction += prediction;
                }
                let n = chosen.len() as f64;
                total = Sums {
                    signal: total.signal / n,
                    product: total.product / n,
                    prediction: total.prediction / n,
                };
                Some((interval.statistic)(&total)).filter(|x| x.is_finite())
            };
            let truth = (interval.truth)(recordings);
            if let Ok(found) = (interval.method)(cell.n_stimuli, &statistic, seed.child(&neuron.to_string()))
            {
                *defined += 1;
                *covered += usize::from(found.lower <= truth && truth <= found.upper);
            }
        }
    }
    Ok(counts)
}

fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).sum::<f64>() / (x.len() as f64 - 1.0)
}
