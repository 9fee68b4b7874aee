//! A gated recurrence on slices: one loop over time for a group of stimuli, forward and backward.
//!
//! Rows of H numbers are padded to whole vectors inside; inputs and results are not. The gradient of the
//! weights is a matrix product over the bins of a block, as soon as the loop has left it.

use std::marker::PhantomData;

use candle_core::Shape;

use super::{Backward, Cell, Forward, Sizes};
use crate::{
    cuda::OnDevice,
    fresh::{Slot, copy, vector},
    isa::multiversion,
    lanes::padded,
    op::{Backward as Call, Kernel},
    panels::{Panels, for_sizes, groups, product},
    parallel::{self, take, take_mut},
    product::{View, add_product},
    real::Real,
    sums::columns,
};

/// Inputs: gates (B, T, G H); weight_hh, bias_hh, h0 and, where there is one, c0 packed.
/// Result: states (B, T, H); where there is a cell state, flat, with the last of it (B, H) behind them.
/// Tape: group by group (T, rows, KEPT, padded H).
pub(crate) struct Recurrence<C> {
    cell: PhantomData<C>,
    pub(super) sizes: Sizes,
}

/// Bins whose gradients stay near until the product for the weights' gradient has read them.
const BLOCK: usize = 128;

/// What the second input packs.
#[derive(Clone, Copy)]
struct Parameters<'a, F> {
    weight: &'a [F],
    bias: &'a [F],
    h0: &'a [F],
    c0: &'a [F],
}

impl<C: Cell> Recurrence<C> {
    pub(crate) const fn new(sizes: Sizes) -> Self {
        Self { cell: PhantomData, sizes }
    }

    fn unpack<'a, F>(&self, packed: &'a [F]) -> Parameters<'a, F> {
        let Sizes { batch, hidden, .. } = self.sizes;
        let (weight, rest) = packed.split_at(C::GATES * hidden * hidden);
        let (bias, rest) = rest.split_at(C::GATES * hidden);
        let (h0, c0) = rest.split_at(batch * hidden);
        Parameters { weight, bias, h0, c0 }
    }

    /// Numbers of the tape for each stimulus.
    fn kept_each(&self) -> usize {
        self.sizes.time * C::KEPT * padded(self.sizes.hidden)
    }

    /// The forward pass into slots that it fills.
    fn fill<F: Real>(
        &self,
        gates: &[F],
        parameters: Parameters<'_, F>,
        states: &mut [Slot<F>],
        cells: &mut [Slot<F>],
        kept: &mut [Slot<F>],
    ) {
        let Sizes { time, hidden, batch } = self.sizes;
        let Parameters { weight, bias, h0, c0 } = parameters;
        let laid_out = for_sizes(batch, |rows| Weights::new::<C>(hidden, weight, bias, rows));
        let per_row = if kept.is_empty() { 0 } else { self.kept_each() };
        let (mut gates, mut h0, mut c0) = (gates, h0, c0);
        let (mut states, mut cells, mut kept) = (states, cells, kept);
        let mut tasks = Vec::new();
        for rows in groups(batch) {
            let cell_rows = if C::HAS_CELL { rows * hidden } else { 0 };
            let group = Group {
                gates: take(&mut gates, rows * time * C::GATES * hidden),
                h0: take(&mut h0, rows * hidden),
                c0: take(&mut c0, cell_rows),
                states: take_mut(&mut states, rows * time * hidden),
                cells: take_mut(&mut cells, cell_rows),
                tape: take_mut(&mut kept, rows * per_row),
            };
            tasks.push((rows, group));
        }
        parallel::for_each(tasks, |(rows, group)| {
            let Some((_, weights)) = laid_out.iter().find(|(r, _)| *r == rows) else { return };
            forward_rows::<F, C>(self.sizes, rows, weights, group);
        });
    }
}

/// The recurrent weights as the loop reads them, and the bias that every product starts from.
pub(super) struct Weights<F> {
    pub(super) panels: Panels<F>,
    pub(super) start: Vec<F>,
}

impl<F: Real> Weights<F> {
    /// Column g wide + j of the panels is unit j of gate g.
    pub(super) fn new<C: Cell>(hidden: usize, weight: &[F], bias: &[F], rows: usize) -> Self {
        let wide = padded(hidden);
        let unit = |column: usize| {
            let (gate, j) = (column / wide, column % wide);
            (gate < C::GATES && j < hidden).then_some(gate * hidden + j)
        };
        let panels = Panels::new(hidden, C::GATES * wide, rows, |k, column| {
            unit(column).map_or(F::ZERO, |row| weight[row * hidden + k])
        });
        let bias = |column| unit(column).and_then(|u| bias.get(u)).map_or(F::ZERO, |b| *b);
        let start = (0..panels.width()).map(bias).collect();
        Self { panels, start }
    }
}

