//! The Legendre memory unit on slices: one loop over time for a group of stimuli, forward and backward.
//!
//! Two products of a bin need only what the bin before left: that of the memory with Ad and e_m, and that of the
//! units with W_h and e_h. The product of the new memory with W_m follows. Gradients of the weights are matrix
//! products over a block of bins, as soon as the loop has left it.

use std::{mem::MaybeUninit, ops::Range};

use candle_core::Shape;

use super::{
    OP, Sizes,
    weights::{Parameters, backward_panels, forward_panels},
};
use crate::{
    matrix::{
        gemm::{View, add_product},
        packed::{PackedMatrix, for_sizes, groups, product},
    },
    parallel::{self, take, take_mut},
    simd::{
        dispatch::multiversion,
        float::Real,
        uninit::{copy, vector},
    },
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: v (B, T, H + 1); W_h, e_h, W_m, e_m, h0 and m0 packed; Ad and Bd packed, which get no gradient.
/// Result, flat: states (B, T, H), then the last memory (B, M). Tape: (B, T, M), the memory after each bin.
pub(crate) struct Lmu(pub(crate) Sizes);

/// Bins whose gradients stay in the cache until the products for the weights' gradients have read them.
const BLOCK: usize = 128;

impl Lmu {
    fn unpack<'a, F>(&self, packed: &'a [F], fixed: &'a [F]) -> Parameters<'a, F> {
        let Sizes { batch, hidden, memory, .. } = self.0;
        let lengths = [hidden * hidden, hidden, hidden * memory, memory, batch * hidden, batch * memory];
        let [w_h, e_h, w_m, e_m, h0, m0] = Packing(lengths).slices(packed);
        let [ad, bd] = Packing([memory * memory, memory]).slices(fixed);
        Parameters { w_h, e_h, w_m, e_m, h0, m0, ad, bd }
    }
}

impl Kernel<3> for Lmu {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, time, hidden, memory } = self.0;
        (batch * (time * hidden + memory)).into()
    }

    fn forward<F: Real>(&self, [v, packed, fixed]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, hidden, memory } = self.0;
        let parameters = self.unpack(packed, fixed);
        let Parameters { w_h, e_h, w_m, e_m, h0, m0, ad, bd } = parameters;
        let panels =
            for_sizes(batch, |rows| forward_panels(rows, [hidden, memory], [w_h, e_h, w_m, e_m, ad]));
        let fill = |flat: &mut [MaybeUninit<F>], kept: &mut [MaybeUninit<F>]| {
            let keep = !kept.is_empty();
            let (states, last) = flat.split_at_mut(batch * time * hidden);
            let (mut v, mut h0, mut m0) = (v, h0, m0);
            let (mut states, mut last, mut kept) = (states, last, kept);
            let mut tasks = Vec::new();
            for rows in groups(batch) {
                let given = [
                    take(&mut v, rows * time * (hidden + 1)),
                    take(&mut h0, rows * hidden),
                    take(&mut m0, rows * memory),
                ];
                let to = [
                    take_mut(&mut states, rows * time * hidden),
                    take_mut(&mut last, rows * memory),
                    take_mut(&mut kept, if keep { rows * time * memory } else { 0 }),
                ];
                tasks.push((rows, given, to));
            }
            parallel::for_each(tasks, |(rows, given, to)| {
                let Some((_, panels)) = panels.iter().find(|(r, _)| *r == rows) else { return };
                forward_rows(self.0, rows, panels, bd, given, to);
            });
        };
        let kept = if tape.is_some() { batch * time * memory } else { 0 };
        let mut flat = Vec::new();
        // SAFETY: the groups cover the batch, and `forward_rows` writes every bin and the last memory of every
        // row of its group, and its memories to the tape where there is one.
        #[allow(unsafe_code, reason = "results are written once")]
        let kept = unsafe {
            let size = batch * (time * hidden + memory);
            vector(kept, |kept| flat = vector(size, |flat| fill(flat, kept)))
        };
        if let Some(tape) = tape {
            *tape = kept;
        }
        flat
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { batch, time, hidden, memory } = self.0;
        let [v, packed, fixed] = call.inputs;
        let parameters = self.unpack(packed, fixed);
        let panels = for_sizes(batch, |rows| backward_panels(rows, self.0, parameters));
        let [_, wants_weights, _] = wanted;
        let states = batch * time * hidden;
        let mut v_grad = vec![F::ZERO; v.len()];
        let mut h0_grad = vec![F::ZERO; batch * hidden];
        // The gradient of the last memory becomes that of the first.
        let mut m0_grad = call.grad[states..].to_vec();
        let mut tasks = Vec::new();
        {
            let (mut states, mut grad) = (&call.output[..states], &call.grad[..states]);
            let (mut h0, mut m0, mut memories) = (parameters.h0, parameters.m0, call.tape);
            let mut to = (&mut v_grad[..], &mut h0_grad[..], &mut m0_grad[..]);
            for rows in groups(batch) {
                let kept = Kept {
                    states: take(&mut states, rows * time * hidden),
                    memories: take(&mut memories, rows * time * memory),
                    grad: take(&mut grad, rows * time * hidden),
                    h0: take(&mut h0, rows * hidden),
                    m0: take(&mut m0, rows * memory),
                };
                let to = [
                    take_mut(&mut to.0, rows * time * (hidden + 1)),
                    take_mut(&mut to.1, rows * hidden),
                    take_mut(&mut to.2, rows * memory),
                ];
                tasks.push((rows, kept, to));
            }
        }
        let of_groups = parallel::map(tasks, |(rows, kept, to)| {
            let Some((_, panels)) = panels.iter().find(|(r, _)| *r == rows) else { return Vec::new() };
            backward_group(self.0, rows, panels, parameters, kept, to, wants_weights)
        });
        let mut packed_grad = vec![F::ZERO; (hidden + 1) * (hidden + memory)];
        for of_group in of_groups {
            packed_grad.iter_mut().zip(of_group).for_each(|(sum, g)| *sum += g);
        }
        packed_grad.extend(h0_grad);
        packed_grad.extend(m0_grad);
        [v_grad, packed_grad, Vec::new()]
    }
}

