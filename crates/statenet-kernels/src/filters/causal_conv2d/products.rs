//! The innermost loops: several filters over the same rows, with sums that stay in registers.

use crate::simd::float::{LANES, MulAdd, Real};

/// Filters that share one read of the rows: two vectors of sums for each, in 16 registers.
pub(super) const MAX_FILTERS: usize = 6;
/// Rows of gradients that share one read of x at two lags: a vector of sums for each and each lag.
pub(super) const MAX_ROWS: usize = 5;
/// Bins of a result that are computed at once.
pub(super) const SPAN: usize = 2 * LANES;

/// How `n` filters are shared out: sizes of groups of at most `most`, as equal as can be.
pub(super) fn groups(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = n.div_ceil(most);
    (0..count).map(move |i| n / count + usize::from(i < n % count))
}

/// sum_{d,j} w\[d,j,r\] x\[d, at + j + i\] for R filters and SPAN neighbours i.
///
/// `x`: rows that are `stride` long.  `weights`: (rows, taps, R).
#[inline(always)]
pub(super) fn convolve<F: Real, M: MulAdd, const R: usize>(
    x: &[F],
    stride: usize,
    at: usize,
    weights: &[F],
    taps: usize,
) -> [[[F; LANES]; 2]; R] {
    let mut sums = [[[F::ZERO; LANES]; 2]; R];
    for (row, weights) in x.chunks_exact(stride).zip(weights.chunks_exact(taps * R)) {
        let seen = &row[at..at + taps - 1 + SPAN];
        for (x, w) in seen.windows(SPAN).zip(weights.as_chunks::<R>().0) {
            let [a, b] = *x.as_chunks::<LANES>().0 else { continue };
            for r in 0..R {
                for l in 0..LANES {
                    sums[r][0][l] = M::mul_add(w[r], a[l], sums[r][0][l]);
                }
                for l in 0..LANES {
                    sums[r][1][l] = M::mul_add(w[r], b[l], sums[r][1][l]);
                }
            }
        }
    }
    sums
}

/// Adds g\[r,t\] x\[t + s\] over all t, for R rows of whole vectors and S neighbouring offsets, to
/// `lanes`\[r `row` + s\], lane by lane.
///
/// Vectors go in and out whole, and are folded elsewhere: indexed or folded here, the compiler would put
/// offsets instead of bins side by side and take seven times as long.
#[inline(always)]
pub(super) fn correlate<F: Real, M: MulAdd, const R: usize, const S: usize>(
    g: [&[[F; LANES]]; R],
    x: &[F],
    lanes: &mut [[F; LANES]],
    row: usize,
) {
    let mut sums = [[[F::ZERO; LANES]; S]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        if let Some(lanes) = lanes[r * row..].first_chunk::<S>() {
            *sums = *lanes;
        }
    }
    let n = g[0].len();
    let g = g.map(|row| &row[..n]);
    for (j, x) in (0..n).zip(x.windows(S + LANES - 1).step_by(LANES)) {
        let mut shifted = [[F::ZERO; LANES]; S];
        for (s, shifted) in shifted.iter_mut().enumerate() {
            if let Some(x) = x[s..].first_chunk::<LANES>() {
                *shifted = *x;
            }
        }
        for r in 0..R {
            let g = g[r][j];
            for s in 0..S {
                for l in 0..LANES {
                    sums[r][s][l] = M::mul_add(g[l], shifted[s][l], sums[r][s][l]);
                }
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        if let Some(lanes) = lanes[r * row..].first_chunk_mut::<S>() {
            *lanes = sums;
        }
    }
}

/// The sum of a vector, by halves.
pub(super) fn fold<F: Real>([a, b, c, d, e, f, g, h]: [F; LANES]) -> F {
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::float::Separate;

    #[test]
    fn groups_share_all_filters() {
        assert_eq!(groups(10, MAX_FILTERS).collect::<Vec<_>>(), [5, 5]);
        for n in 1..50 {
            assert_eq!(groups(n, 4).sum::<usize>(), n);
            assert!(groups(n, 4).all(|size| (1..=4).contains(&size)));
        }
    }

    #[test]
    fn sums_run_over_rows_and_taps() {
        let x: Vec<f64> = (0..2 * 30).map(|i| f64::from(i * i % 7)).collect();
        let weights: Vec<f64> = (0..2 * 3 * 2).map(|i| f64::from(i % 5)).collect();
        let sums = convolve::<f64, Separate, 2>(&x, 30, 5, &weights, 3);
        for (r, sums) in sums.iter().enumerate() {
            for (i, sum) in sums.as_flattened().iter().enumerate() {
                let terms = (0..6).map(|k| weights[k * 2 + r] * x[k / 3 * 30 + 5 + k % 3 + i]);
                assert_eq!(*sum, terms.sum::<f64>());
            }
        }
        let g: Vec<[f64; LANES]> = (0..6).map(|i| [f64::from(i % 4); LANES]).collect();
        let mut lanes = [[0.0; LANES]; 7];
        correlate::<f64, Separate, 2, 3>([&g[..3], &g[3..]], &x, &mut lanes, 4);
        for r in 0..2 {
            for s in 0..3 {
                let terms = (0..24).map(|t| g[r * 3 + t / 8][0] * x[t + s]);
                assert_eq!(fold(lanes[r * 4 + s]), terms.sum::<f64>());
            }
        }
    }
}
