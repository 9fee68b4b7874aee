//! The gate on slices, a stretch of numbers at a time for each thread.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::OP;
use crate::{
    parallel,
    simd::{dispatch::multiversion, float::Real, uninit::vector},
    tensor::custom_op::{Backward, Kernel},
};

/// Numbers that one thread takes at once.
const STRETCH: usize = 1 << 14;

/// Inputs: x and z, one shape. Result: the same shape. No tape.
pub(crate) struct SiluGate(pub(crate) Shape);

impl Kernel<2> for SiluGate {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        self.0.clone()
    }

    fn forward<F: Real>(&self, [x, z]: [&[F]; 2], _: Option<&mut Vec<F>>) -> Vec<F> {
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work = y.chunks_mut(STRETCH).zip(x.chunks(STRETCH)).zip(z.chunks(STRETCH));
            parallel::for_each(work.collect(), |((y, x), z)| value(x, z, y));
        };
        // SAFETY: the stretches cover y, and `value` writes one number for each of x.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(x.len(), fill) };
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 2>, _: [bool; 2]) -> [Vec<F>; 2] {
        let [x, z] = call.inputs;
        let mut z_grad = Vec::new();
        let fill_both = |x_grad: &mut [MaybeUninit<F>]| {
            let fill = |z_grad: &mut [MaybeUninit<F>]| {
                let inputs = x.chunks(STRETCH).zip(z.chunks(STRETCH)).zip(call.grad.chunks(STRETCH));
                let sinks = x_grad.chunks_mut(STRETCH).zip(z_grad.chunks_mut(STRETCH));
                let work = inputs.zip(sinks).collect();
                parallel::for_each(work, |(((x, z), g), (x_grad, z_grad))| slopes(x, z, g, x_grad, z_grad));
            };
            // SAFETY: the stretches cover both, and `slopes` writes a number of each for each of x.
            #[allow(unsafe_code, reason = "results are written once")]
            let of_z = unsafe { vector(z.len(), fill) };
            z_grad = of_z;
        };
        // SAFETY: as above; the closure fills both.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe { vector(x.len(), fill_both) };
        [x_grad, z_grad]
    }
}

multiversion! {
    fn value<F, M>(x: &[F], z: &[F], y: &mut [MaybeUninit<F>]) {
        for ((y, x), z) in y.iter_mut().zip(x).zip(z) {
            y.write(*x * *z * z.sigmoid::<M>());
        }
    }
}

multiversion! {
    fn slopes<F, M>(x: &[F], z: &[F], grad: &[F], x_grad: &mut [MaybeUninit<F>], z_grad: &mut [MaybeUninit<F>]) {
        let n = x.len();
        let (z, grad, x_grad, z_grad) = (&z[..n], &grad[..n], &mut x_grad[..n], &mut z_grad[..n]);
        for i in 0..n {
            let s = z[i].sigmoid::<M>();
            x_grad[i].write(grad[i] * z[i] * s);
            z_grad[i].write(grad[i] * x[i] * s * M::mul_add(z[i], F::ONE - s, F::ONE));
        }
    }
}