/// What the forward pass of a group of stimuli kept, and the gradient of their states.
#[derive(Clone, Copy)]
struct Kept<'a, F> {
    states: &'a [F],
    memories: &'a [F],
    grad: &'a [F],
    h0: &'a [F],
    m0: &'a [F],
}

/// The gradients of h and m that go from a bin to the one before, and the results of a bin's products: a row for each
/// stimulus.
struct Carry<F> {
    h: Vec<F>,
    m: Vec<F>,
    of_h: Vec<F>,
    of_m: Vec<F>,
    zeros: Vec<F>,
}

/// The backward pass of `n` stimuli: gradients of their inputs and first states, and, returned, those of the
/// weights, block by block from the last, within a block in the order of the stimuli.
fn backward_group<F: Real>(
    sizes: Sizes,
    n: usize,
    panels: &[PackedMatrix<F>; 3],
    parameters: Parameters<'_, F>,
    kept: Kept<'_, F>,
    [v_grad, h0_grad, m0_grad]: [&mut [F]; 3],
    wants_weights: bool,
) -> Vec<F> {
    let Sizes { time, hidden, memory, .. } = sizes;
    let widths = panels.each_ref().map(PackedMatrix::width);
    let zeros = |n: usize| vec![F::ZERO; n];
    let mut carry = Carry {
        h: zeros(n * widths[1]),
        m: zeros(n * widths[2]),
        of_h: zeros(n * widths[1]),
        of_m: zeros(n * widths[2]),
        zeros: zeros(widths[1].max(widths[2])),
    };
    for (carry, last) in carry.m.chunks_exact_mut(widths[2]).zip(m0_grad.chunks_exact(memory)) {
        carry[..memory].copy_from_slice(last);
    }
    let mut sums = zeros((hidden + 1) * (hidden + memory));
    for from in (0..time).step_by(BLOCK).rev() {
        let bins = time.min(from + BLOCK) - from;
        backward_block(sizes, n, panels, parameters, kept, from..from + bins, &mut carry, v_grad);
        if wants_weights {
            for r in 0..n {
                add_weights(sizes, kept, r, from, bins, v_grad, &mut sums);
            }
        }
    }
    for (to, carry) in h0_grad.chunks_exact_mut(hidden).zip(carry.h.chunks_exact(widths[1])) {
        to.copy_from_slice(&carry[..hidden]);
    }
    for (to, carry) in m0_grad.chunks_exact_mut(memory).zip(carry.m.chunks_exact(widths[2])) {
        to.copy_from_slice(&carry[..memory]);
    }
    sums
}

