//! Losses over recordings with missing bins.
//!
//! All take rate, target and mask (B, N, T), average over the valid bins of each neuron, then over the
//! neurons that have one. Numbers where the mask is zero are ignored, NaN included.

mod cpu;
mod masked_mse;
mod masked_poisson;
pub(crate) mod reference;

use std::marker::PhantomData;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{self, Input},
    },
};

pub use masked_mse::masked_mse;
pub use masked_poisson::masked_poisson;

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) neurons: usize,
    pub(crate) time: usize,
}

fn check(op: &'static str, rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Sizes> {
    let check = Check::new(op);
    let [batch, neurons, time] = check.dims("rate", rate, [None; 3])?;
    for (argument, tensor) in [("target", target), ("mask", mask)] {
        check.dims(argument, tensor, [Some(batch), Some(neurons), Some(time)])?;
    }
    check.dtypes(&[("rate", rate), ("target", target), ("mask", mask)])?;
    Ok(Sizes { neurons, time })
}

/// Checks the arguments of the loss of terms `L` and computes it.
fn run<L: cpu::Term>(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    plain: fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let sizes = check(L::NAME, rate, target, mask)?;
    driver::run(
        cpu::Masked::<L> { sizes, term: PhantomData },
        [
            Input::one("rate", rate),
            Input::one("target", target).constant(),
            Input::one("mask", mask).constant(),
        ],
        Ok,
        || plain(rate, target, mask),
    )
}
