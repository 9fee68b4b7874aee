//! Triangular bands over the frequencies of a Fourier transform.

/// Weights (F, `n`), row by row: each band rises from its left frequency to its centre and falls to its right one; the transform has
/// a frequency each `spacing`, all in Hz.
pub(super) fn triangles(bands: impl Iterator<Item = [f64; 3]>, spacing: f64, n: usize) -> Vec<f64> {
    let weight = |[l, c, r]: [f64; 3], k: usize| {
        let f = k as f64 * spacing;
        ((f - l) / (c - l)).min((r - f) / (r - c)).max(0.0)
    };
    bands.flat_map(|band| (0..n).map(move |k| weight(band, k))).collect()
}
