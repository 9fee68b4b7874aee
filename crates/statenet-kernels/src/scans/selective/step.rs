//! The selective scan, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    error::Result,
    simd::dispatch::multiversion,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`selective_scan`](crate::selective_scan()) of one bin: x (E), delta (E), B (N) and C (N) go in one after the
/// other, y (E) comes out; the state is h (E, N).
#[derive(Clone, Debug)]
pub struct SelectiveScan {
    a: Vec<f32>,
    d: Vec<f32>,
    /// exp(d A) of the bin at hand.
    decay: Vec<f32>,
}

impl SelectiveScan {
    /// Takes `a` (E, N) and `d` (E).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(a: &Tensor, d: &Tensor) -> Result<Self> {
        let check = Check::new(OP);
        let [channels, states] = check.dims("a", a, [None, None])?;
        check.dims("d", d, [Some(channels)])?;
        Ok(Self { a: values(OP, a)?, d: values(OP, d)?, decay: vec![0.0; channels * states] })
    }

    fn n_states(&self) -> usize {
        self.a.len() / self.d.len()
    }
}

impl Step for SelectiveScan {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: 2 * (self.d.len() + self.n_states()), state: self.a.len(), outputs: self.d.len() }
    }

    fn multiplications(&self) -> u64 {
        // Of a state: d A, its decay, B x, C h; of a channel: d x, D x.
        (4 * self.a.len() + 2 * self.d.len()) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        bin(&self.a, &self.d, &mut self.decay, input, state, output);
    }
}

multiversion! {
    fn bin<F, M>(a: &[F], d: &[F], decay: &mut [F], input: &[F], h: &mut [F], y: &mut [F]) {
        let channels = d.len();
        let states = a.len() / channels;
        let (x, rest) = input.split_at(channels);
        let (delta, rest) = rest.split_at(channels);
        let (b, c) = rest.split_at(states);
        for ((decay, a), delta) in decay.chunks_exact_mut(states).zip(a.chunks_exact(states)).zip(delta) {
            decay.iter_mut().zip(a).for_each(|(decay, a)| *decay = *delta * *a);
        }
        decay.iter_mut().for_each(|x| *x = x.exp::<M>());
        let rows = h.chunks_exact_mut(states).zip(decay.chunks_exact_mut(states));
        for (((((h, decay), y), x), delta), d) in rows.zip(y).zip(x).zip(delta).zip(d) {
            let input = *delta * *x;
            for (((h, decay), b), c) in h.iter_mut().zip(decay.iter_mut()).zip(b).zip(c) {
                *h = M::mul_add(*decay, *h, input * *b);
                // The decay was used: its place takes this state's part of the output.
                *decay = *h * *c;
            }
            *y = decay.iter().fold(*d * *x, |sum, part| sum + *part);
        }
    }
}
