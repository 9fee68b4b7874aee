//! Wilcoxon's signed-rank test (Wilcoxon 1945).
//!
//! ```text
//! W = sum of the ranks of |d_i| over d_i > 0          d_i = 0 left out, tied |d_i| share the mean of their ranks
//! ```
//!
//! Under the null hypothesis each rank is in W with probability 1/2. Up to 200 differences the exact distribution of W is
//! used, given the ties. For more, it is approximated by a normal distribution with mean n (n + 1) / 4 and variance
//! n (n + 1) (2 n + 1) / 24 - sum (t^3 - t) / 48 over groups of t ties, with a continuity correction of 1/2.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::expect_finite;
use crate::undefined::Undefined;

/// Up to this many differences, p is exact.
const EXACT_UP_TO: usize = 200;

/// How a p value was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PMethod {
    /// From the exact distribution.
    Exact,
    /// From a normal approximation.
    Normal,
}

/// The result of a signed-rank test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wilcoxon {
    /// Sum of the ranks of the positive differences.
    pub w_plus: f64,
    /// Number of differences that are not 0.
    pub n: usize,
    /// Two-sided p value.
    pub p: f64,
    /// How p was computed.
    pub method: PMethod,
}

/// Two-sided test of whether paired differences are symmetric about 0, from their signed ranks.
///
/// # Errors
/// [`Undefined::TooFewValues`] without differences, [`Undefined::NoDifference`] if all are 0,
/// [`Undefined::NotFinite`].
///
/// # Examples
/// ```
/// use statenet_metrics::resampling::wilcoxon_signed_rank;
/// let test = wilcoxon_signed_rank(&[1.0, 2.0, -3.0, 4.0, 5.0])?;
/// assert_eq!((test.w_plus, test.p), (12.0, 2.0 * 5.0 / 32.0)); // W <= 3 in 5 of 32 cases
/// # Ok::<(), statenet_metrics::Undefined>(())
/// ```
pub fn wilcoxon_signed_rank(differences: &[f64]) -> Result<Wilcoxon, Undefined> {
    if differences.is_empty() {
        return Err(Undefined::TooFewValues { n: 0, needed: 1 });
    }
    expect_finite(differences)?;
    let mut nonzero: Vec<f64> = differences.iter().copied().filter(|&d| d != 0.0).collect();
    if nonzero.is_empty() {
        return Err(Undefined::NoDifference);
    }
    nonzero.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = nonzero.len();
    let (twice_ranks, ties) = twice_ranks(&nonzero);
    let twice_w: usize = nonzero.iter().zip(&twice_ranks).filter(|(d, _)| **d > 0.0).map(|(_, r)| r).sum();
    let (p, method) = if n <= EXACT_UP_TO {
        (exact_p(&twice_ranks, twice_w), PMethod::Exact)
    } else {
        (normal_p(n as f64, &ties, twice_w as f64 / 2.0), PMethod::Normal)
    };
    Ok(Wilcoxon { w_plus: twice_w as f64 / 2.0, n, p, method })
}

/// Twice the ranks of sorted absolute values, which are whole numbers even with ties, and the sizes of the groups of ties.
fn twice_ranks(sorted: &[f64]) -> (Vec<usize>, Vec<usize>) {
    let (mut ranks, mut groups) = (Vec::with_capacity(sorted.len()), Vec::new());
    for group in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
        // Ranks k + 1 ..= k + g have mean k + (g + 1) / 2.
        let (k, g) = (ranks.len(), group.len());
        ranks.resize(k + g, 2 * k + g + 1);
        groups.push(g);
    }
    (ranks, groups)
}