/// Adds one stimulus's part of the gradients of W_h and e_h (H + 1, H), then of W_m and e_m (H + 1, M).
fn add_weights<F: Real>(
    Sizes { time, hidden, memory, .. }: Sizes,
    kept: Kept<'_, F>,
    row: usize,
    from: usize,
    bins: usize,
    v_grad: &[F],
    sums: &mut [F],
) {
    let (h_grad, m_grad) = sums.split_at_mut((hidden + 1) * hidden);
    let (v, h, m) = (View::rows(hidden + 1), View::rows(hidden), View::rows(memory));
    let at = row * time + from;
    // The states before the first bin of all are no row of the others.
    let first = usize::from(from == 0);
    let e_m = m.at(hidden * memory);
    if first == 1 {
        let gv = (v_grad, v.at(at * (hidden + 1)).t());
        add_product([hidden + 1, 1, hidden], gv, (kept.h0, h.at(row * hidden)), (&mut *h_grad, h));
        let gu = (v_grad, v.at(at * (hidden + 1) + hidden).t());
        add_product([1, 1, memory], gu, (kept.m0, m.at(row * memory)), (&mut *m_grad, e_m));
    }
    let before = at + first - 1;
    let gv = (v_grad, v.at((at + first) * (hidden + 1)).t());
    add_product([hidden + 1, bins - first, hidden], gv, (kept.states, h.at(before * hidden)), (h_grad, h));
    let gu = (v_grad, v.at((at + first) * (hidden + 1) + hidden).t());
    add_product([1, bins - first, memory], gu, (kept.memories, m.at(before * memory)), (&mut *m_grad, e_m));
    let gq = (v_grad, v.at(at * (hidden + 1)).t());
    add_product([hidden, bins, memory], gq, (kept.memories, m.at(at * memory)), (m_grad, m));
}

/// All bins of `n` stimuli: from v, h0 and m0 to the states, the last memory and, if there is one, the tape.
fn forward_rows<F: Real>(
    sizes: Sizes,
    n: usize,
    panels: &[PackedMatrix<F>; 3],
    bd: &[F],
    given: [&[F]; 3],
    to: [&mut [MaybeUninit<F>]; 3],
) {
    let Sizes { time, hidden, memory, .. } = sizes;
    let [v, h0, m0] = given;
    let [states, last, tape] = to;
    let [of_memory, of_units, to_units] = panels;
    let (wide_m, wide_h) = (of_memory.width(), of_units.width());
    let zeros = vec![F::ZERO; wide_m.max(wide_h)];
    let mut m = vec![F::ZERO; n * wide_m];
    let mut h = vec![F::ZERO; n * wide_h];
    for (h, h0) in h.chunks_exact_mut(wide_h).zip(h0.chunks_exact(hidden)) {
        h[..hidden].copy_from_slice(h0);
    }
    for (m, m0) in m.chunks_exact_mut(wide_m).zip(m0.chunks_exact(memory)) {
        m[..memory].copy_from_slice(m0);
    }
    let (mut next_m, mut q) = (m.clone(), h.clone());
    for t in 0..time {
        // Alternate the direction: the weights read last are still in the cache.
        let descending = t % 2 == 1;
        product(of_memory, n, &m, wide_m, Some(&zeros), &mut next_m, descending);
        product(of_units, n, &h, wide_h, Some(&zeros), &mut q, descending);
        for r in 0..n {
            let row = r * time + t;
            let v = &v[row * (hidden + 1)..][..hidden + 1];
            let m = &mut next_m[r * wide_m..][..wide_m];
            take_in(v, bd, m, &mut q[r * wide_h..][..wide_h]);
            if let Some(tape) = tape.get_mut(row * memory..(row + 1) * memory) {
                copy(tape, &m[..memory]);
            }
        }
        product(to_units, n, &next_m, wide_m, None, &mut q, descending);
        std::mem::swap(&mut m, &mut next_m);
        std::mem::swap(&mut h, &mut q);
        tanh(&mut h);
        for r in 0..n {
            copy(&mut states[(r * time + t) * hidden..][..hidden], &h[r * wide_h..][..hidden]);
        }
    }
    for (last, m) in last.chunks_exact_mut(memory).zip(m.chunks_exact(wide_m)) {
        copy(last, &m[..memory]);
    }
}

