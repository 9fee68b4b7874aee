//! Laws of batches, neurons and purity.

use std::collections::BTreeSet;

use candle_core::Tensor;

use super::compare::{broken, expect_close, expect_equal, tolerance};
use crate::{
    build::response_model::ResponseModel,
    error::{During, Result},
    model::mode::Mode,
    tensors::f64_values,
};

/// Each stimulus of a batch gives what it gives alone.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn batch_independent(model: &dyn ResponseModel, cochleagram: &Tensor) -> Result<()> {
    let together = model.forward(cochleagram, Mode::Eval)?;
    for b in 0..cochleagram.dim(0).during("reading a batch")? {
        let row = |t: &Tensor| t.narrow(0, b, 1).during("slicing a batch");
        let alone = model.forward(&row(cochleagram)?, Mode::Eval)?;
        expect_close(
            "batch independence",
            &format!("row {b}"),
            &row(&together)?,
            &alone,
            tolerance(model.dtype()),
        )?;
    }
    Ok(())
}

/// Bands are scaled as the model says: what it gives for a sound, the stages behind give for the sound scaled by hand.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn scales_as_it_says(model: &dyn ResponseModel, sound: &Tensor) -> Result<()> {
    let bands = model.cochleagram(sound)?.unwrap_or_else(|| sound.clone());
    let scaled = match model.input_scaling()? {
        None => bands,
        Some(scaling) => {
            let column = |values: &[f32]| {
                Tensor::new(values, bands.device())?.to_dtype(bands.dtype())?.reshape((1, 1, (), 1))
            };
            let by_hand =
                || bands.broadcast_sub(&column(scaling.mean())?)?.broadcast_div(&column(scaling.std())?);
            by_hand().during("scaling by hand")?
        }
    };
    let (whole, behind) = (model.forward(sound, Mode::Eval)?, model.forward_scaled(&scaled, Mode::Eval)?);
    expect_close("input scaling", "rates", &whole, &behind, tolerance(model.dtype()))
}

/// In a model without shared parameters, changing those of one neuron leaves the rates of all others as they were.
///
/// For models whose every parameter has one row per neuron (Linear, LN). The parameters are put back.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn neurons_independent(model: &dyn ResponseModel, cochleagram: &Tensor, neuron: usize) -> Result<()> {
    const LAW: &str = "neuron independence";
    let before = model.forward(cochleagram, Mode::Eval)?;
    let kept = model.params().snapshot()?;
    let mut changed = kept.clone();
    for param in model.params().trained() {
        if param.var.dims().first() != Some(&model.n_neurons()) {
            return Err(broken(LAW, format!("{} is shared between neurons", param.name)));
        }
        let values = param.var.as_detached_tensor();
        let row = values.narrow(0, neuron, 1).and_then(|r| r.affine(1.5, 0.1)).during("changing a neuron")?;
        let mut ranges: Vec<_> = values.dims().iter().map(|&n| 0..n).collect();
        ranges[0] = neuron..neuron + 1;
        let value = values.copy().and_then(|v| v.slice_assign(&ranges, &row)).during("changing a neuron")?;
        changed.insert(param.name.clone(), value);
    }
    model.params().load(&changed, LAW)?;
    let after = model.forward(cochleagram, Mode::Eval);
    model.params().load(&kept, LAW)?;
    let after = after?;
    for n in (0..model.n_neurons()).filter(|&n| n != neuron) {
        let row = |t: &Tensor| t.narrow(1, n, 1).during("slicing a neuron");
        expect_close(LAW, &format!("neuron {n}"), &row(&before)?, &row(&after)?, tolerance(model.dtype()))?;
    }
    let row = |t: &Tensor| f64_values(&t.narrow(1, neuron, 1).during("slicing a neuron")?);
    if row(&before)? == row(&after)? {
        return Err(broken(LAW, format!("neuron {neuron} has no parameters of its own")));
    }
    Ok(())
}

/// No two parameters have one name, and none is empty.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn parameter_names_unique(model: &dyn ResponseModel) -> Result<()> {
    let mut seen = BTreeSet::new();
    for param in model.params().iter() {
        if param.name.is_empty() || !seen.insert(param.name.as_str()) {
            return Err(broken("parameter names", format!("{:?} is empty or taken twice", param.name)));
        }
    }
    Ok(())
}

/// Two evaluations give the same bits: `forward` changes nothing in the model.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn pure(model: &dyn ResponseModel, cochleagram: &Tensor) -> Result<()> {
    let first = model.forward(cochleagram, Mode::Eval)?;
    let pass = crate::Pass::new(statenet_core::Seed::new(0), None);
    model.forward(cochleagram, Mode::Train(&pass))?;
    expect_equal("purity", "the second evaluation", &first, &model.forward(cochleagram, Mode::Eval)?)
}
