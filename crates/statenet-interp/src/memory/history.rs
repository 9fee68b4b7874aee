//! Rates of a model with limited history: each bin is predicted from the last H bins of sound only.
//!
//! ```text
//! r_H(t) = rate at t for the sound from bin t - H + 1 to t, run from the initial state      r_H = r for H >= t + 1
//! ```
//! Scored against recorded responses, these rates show how much history the prediction needs (Asari & Zador 2009, J
//! Neurophysiol 102:2638); the measures of [`memory`](super::memory) show how much the model uses. With a short history
//! the score also drops because the initial state is unlike the states in the middle of a sound.

use candle_core::{DType, Tensor};
use ndarray::Array2;
use statenet_core::{Dim, expect_shape};
use statenet_models::{Mode, ResponseModel};

use crate::{
    batched_gradients::{in_parallel, rows_of_pass},
    error::{During, Result, out_of_range},
    frozen_model::of_model,
};

/// Rates `(N, T)` for a sound `(1, 1, F, T)` where each bin is predicted from `n_bins` bins of sound, itself included.
///
/// Costs as much as running the model over the sound `n_bins` times.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_interp::memory::with_history;
/// use statenet_models::{Mode, zoo};
///
/// // Linear has 40 lags at 5 ms, so that 40 bins of history change nothing.
/// let axes = Axes::new(8, 2, TimeBin::from_millis(5.0)?);
/// let model = zoo::linear(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let sound = Tensor::rand(0f32, 1.0, (1, 1, 8, 60), &Device::Cpu)?;
/// let rates = with_history(&*model, &sound, 40)?;
/// let all = model.forward(&sound, Mode::Eval)?.squeeze(0)?.to_vec2::<f32>()?;
/// assert!((rates[(1, 59)] - all[1][59]).abs() < 1e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) if the sound does not fit the model, [`Error::Setting`](crate::Error::Setting) if
/// `n_bins` is 0.
pub fn with_history(model: &dyn ResponseModel, sound: &Tensor, n_bins: usize) -> Result<Array2<f32>> {
    let expected = [Dim::Is(1), Dim::Is(1), Dim::Is(model.n_bands()), Dim::Any("T")];
    expect_shape("sound", sound.dims(), &expected)?;
    if n_bins == 0 {
        return Err(out_of_range("bins of history", 0, "1 or more"));
    }
    let sound = of_model(model, sound)?;
    let length = sound.dim(3).during("reading a sound")?;
    let start = sound.narrow(3, 0, n_bins.min(length)).during("cutting a sound")?;
    let mut rates = last_bins(model, &start, n_bins.min(length))?;
    let later: Vec<usize> = (n_bins..length).collect();
    let passes: Vec<&[usize]> = later.chunks(rows_of_pass(n_bins)).collect();
    let of_passes = in_parallel(passes, |bins| {
        let window = |&bin: &usize| sound.narrow(3, bin + 1 - n_bins, n_bins);
        let windows = bins.iter().map(window).collect::<candle_core::Result<Vec<_>>>();
        let windows = windows.and_then(|w| Tensor::cat(&w, 0)?.contiguous()).during("cutting windows")?;
        last_bins(model, &windows, 1)
    })?;
    rates.extend(of_passes.into_iter().flatten());
    let n = model.n_neurons();
    Ok(Array2::from_shape_fn((n, length), |(neuron, t)| {
        rates.get(t * n + neuron).copied().unwrap_or(f32::NAN)
    }))
}

/// The rates of all neurons at the last `n_last` bins of each window, bin by bin.
fn last_bins(model: &dyn ResponseModel, windows: &Tensor, n_last: usize) -> Result<Vec<f32>> {
    let rates = model.forward(windows, Mode::Eval)?.detach();
    let last = || {
        let n_bins = rates.dim(2)?;
        rates
            .narrow(2, n_bins - n_last, n_last)?
            .transpose(1, 2)?
            .to_dtype(DType::F32)?
            .flatten_all()?
            .to_vec1()
    };
    last().during("reading rates")
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::{Axes, Seed, TimeBin};
    use statenet_models::zoo;

    use super::*;

    #[test]
    fn each_bin_is_that_of_its_window_alone() {
        let axes = Axes::new(8, 3, TimeBin::from_millis(5.0).unwrap());
        let model = zoo::statenet_gru(&axes).build(Seed::new(2), &Device::Cpu).unwrap();
        let sound = Tensor::rand(0f32, 1.0, (1, 1, 8, 30), &Device::Cpu).unwrap();
        let rates = with_history(&*model, &sound, 6).unwrap();
        for t in [0, 5, 6, 17, 29] {
            let from = (t + 1usize).saturating_sub(6);
            let window = sound.narrow(3, from, t + 1 - from).unwrap().contiguous().unwrap();
            let alone =
                model.forward(&window, Mode::Eval).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
            for (neuron, alone) in alone.iter().enumerate() {
                assert!((rates[(neuron, t)] - alone.last().unwrap()).abs() < 1e-6, "bin {t}");
            }
        }
        let whole = with_history(&*model, &sound, 99).unwrap();
        let forward =
            model.forward(&sound, Mode::Eval).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
        assert!((whole[(2, 29)] - forward[2][29]).abs() < 1e-6);
        assert!(with_history(&*model, &sound, 0).is_err());
    }
}