/// Twice the smaller tail of the distribution of a sum in which each term is included with probability 1/2.
fn exact_p(twice_ranks: &[usize], twice_w: usize) -> f64 {
    let most: usize = twice_ranks.iter().sum();
    let mut probability = vec![0.0; most + 1];
    probability[0] = 1.0;
    let mut reached = 0;
    for &rank in twice_ranks {
        reached += rank;
        for sum in (0..=reached).rev() {
            let with = if sum >= rank { probability[sum - rank] } else { 0.0 };
            probability[sum] = 0.5 * (probability[sum] + with);
        }
    }
    // The distribution is symmetric, so that either tail can be summed from 0, which keeps small tails accurate.
    let tail = twice_w.min(most - twice_w);
    (2.0 * probability[..=tail].iter().sum::<f64>()).min(1.0)
}

fn normal_p(n: f64, ties: &[usize], w: f64) -> f64 {
    let tied: f64 = ties.iter().map(|&t| (t as f64).powi(3) - t as f64).sum();
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - tied / 48.0;
    let distance = ((w - n * (n + 1.0) / 4.0).abs() - 0.5).max(0.0);
    (2.0 * Normal::standard().sf(distance / variance.sqrt())).min(1.0)
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::*;

    fn p(differences: &[f64]) -> f64 {
        wilcoxon_signed_rank(differences).unwrap().p
    }

    #[test]
    fn tables_agree() {
        // Critical values of every table: two-sided .05 at n = 6 is W = 0, at n = 8 W = 3, at n = 10 W = 8.
        assert_eq!(p(&[1., 2., 3., 4., 5., 6.]), 2.0 / 64.0);
        assert_eq!(p(&[-1., -2., 3., 4., 5., 6., 7., 8.]), 2.0 * 5.0 / 256.0);
        let ten = [-1., -2., 3., 4., -5., 6., 7., 8., 9., 10.];
        assert_eq!(p(&ten), 2.0 * 25.0 / 1024.0);
        assert_eq!(p(&ten.map(|d| -d)), p(&ten));
    }

    #[test]
    fn darwin_s_maize() {
        // Cross- against self-fertilised plants, eighths of an inch (Darwin 1876; Fisher 1935): W- = 24, p = .0413.
        let differences = [49., -67., 8., 16., 6., 23., 28., 41., 14., 29., 56., 24., 75., 60., -48.];
        let test = wilcoxon_signed_rank(&differences).unwrap();
        assert_eq!((test.n, test.w_plus, test.method), (15, 96.0, PMethod::Exact));
        assert!((test.p - 0.041259765625).abs() < 1e-15, "{}", test.p);
    }

    #[test]
    fn ties_and_zeros_by_hand() {
        // Ranks 1.5, 1.5, 3 with the first negative: W = 4.5; sums 0, 1.5 (twice), 3 (twice), 4.5 (twice), 6.
        let test = wilcoxon_signed_rank(&[0.0, -1.0, 1.0, 2.0]).unwrap();
        assert_eq!((test.n, test.w_plus, test.p), (3, 4.5, 2.0 * 3.0 / 8.0));
        assert_eq!(wilcoxon_signed_rank(&[0.0, 0.0]), Err(Undefined::NoDifference));
        assert_eq!(wilcoxon_signed_rank(&[]), Err(Undefined::TooFewValues { n: 0, needed: 1 }));
    }

    #[test]
    fn the_normal_approximation_meets_the_exact_one() {
        let mut stream = Seed::new(9).stream("wilcoxon");
        for shift in [0.0, 0.05, 0.15] {
            let differences: Vec<f64> = (0..EXACT_UP_TO)
                .map(|_| ((stream.normal() + shift) * 10.0).round())
                .filter(|d| *d != 0.0)
                .collect();
            let mut sorted = differences.clone();
            sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
            let (_, ties) = twice_ranks(&sorted);
            let exact = wilcoxon_signed_rank(&differences).unwrap();
            let approximate = normal_p(exact.n as f64, &ties, exact.w_plus);
            assert!((approximate - exact.p).abs() < 2e-3, "{approximate} for {}", exact.p);
        }
        let many: Vec<f64> = (0..300).map(|_| stream.normal() + 0.3).collect();
        assert_eq!(wilcoxon_signed_rank(&many).unwrap().method, PMethod::Normal);
    }
}
