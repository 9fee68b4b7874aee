//! How a receptive field changes over the course of a sound: gain change, temporal hold and shape change (Keshishian et
//! al. 2020); and mean receptive fields by size of the response.
//!
//! ```text
//! g[t] = |D[t]|                                                 gain change = sd(g) / mean(g)
//! in_place(n) = mean_t cos(D[t], D[t+n])   shifted(n) = mean_t cos(D[t], D[t+n] shifted back by n lags)
//! temporal hold = the largest n with shifted(m) > in_place(m) for every m <= n
//! shape change = sum_i s_i / s_1, s the singular values of D[t] / g[t]
//! ```
//! Temporal hold means that the field keeps responding to one event of the sound: as the event recedes, the field shifts
//! to longer lags, and shifted back it is the same field. A linear neuron has a gain change of 0, a hold of 0 and a shape
//! change of 1.
//!
//! Differs from the paper: the gain change is divided by the mean, so that it does not depend on the unit of the rate; the
//! hold compares mean cosines, which are returned, instead of a significance test that would treat neighbouring bins as
//! independent; the shape change is computed without first undoing the hold.
//!
//! Keshishian M, Akbari H, Khalighinejad B, Herrero JL, Mehta AD, Mesgarani N (2020). Estimating and interpreting
//! nonlinear receptive field of sensory neural responses with deep neural network models. eLife 9:e53445.

use ndarray::{Array2, Array3, ArrayView2, Axis, s};

use crate::{dstrf::Dstrf, error::Result, subspace::subspace};

/// The three kinds of change of a neuron's receptive field during a sound.
#[derive(Clone, Debug, PartialEq)]
pub struct StrfDynamics {
    /// Standard deviation of the fields' norms over their mean: 0 for constant gain.
    pub gain_change: f64,
    /// Bins for which the field shifts along with the sound; 0 for a field that stays at its lags.
    pub temporal_hold: usize,
    /// The mean cosines that decided the hold, for fields 1, 2, .. bins apart.
    pub similarity: Vec<Similarity>,
    /// Sum of the singular values of the fields, each scaled to norm 1, over the largest: 1 for constant shape.
    pub shape_change: f64,
}

/// Mean cosine of fields that lie some bins apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// Compared lag by lag.
    pub in_place: f64,
    /// Compared after the later field is shifted back by the bins between them.
    pub shifted: f64,
}

impl StrfDynamics {
    /// The changes of dynamic STRFs, with holds of up to `longest_hold` bins; `None` if all fields are zero.
    ///
    /// # Errors
    /// [`Error::Decomposition`](crate::Error::Decomposition) for numbers that are not finite.
    pub fn of(fields: &Dstrf, longest_hold: usize) -> Result<Option<Self>> {
        let norms: Vec<f64> = fields.maps.outer_iter().map(norm).collect();
        let mean = norms.iter().sum::<f64>() / norms.len().max(1) as f64;
        if mean == 0.0 {
            return Ok(None);
        }
        let variance = norms.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / norms.len() as f64;
        let (n_bins, n_bands, n_lags) = fields.maps.dim();
        let longest = longest_hold.min(n_bins.saturating_sub(1)).min(n_lags.saturating_sub(1));
        let similarity: Vec<Similarity> =
            (1..=longest).map_while(|n| similarity(&fields.maps, &norms, n)).collect();
        let temporal_hold = similarity.iter().take_while(|s| s.shifted > s.in_place).count();
        let nonzero: Vec<usize> = (0..n_bins).filter(|&t| norms[t] > 0.0).collect();
        let unit = Array3::from_shape_fn((nonzero.len(), n_bands, n_lags), |(i, f, k)| {
            fields.maps[(nonzero[i], f, k)] / norms[nonzero[i]]
        });
        let values = subspace(unit.view(), 0)?.singular_values;
        let largest = values.first().copied().unwrap_or(1.0);
        let shape_change = values.iter().sum::<f64>() / largest;
        Ok(Some(Self { gain_change: variance.sqrt() / mean, temporal_hold, similarity, shape_change }))
    }
}

fn norm(map: ArrayView2<'_, f64>) -> f64 {
    map.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The mean cosines of fields `n` bins apart; `None` if in every such pair one field is zero.
fn similarity(maps: &Array3<f64>, norms: &[f64], n: usize) -> Option<Similarity> {
    let (n_bins, _, n_lags) = maps.dim();
    let (mut in_place, mut shifted, mut pairs) = (0.0, 0.0, 0usize);
    for t in 0..n_bins.saturating_sub(n) {
        let scale = norms[t] * norms[t + n];
        if scale == 0.0 {
            continue;
        }
        let (now, later) = (maps.index_axis(Axis(0), t), maps.index_axis(Axis(0), t + n));
        let dot =
            |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        in_place += dot(now, later) / scale;
        // Lags that the shift moves out of the map, or in from beyond it, count as zeros.
        shifted += dot(now.slice(s![.., ..n_lags - n]), later.slice(s![.., n..])) / scale;
        pairs += 1;
    }
    (pairs > 0).then(|| Similarity { in_place: in_place / pairs as f64, shifted: shifted / pairs as f64 })
}

/// Mean receptive fields over the bins whose response lies in one quantile.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileField {
    /// Bins in the quantile.
    pub n_bins: usize,
    /// The smallest and the largest response in it.
    pub responses: [f64; 2],
    /// The mean field, `(F, L)`.
    pub mean: Array2<f64>,
    /// The mean of the fields' positive parts: the excitatory nonlinear STRF.
    pub excitatory: Array2<f64>,
    /// The mean of the fields' negative parts: the inhibitory nonlinear STRF.
    pub inhibitory: Array2<f64>,
}

/// Mean receptive fields by quantile of the response, weakest responses first.
///
/// Quantiles hold equally many bins, give or take one; those without a bin are left out.
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
        let found = StrfDynamics::of(&one, 3).unwrap().unwrap();
        assert!(found.gain_change < 1e-12 && (found.shape_change - 1.0).abs() < 1e-6, "{found:?}");
        assert_eq!(found.temporal_hold, 0);
    }

    #[test]
    fn a_field_that_doubles_changes_in_gain_alone() {
        let gains = [1.0, 3.0];
        let double = fields(Array3::from_shape_fn((10, 2, 3), |(t, f, k)| gains[t % 2] * (1 + f + k) as f64));
        let found = StrfDynamics::of(&double, 2).unwrap().unwrap();
        assert!((found.gain_change - 0.5).abs() < 1e-12 && (found.shape_change - 1.0).abs() < 1e-6);
        assert_eq!(found.temporal_hold, 0);
    }

    #[test]
    fn a_field_that_stays_with_an_event_in_the_sound_is_held() {
        // There is a new event every 4 bins, and the field follows it for 4 bins: lag 0, 1, 2, 3, 0, ..
        let held = fields(Array3::from_shape_fn((40, 1, 6), |(t, _, k)| if k == t % 4 { 1.0 } else { 0.0 }));
        let found = StrfDynamics::of(&held, 5).unwrap().unwrap();
        // Of pairs one, two and three bins apart, 3, 2 and 1 of 4 belong to the same event.
        assert_eq!(found.temporal_hold, 3);
        assert!((found.similarity[0].shifted - 0.75).abs() < 0.02 && found.similarity[0].in_place == 0.0);
        // Four lags are used equally: four directions.
        assert!((found.shape_change - 4.0).abs() < 1e-9);
    }

    #[test]
    fn fields_of_zeros_have_no_dynamics() {
        assert_eq!(StrfDynamics::of(&fields(Array3::zeros((5, 2, 2))), 1).unwrap(), None);
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