impl<C: Cell> Kernel for Recurrence<C> {
    const NAME: &'static str = C::NAME;

    fn shape(&self) -> Shape {
        let Sizes { batch, time, hidden } = self.sizes;
        if C::HAS_CELL { (batch * (time + 1) * hidden).into() } else { (batch, time, hidden).into() }
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, hidden } = self.sizes;
        let &[gates, packed] = inputs else { return Vec::new() };
        let parameters = self.unpack(packed);
        let n_kept = if tape.is_some() { batch * self.kept_each() } else { 0 };
        let n_states = batch * time * hidden;
        let n_cells = if C::HAS_CELL { batch * hidden } else { 0 };
        let mut output = Vec::new();
        // SAFETY: the groups cover the batch, and `forward_rows` writes every bin of every row of its group, to the states
        // and, where there is one, to the tape, and the last cell state of every row.
        #[allow(unsafe_code, reason = "results are written once")]
        let kept = unsafe {
            vector(n_kept, |kept| {
                output = vector(n_states + n_cells, |output| {
                    let (states, cells) = output.split_at_mut(n_states);
                    self.fill(gates, parameters, states, cells, kept);
                });
            })
        };
        if let Some(tape) = tape {
            *tape = kept;
        }
        output
    }

    fn backward<F: Real>(&self, call: Call<'_, F>, wanted: &[bool]) -> Vec<Vec<F>> {
        let Sizes { batch, time, hidden } = self.sizes;
        let &[_, packed] = call.inputs else { return Vec::new() };
        let Parameters { weight, bias, h0, c0 } = self.unpack(packed);
        let panels = for_sizes(batch, |rows| {
            Panels::new(C::GATES * hidden, hidden, rows, |k, column| weight[k * hidden + column])
        });
        let wants_weight = wanted.get(1) == Some(&true);

        let (mut h0_grad, mut c0_grad) = (vec![F::ZERO; h0.len()], vec![F::ZERO; c0.len()]);
        let mut of_groups = Vec::new();
        let fill = |gates_grad: &mut [Slot<F>]| {
            let n_states = batch * time * hidden;
            let (mut states, _) = call.output.split_at(n_states);
            let (mut grad, mut cell_grad) = call.grad.split_at(n_states);
            let (mut h0, mut tape, mut gates_grad) = (h0, call.tape, gates_grad);
            let (mut h0_grad, mut c0_grad) = (&mut h0_grad[..], &mut c0_grad[..]);
            let mut tasks = Vec::new();
            for rows in groups(batch) {
                let cell_rows = if C::HAS_CELL { rows * hidden } else { 0 };
                let kept = Kept {
                    states: take(&mut states, rows * time * hidden),
                    h0: take(&mut h0, rows * hidden),
                    tape: take(&mut tape, rows * self.kept_each()),
                    grad: take(&mut grad, rows * time * hidden),
                    cell_grad: take(&mut cell_grad, cell_rows),
                };
                let sinks = Sinks {
                    gates: take_mut(&mut gates_grad, rows * time * C::GATES * hidden),
                    h0: take_mut(&mut h0_grad, rows * hidden),
                    c0: take_mut(&mut c0_grad, cell_rows),
                };
                tasks.push((rows, kept, sinks));
            }
            of_groups = parallel::map(tasks, |(rows, kept, sinks)| {
                let Some((_, panels)) = panels.iter().find(|(r, _)| *r == rows) else { return Vec::new() };
                backward_group::<F, C>(self.sizes, rows, panels, kept, sinks, wants_weight)
            });
        };
        // SAFETY: the groups cover the batch, and `backward_group` writes every bin of every row of its group.
        #[allow(unsafe_code, reason = "results are written once")]
        let gates_grad = unsafe { vector(batch * time * C::GATES * hidden, fill) };

        let mut packed_grad = vec![F::ZERO; weight.len() + bias.len()];
        for of_group in of_groups {
            packed_grad.iter_mut().zip(of_group).for_each(|(sum, g)| *sum += g);
        }
        packed_grad.extend(h0_grad);
        packed_grad.extend(c0_grad);
        vec![gates_grad, packed_grad]
    }

    fn on_device(&self) -> Option<&dyn OnDevice> {
        Some(self)
    }
}

