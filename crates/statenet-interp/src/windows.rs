//! Random windows of recorded cochleagrams.

use candle_core::{Device, Tensor};
use ndarray::ArrayView2;
use statenet_core::{Need, Seed};

use crate::error::{During, Result, out_of_range};

/// Draws `n` windows of `n_bins` bins from cochleagrams `(F, T)` at random places: `(n, 1, F, n_bins)`.
///
/// Every place in every sound is equally likely. Sounds shorter than a window are skipped.
///
/// # Errors
/// [`Error::Setting`](crate::Error::Setting) if no sound is long enough.
pub fn draw_windows(
    cochleagrams: &[ArrayView2<'_, f32>],
    n: usize,
    n_bins: usize,
    seed: Seed,
    device: &Device,
) -> Result<Tensor> {
    let places: Vec<(usize, usize)> = cochleagrams
        .iter()
        .enumerate()
        .flat_map(|(s, sound)| (0..(sound.ncols() + 1).saturating_sub(n_bins)).map(move |t| (s, t)))
        .collect();
    if places.is_empty() || n_bins == 0 {
        let longest = cochleagrams.iter().map(ArrayView2::ncols).max().unwrap_or(0);
        let expected = format!("1 to {longest}, the length of the longest sound");
        return Err(out_of_range("length of a window in bins", n_bins, expected));
    }
    let mut stream = seed.stream("windows");
    let n_bands = cochleagrams[0].nrows();
    // The values, and the tensor of them with its scaled copy.
    Need::of_values(&[n, n_bands, n_bins, 3], 4).ensure(
        format!("{n} windows of {n_bands} bands and {n_bins} bins"),
        "ask for fewer or shorter windows",
    )?;
    let mut values = Vec::with_capacity(n * n_bands * n_bins);
    for _ in 0..n {
        let (s, start) = places[stream.below(places.len())];
        let window = cochleagrams[s].slice(ndarray::s![.., start..start + n_bins]);
        values.extend(window.iter().copied());
    }
    Tensor::from_vec(values, (n, 1, n_bands, n_bins), device).during("cutting windows")
}
