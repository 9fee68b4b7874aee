//! How a receptive field changes while a sound goes on: in gain, in time, in shape (Keshishian et al. 2020), and with
//! the response.
//!
//! ```text
//! g[t] = |D[t]|                                                 gain change = sd(g) / mean(g)
//! still(n) = mean_t cos(D[t], D[t+n])      moved(n) = mean_t cos(D[t], D[t+n] moved n lags back)
//! hold = the largest n with moved(m) > still(m) for every m <= n
//! shape change = sum_i s_i / s_1, s the singular values of D[t] / g[t]
//! ```
//! A field that stays with what it found in the sound moves to longer lags as time goes on: moved back it is the same
//! field. A linear neuron has a gain change of 0, no hold and a shape change of 1.
//! Differs from the paper: the gain change is relative to the mean, so that rates may have any unit; a hold is found by
//! means, of which the curve is given, not by a test whose bins are not independent; a hold is not undone before the
//! shape is judged.
//!
//! Keshishian M, Akbari H, Khalighinejad B, Herrero JL, Mehta AD, Mesgarani N (2020). Estimating and interpreting
//! nonlinear receptive field of sensory neural responses with deep neural network models. eLife 9:e53445.

use ndarray::{Array2, Array3, ArrayView2, Axis, s};

use crate::{dstrf::Dstrf, error::Result, subspace::subspace};

/// The three kinds of change.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The deviation of the fields' norms over their mean.
    pub gain: f64,
    /// How many bins a field stays with the sound, 0 for one that does not move.
    pub hold: usize,
    /// The mean cosines over which the hold was judged, for distances of 1, 2, .. bins.
    pub similarity: Vec<Similarity>,
    /// Singular values of the fields of norm 1, summed, over the largest: 1 for one shape.
    pub shape: f64,
}

/// How alike fields some bins apart are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// At the same lags.
    pub still: f64,
    /// Moved back by their distance.
    pub moved: f64,
}

/// The changes of locally linear receptive fields, holds of up to `longest` bins. `None` if all fields are zero.
///
/// # Errors
/// [`Error::Decomposition`](crate::Error::Decomposition) for numbers that are not finite.
pub fn changes(fields: &Dstrf, longest: usize) -> Result<Option<Changes>> {
    let norms: Vec<f64> = fields.maps.outer_iter().map(norm).collect();
    let mean = norms.iter().sum::<f64>() / norms.len().max(1) as f64;
    if mean == 0.0 {
        return Ok(None);
    }
    let variance = norms.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / norms.len() as f64;
    let (n_bins, n_bands, n_lags) = fields.maps.dim();
    let longest = longest.min(n_bins.saturating_sub(1)).min(n_lags.saturating_sub(1));
    let similarity: Vec<Similarity> =
        (1..=longest).map_while(|n| similarity(&fields.maps, &norms, n)).collect();
    let hold = similarity.iter().take_while(|s| s.moved > s.still).count();
    let heard: Vec<usize> = (0..n_bins).filter(|&t| norms[t] > 0.0).collect();
    let unit = Array3::from_shape_fn((heard.len(), n_bands, n_lags), |(i, f, k)| {
        fields.maps[(heard[i], f, k)] / norms[heard[i]]
    });
    let values = subspace(unit.view(), 0)?.singular_values;
    let largest = values.first().copied().unwrap_or(1.0);
    let shape = values.iter().sum::<f64>() / largest;
    Ok(Some(Changes { gain: variance.sqrt() / mean, hold, similarity, shape }))
}

fn norm(map: ArrayView2<'_, f64>) -> f64 {
    map.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The mean cosines of fields `n` bins apart; `None` if no two of them answer.
fn similarity(maps: &Array3<f64>, norms: &[f64], n: usize) -> Option<Similarity> {
    let (n_bins, _, n_lags) = maps.dim();
    let (mut still, mut moved, mut pairs) = (0.0, 0.0, 0usize);
    for t in 0..n_bins.saturating_sub(n) {
        let scale = norms[t] * norms[t + n];
        if scale == 0.0 {
            continue;
        }
        let (now, later) = (maps.index_axis(Axis(0), t), maps.index_axis(Axis(0), t + n));
        let dot =
            |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        still += dot(now, later) / scale;
        // What moves out of the map counts for nothing, as what comes in from beyond it.
        moved += dot(now.slice(s![.., ..n_lags - n]), later.slice(s![.., n..])) / scale;
        pairs += 1;
    }
    (pairs > 0).then(|| Similarity { still: still / pairs as f64, moved: moved / pairs as f64 })
}

/// Mean fields over the bins of one quantile of the response.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileField {
    /// Bins in the quantile.
    pub n_bins: usize,
    /// The smallest and the largest response in it.
    pub responses: [f64; 2],
    /// The mean field, `(F, L)`.
    pub mean: Array2<f64>,
    /// The mean of what is positive in each field: the excitatory nonlinear STRF.
    pub excitatory: Array2<f64>,
    /// The mean of what is negative in each field: the inhibitory nonlinear STRF.
    pub inhibitory: Array2<f64>,
}

