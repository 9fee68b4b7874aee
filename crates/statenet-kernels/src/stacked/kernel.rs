//! A kernel, once for each of K models.

use candle_core::Shape;

use crate::{
    parallel,
    simd::float::Real,
    tensor::custom_op::{Backward, Kernel},
};

/// Inputs and result are those of the kernel with K in front; the tape holds those of all models one after the other.
pub(super) struct Stacked<K> {
    pub(super) one: K,
    pub(super) models: usize,
}

impl<K> Stacked<K> {
    /// Model k's part of something that holds those of all.
    fn part<'a, F>(&self, all: &'a [F], k: usize) -> &'a [F] {
        let each = all.len() / self.models;
        &all[k * each..][..each]
    }

    fn parts<'a, F>(&self, inputs: &[&'a [F]], k: usize) -> Vec<&'a [F]> {
        inputs.iter().map(|all| self.part(all, k)).collect()
    }
}

impl<K: Kernel> Kernel for Stacked<K> {
    const NAME: &'static str = K::NAME;

    fn shape(&self) -> Shape {
        let mut dims = vec![self.models];
        dims.extend_from_slice(self.one.shape().dims());
        dims.into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let keep = tape.is_some();
        let run = |k| {
            let mut kept = Vec::new();
            let output = self.one.forward(&self.parts(inputs, k), keep.then_some(&mut kept));
            (output, kept)
        };
        let (outputs, tapes): (Vec<_>, Vec<_>) =
            parallel::map((0..self.models).collect(), run).into_iter().unzip();
        if let Some(tape) = tape {
            *tape = tapes.concat();
        }
        outputs.concat()
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, wanted: &[bool]) -> Vec<Vec<F>> {
        let run = |k| {
            let inputs = self.parts(call.inputs, k);
            let one = Backward {
                inputs: &inputs,
                output: self.part(call.output, k),
                tape: self.part(call.tape, k),
                grad: self.part(call.grad, k),
            };
            self.one.backward(one, wanted)
        };
        let of_models = parallel::map((0..self.models).collect(), run);
        let mut all = vec![Vec::new(); call.inputs.len()];
        for (i, all) in all.iter_mut().enumerate() {
            *all = of_models.iter().filter_map(|one| one.get(i)).flatten().copied().collect();
        }
        all
    }
}
