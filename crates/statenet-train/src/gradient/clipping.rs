//! Clipping gradients by their norm over all parameters (Pascanu et al. 2013).

use candle_core::{DType, Result, backprop::GradStore};
use statenet_models::ParamStore;

/// The Euclidean norm of all gradients, summed in f64 in the order of the parameters.
pub(crate) fn gradient_norm(params: &ParamStore, grads: &GradStore) -> Result<f64> {
    let mut sum = 0.0;
    for param in params.trained() {
        if let Some(grad) = grads.get(param.var.as_tensor()) {
            let values = grad.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
            sum += values.iter().map(|g| g * g).sum::<f64>();
        }
    }
    Ok(sum.sqrt())
}

/// The factor that brings a norm down to its limit.
pub(crate) fn factor(norm: f64, limit: Option<f64>) -> f64 {
    match limit {
        Some(limit) if norm > limit => limit / norm,
        _ => 1.0,
    }
}