multiversion! {
    /// Adds the memory's input to the memory, and the units' input to the units.
    pub(super) fn take_in<F, M>(v: &[F], bd: &[F], m: &mut [F], q: &mut [F]) {
        let (memory, hidden) = (bd.len(), v.len() - 1);
        let u = v[hidden] + m[memory] + q[hidden];
        m[..memory].iter_mut().zip(bd).for_each(|(m, bd)| *m = M::mul_add(*bd, u, *m));
        q[..hidden].iter_mut().zip(v).for_each(|(q, v)| *q += *v);
    }
}

multiversion! {
    /// tanh of each number.
    pub(super) fn tanh<F, M>(x: &mut [F]) {
        x.iter_mut().for_each(|x| *x = x.tanh::<M>());
    }
}

/// The bins of a block of `n` stimuli, the last first.
#[allow(clippy::too_many_arguments, reason = "a loop over slices takes its slices and sizes")]
fn backward_block<F: Real>(
    sizes: Sizes,
    n: usize,
    panels: &[PackedMatrix<F>; 3],
    parameters: Parameters<'_, F>,
    kept: Kept<'_, F>,
    bins: Range<usize>,
    carry: &mut Carry<F>,
    v_grad: &mut [F],
) {
    let Sizes { time, hidden, memory, .. } = sizes;
    let [to_memory, to_units, of_memory] = panels;
    let (wide_m, wide_h) = (of_memory.width(), to_units.width());
    let Parameters { e_h, e_m, .. } = parameters;
    let stride = time * (hidden + 1);
    for t in bins.rev() {
        let descending = t % 2 == 1;
        for r in 0..n {
            let row = r * time + t;
            let states = row * hidden..(row + 1) * hidden;
            let gq = &mut v_grad[row * (hidden + 1)..][..hidden];
            through_tanh(&kept.grad[states.clone()], &carry.h[r * wide_h..], &kept.states[states], gq);
        }
        let gq = &v_grad[t * (hidden + 1)..];
        product(to_memory, n, gq, stride, None, &mut carry.m, descending);
        product(to_units, n, gq, stride, Some(&carry.zeros), &mut carry.of_h, descending);
        product(of_memory, n, &carry.m, wide_m, Some(&carry.zeros), &mut carry.of_m, descending);
        for r in 0..n {
            let u = carry.of_m[r * wide_m + memory];
            v_grad[r * stride + t * (hidden + 1) + hidden] = u;
            add_scaled(e_m, u, &carry.of_m[r * wide_m..], &mut carry.m[r * wide_m..]);
            add_scaled(e_h, u, &carry.of_h[r * wide_h..], &mut carry.h[r * wide_h..]);
        }
    }
}

multiversion! {
    /// The gradient of q from that of h = tanh(q), which comes from the output and from the bin after.
    fn through_tanh<F, M>(grad: &[F], carried: &[F], h: &[F], gq: &mut [F]) {
        for (((gq, grad), carried), h) in gq.iter_mut().zip(grad).zip(carried).zip(h) {
            *gq = (*grad + *carried) * (F::ONE - *h * *h);
        }
    }
}

multiversion! {
    /// y = x + e u.
    fn add_scaled<F, M>(e: &[F], u: F, x: &[F], y: &mut [F]) {
        for ((y, x), e) in y.iter_mut().zip(x).zip(e) {
            *y = M::mul_add(*e, u, *x);
        }
    }
}
