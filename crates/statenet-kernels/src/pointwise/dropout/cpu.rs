//! Dropout on slices.

use candle_core::Shape;

use super::OP;
use crate::{
    simd::float::Real,
    tensor::custom_op::{Backward, Kernel},
};

/// Inputs: x and kept, one shape. Result: the same shape. No tape.
pub(crate) struct Dropout(pub(crate) Shape);

impl Kernel<2> for Dropout {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        self.0.clone()
    }

    fn forward<F: Real>(&self, [x, kept]: [&[F]; 2], _: Option<&mut Vec<F>>) -> Vec<F> {
        products(x, kept)
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 2>, _: [bool; 2]) -> [Vec<F>; 2] {
        let [_, kept] = call.inputs;
        [products(call.grad, kept), Vec::new()]
    }
}

fn products<F: Real>(x: &[F], kept: &[F]) -> Vec<F> {
    x.iter().zip(kept).map(|(x, kept)| *x * *kept).collect()
}
