//! State-space recurrences, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    error::Result,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`diagonal_scan`](crate::diagonal_scan()) of one bin: u (H) goes in, y (H) comes out; the state is s (H, N, 2).
#[derive(Clone, Debug)]
pub struct DiagonalScan(Pairs);

impl DiagonalScan {
    /// Takes `a`, `b` and `c`, each (H, N, 2).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(a: &Tensor, b: &Tensor, c: &Tensor) -> Result<Self> {
        Pairs::new(OP, &[("a", a), ("b", b), ("c", c)]).map(Self)
    }
}

impl Step for DiagonalScan {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        self.0.sizes()
    }

    fn multiplications(&self) -> u64 {
        // Of a pair of complex numbers: A s, B u, C s.
        self.0.multiplications(4 + 2 + 2)
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        self.0.bin(input, state, output);
    }
}

/// The weights of every pair side by side: A, B, C, and the vectors of a part of rank one or zeros.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    channels: usize,
    pairs: usize,
    weights: Vec<[[f32; 2]; 5]>,
}

impl Pairs {
    pub(crate) fn new(op: &'static str, named: &[(&'static str, &Tensor)]) -> Result<Self> {
        let check = Check::new(op);
        let (mut channels, mut pairs, mut weights) = (None, None, Vec::new());
        for (i, (argument, weight)) in named.iter().enumerate() {
            let [h, n, _] = check.dims(argument, weight, [channels, pairs, Some(2)])?;
            (channels, pairs) = (Some(h), Some(n));
            weights.resize(h * n, [[0.0; 2]; 5]);
            let values = values(op, weight)?;
            for (to, pair) in weights.iter_mut().zip(values.as_chunks::<2>().0) {
                to[i] = *pair;
            }
        }
        Ok(Self { channels: channels.unwrap_or(0), pairs: pairs.unwrap_or(0), weights })
    }

    pub(crate) fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.channels, state: self.channels * self.pairs * 2, outputs: self.channels }
    }

    /// With so many for each pair, and the doubling of each channel's sum.
    pub(crate) fn multiplications(&self, of_a_pair: usize) -> u64 {
        (of_a_pair * self.channels * self.pairs + self.channels) as u64
    }

    pub(crate) fn bin(&self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let states = state.as_chunks_mut::<2>().0.chunks_exact_mut(self.pairs);
        let weights = self.weights.chunks_exact(self.pairs);
        for (((u, y), s), weights) in input.iter().zip(output).zip(states).zip(weights) {
            let pairs = s.iter().zip(weights);
            let read = pairs.map(|(s, [.., right])| right[0] * s[0] - right[1] * s[1]).sum::<f32>() * 2.0;
            let mut sum = 0.0;
            for (s, [a, b, c, left, _]) in s.iter_mut().zip(weights) {
                let re = a[0] * s[0] - a[1] * s[1] + b[0] * u + left[0] * read;
                let im = a[0] * s[1] + a[1] * s[0] + b[1] * u + left[1] * read;
                *s = [re, im];
                sum += c[0] * re - c[1] * im;
            }
            *y = 2.0 * sum;
        }
    }
}
