//! Softplus on slices.

use candle_core::Shape;

use super::OP;
use crate::{
    isa::multiversion,
    op::{Backward, Kernel},
    real::Real,
};

/// Input: x, any shape. Result: the same shape. No tape.
pub(crate) struct Softplus(pub(crate) Shape);

impl Kernel for Softplus {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        self.0.clone()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], _: Option<&mut Vec<F>>) -> Vec<F> {
        let &[x] = inputs else { return Vec::new() };
        let mut y = x.to_vec();
        value(&mut y);
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, _: &[bool]) -> Vec<Vec<F>> {
        let &[x] = call.inputs else { return Vec::new() };
        let mut x_grad = x.to_vec();
        slope(&mut x_grad, call.grad);
        vec![x_grad]
    }
}

multiversion! {
    fn value<F, M>(x: &mut [F]) {
        x.iter_mut().for_each(|x| *x = x.softplus::<M>().0);
    }
}

multiversion! {
    fn slope<F, M>(x: &mut [F], grad: &[F]) {
        x.iter_mut().zip(grad).for_each(|(x, g)| *x = *g * x.sigmoid::<M>());
    }
}
