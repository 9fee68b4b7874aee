//! How much of a response's variance is due to sound at a lag and before.

use candle_core::{DType, Tensor};
use ndarray::{Array2, Array3, ArrayView2, Axis};

use super::isotonic::non_increasing;
use crate::error::{During, Result};

/// Squared changes of one neuron's response, summed over the windows of each sound.
#[derive(Clone, Debug)]
pub(super) struct LagEffects {
    /// `(S, K)`: at (s, k - 1) the squared change when the sound at lags k and more is replaced.
    pub(super) of_lag: Array2<f64>,
    /// (S): the squared change when the whole sound is replaced.
    pub(super) of_all: Vec<f64>,
}

impl LagEffects {
    pub(super) fn zeros(n_sounds: usize, n_lags: usize) -> Self {
        Self { of_lag: Array2::zeros((n_sounds, n_lags)), of_all: vec![0.0; n_sounds] }
    }

    /// Sums the squared changes of all windows, `squared` `(B, K)` and `all` (B), over the `members` of each sound.
    pub(super) fn summed(squared: ArrayView2<'_, f64>, all: &[f64], members: &[Vec<usize>]) -> Self {
        let mut effects = Self::zeros(members.len(), squared.ncols());
        for (sound, windows) in members.iter().enumerate() {
            effects.of_lag.row_mut(sound).assign(&squared.select(Axis(0), windows).sum_axis(Axis(0)));
            effects.of_all[sound] = windows.iter().filter_map(|&window| all.get(window)).sum();
        }
        effects
    }

    /// U(k), k = 0 to K, from the given sounds: 1 at k = 0, then non-increasing; `None` if the response never changes.
    pub(super) fn share(&self, drawn: &[usize]) -> Option<Vec<f64>> {
        let all: f64 = drawn.iter().filter_map(|&sound| self.of_all.get(sound)).sum();
        if !(all > 0.0 && all.is_finite()) {
            return None;
        }
        let mut of_lag = vec![0.0; self.of_lag.ncols()];
        for row in drawn.iter().filter(|&&sound| sound < self.of_lag.nrows()).map(|&s| self.of_lag.row(s)) {
            of_lag.iter_mut().zip(row).for_each(|(sum, effect)| *sum += effect);
        }
        let share: Vec<f64> =
            std::iter::once(1.0).chain(of_lag.into_iter().map(|effect| effect / all)).collect();
        Some(non_increasing(&share))
    }
}

/// Rates `(B, N, T)` as an array.
pub(super) fn numbers(rates: &Tensor) -> Result<Array3<f64>> {
    let dims = rates.dims3().during("reading rates")?;
    let values = rates.to_dtype(DType::F64).and_then(|r| r.flatten_all()).and_then(|r| r.to_vec1::<f64>());
    let values = values.during("reading rates")?;
    let (_, n_neurons, n_bins) = dims;
    Ok(Array3::from_shape_fn(dims, |(b, n, t)| values[(b * n_neurons + n) * n_bins + t]))
}
