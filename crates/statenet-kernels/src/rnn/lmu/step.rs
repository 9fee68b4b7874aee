//! The Legendre memory unit, one bin at a time.

use super::{
    LmuWeights, OP,
    cpu::{take_in, tanh},
    weights::forward_panels,
};
use crate::{
    error::Result,
    matrix::packed::{PackedMatrix, product},
    step::{Step, StepSizes, values},
};

/// [`lmu`](crate::lmu()) of one bin: v (H + 1) goes in, h (H) comes out; the state is h (H), then m (M).
pub struct Lmu {
    hidden: usize,
    memory: usize,
    panels: [PackedMatrix<f32>; 3],
    bd: Vec<f32>,
    zeros: Vec<f32>,
    /// Results of the products of a bin.
    of_memory: Vec<f32>,
    of_units: Vec<f32>,
}

impl Lmu {
    /// Takes all weights.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(weights: LmuWeights<'_>) -> Result<Self> {
        let [hidden, memory] = weights.check()?;
        let LmuWeights { w_h, w_m, e_h, e_m, ad, bd } = weights;
        let [w_h, w_m, e_h, e_m, ad] = [w_h, w_m, e_h, e_m, ad].map(|weight| values(OP, weight));
        let (w_h, w_m, e_h, e_m, ad) = (w_h?, w_m?, e_h?, e_m?, ad?);
        let panels = forward_panels(1, [hidden, memory], [&w_h, &e_h, &w_m, &e_m, &ad]);
        let [of_memory, of_units] = [panels[0].width(), panels[1].width()].map(|width| vec![0.0; width]);
        let zeros = vec![0.0; of_memory.len().max(of_units.len())];
        Ok(Self { hidden, memory, panels, bd: values(OP, bd)?, zeros, of_memory, of_units })
    }
}

impl Step for Lmu {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.hidden + 1, state: self.hidden + self.memory, outputs: self.hidden }
    }

    fn multiplications(&self) -> u64 {
        // W_h, W_m, e_h, e_m, A and B.
        let (h, m) = (self.hidden, self.memory);
        (h * h + h * m + h + m + m * m + m) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let (h, m) = state.split_at_mut(self.hidden);
        let Self { panels: [of_memory, of_units, to_units], bd, zeros, of_memory: next, of_units: q, .. } =
            self;
        let (wide_m, wide_h) = (of_memory.width(), of_units.width());
        product(of_memory, 1, m, wide_m, Some(zeros), next, false);
        product(of_units, 1, h, wide_h, Some(zeros), q, false);
        take_in(input, bd, next, q);
        m.copy_from_slice(&next[..m.len()]);
        product(to_units, 1, m, wide_m, None, q, false);
        tanh(q);
        h.copy_from_slice(&q[..self.hidden]);
        output.copy_from_slice(h);
    }
}
