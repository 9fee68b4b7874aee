//! How often 95 % intervals of single neurons contain the true value, over stimuli that could have been played.

use std::collections::BTreeSet;

use ndarray::Axis;
use rayon::prelude::*;
use statenet::{
    core::Seed,
    metrics::{
        Undefined, ceilings,
        resampling::{
            ConfidenceInterval, IntervalMethod, Resampling, bootstrap, jackknife, jackknife_of_skewed,
        },
        scores,
    },
};

use crate::simulate::{Cell, Recordings};

/// Draws of a bootstrap.
const DRAWS: usize = 500;
/// Recordings that are simulated at a time.
const AT_A_TIME: usize = 25;
/// From so many stimuli on cells are counted.
const ENOUGH: usize = 10;
/// What a 95 % interval should cover.
const RIGHT: std::ops::RangeInclusive<f64> = 0.93..=0.97;

/// What a stimulus adds to the statistics of a neuron: stimuli are of one length, so that pooling is adding.
#[derive(Clone, Copy, Default)]
struct Sums {
    signal: f64,
    product: f64,
    prediction: f64,
}

/// A statistic of some stimuli.
type Statistic = fn(&Sums) -> f64;

/// A kind of interval, and what it should contain.
struct Interval {
    name: &'static str,
    kind: Kind,
    /// `None`: nothing is claimed.
    claimed: Option<Claimed>,
}

/// From so many stimuli on, so large a share of the cells covers 93 to 97 %.
#[derive(Clone, Copy, Debug)]
struct Claimed {
    fewest: usize,
    share: f64,
}

impl Claimed {
    const fn from(fewest: usize, share: f64) -> Option<Self> {
        Some(Self { fewest, share })
    }
}

enum Kind {
    /// From draws of stimuli, of a statistic whose true value is that over all stimuli that could be played.
    OverStimuli { of: (Statistic, Truth), method: Method },
    /// Another: ends and true value of each recording, whose interval may not exist.
    Other(fn(&Recordings) -> anyhow::Result<Vec<Found>>),
}

/// The ends of the interval of a recording, if it exists, and the true value.
type Found = (Option<[f64; 2]>, f64);

/// The true value of a statistic in a cell.
type Truth = fn(&Recordings) -> f64;

/// How the interval of n stimuli is made from the statistic of a choice of them.
#[derive(Clone, Copy)]
enum Method {
    Bootstrap(IntervalMethod),
    Jackknife,
    JackknifeOfSkewed,
}

impl Method {
    fn interval(
        self,
        n: usize,
        statistic: impl Fn(&[usize]) -> Option<f64> + Sync,
        seed: Seed,
    ) -> anyhow::Result<Result<ConfidenceInterval, Undefined>> {
        Ok(match self {
            Self::Bootstrap(method) => bootstrap(n, statistic, method, 0.95, &Resampling::new(seed, DRAWS)?),
            Self::Jackknife => jackknife(n, statistic, 0.95),
            Self::JackknifeOfSkewed => jackknife_of_skewed(n, statistic, 0.95),
        })
    }
}

/// The closed form, for the stimuli that were played.
fn r2_er(recordings: &Recordings) -> anyhow::Result<Vec<Found>> {
    let intervals = scores::r2_er_interval(&recordings.observations()?, 0.95)?;
    let of = |(neuron, interval): (usize, Result<ConfidenceInterval, Undefined>)| {
        let truth = recordings.truth(neuron).correlation.powi(2);
        (interval.ok().map(|i| [i.lower, i.upper]), truth)
    };
    Ok(intervals.into_iter().enumerate().map(of).collect())
}

const SIGNAL_POWER: (Statistic, Truth) = (|sums| sums.signal, Recordings::signal_power);
const CC_NORM: (Statistic, Truth) =
    (|sums| sums.product / (sums.prediction * sums.signal).sqrt(), |_| Recordings::correlation());

const fn over_stimuli(
    name: &'static str,
    of: (Statistic, Truth),
    method: Method,
    claimed: Option<Claimed>,
) -> Interval {
    Interval { name, kind: Kind::OverStimuli { of, method }, claimed }
}

const EXPANDED: Method = Method::Bootstrap(IntervalMethod::Expanded);
const PERCENTILE: Method = Method::Bootstrap(IntervalMethod::Percentile);
const BCA: Method = Method::Bootstrap(IntervalMethod::Bca);

const ALL: &[Interval] = &[
    over_stimuli(
        "CCnorm, `bootstrap` over stimuli, the default",
        CC_NORM,
        EXPANDED,
        Claimed::from(ENOUGH, 0.9),
    ),
    over_stimuli("CCnorm, `jackknife` over stimuli", CC_NORM, Method::Jackknife, Claimed::from(ENOUGH, 0.9)),
    over_stimuli("CCnorm, `bootstrap` over stimuli, percentile", CC_NORM, PERCENTILE, None),
    over_stimuli("CCnorm, `bootstrap` over stimuli, BCa", CC_NORM, BCA, None),
    Interval {
        name: "r2_ER, `scores::r2_er_interval`",
        kind: Kind::Other(r2_er),
        claimed: Claimed::from(ENOUGH, 0.8),
    },
    over_stimuli(
        "signal power, `jackknife_of_skewed` over stimuli",
        SIGNAL_POWER,
        Method::JackknifeOfSkewed,
        Claimed::from(30, 0.9),
    ),
    over_stimuli("signal power, `jackknife` over stimuli", SIGNAL_POWER, Method::Jackknife, None),
    over_stimuli("signal power, `bootstrap` over stimuli, the default", SIGNAL_POWER, EXPANDED, None),
    over_stimuli("signal power, `bootstrap` over stimuli, percentile", SIGNAL_POWER, PERCENTILE, None),
    over_stimuli("signal power, `bootstrap` over stimuli, BCa", SIGNAL_POWER, BCA, None),
];

