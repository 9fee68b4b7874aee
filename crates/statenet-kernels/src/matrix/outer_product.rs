//! Sums of outer products: the gradient of a matrix from what entered it and what came back, row by row.
//!
//! Rows are those of a block of bins, short enough to lie in the second-level cache: nothing is packed. A tile of the
//! result is so small that its sums stay in registers.

use crate::simd::{
    dispatch::multiversion,
    float::{LANES, MulAdd, Real},
};

/// Rows of the result in a tile; the rest goes by twos.
const TILE: usize = 6;

multiversion! {
    /// c\[i\]\[j\] += sum_k a\[k\]\[i\] b\[k\]\[j\], where rows of a are m numbers and those of b and c are n, both whole vectors.
    ///
    /// Rows of b are `apart`; they may overlap (windows that slide). Each sum runs over k in order, from what c holds.
    pub(crate) fn add_outer<F, M>(a: &[F], m: usize, b: &[F], apart: usize, n: usize, c: &mut [F]) {
        debug_assert!(m.is_multiple_of(LANES) && n.is_multiple_of(LANES), "rows are whole vectors");
        let mut j = 0;
        while j + 2 * LANES <= n {
            columns::<F, M, 2>(a, m, b, apart, n, c, j);
            j += 2 * LANES;
        }
        if j < n {
            columns::<F, M, 1>(a, m, b, apart, n, c, j);
        }
    }
}

/// The columns of c that V vectors from j on hold.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a loop over slices takes its slices and sizes")]
fn columns<F: Real, M: MulAdd, const V: usize>(
    a: &[F],
    m: usize,
    b: &[F],
    apart: usize,
    n: usize,
    c: &mut [F],
    j: usize,
) {
    let mut i = 0;
    while i + TILE <= m {
        tile::<F, M, TILE, V>(a, m, i, b, apart, n, j, c);
        i += TILE;
    }
    while i + 2 <= m {
        tile::<F, M, 2, V>(a, m, i, b, apart, n, j, c);
        i += 2;
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "a loop over slices takes its slices and sizes")]
#[allow(clippy::needless_range_loop, reason = "by iterators the unrolled tiles take minutes to compile")]
fn tile<F: Real, M: MulAdd, const R: usize, const V: usize>(
    a: &[F],
    m: usize,
    i: usize,
    b: &[F],
    apart: usize,
    n: usize,
    j: usize,
    c: &mut [F],
) {
    let mut sums = [[[F::ZERO; LANES]; V]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        if let Some(row) = c[(i + r) * n + j..].as_chunks::<LANES>().0.first_chunk::<V>() {
            *sums = *row;
        }
    }
    for (k, a) in a.chunks_exact(m).enumerate() {
        let b = b[k * apart + j..].as_chunks::<LANES>().0.first_chunk::<V>();
        let (Some(a), Some(b)) = (a[i..].first_chunk::<R>(), b) else { continue };
        for r in 0..R {
            for v in 0..V {
                for l in 0..LANES {
                    sums[r][v][l] = M::mul_add(a[r], b[v][l], sums[r][v][l]);
                }
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        if let Some(row) = c[(i + r) * n + j..].as_chunks_mut::<LANES>().0.first_chunk_mut::<V>() {
            *row = sums;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_summed_whole() {
        for (rows, m, n) in [(1, 8, 8), (3, 16, 24), (5, 24, 8), (2, 40, 48)] {
            let a: Vec<f64> = (0..rows * m).map(|i| (i % 7) as f64 - 3.0).collect();
            let b: Vec<f64> = (0..rows * n).map(|i| (i % 5) as f64 - 2.0).collect();
            let mut c: Vec<f64> = (0..m * n).map(|i| i as f64).collect();
            add_outer(&a, m, &b, n, n, &mut c);
            for i in 0..m {
                for j in 0..n {
                    let sum: f64 = (0..rows).map(|k| a[k * m + i] * b[k * n + j]).sum();
                    assert_eq!(c[i * n + j], sum + (i * n + j) as f64, "{i} {j} of {m} {n}");
                }
            }
        }
    }

    #[test]
    fn rows_of_a_sliding_window_may_overlap() {
        let (a, b) = ([1f32; 16], std::array::from_fn::<f32, 11, _>(|i| i as f32));
        let mut c = [0f32; 64];
        add_outer(&a, 8, &b, 3, 8, &mut c);
        assert_eq!(c[..8], [3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0]);
    }
}