/// What the forward pass reads and writes for one group of stimuli.
struct Group<'a, F: Real> {
    gates: &'a [F],
    h0: &'a [F],
    c0: &'a [F],
    states: &'a mut [Slot<F>],
    cells: &'a mut [Slot<F>],
    tape: &'a mut [Slot<F>],
}

/// What the forward pass of a group left, and the gradients of their states and of the last cell state.
#[derive(Clone, Copy)]
struct Kept<'a, F> {
    states: &'a [F],
    h0: &'a [F],
    tape: &'a [F],
    grad: &'a [F],
    cell_grad: &'a [F],
}

/// Where the gradients of a group go.
struct Sinks<'a, F: Real> {
    gates: &'a mut [Slot<F>],
    h0: &'a mut [F],
    c0: &'a mut [F],
}

/// The gradients of h and of c on their way from a bin to the one before, a row for each stimulus, and room for one
/// stimulus' bin.
struct Carry<F> {
    h: Vec<F>,
    c: Vec<F>,
    gu: Vec<F>,
    gq: Vec<F>,
    before: Vec<F>,
    after: Vec<F>,
}

/// The backward pass of a group of `n` stimuli: gradients of their gates and first states; returns those of the weight and
/// the bias, block by block from the last, within a block in the order of the stimuli.
fn backward_group<F: Real, C: Cell>(
    sizes: Sizes,
    n: usize,
    panels: &Panels<F>,
    kept: Kept<'_, F>,
    sinks: Sinks<'_, F>,
    wants_weight: bool,
) -> Vec<F> {
    let Sizes { time, hidden, .. } = sizes;
    let (rows, wide) = (C::GATES * hidden, padded(hidden));
    let width = panels.width();
    let zeros = |n: usize| vec![F::ZERO; n];
    let mut carry = Carry {
        h: zeros(n * width),
        c: zeros(if C::HAS_CELL { n * wide } else { 0 }),
        gu: zeros(C::GATES * wide),
        gq: zeros(C::GATES * wide),
        before: zeros(wide),
        after: zeros(wide),
    };
    for (carry, grad) in carry.c.chunks_exact_mut(wide).zip(kept.cell_grad.chunks_exact(hidden)) {
        carry[..hidden].copy_from_slice(grad);
    }
    let mut sums = zeros(rows * hidden + rows);
    let (weight_grad, bias_grad) = sums.split_at_mut(rows * hidden);
    let mut gq = zeros(n * BLOCK * rows);
    for from in (0..time).step_by(BLOCK).rev() {
        let bins = time.min(from + BLOCK) - from;
        backward_block::<F, C>(sizes, n, panels, kept, from, bins, &mut carry, sinks.gates, &mut gq);
        if !wants_weight {
            continue;
        }
        for r in 0..n {
            let gq = &gq[r * BLOCK * rows..][..bins * rows];
            columns(gq, bias_grad);
            // The state before the first bin of all is no row of the states.
            let first = usize::from(from == 0);
            let (q, h) = (View::rows(rows), View::rows(hidden));
            if from == 0 {
                let h0 = (&kept.h0[r * hidden..][..hidden], h);
                add_product([rows, 1, hidden], (gq, q.t()), h0, (&mut *weight_grad, h));
            }
            let states = (kept.states, h.at((r * time + from + first - 1) * hidden));
            let gq = (gq, q.at(first * rows).t());
            add_product([rows, bins - first, hidden], gq, states, (&mut *weight_grad, h));
        }
    }
    for (h0_grad, carry) in sinks.h0.chunks_exact_mut(hidden).zip(carry.h.chunks_exact(width)) {
        h0_grad.copy_from_slice(&carry[..hidden]);
    }
    for (c0_grad, carry) in sinks.c0.chunks_exact_mut(hidden).zip(carry.c.chunks_exact(wide)) {
        c0_grad.copy_from_slice(&carry[..hidden]);
    }
    sums
}

/// Copies rows of `hidden` numbers into rows of `wide` numbers.
#[inline(always)]
pub(super) fn pad<F: Real>(to: &mut [F], wide: usize, from: &[F], hidden: usize) {
    for (to, from) in to.chunks_exact_mut(wide).zip(from.chunks_exact(hidden)) {
        to[..hidden].copy_from_slice(from);
    }
}

multiversion! {
    /// One bin of one stimulus.
    pub(super) fn gates<F, M; C: Cell>(bin: Forward<'_, F>) {
        C::forward::<F, M>(bin);
    }
}

