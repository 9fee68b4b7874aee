//! One bin of a gated recurrence.

use candle_core::Tensor;

use super::{
    Cell, Forward,
    forward::gates,
    weights::{Weights, pad},
};
use crate::{
    error::Result,
    matrix::packed::product,
    simd::vector::padded,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// The single-step form of a gated recurrence: the input's part of the gates (G H) in, the state (H) out.
///
/// Its state is h, then, where there is one, the cell state c: H or 2 H numbers.
pub struct RecurrentStep<C> {
    cell: std::marker::PhantomData<C>,
    hidden: usize,
    weights: Weights<f32>,
    room: Room,
}

/// Padded rows.
struct Room {
    u: Vec<f32>,
    q: Vec<f32>,
    h: Vec<f32>,
    c: Vec<f32>,
    kept: Vec<f32>,
}

#[allow(private_bounds, reason = "the cells are this crate's")]
impl<C: Cell> RecurrentStep<C> {
    /// Lays out `weight_hh` (G H, H) and `bias_hh` (G H), of any float type, on any device.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Self> {
        let check = Check::new(C::NAME);
        let [rows, hidden] = check.dims("weight_hh", weight_hh, [None, None])?;
        check.dims("weight_hh", weight_hh, [Some(C::GATES * hidden), Some(hidden)])?;
        check.dims("bias_hh", bias_hh, [Some(rows)])?;
        let (weight, bias) = (values(C::NAME, weight_hh)?, values(C::NAME, bias_hh)?);
        let weights = Weights::new::<C>(hidden, hidden, &weight, &bias, 1);
        let wide = padded(hidden);
        let room = Room {
            u: vec![0.0; C::GATES * wide],
            q: vec![0.0; weights.panels.width()],
            h: vec![0.0; wide],
            c: vec![0.0; if C::HAS_CELL { wide } else { 0 }],
            kept: vec![0.0; C::KEPT * wide],
        };
        Ok(Self { cell: std::marker::PhantomData, hidden, weights, room })
    }
}

impl<C: Cell> Step for RecurrentStep<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: C::GATES * self.hidden,
            state: self.hidden * (1 + usize::from(C::HAS_CELL)),
            outputs: self.hidden,
        }
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let Room { u, q, h, c, kept } = &mut self.room;
        let (hidden, wide) = (self.hidden, padded(self.hidden));
        pad(u, wide, input, hidden);
        h[..hidden].copy_from_slice(&state[..hidden]);
        pad(c, wide, &state[hidden..], hidden);
        let Weights { panels, start } = &self.weights;
        product(panels, 1, h, wide, Some(start), q, false);
        gates::<f32, C>(Forward { wide, u, q: &mut q[..C::GATES * wide], h, c, kept });
        output.copy_from_slice(&h[..hidden]);
        state[..hidden].copy_from_slice(&h[..hidden]);
        if C::HAS_CELL {
            state[hidden..].copy_from_slice(&c[..hidden]);
        }
    }
}