/// Mean fields by quantiles of the response, weakest first, as equal in size as can be. Quantiles without a bin are left
/// out.
#[must_use]
pub fn fields_by_response(fields: &Dstrf, n_quantiles: usize) -> Vec<QuantileField> {
    let mut order: Vec<usize> = (0..fields.response.len().min(fields.maps.dim().0)).collect();
    order.sort_by(|&a, &b| fields.response[a].total_cmp(&fields.response[b]));
    let (_, n_bands, n_lags) = fields.maps.dim();
    let quantile = |q: usize| {
        let bins = &order[order.len() * q / n_quantiles..order.len() * (q + 1) / n_quantiles];
        let (first, last) = (bins.first()?, bins.last()?);
        let mean = |of: fn(f64) -> f64| {
            let mut sum = Array2::zeros((n_bands, n_lags));
            for &t in bins {
                sum.zip_mut_with(&fields.maps.index_axis(Axis(0), t), |there, &x| *there += of(x));
            }
            sum / bins.len() as f64
        };
        Some(QuantileField {
            n_bins: bins.len(),
            responses: [fields.response[*first], fields.response[*last]],
            mean: mean(|x| x),
            excitatory: mean(|x| x.max(0.0)),
            inhibitory: mean(|x| x.min(0.0)),
        })
    };
    (0..n_quantiles).filter_map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;

    fn fields(maps: Array3<f64>) -> Dstrf {
        let response = (0..maps.dim().0).map(|t| t as f64).collect();
        Dstrf { target: Target::Neuron(0), maps, response }
    }

    #[test]
    fn a_field_that_never_changes_has_no_changes() {
        let one = fields(Array3::from_shape_fn((12, 2, 4), |(_, f, k)| 1.0 + f as f64 - 0.7 * k as f64));
        let changes = changes(&one, 3).unwrap().unwrap();
        assert!(changes.gain < 1e-12 && (changes.shape - 1.0).abs() < 1e-6, "{changes:?}");
        assert_eq!(changes.hold, 0);
    }

    #[test]
    fn a_field_that_doubles_changes_in_gain_alone() {
        let gains = [1.0, 3.0];
        let double = fields(Array3::from_shape_fn((10, 2, 3), |(t, f, k)| gains[t % 2] * (1 + f + k) as f64));
        let changes = changes(&double, 2).unwrap().unwrap();
        assert!((changes.gain - 0.5).abs() < 1e-12 && (changes.shape - 1.0).abs() < 1e-6);
        assert_eq!(changes.hold, 0);
    }

    #[test]
    fn a_field_that_stays_with_an_event_in_the_sound_is_held() {
        // Every 4 bins a new event, followed for 4 bins: lag 0, 1, 2, 3, 0, ..
        let held = fields(Array3::from_shape_fn((40, 1, 6), |(t, _, k)| if k == t % 4 { 1.0 } else { 0.0 }));
        let found = changes(&held, 5).unwrap().unwrap();
        // Three of four pairs one bin apart belong to one event, two of four two bins apart, one of four three apart.
        assert_eq!(found.hold, 3);
        assert!((found.similarity[0].moved - 0.75).abs() < 0.02 && found.similarity[0].still == 0.0);
        // Four lags, used equally: four directions.
        assert!((found.shape - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_silent_neuron_has_no_kind_of_change() {
        assert_eq!(changes(&fields(Array3::zeros((5, 2, 2))), 1).unwrap(), None);
    }

    #[test]
    fn quantiles_part_excitation_and_inhibition() {
        let maps = Array3::from_shape_fn((4, 1, 2), |(t, _, k)| if k == 0 { t as f64 } else { -1.0 });
        let quantiles = fields_by_response(&fields(maps), 2);
        assert_eq!(quantiles.len(), 2);
        let (weak, strong) = (&quantiles[0], &quantiles[1]);
        assert_eq!((weak.responses, strong.responses), ([0.0, 1.0], [2.0, 3.0]));
        assert_eq!(strong.mean.as_slice().unwrap(), [2.5, -1.0]);
        assert_eq!(strong.excitatory.as_slice().unwrap(), [2.5, 0.0]);
        assert_eq!(weak.inhibitory.as_slice().unwrap(), [0.0, -1.0]);
        assert_eq!(fields_by_response(&fields(Array3::zeros((1, 1, 1))), 3).len(), 1);
    }
}