multiversion! {
    /// One bin of one stimulus, backward.
    fn gates_backward<F, M; C: Cell>(bin: Backward<'_, F>) {
        C::backward::<F, M>(bin);
    }
}

/// All bins of `n` stimuli.
fn forward_rows<F: Real, C: Cell>(sizes: Sizes, n: usize, weights: &Weights<F>, group: Group<'_, F>) {
    let Sizes { time, hidden, .. } = sizes;
    let Group { gates: inputs, h0, c0, states, cells, tape } = group;
    let Weights { panels, start } = weights;
    let (wide, width) = (padded(hidden), panels.width());
    let (gates_row, kept_row) = (C::GATES * wide, C::KEPT * wide);
    let mut h = vec![F::ZERO; n * wide];
    pad(&mut h, wide, h0, hidden);
    let cell_wide = if C::HAS_CELL { wide } else { 0 };
    let mut c = vec![F::ZERO; n * cell_wide];
    pad(&mut c, wide, c0, hidden);
    let mut q = vec![F::ZERO; n * width];
    let mut u = vec![F::ZERO; gates_row];
    let mut kept = vec![F::ZERO; kept_row];
    for t in 0..time {
        product(panels, n, &h, wide, Some(start), &mut q, t % 2 == 1);
        for r in 0..n {
            let row = r * time + t;
            pad(&mut u, wide, &inputs[row * C::GATES * hidden..][..C::GATES * hidden], hidden);
            let h = &mut h[r * wide..][..wide];
            gates::<F, C>(Forward {
                wide,
                u: &u,
                q: &mut q[r * width..][..gates_row],
                h,
                c: &mut c[r * cell_wide..][..cell_wide],
                kept: &mut kept,
            });
            copy(&mut states[row * hidden..][..hidden], &h[..hidden]);
            if let Some(tape) = tape.get_mut((t * n + r) * kept_row..(t * n + r + 1) * kept_row) {
                copy(tape, &kept);
            }
        }
    }
    for (to, c) in cells.chunks_exact_mut(hidden).zip(c.chunks_exact(wide)) {
        copy(to, &c[..hidden]);
    }
}

/// The bins from `from` on of `n` stimuli, the last first. `gq` (n, BLOCK, G H) gets the gradients of q.
#[allow(clippy::too_many_arguments, reason = "a loop over slices takes its slices and sizes")]
fn backward_block<F: Real, C: Cell>(
    sizes: Sizes,
    n: usize,
    panels: &Panels<F>,
    kept: Kept<'_, F>,
    from: usize,
    bins: usize,
    carry: &mut Carry<F>,
    gates_grad: &mut [Slot<F>],
    gq: &mut [F],
) {
    let Sizes { time, hidden, .. } = sizes;
    let wide = padded(hidden);
    let cell_wide = if C::HAS_CELL { wide } else { 0 };
    let width = panels.width();
    let (n_gates, kept_row) = (C::GATES, C::KEPT * wide);
    let rows = n_gates * hidden;
    for t in (from..from + bins).rev() {
        for r in 0..n {
            let row = r * time + t;
            let h = &mut carry.h[r * width..][..wide];
            for (h, grad) in h.iter_mut().zip(&kept.grad[row * hidden..][..hidden]) {
                *h += *grad;
            }
            let before = if t == 0 { &kept.h0[r * hidden..] } else { &kept.states[(row - 1) * hidden..] };
            carry.before[..hidden].copy_from_slice(&before[..hidden]);
            carry.after[..hidden].copy_from_slice(&kept.states[row * hidden..][..hidden]);
            gates_backward::<F, C>(Backward {
                wide,
                kept: &kept.tape[(t * n + r) * kept_row..][..kept_row],
                before: &carry.before,
                after: &carry.after,
                h,
                c: &mut carry.c[r * cell_wide..][..cell_wide],
                gu: &mut carry.gu,
                gq: &mut carry.gq,
            });
            let out = &mut gates_grad[row * rows..][..rows];
            let gq = &mut gq[(r * BLOCK + t - from) * rows..][..rows];
            for g in 0..n_gates {
                copy(&mut out[g * hidden..][..hidden], &carry.gu[g * wide..][..hidden]);
                gq[g * hidden..][..hidden].copy_from_slice(&carry.gq[g * wide..][..hidden]);
            }
        }
        // What was read last is still near: alternate the direction.
        let gq = &gq[(t - from) * rows..];
        product(panels, n, gq, BLOCK * rows, None, &mut carry.h, t % 2 == 1);
    }
}
