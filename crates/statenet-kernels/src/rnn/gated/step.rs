//! One bin of a gated recurrence.

use candle_core::Tensor;

use super::{Elman, GatedCell, Gru, Lstm, SubLstm, with_cell};
use crate::{
    error::Result,
    matrix::packed::product,
    rnn::shared::{
        cell::{Cell, Forward},
        forward::gates,
        weights::{Weights, pad},
    },
    simd::vector::padded,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`gated_recurrence`](crate::gated_recurrence()) of one bin: the input's part of the gates (G H) in, the state (H) out.
///
/// Its state is h, then, where there is one, the cell state c: H or 2 H numbers.
pub struct GatedRecurrence {
    cell: GatedCell,
    hidden: usize,
    weights: Weights<f32>,
    room: Room,
    /// What the cell does with its gates.
    gates: fn(Forward<'_, f32>),
}

/// Buffers of padded rows.
struct Room {
    u: Vec<f32>,
    q: Vec<f32>,
    h: Vec<f32>,
    c: Vec<f32>,
    kept: Vec<f32>,
}

impl GatedRecurrence {
    /// Lays out `weight_hh` (G H, H) and `bias_hh` (G H), of any float type, on any device.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(cell: GatedCell, weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Self> {
        with_cell!(cell, C => Self::of::<C>(cell, weight_hh, bias_hh))
    }

    fn of<C: Cell>(cell: GatedCell, weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Self> {
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
        Ok(Self { cell, hidden, weights, room, gates: gates::<f32, C> })
    }
}

impl Step for GatedRecurrence {
    fn name(&self) -> &'static str {
        self.cell.name()
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.cell.n_gates() * self.hidden,
            state: self.cell.carried().len() * self.hidden,
            outputs: self.hidden,
        }
    }

    fn multiplications(&self) -> u64 {
        // The recurrent weights, and the products of gates with what they gate.
        let gates = self.cell.n_gates();
        (gates * self.hidden * self.hidden + gates.saturating_sub(1) * self.hidden) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let Room { u, q, h, c, kept } = &mut self.room;
        let (hidden, wide) = (self.hidden, padded(self.hidden));
        pad(u, wide, input, hidden);
        h[..hidden].copy_from_slice(&state[..hidden]);
        pad(c, wide, &state[hidden..], hidden);
        let Weights { panels, start } = &self.weights;
        product(panels, 1, h, wide, Some(start), q, false);
        (self.gates)(Forward { wide, q: &mut q[..u.len()], u, h, c, kept });
        output.copy_from_slice(&h[..hidden]);
        state[..hidden].copy_from_slice(&h[..hidden]);
        if !c.is_empty() {
            state[hidden..].copy_from_slice(&c[..hidden]);
        }
    }
}
