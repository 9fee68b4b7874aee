//! Clipping gradients by their norm over all parameters (Pascanu et al. 2013).

use candle_core::{CpuStorage, DType, Result, Storage, Tensor, backprop::GradStore};
use statenet_models::ParamStore;

/// The Euclidean norm of all gradients, summed in f64 in the order of the parameters.
pub(crate) fn gradient_norm(params: &ParamStore, grads: &GradStore) -> Result<f64> {
    let mut sum = 0.0;
    for param in params.trained() {
        if let Some(grad) = grads.get(param.var.as_tensor()) {
            sum += sum_of_squares(grad)?;
        }
    }
    Ok(sum.sqrt())
}

/// Where the numbers lie one after the other on the CPU they are not copied.
fn sum_of_squares(grad: &Tensor) -> Result<f64> {
    let (storage, layout) = grad.storage_and_layout();
    let range = layout.contiguous_offsets().map(|(from, to)| from..to);
    Ok(match (&*storage, range) {
        (Storage::Cpu(CpuStorage::F32(all)), Some(range)) => squares(&all[range], |g| f64::from(*g)),
        (Storage::Cpu(CpuStorage::F64(all)), Some(range)) => squares(&all[range], |g| *g),
        _ => {
            drop(storage);
            squares(&grad.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?, |g| *g)
        }
    })
}

/// Eight sums side by side, whatever the processor: the same bits everywhere.
fn squares<T>(numbers: &[T], value: impl Fn(&T) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    for chunk in numbers.chunks(lanes.len()) {
        for (lane, number) in lanes.iter_mut().zip(chunk) {
            let g = value(number);
            *lane += g * g;
        }
    }
    lanes.iter().sum()
}

/// The factor that brings a norm down to its limit.
pub(crate) fn factor(norm: f64, limit: Option<f64>) -> f64 {
    match limit {
        Some(limit) if norm > limit => limit / norm,
        _ => 1.0,
    }
}
