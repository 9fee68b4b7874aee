//! Receptive fields read from the parameters of Linear and LN models.

use ndarray::{Array2, Array3, Axis};
use statenet_models::ResponseModel;

use crate::error::{During, Error, Result};

/// The receptive field of every neuron, `(F, K)` with lag 0 first: drive per unit of the model's input.
///
/// If the model normalises the drive, the weights include that scale. Channels of a prefilter are summed.
///
/// # Errors
/// [`Error::NoReceptiveField`] for a model whose readout is not a receptive field over bands.
pub fn receptive_fields(model: &dyn ResponseModel) -> Result<Vec<Array2<f64>>> {
    let none = || Error::NoReceptiveField { model: model.config().slug() };
    let fields = model.receptive_fields()?.ok_or_else(none)?;
    let shape = fields.dims3().during("reading receptive fields")?;
    let values = fields.flatten_all().and_then(|f| f.to_vec1::<f64>()).during("reading receptive fields")?;
    let fields = Array3::from_shape_vec(shape, values).map_err(|_| none())?;
    let lag_zero_first = |field: ndarray::ArrayView2<'_, f64>| {
        let mut field = field.to_owned();
        field.invert_axis(Axis(1));
        field
    };
    Ok(fields.outer_iter().map(lag_zero_first).collect())
}
