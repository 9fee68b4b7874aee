//! Leaky rectifier, max(x, x/10) (Maas, Hannun & Ng 2013).

use candle_core::Tensor;
use statenet_kernels::Step;

use crate::{
    error::{During, Result},
    layers::steps::Map,
};

const SLOPE: f64 = 0.1;

pub(crate) fn leaky_relu(x: &Tensor) -> Result<Tensor> {
    (x * SLOPE).and_then(|less| x.maximum(&less)).during("rectifying")
}

/// The same for a frame of `n` numbers.
pub(crate) fn step(n: usize) -> Box<dyn Step> {
    Box::new(Map::new(n, |x| x.max(SLOPE as f32 * x)))
}
