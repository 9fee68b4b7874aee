//! Softplus on slices.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::OP;
use crate::{
    simd::{
        dispatch::multiversion,
        float::Real,
        uninit::{map, vector},
    },
    tensor::custom_op::{Backward, Kernel},
};

/// Input: x, any shape. Result: the same shape. No tape.
pub(crate) struct Softplus(pub(crate) Shape);

impl Kernel<1> for Softplus {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        self.0.clone()
    }

    fn forward<F: Real>(&self, [x]: [&[F]; 1], _: Option<&mut Vec<F>>) -> Vec<F> {
        // SAFETY: `value` writes one number for each of x.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(x.len(), |y| value(x, y)) };
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 1>, _: [bool; 1]) -> [Vec<F>; 1] {
        let [x] = call.inputs;
        // SAFETY: `slope` writes one number for each of x.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe { vector(x.len(), |x_grad| slope(x, call.grad, x_grad)) };
        [x_grad]
    }
}

multiversion! {
    fn value<F, M>(x: &[F], y: &mut [MaybeUninit<F>]) {
        map(y, x, |x| x.softplus::<M>().0);
    }
}

multiversion! {
    fn slope<F, M>(x: &[F], grad: &[F], x_grad: &mut [MaybeUninit<F>]) {
        for ((x_grad, x), g) in x_grad.iter_mut().zip(x).zip(grad) {
            x_grad.write(*g * x.sigmoid::<M>());
        }
    }
}
