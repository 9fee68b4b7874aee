//! Memory by substituting the history: the same present after another sound's past (forgetting), and after no past
//! (truncation).
//!
//! ```text
//! forgetting    change[i, k] = r(past_i, present_i) - r(past_j, present_i)      at the k-th bin of the present,
//! truncation    change[i, k] = r(past_i, present_i) - r(present_i)              after k bins in common
//! ```
//! The model is run over each past once, and over each present three times: from the state after its own past, from the
//! state after another sound's past, and from the initial state.

use candle_core::Tensor;
use ndarray::{Array2, Array3};
use statenet_models::ResponseModel;

use super::lag_effects::{LagEffects, numbers};
use crate::{
    error::{During, Result},
    probes::{Probes, sounds_of},
};

/// The effects of each neuron by the forgetting curve and by truncation.
pub(super) struct HistorySubstitution {
    pub(super) forgetting: Vec<LagEffects>,
    pub(super) truncation: Vec<LagEffects>,
}

pub(super) fn lag_effects(
    model: &dyn ResponseModel,
    probes: &Probes,
    neurons: &[usize],
    n_lags: usize,
) -> Result<HistorySubstitution> {
    let windows = probes
        .windows()
        .to_dtype(model.dtype())
        .and_then(|w| w.to_device(model.device()))
        .during("converting windows")?;
    let (n_windows, _, _, n_bins) = windows.dims4().during("reading windows")?;
    let cut = |from: usize, n: usize| windows.narrow(3, from, n).and_then(|w| w.contiguous());
    let past = cut(0, n_bins - n_lags).during("cutting pasts")?;
    let present = cut(n_bins - n_lags, n_lags).during("cutting presents")?;
    let partners = probes.partners();
    let of_partner = partners.iter().map(|&j| j as u32).collect::<Vec<_>>();
    let other_past = Tensor::new(of_partner, past.device()).and_then(|j| past.index_select(&j, 0));
    let other_past = other_past.during("pairing pasts")?;

    let after = |past: Option<&Tensor>| -> Result<Array3<f64>> {
        let mut state = model.init_state(n_windows)?;
        if let Some(past) = past {
            model.advance(past, &mut state)?;
        }
        numbers(&model.chunk(&present, &mut state)?)
    };
    let (own, other, none) = (after(Some(&past))?, after(Some(&other_past))?, after(None)?);

    let members = sounds_of(probes.sounds());
    let square = |x: f64| x * x;
    // The squared difference of two responses is on average twice their variance, that of a response and the mean once.
    let of = |neuron: usize, changed: &Array3<f64>, variances: f64| {
        let squared = Array2::from_shape_fn((n_windows, n_lags), |(i, k)| {
            square(own[(i, neuron, k)] - changed[(i, neuron, k)])
        });
        let apart = |(i, &j): (usize, &usize)| {
            let sum: f64 = (0..n_lags).map(|k| square(own[(i, neuron, k)] - own[(j, neuron, k)])).sum();
            0.5 * variances * sum / n_lags as f64
        };
        let all: Vec<f64> = partners.iter().enumerate().map(apart).collect();
        LagEffects::summed(squared.view(), &all, &members)
    };
    Ok(HistorySubstitution {
        forgetting: neurons.iter().map(|&neuron| of(neuron, &other, 2.0)).collect(),
        truncation: neurons.iter().map(|&neuron| of(neuron, &none, 1.0)).collect(),
    })
}
