//! K independent models of one architecture in one call: every tensor has one more axis in front, K.
//!
//! A network of one neuron is too small to keep more than one thread busy. Stacked, K of them fill as many threads as there
//! are, forward and backward, and each gets the bits that it gets alone. Output curves and losses need no stacked form,
//! because they treat neurons one by one: K models of N neurons are K N neurons to them.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_kernels::stacked;
//!
//! // Three models, two stimuli each, four bins, two units.
//! let cpu = &Device::Cpu;
//! let gates = Tensor::zeros((3, 2, 4, 6), DType::F32, cpu)?;
//! let weight_hh = Tensor::zeros((3, 6, 2), DType::F32, cpu)?;
//! let bias_hh = Tensor::zeros((3, 6), DType::F32, cpu)?;
//! let h0 = Tensor::ones((3, 2, 2), DType::F32, cpu)?;
//! let (states, last) = stacked::gru(&gates, &weight_hh, &bias_hh, &h0)?;
//! assert_eq!((states.dims(), last.dims()), (&[3, 2, 4, 2][..], &[3, 2, 2][..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod encoders;
mod kernel;
mod recurrences;

use candle_core::Tensor;

pub use encoders::{affine, local_encoder};
pub use recurrences::{gru, lstm, rnn, sublstm};

use crate::error::{Dims, Error, Result};
use kernel::Stacked;

/// K, and the tensors of the first model, from which the sizes of all are read.
fn first(op: &'static str, named: &[(&'static str, &Tensor)]) -> Result<(usize, Vec<Tensor>)> {
    let mut models = None;
    for (argument, tensor) in named {
        let leading = tensor.dims().first().copied().filter(|&k| k > 0);
        if leading.is_none() || models.is_some_and(|k| Some(k) != leading) {
            // The other axes are checked next; here only the first is known.
            let mut expected: Vec<Option<usize>> = vec![None; tensor.rank().max(1)];
            expected[0] = models;
            return Err(Error::Shape { op, argument, got: tensor.dims().into(), expected: Dims(expected) });
        }
        models = leading;
    }
    let firsts = named.iter().map(|(_, tensor)| tensor.get(0)).collect::<candle_core::Result<_>>();
    Ok((models.unwrap_or(0), firsts.map_err(Error::in_op(op))?))
}

/// Flattens the tensors of each model into one: (K, ..) each, (K, sum) together.
fn pack(op: &'static str, tensors: &[&Tensor]) -> Result<Tensor> {
    let run = || {
        let flat = tensors.iter().map(|x| x.flatten_from(1)).collect::<candle_core::Result<Vec<_>>>()?;
        Tensor::cat(&flat, 1)
    };
    run().map_err(Error::in_op(op))
}

/// The plain way: `op` on the tensors of each model, its results stacked.
fn one_by_one<const OUTPUTS: usize>(
    op: &'static str,
    models: usize,
    tensors: &[&Tensor],
    run: impl Fn(&[Tensor]) -> Result<[Tensor; OUTPUTS]>,
) -> Result<[Tensor; OUTPUTS]> {
    let mut all: [Vec<Tensor>; OUTPUTS] = std::array::from_fn(|_| Vec::with_capacity(models));
    for k in 0..models {
        let of_model = tensors.iter().map(|x| x.get(k)).collect::<candle_core::Result<Vec<_>>>();
        for (all, one) in all.iter_mut().zip(run(&of_model.map_err(Error::in_op(op))?)?) {
            all.push(one);
        }
    }
    let mut stacked = Vec::with_capacity(OUTPUTS);
    for all in &all {
        stacked.push(Tensor::stack(all, 0).map_err(Error::in_op(op))?);
    }
    let none = |_| Error::in_op(op)(candle_core::Error::Msg("a result is missing".into()));
    stacked.try_into().map_err(none)
}