/// Coverage of one kind of interval, cell by cell.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    pub(crate) name: &'static str,
    claimed: Option<Claimed>,
    /// Coverage of each cell, and its recordings with an interval.
    pub(crate) cells: Vec<(Cell, f64, usize)>,
}

impl Coverage {
    /// The numbers of stimuli, in order.
    pub(crate) fn stimuli(&self) -> Vec<usize> {
        let counts: BTreeSet<usize> = self.cells.iter().map(|(cell, _, _)| cell.n_stimuli).collect();
        counts.into_iter().collect()
    }

    /// Coverage of the cells of which it has intervals, with so many stimuli.
    fn of(&self, has: impl Fn(usize) -> bool) -> Vec<f64> {
        let cells = self.cells.iter().filter(|(cell, _, n)| has(cell.n_stimuli) && *n > 0);
        cells.map(|(_, coverage, _)| *coverage).collect()
    }

    /// Of the cells with so many stimuli, how many cover 93 to 97 %, and how many there are.
    fn share_right(&self, fewest: usize) -> (usize, usize) {
        let of = self.of(|n| n >= fewest);
        (of.iter().filter(|c| RIGHT.contains(*c)).count(), of.len())
    }

    /// Its row of the table.
    pub(crate) fn row(&self) -> String {
        let (right, n) = self.share_right(ENOUGH);
        let held = self.claimed.map_or_else(
            || String::from("-"),
            |Claimed { fewest, share }| format!("{:.0} % of cells from {fewest} stimuli", 100.0 * share),
        );
        let mut row = format!("| {} | {held} | {right} of {n} |", self.name);
        for stimuli in self.stimuli() {
            let of = self.of(|n| n == stimuli);
            let least = 100.0 * of.iter().copied().fold(f64::INFINITY, f64::min);
            let most = 100.0 * of.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row += &if of.is_empty() { " - |".to_owned() } else { format!(" {least:.1} to {most:.1} % |") };
        }
        row + "\n"
    }

    /// The cells outside of 93 to 97 %, from so many stimuli on as the interval is held; `None` if it is not.
    pub(crate) fn outside(&self) -> Option<String> {
        let Claimed { fewest, .. } = self.claimed?;
        let outside = self
            .cells
            .iter()
            .filter(|(cell, coverage, n)| cell.n_stimuli >= fewest && *n > 0 && !RIGHT.contains(coverage));
        let named: Vec<String> = outside
            .map(|(cell, coverage, _)| {
                let Cell { snr, n_repeats, n_stimuli, .. } = cell;
                format!("{:.1} % ({snr}, {n_repeats}, {n_stimuli})", 100.0 * coverage)
            })
            .collect();
        Some(if named.is_empty() { String::from("none") } else { named.join("; ") })
    }

    /// What is not as claimed.
    pub(crate) fn broken(&self) -> Option<String> {
        let Claimed { fewest, share } = self.claimed?;
        let (right, n) = self.share_right(fewest);
        ((right as f64) < share * n as f64).then(|| {
            format!(
                "{}: covers 93 to 97 % in {right} of {n} cells of {fewest} stimuli or more, claimed: {share}",
                self.name
            )
        })
    }
}

/// The coverage of all intervals in some cells.
///
/// # Errors
/// If an estimator refuses the recordings.
pub(crate) fn run(cells: &[Cell], n: usize, seed: Seed) -> anyhow::Result<Vec<Coverage>> {
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
    ALL.iter()
        .map(|interval| match &interval.kind {
            Kind::OverStimuli { of: (statistic, truth), method } => {
                let truth = truth(recordings);
                let of = sums.iter().enumerate().map(|(neuron, of_stimuli)| {
                    let pooled = |chosen: &[usize]| Some(statistic(&pooled(of_stimuli, chosen)));
                    let found =
                        method.interval(cell.n_stimuli, pooled, seed.child(&neuron.to_string()))?.ok();
                    Ok((found.map(|found| [found.lower, found.upper]), truth))
                });
                Ok(covered(of.collect::<anyhow::Result<Vec<_>>>()?.into_iter()))
            }
            Kind::Other(intervals) => Ok(covered(intervals(recordings)?.into_iter())),
        })
        .collect()
}

/// How many intervals contain their truth, and how many there are.
fn covered(intervals: impl Iterator<Item = Found>) -> (usize, usize) {
    intervals.fold((0, 0), |(covered, n), (interval, truth)| match interval {
        Some([low, high]) => (covered + usize::from(low <= truth && truth <= high), n + 1),
        None => (covered, n),
    })
}

fn pooled(of_stimuli: &[Sums], chosen: &[usize]) -> Sums {
    let mut total = Sums::default();
    for &b in chosen {
        let Sums { signal, product, prediction } = of_stimuli[b];
        total.signal += signal;
        total.product += product;
        total.prediction += prediction;
    }
    let n = chosen.len().max(1) as f64;
    Sums { signal: total.signal / n, product: total.product / n, prediction: total.prediction / n }
}

fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mx, my) = (mean(x), mean(y));
    x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).sum::<f64>() / (x.len() as f64 - 1.0)
}
