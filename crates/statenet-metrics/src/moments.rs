//! Means, sums of squares and products about the mean, quantiles: every variance in this crate is computed here.
//!
//! Two passes with a corrected mean keep full precision even for series with an offset of 1e6.

use crate::undefined::{Score, Undefined, finite};

/// Number of partial sums, so that an addition need not wait for the one before it.
const LANES: usize = 8;

/// A series that deviates from its mean by less than this many units in the last place of its largest value is constant.
const ROUNDING_ULPS: f64 = 8.0;

/// The mean, corrected by the mean of the deviations from it; 0 if there are no values.
pub(crate) fn mean(x: &[f64]) -> f64 {
    if x.is_empty() {
        return 0.0;
    }
    let n = x.len() as f64;
    let first = sum(x) / n;
    first + sum_of(x, |v| v - first) / n
}

/// As [`mean`], without its correction.
pub(crate) fn plain_mean(x: &[f64]) -> f64 {
    sum(x) / x.len().max(1) as f64
}

/// The sum, as eight partial sums in a fixed order.
pub(crate) fn sum(x: &[f64]) -> f64 {
    sum_of(x, |v| v)
}

/// The sum of a term of each value, as eight partial sums in a fixed order.
fn sum_of(x: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    in_lanes(x, |sum, v| sum + term(v), |a, b| a + b)
}

/// A fold from 0 as eight partial ones, which are then joined, in a fixed order.
fn in_lanes(x: &[f64], step: impl Fn(f64, f64) -> f64, join: impl Fn(f64, f64) -> f64 + Copy) -> f64 {
    let mut lanes = [0.0; LANES];
    let chunks = x.chunks_exact(LANES);
    let tail = chunks.remainder().iter().fold(0.0, |sum, &v| step(sum, v));
    for chunk in chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane = step(*lane, v);
        }
    }
    join(joined(&lanes, join), tail)
}

/// The partial results of all lanes as one, in a fixed order.
fn joined(lanes: &[f64; LANES], join: impl Fn(f64, f64) -> f64) -> f64 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    join(join(join(a, b), join(c, d)), join(join(e, f), join(g, h)))
}

/// The series minus its mean.
pub(crate) fn centred(x: &[f64]) -> Vec<f64> {
    let m = mean(x);
    x.iter().map(|v| v - m).collect()
}

/// The inner product, as eight partial sums in a fixed order.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let tail: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in xs.zip(ys) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    joined(&lanes, |a, b| a + b) + tail
}

/// The largest sum of squared deviations that rounding can produce for a constant series.
pub(crate) fn rounding_floor(x: &[f64]) -> f64 {
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let largest = in_lanes(x, |m, v| larger(m, v.abs()), larger);
    x.len() as f64 * (ROUNDING_ULPS * f64::EPSILON * largest).powi(2)
}

/// What a correlation needs of a predicted rate, about the means that the score takes: those of each stimulus, or of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateSums {
    /// Sum of squares of the rate.
    pub squares: f64,
    /// Sum of products of rate and PSTH.
    pub products: f64,
    /// The largest sum of squares that rounding can give a constant rate.
    pub floor: f64,
}

/// Sums of squares and products of two series x and y about their means, summed over groups.
///
/// x is a predicted rate, y a response; each group, usually a stimulus, has its own means.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CrossSums {
    /// Degrees of freedom: number of samples minus number of groups.
    pub(crate) dof: usize,
    pub(crate) xx: f64,
    pub(crate) yy: f64,
    pub(crate) xy: f64,
    x_floor: f64,
    y_floor: f64,
}

impl CrossSums {
    /// The sums of one group; x and y must have the same length.
    pub(crate) fn of(x: &[f64], y: &[f64]) -> Self {
        debug_assert_eq!(x.len(), y.len(), "both series must have the same bins");
        let (dx, dy) = (centred(x), centred(y));
        Self {
            dof: x.len().saturating_sub(1),
            xx: dot(&dx, &dx),
            yy: dot(&dy, &dy),
            xy: dot(&dx, &dy),
            x_floor: rounding_floor(x),
            y_floor: rounding_floor(y),
        }
    }

    /// These sums of y, with those of a rate that was summed elsewhere.
    pub(crate) fn with_rate(self, rate: &RateSums) -> Self {
        Self { xx: rate.squares, xy: rate.products, x_floor: rate.floor, ..self }
    }

    /// Adds a group, which has its own means.
    pub(crate) fn add(&mut self, group: &Self) {
        self.dof += group.dof;
        self.xx += group.xx;
        self.yy += group.yy;
        self.xy += group.xy;
        self.x_floor += group.x_floor;
        self.y_floor += group.y_floor;
    }

    /// Returns an error if x is constant up to rounding.
    pub(crate) fn expect_x_varies(&self) -> Result<(), Undefined> {
        if self.xx > self.x_floor || self.xx.is_nan() { Ok(()) } else { Err(Undefined::ConstantRate) }
    }

