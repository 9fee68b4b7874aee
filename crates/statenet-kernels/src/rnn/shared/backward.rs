//! The backward loop over time for a group of stimuli, and the matrix products that compute the gradients of weights and
//! input.
//!
//! Rows of a block of bins lie in the order (bin, stimulus). The products of a block follow its loop at once, while its rows
//! are still in the cache.

use std::mem::MaybeUninit;

use super::{
    cell::{Backward, Cell, Sizes},
    forward::block,
    projection::Projection,
    weights::pad,
};
use crate::{
    matrix::{
        outer_product::add_outer,
        packed::{PackedMatrix, product, products},
    },
    simd::{dispatch::multiversion, float::Real, reduce::columns, uninit::copy, vector::padded},
};

/// What the forward pass of a group kept, and the gradients of its states (of all bins or of the last) and of the last cell
/// state.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a, F> {
    /// Stimuli that have states and a tape: all, or one where they are identical.
    pub(super) computed: usize,
    pub(super) states: &'a [F],
    pub(super) h0: &'a [F],
    pub(super) tape: &'a [F],
    pub(super) grad: &'a [F],
    pub(super) cell_grad: &'a [F],
}

impl<F> Kept<'_, F> {
    /// The row of states and tape of stimulus r.
    fn row(&self, r: usize) -> usize {
        r.min(self.computed - 1)
    }
}

/// Where the gradients of a group's first input go.
pub(super) enum DriveSink<'a, F: Real> {
    /// Of the gates' input part, (n, T, G H).
    Gates(&'a mut [MaybeUninit<F>]),
    /// Of the input, which is given with the weights that lead back to it; empty where it is not wanted.
    Input { x: &'a [F], grad: &'a mut [MaybeUninit<F>], projection: Projection, panels: &'a PackedMatrix<F> },
}

/// Where the gradients of a group go.
pub(super) struct Sinks<'a, F: Real> {
    pub(super) drive: DriveSink<'a, F>,
    pub(super) h0: &'a mut [F],
    pub(super) c0: &'a mut [F],
}

/// Gradients of weights and biases in padded rows, summed over the bins of a group; empty where they are not wanted.
pub(super) struct Sums<F> {
    /// (G wide, wide).
    pub(super) weight_hh: Vec<F>,
    /// (G wide).
    pub(super) bias_hh: Vec<F>,
    /// (G wide, I in whole vectors), if the input is inside.
    pub(super) weight_ih: Vec<F>,
    /// (G wide), if the input is inside and u and q have gradients of their own.
    pub(super) bias_ih: Vec<F>,
}

multiversion! {
    /// One bin of one stimulus, backward.
    fn gates_backward<F, M; C: Cell>(bin: Backward<'_, F>) {
        C::backward::<F, M>(bin);
    }
}

/// Rows of a block, (bin, stimulus).
struct Rows<F> {
    /// h of the bin before the block, then of its bins (wide).
    h: Vec<F>,
    /// Rows of h in each bin: one where stimuli are identical and weights need no gradients.
    h_each: usize,
    /// Gradients of u (G wide), where they are not those of q.
    gu: Vec<F>,
    /// Gradients of q (G wide).
    gq: Vec<F>,
    /// The input, and its gradient.
    x: Vec<F>,
    gx: Vec<F>,
}

/// The gradients of h and of c that go from a bin to the one before, a row for each stimulus.
struct Carry<F> {
    h: Vec<F>,
    c: Vec<F>,
}

