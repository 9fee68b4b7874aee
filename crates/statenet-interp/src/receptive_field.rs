//! The receptive fields that a model has among its own parameters: those of Linear and LN.

use candle_core::{DType, Tensor};
use ndarray::{Array2, Array3, Axis};
use statenet_models::{ResponseModel, strfs};

use crate::error::{During, Error, Result};

/// The receptive field of every neuron, `(F, K)` with lag 0 first: drive per unit of the model's input.
///
/// Where the model normalises the drive, the weights are those after it. Channels of a prefilter are summed.
///
/// # Errors
/// [`Error::NoReceptiveField`] for any model whose readout is not a receptive field over bands.
pub fn receptive_fields(model: &dyn ResponseModel) -> Result<Vec<Array2<f64>>> {
    let config = model.config();
    let none = || Error::NoReceptiveField { model: config.slug() };
    let weight = strfs::readout_weights(model)?.ok_or_else(none)?;
    let param = |name: &str| model.params().get(name).map(|p| p.var.as_detached_tensor());
    let (n_neurons, _, n_bands, n_lags) = weight.dims4().during("reading weights")?;
    let summed = weight.sum(1).during("summing channels")?;
    let weights =
        Array3::from_shape_vec((n_neurons, n_bands, n_lags), numbers(&summed)?).map_err(|_| none())?;
    let scales = match (param("readout.norm.weight"), param("readout.norm.running_var")) {
        (Some(gain), Some(var)) => {
            const EPS: f64 = 1e-5;
            let (gain, var) = (numbers(&gain)?, numbers(&var)?);
            gain.iter().zip(var).map(|(gain, var)| gain / (var + EPS).sqrt()).collect()
        }
        _ => vec![1.0; n_neurons],
    };
    let lag_zero_first = |(weights, scale): (ndarray::ArrayView2<'_, f64>, f64)| {
        let mut field = weights.to_owned() * scale;
        field.invert_axis(Axis(1));
        field
    };
    Ok(weights.outer_iter().zip(scales).map(lag_zero_first).collect())
}

fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    tensor
        .flatten_all()
        .and_then(|t| t.to_dtype(DType::F64))
        .and_then(|t| t.to_vec1())
        .during("reading parameters")
}