    /// Returns an error if y is constant up to rounding.
    pub(crate) fn expect_y_varies(&self) -> Result<(), Undefined> {
        if self.yy > self.y_floor || self.yy.is_nan() { Ok(()) } else { Err(Undefined::ConstantResponse) }
    }

    /// Pearson's r, clamped to [-1, 1] against rounding.
    pub(crate) fn correlation(&self) -> Score {
        if self.dof == 0 {
            return Err(Undefined::TooFewBins { bins: 1 });
        }
        self.expect_y_varies()?;
        self.expect_x_varies()?;
        finite(self.xy / (self.xx.sqrt() * self.yy.sqrt())).map(|r| r.clamp(-1.0, 1.0))
    }
}

/// [`CrossSums`] of a series that comes in pieces, with its means.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunningSums {
    n: usize,
    x: f64,
    y: f64,
    sums: CrossSums,
}

impl RunningSums {
    /// The sums of a piece.
    pub(crate) fn of(x: &[f64], y: &[f64]) -> Self {
        Self { n: x.len(), x: mean(x), y: mean(y), sums: CrossSums::of(x, y) }
    }

    /// Appends a piece (the formula of Chan, Golub and LeVeque 1983).
    pub(crate) fn append(&mut self, piece: &Self) {
        let n = self.n + piece.n;
        if piece.n == 0 {
            return;
        }
        let (dx, dy) = (piece.x - self.x, piece.y - self.y);
        let share = piece.n as f64 / n as f64;
        let weight = self.n as f64 * share;
        self.sums = CrossSums {
            dof: n - 1,
            xx: self.sums.xx + piece.sums.xx + weight * dx * dx,
            yy: self.sums.yy + piece.sums.yy + weight * dy * dy,
            xy: self.sums.xy + piece.sums.xy + weight * dx * dy,
            x_floor: self.sums.x_floor + piece.sums.x_floor,
            y_floor: self.sums.y_floor + piece.sums.y_floor,
        };
        self.x += share * dx;
        self.y += share * dy;
        self.n = n;
    }

    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// The sums about the means of the whole series.
    pub(crate) fn sums(&self) -> &CrossSums {
        &self.sums
    }
}

/// The q-quantile of sorted values with linear interpolation (type 7 of Hyndman and Fan 1996).
pub(crate) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    Some(sorted[below] + (position - below as f64) * (sorted[above] - sorted[below]))
}

/// The mean, or `None` if there are no values.
pub(crate) fn mean_of(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(mean(values)) }
}

/// The median; for an even number of values the mean of the two in the middle.
pub(crate) fn median_of(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_by_hand() {
        let sums = CrossSums::of(&[1.0, 2.0, 3.0], &[2.0, 2.0, 5.0]);
        assert_eq!((sums.dof, sums.xx, sums.yy, sums.xy), (2, 2.0, 6.0, 3.0));
        assert!((sums.correlation().unwrap() - 3.0 / 12.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn an_offset_costs_no_digits() {
        let x: Vec<f64> = (0..999).map(|t| f64::from(t % 7)).collect();
        let far: Vec<f64> = x.iter().map(|v| v + 1e9).collect();
        assert!((CrossSums::of(&x, &far).correlation().unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn pieces_give_the_sums_of_the_whole() {
        let x: Vec<f64> = (0..999).map(|t| 1e4 + f64::from(t * t % 17)).collect();
        let y: Vec<f64> = (0..999).map(|t| f64::from(t % 7)).collect();
        let mut running = RunningSums::default();
        for (x, y) in x.chunks(100).zip(y.chunks(100)) {
            running.append(&RunningSums::of(x, y));
        }
        let (pieces, whole) = (running.sums(), CrossSums::of(&x, &y));
        assert_eq!((pieces.dof, running.n()), (whole.dof, 999));
        for (piece, whole) in [(pieces.xx, whole.xx), (pieces.yy, whole.yy), (pieces.xy, whole.xy)] {
            assert!((piece - whole).abs() < 1e-9 * whole.abs().max(1.0), "{piece} {whole}");
        }
    }

    #[test]
    fn a_constant_has_no_variance_even_where_its_sum_rounds() {
        let constant = vec![0.1; 999];
        let varying: Vec<f64> = (0..999).map(f64::from).collect();
        assert_eq!(CrossSums::of(&constant, &varying).correlation(), Err(Undefined::ConstantRate));
        assert_eq!(CrossSums::of(&varying, &constant).correlation(), Err(Undefined::ConstantResponse));
        assert_eq!(CrossSums::of(&[1.0], &[1.0]).correlation(), Err(Undefined::TooFewBins { bins: 1 }));
    }

    #[test]
    fn quantiles_and_medians_by_hand() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(median_of(&[4.0, 1.0]), Some(2.5));
        assert_eq!(median_of(&[4.0, 1.0, 0.0]), Some(1.0));
        assert_eq!(mean_of(&[]), None);
    }
}
