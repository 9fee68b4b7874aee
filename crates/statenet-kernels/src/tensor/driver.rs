//! How every operation on tensors runs: one check that its arguments lie on one device, then the fused kernel where that
//! device has one, and the plain form elsewhere.

use candle_core::{Shape, Tensor};

use crate::{
    error::{Error, Result},
    tensor::{
        arguments::Check,
        array::collect,
        custom_op::{Kernel, apply, is_fused},
    },
};

/// One input of a kernel, made of an operation's arguments, which have the names of its signature.
///
/// Candle passes three tensors at most to a custom operation, so that some inputs are several arguments in one.
pub(crate) struct Input<'a> {
    arguments: Vec<(&'static str, &'a Tensor)>,
    is_constant: bool,
}

impl<'a> Input<'a> {
    /// An argument as it is.
    pub(crate) fn one(name: &'static str, tensor: &'a Tensor) -> Self {
        Self::packed([(name, tensor)])
    }

    /// An argument that may be left out; the kernel then gets an empty slice.
    pub(crate) fn optional(name: &'static str, tensor: Option<&'a Tensor>) -> Self {
        Self::packed(tensor.map(|tensor| (name, tensor)))
    }

    /// Several arguments, flattened one after the other.
    pub(crate) fn packed(arguments: impl IntoIterator<Item = (&'static str, &'a Tensor)>) -> Self {
        Self { arguments: arguments.into_iter().collect(), is_constant: false }
    }

    /// The same without a gradient, also where the arguments are computed from variables.
    pub(crate) fn constant(self) -> Self {
        Self { is_constant: true, ..self }
    }

    /// The tensor that the kernel sees; `like` has the dtype and the device of one that is left out.
    fn tensor(&self, like: &Tensor) -> candle_core::Result<Tensor> {
        let tensor = match self.arguments.as_slice() {
            [] => Tensor::zeros(0, like.dtype(), like.device())?,
            [(_, only)] => (*only).clone(),
            several => {
                let flat = several.iter().map(|(_, x)| x.flatten_all());
                Tensor::cat(&flat.collect::<candle_core::Result<Vec<_>>>()?, 0)?
            }
        };
        Ok(if self.is_constant { tensor.detach() } else { tensor })
    }
}

/// Runs a kernel, whose result `finish` takes apart, or `plain` where the arguments lie on a device without the kernel.
///
/// # Errors
/// [`Error::Device`] by the argument that lies elsewhere than the first, [`Error::Tensor`] if Candle fails.
pub(crate) fn run<K: Kernel<N>, T, const N: usize>(
    kernel: K,
    inputs: [Input<'_>; N],
    finish: impl FnOnce(Tensor) -> candle_core::Result<T>,
    plain: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let arguments: Vec<_> = inputs.iter().flat_map(|input| input.arguments.iter().copied()).collect();
    Check::new(K::NAME).devices(&arguments)?;
    match arguments.first() {
        Some((_, first)) if is_fused(&kernel, first) => {
            let tensors: [Tensor; N] =
                collect(inputs.iter().map(|input| input.tensor(first))).map_err(Error::in_op(K::NAME))?;
            finish(apply(kernel, tensors.each_ref())?).map_err(Error::in_op(K::NAME))
        }
        _ => plain(),
    }
}

/// Cuts a flat result in two: what comes out with each bin, and the state after the last.
pub(crate) fn cut(
    flat: &Tensor,
    outputs: impl Into<Shape>,
    last: impl Into<Shape>,
) -> candle_core::Result<(Tensor, Tensor)> {
    let (outputs, last) = (outputs.into(), last.into());
    let split = outputs.elem_count();
    let after = flat.narrow(0, split, last.elem_count())?.reshape(last)?;
    Ok((flat.narrow(0, 0, split)?.reshape(outputs)?, after))
}
