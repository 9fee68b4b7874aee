//! Memory from the gradient: how its effect decays with lag.
//!
//! ```text
//! x: sound in standard deviations of each band
//! change[i, k] = sum_{l >= k} sum_f G[f, l] (x_i - x_j)[f, t - l]        G = d r(t) / d x at (x_i + x_j) / 2
//! ```
//! `change[i, k]` is a first-order estimate of how the response to window i would change if its sound at lags k and more
//! were replaced by that of window j, from another sound. The gradient is taken halfway between the two windows, where
//! the estimate is exact also for quadratic dependence (such as a gain that follows the variance); at window i it would
//! be twice too large there. It is multiplied by the difference of the sounds because the gradient alone would give a
//! band or lag that hardly varies as much weight as one that varies strongly.

use candle_core::{DType, Tensor};
use ndarray::{Array2, Array3, ArrayView2};
use statenet_models::ResponseModel;

use super::lag_effects::LagEffects;
use crate::{
    error::{During, Result},
    frozen_model::FrozenModel,
    gradient_map::gradient_maps,
    probes::{Probes, sounds_of},
};

/// How many windows have their gradients in memory at the same time.
const AT_ONCE: usize = 16;

/// The effects of each neuron by the gradient.
pub(super) fn lag_effects(
    model: &dyn ResponseModel,
    probes: &Probes,
    neurons: &[usize],
    n_lags: usize,
) -> Result<Vec<LagEffects>> {
    let sounds = cochleagrams(&FrozenModel::new(model)?.scaled(probes.windows())?)?;
    let (n_windows, n_bands, n_bins) = sounds.dim();
    let partners = probes.partners();
    let of_partner =
        Tensor::new(partners.iter().map(|&j| j as u32).collect::<Vec<_>>(), probes.windows().device());
    let halfway = of_partner
        .and_then(|j| probes.windows().index_select(&j, 0))
        .and_then(|other| (probes.windows() + other)?.affine(0.5, 0.0))
        .during("averaging pairs of windows")?;
    let mut squared = vec![Array2::zeros((n_windows, n_lags)); neurons.len()];
    let mut all = vec![vec![0.0; n_windows]; neurons.len()];
    for first in (0..n_windows).step_by(AT_ONCE) {
        let n = AT_ONCE.min(n_windows - first);
        let windows = halfway.narrow(0, first, n).during("cutting windows")?;
        for (i, maps) in gradient_maps(model, &windows, neurons)?.into_iter().enumerate() {
            for (map, window) in maps.maps.outer_iter().zip(first..) {
                let own = sounds.index_axis(ndarray::Axis(0), window);
                let other = sounds.index_axis(ndarray::Axis(0), partners[window]);
                let at_lag = |j: usize| -> f64 {
                    let t = n_bins - 1 - j;
                    (0..n_bands).map(|f| map[(f, j)] * (own[(f, t)] - other[(f, t)])).sum()
                };
                let mut change = 0.0;
                for j in (0..n_bins).rev() {
                    change += at_lag(j);
                    if (1..=n_lags).contains(&j) {
                        squared[i][(window, j - 1)] = change * change;
                    }
                }
                all[i][window] = change * change;
            }
        }
    }
    let members = sounds_of(probes.sounds());
    let of = |(squared, all): (&Array2<f64>, &Vec<f64>)| {
        LagEffects::summed(ArrayView2::from(squared), all, &members)
    };
    Ok(squared.iter().zip(&all).map(of).collect())
}

/// Windows `(B, 1, F, L)` as an array `(B, F, L)`.
fn cochleagrams(windows: &Tensor) -> Result<Array3<f64>> {
    let (n_windows, _, n_bands, n_bins) = windows.dims4().during("reading windows")?;
    let values = windows.to_dtype(DType::F64).and_then(|w| w.flatten_all()).and_then(|w| w.to_vec1::<f64>());
    let values = values.during("reading windows")?;
    let at = |(b, f, t): (usize, usize, usize)| values[(b * n_bands + f) * n_bins + t];
    Ok(Array3::from_shape_fn((n_windows, n_bands, n_bins), at))
}
