//! The GRU, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    check::Check,
    error::Result,
    isa::multiversion,
    lanes::padded,
    panels::Panels,
    step::{Step, check_lengths, values},
};

/// [`gru`](crate::gru()) of one bin: the gates' inputs (3H) in, the new state (H) out; the state is h (H).
pub struct Gru {
    hidden: usize,
    panels: Panels<f32>,
    /// The bias, padded as the panels are.
    start: Vec<f32>,
    /// Products of the weights with h, padded as the panels are.
    q: Vec<f32>,
    r: Vec<f32>,
    z: Vec<f32>,
    n: Vec<f32>,
}

impl Gru {
    /// Takes `weight_hh` (3H, H) and `bias_hh` (3H), gates in the order r, z, n.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Self> {
        let check = Check::new(OP);
        let [_, hidden] = check.dims("weight_hh", weight_hh, [None, None])?;
        check.dims("weight_hh", weight_hh, [Some(3 * hidden), Some(hidden)])?;
        check.dims("bias_hh", bias_hh, [Some(3 * hidden)])?;
        let (weight, bias) = (values(OP, weight_hh)?, values(OP, bias_hh)?);
        let wide = padded(hidden);
        // Column g wide + j of the panels is unit j of gate g.
        let unit = |column: usize| (column % wide < hidden).then(|| column / wide * hidden + column % wide);
        let panels = Panels::new(hidden, 3 * wide, 1, |k, column| {
            unit(column).map_or(0.0, |row| weight[row * hidden + k])
        });
        let start = (0..panels.width()).map(|c| unit(c).and_then(|u| bias.get(u)).map_or(0.0, |b| *b));
        let start: Vec<f32> = start.collect();
        let [r, z, n] = [0, 1, 2].map(|_| vec![0.0; wide]);
        Ok(Self { hidden, q: vec![0.0; panels.width()], start, panels, r, z, n })
    }
}

impl Step for Gru {
    fn n_inputs(&self) -> usize {
        3 * self.hidden
    }

    fn n_outputs(&self) -> usize {
        self.hidden
    }

    fn n_state(&self) -> usize {
        self.hidden
    }

    fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> Result<()> {
        check_lengths(OP, self, input, state, output)?;
        let Self { panels, start, q, r, z, n, .. } = self;
        bin::<f32>(panels, start, input, [q, r, z, n], state);
        output.copy_from_slice(state);
        Ok(())
    }
}

multiversion! {
    fn bin<F, M>(panels: &Panels<F>, start: &[F], gates: &[F], rows: [&mut Vec<F>; 4], h: &mut [F]) {
        let [q, r, z, n] = rows;
        let (hidden, wide) = (h.len(), r.len());
        panels.product::<M, 1>([&*h], Some(start), q, false);
        let (u_r, rest) = gates.split_at(hidden);
        let (u_z, u_n) = rest.split_at(hidden);
        let (q_r, rest) = q.split_at(wide);
        let (q_z, q_n) = rest.split_at(wide);
        for ((r, u), q) in r.iter_mut().zip(u_r).zip(q_r) {
            *r = *u + *q;
        }
        for ((z, u), q) in z.iter_mut().zip(u_z).zip(q_z) {
            *z = *u + *q;
        }
        // Over the padding too: whole vectors.
        r.iter_mut().for_each(|x| *x = x.sigmoid::<M>());
        z.iter_mut().for_each(|x| *x = x.sigmoid::<M>());
        for (((n, u), q), r) in n.iter_mut().zip(u_n).zip(q_n).zip(&*r) {
            *n = M::mul_add(*r, *q, *u);
        }
        n.iter_mut().for_each(|x| *x = x.tanh::<M>());
        for ((h, z), n) in h.iter_mut().zip(&*z).zip(&*n) {
            *h = M::mul_add(*z, *h - *n, *n);
        }
    }
}
