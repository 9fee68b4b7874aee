//! Similarity of two receptive fields.

use ndarray::ArrayView2;
use statenet_core::expect_shape;
use statenet_metrics::resampling::Resampling;

use crate::{
    error::Result,
    estimate::{Estimate, estimates},
    gradient_map::GradientMaps,
    probes::SoundSums,
};

/// The cosine of the angle between two maps `(F, L)` with lag 0 first: 1 for maps that differ by a positive factor.
///
/// If the maps have different numbers of lags, the shorter one is padded with zeros. `None` if their bands differ or a map
/// is zero.
#[must_use]
pub fn cosine(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Option<f64> {
    if a.nrows() != b.nrows() {
        return None;
    }
    let n_lags = a.ncols().min(b.ncols());
    let common = |m: &ArrayView2<'_, f64>| m.slice(ndarray::s![.., ..n_lags]).to_owned();
    let dot = (common(&a) * common(&b)).sum();
    let norm = |m: &ArrayView2<'_, f64>| m.iter().map(|x| x * x).sum::<f64>().sqrt();
    let norms = norm(&a) * norm(&b);
    (norms > 0.0 && norms.is_finite()).then(|| dot / norms)
}

/// The [`cosine`] of a neuron's mean gradient map with its true receptive field, with an interval over sounds.
///
/// `sounds` holds for each map the sound from which its window was cut; the bootstrap resamples whole sounds.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) if `sounds` does not have one entry per map.
pub fn with_truth(
    maps: &GradientMaps,
    sounds: &[usize],
    truth: ArrayView2<'_, f64>,
    resampling: &Resampling,
) -> Result<Estimate> {
    expect_shape("sounds of the maps", &[sounds.len()], &[maps.maps.dim().0.into()])?;
    let sums = SoundSums::of(&maps.maps, sounds);
    let statistic = |drawn: &[usize]| [cosine(sums.drawn(drawn).view(), truth)];
    let [estimate] = estimates(sums.n_sounds(), statistic, resampling);
    Ok(estimate)
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, arr2};

    use super::*;

    #[test]
    fn scale_does_not_matter_and_depth_does() {
        let a = arr2(&[[1.0, 2.0], [0.0, -1.0]]);
        let longer = arr2(&[[2.0, 4.0, 0.0], [0.0, -2.0, 0.0]]);
        let tail = arr2(&[[2.0, 4.0, 5.0], [0.0, -2.0, 0.0]]);
        assert!((cosine(a.view(), longer.view()).unwrap() - 1.0).abs() < 1e-12);
        assert!(cosine(a.view(), tail.view()).unwrap() < 0.8);
        assert_eq!(cosine(a.view(), arr2(&[[0.0, 0.0], [0.0, 0.0]]).view()), None);
        assert_eq!(cosine(a.view(), arr2(&[[1.0]]).view()), None);
    }

    #[test]
    fn a_map_agrees_with_itself_whatever_sounds_are_drawn() {
        let map = arr2(&[[1.0, 2.0], [0.0, -1.0]]);
        let maps = ndarray::stack(Axis(0), &[map.view(), (&map * 2.0).view(), map.view()]).unwrap();
        let maps = GradientMaps { target: crate::Target::Neuron(0), maps };
        let estimate = with_truth(&maps, &[0, 0, 1], map.view(), &Resampling::default()).unwrap();
        let [low, high] = estimate.ci95.unwrap();
        assert!(low > 1.0 - 1e-12 && high < 1.0 + 1e-12);
        assert!(with_truth(&maps, &[0], map.view(), &Resampling::default()).is_err());
    }
}