/// The backward pass of a group of `n` stimuli: writes the gradients of the first input and of the first states, and returns
/// those of the weights and biases.
pub(super) fn backward_group<F: Real, C: Cell>(
    sizes: Sizes,
    n: usize,
    panels: &PackedMatrix<F>,
    kept: Kept<'_, F>,
    mut sinks: Sinks<'_, F>,
    wants_weights: bool,
) -> Sums<F> {
    let Sizes { time, hidden, .. } = sizes;
    let (wide, width) = (padded(hidden), panels.width());
    let gates_row = C::GATES * wide;
    let zeros = |n: usize| vec![F::ZERO; n];
    let mut carry = Carry { h: zeros(n * width), c: zeros(if C::HAS_CELL { n * wide } else { 0 }) };
    pad(&mut carry.c, wide, kept.cell_grad, hidden);

    let input = match &sinks.drive {
        DriveSink::Gates(_) => None,
        DriveSink::Input { projection, panels, .. } => Some((padded(projection.inputs), panels.width())),
    };
    let (x_row, gx_row) = input.unwrap_or_default();
    let no_start = zeros(gx_row);
    let n_rows = block(n) * n;
    let split = if C::SPLITS { gates_row } else { 0 };
    let h_each = if wants_weights { n } else { kept.computed };
    let mut rows = Rows {
        h: zeros((block(n) + 1) * h_each * wide),
        h_each,
        gu: zeros(n_rows * split),
        gq: zeros(n_rows * gates_row),
        x: zeros(n_rows * x_row),
        gx: zeros(n_rows * gx_row),
    };
    let if_wanted = |n: usize| zeros(if wants_weights { n } else { 0 });
    let mut sums = Sums {
        weight_hh: if_wanted(gates_row * wide),
        bias_hh: if_wanted(gates_row),
        weight_ih: if_wanted(gates_row * x_row),
        bias_ih: if_wanted(if input.is_some() { split } else { 0 }),
    };

    for from in (0..time).step_by(block(n)).rev() {
        let bins = block(n).min(time - from);
        backward_block::<F, C>(sizes, n, panels, kept, [from, bins], &mut carry, &mut rows);
        let n_rows = bins * n;
        let gq = &rows.gq[..n_rows * gates_row];
        let gu = if C::SPLITS { &rows.gu[..n_rows * gates_row] } else { gq };
        if wants_weights {
            add_outer(gq, gates_row, &rows.h[..n_rows * wide], wide, wide, &mut sums.weight_hh);
            columns(gq, &mut sums.bias_hh);
        }
        match &mut sinks.drive {
            DriveSink::Gates(grad) => give_gates::<F, C>(sizes, n, [from, bins], gu, grad),
            DriveSink::Input { x, grad, projection, panels } => {
                if wants_weights {
                    for (r, x) in x.chunks_exact(time * projection.inputs).enumerate() {
                        projection.rows(x, [from, bins], &mut rows.x[r * x_row..], n);
                    }
                    add_outer(gu, gates_row, &rows.x[..n_rows * x_row], x_row, x_row, &mut sums.weight_ih);
                    if C::SPLITS {
                        columns(gu, &mut sums.bias_ih);
                    }
                }
                if !grad.is_empty() {
                    products(panels, &no_start, gu, gates_row, &mut rows.gx);
                    projection.give(sizes, n, [from, bins], &rows.gx, gx_row, grad);
                }
            }
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

/// The bins from `from` on of `n` stimuli, the last first: fills the rows of states and gradients.
fn backward_block<F: Real, C: Cell>(
    sizes: Sizes,
    n: usize,
    panels: &PackedMatrix<F>,
    kept: Kept<'_, F>,
    [from, bins]: [usize; 2],
    carry: &mut Carry<F>,
    rows: &mut Rows<F>,
) {
    let Sizes { time, hidden, .. } = sizes;
    let (wide, width) = (padded(hidden), panels.width());
    let cell_wide = if C::HAS_CELL { wide } else { 0 };
    let (gates_row, kept_row) = (C::GATES * wide, C::KEPT * wide);
    let h_each = rows.h_each;
    // Gradients of the last states of each stimulus: of all or of one.
    let grads_each = kept.grad.len() / (n * hidden);
    for (i, h) in rows.h.chunks_exact_mut(wide).take((bins + 1) * h_each).enumerate() {
        let (bin, r) = (from + i / h_each, i % h_each);
        let state = match bin.checked_sub(1) {
            None => &kept.h0[r * hidden..],
            Some(before) => &kept.states[(kept.row(r) * time + before) * hidden..],
        };
        h[..hidden].copy_from_slice(&state[..hidden]);
    }
    for t in (from..from + bins).rev() {
        let first = (t - from) * n;
        for r in 0..n {
            let at = first + r;
            let h_at = (t - from) * h_each + r.min(h_each - 1);
            let h = &mut carry.h[r * width..][..wide];
            if let Some(first) = grads_each.checked_sub(time - t) {
                let grad = &kept.grad[(r * grads_each + first) * hidden..][..hidden];
                h.iter_mut().zip(grad).for_each(|(h, grad)| *h += *grad);
            }
            gates_backward::<F, C>(Backward {
                wide,
                kept: &kept.tape[(t * kept.computed + kept.row(r)) * kept_row..][..kept_row],
                before: &rows.h[h_at * wide..][..wide],
                after: &rows.h[(h_at + h_each) * wide..][..wide],
                h,
                c: &mut carry.c[r * cell_wide..][..cell_wide],
                gu: if C::SPLITS { &mut rows.gu[at * gates_row..][..gates_row] } else { &mut [] },
                gq: &mut rows.gq[at * gates_row..][..gates_row],
            });
        }
        // Alternate the direction: the weights read last are still in the cache.
        product(panels, n, &rows.gq[first * gates_row..], gates_row, None, &mut carry.h, t % 2 == 1);
    }
}

/// Writes the gradients of a block's gates without padding.
fn give_gates<F: Real, C: Cell>(
    Sizes { time, hidden, .. }: Sizes,
    n: usize,
    [from, bins]: [usize; 2],
    gu: &[F],
    grad: &mut [MaybeUninit<F>],
) {
    let (wide, row) = (padded(hidden), C::GATES * hidden);
    for (i, gu) in gu.chunks_exact(C::GATES * wide).take(bins * n).enumerate() {
        let (bin, r) = (from + i / n, i % n);
        let out = grad[(r * time + bin) * row..][..row].chunks_exact_mut(hidden);
        for (out, gu) in out.zip(gu.chunks_exact(wide)) {
            copy(out, &gu[..hidden]);
        }
    }
}
