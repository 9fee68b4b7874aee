//! Clipping gradients by their norm over all parameters (Pascanu et al. 2013).

use candle_core::{CpuStorage, DType, Device, Result, Storage, Tensor, backprop::GradStore};
use statenet_models::ParamStore;

use crate::optimizers::precision;

/// The Euclidean norm of all gradients, summed in f64 in the order of the parameters.
///
/// Gradients on another device are squared and summed there; only the sum comes to the host.
pub(crate) fn gradient_norm(params: &ParamStore, grads: &GradStore) -> Result<f64> {
    let gradients = params.trained().filter_map(|param| grads.get(param.var.as_tensor()));
    let (on_cpu, on_device): (Vec<_>, Vec<_>) = gradients.partition(|grad| grad.device().is_cpu());
    let mut sum = 0.0;
    for grad in on_cpu {
        sum += sum_of_squares(grad)?;
    }
    if !on_device.is_empty() {
        sum += sum_on_device(&on_device)?;
    }
    Ok(sum.sqrt())
}

/// The sum of all squares of gradients that lie on one device.
fn sum_on_device(gradients: &[&Tensor]) -> Result<f64> {
    let sum = |grad: &&Tensor| grad.detach().to_dtype(precision(grad.device()))?.sqr()?.sum_all();
    let sums = gradients.iter().map(sum).collect::<Result<Vec<_>>>()?;
    Tensor::stack(&sums, 0)?.sum_all()?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_on_a_device_are_those_of_the_host() {
        let numbers = |n: usize| (0..n).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
        let gradients = [3, 100, 1].map(|n| Tensor::new(numbers(n), &Device::Cpu).unwrap());
        let on_host: f64 = gradients.iter().map(|grad| sum_of_squares(grad).unwrap()).sum();
        let on_device = sum_on_device(&gradients.each_ref()).unwrap();
        assert!((on_host - on_device).abs() < 1e-12 * on_host, "{on_host} {on_device}");
    }

    #[test]
    fn only_a_norm_beyond_its_limit_is_brought_down() {
        assert_eq!(factor(4.0, Some(1.0)), 0.25);
        assert_eq!(factor(0.5, Some(1.0)), 1.0);
        assert_eq!(factor(4.0, None), 1.0);
    }
}
