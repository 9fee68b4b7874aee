//! The Legendre memory unit on slices: one loop over time for a group of stimuli, forward and backward.
//!
//! Two products of a bin need only what the bin before left: that of the memory with Ad and e_m, and that of the
//! units with W_h and e_h. The product of the new memory with W_m follows. Gradients of the weights are matrix
//! products over a block of bins, as soon as the loop has left it.

use candle_core::Shape;

use super::{
    OP, Sizes,
    weights::{Parameters, backward_panels, forward_panels},
};
use crate::{
    fresh::{Slot, vector},
    isa::multiversion,
    lanes::{each, load, store, write},
    op::{Backward, Kernel},
    panels::{Panels, for_sizes, groups},
    parallel::{self, take, take_mut},
    product::{View, add_product},
    real::{LANES, Real},
};

/// Inputs: v (B, T, H + 1); W_h, e_h, W_m, e_m, h0 and m0 packed; Ad and Bd packed, which get no gradient.
/// Result, flat: states (B, T, H), then the last memory (B, M). Tape: (B, T, M), the memory after each bin.
pub(crate) struct Lmu(pub(crate) Sizes);

/// Bins whose gradients stay near until the products for the weights' gradients have read them.
const BLOCK: usize = 128;

impl Lmu {
    fn unpack<'a, F>(&self, packed: &'a [F], fixed: &'a [F]) -> Parameters<'a, F> {
        let Sizes { batch, hidden, memory, .. } = self.0;
        let (w_h, rest) = packed.split_at(hidden * hidden);
        let (e_h, rest) = rest.split_at(hidden);
        let (w_m, rest) = rest.split_at(hidden * memory);
        let (e_m, rest) = rest.split_at(memory);
        let (h0, m0) = rest.split_at(batch * hidden);
        let (ad, bd) = fixed.split_at(memory * memory);
        Parameters { w_h, e_h, w_m, e_m, h0, m0, ad, bd }
    }
}

impl Kernel for Lmu {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, time, hidden, memory } = self.0;
        (batch * (time * hidden + memory)).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, hidden, memory } = self.0;
        let &[v, packed, fixed] = inputs else { return Vec::new() };
        let parameters = self.unpack(packed, fixed);
        let Parameters { w_h, e_h, w_m, e_m, h0, m0, ad, bd } = parameters;
        let panels =
            for_sizes(batch, |rows| forward_panels(rows, [hidden, memory], [w_h, e_h, w_m, e_m, ad]));
        let fill = |flat: &mut [Slot<F>], kept: &mut [Slot<F>]| {
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
                let run = match rows {
                    1 => forward_rows::<F, 1>,
                    2 => forward_rows::<F, 2>,
                    3 => forward_rows::<F, 3>,
                    _ => forward_rows::<F, 4>,
                };
                run(self.0, panels, bd, given, to);
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

    fn backward<F: Real>(&self, call: Backward<'_, F>, wanted: &[bool]) -> Vec<Vec<F>> {
        let Sizes { batch, time, hidden, memory } = self.0;
        let &[v, packed, fixed] = call.inputs else { return Vec::new() };
        let parameters = self.unpack(packed, fixed);
        let panels = for_sizes(batch, |rows| backward_panels(rows, self.0, parameters));
        let wants_weights = wanted.get(1) == Some(&true);
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
            let run = match rows {
                1 => backward_group::<F, 1>,
                2 => backward_group::<F, 2>,
                3 => backward_group::<F, 3>,
                _ => backward_group::<F, 4>,
            };
            run(self.0, panels, parameters, kept, to, wants_weights)
        });
        let mut packed_grad = vec![F::ZERO; (hidden + 1) * (hidden + memory)];
        for of_group in of_groups {
            packed_grad.iter_mut().zip(of_group).for_each(|(sum, g)| *sum += g);
        }
        packed_grad.extend(h0_grad);
        packed_grad.extend(m0_grad);
        vec![v_grad, packed_grad, vec![F::ZERO; fixed.len()]]
    }
}

/// What the forward pass of R stimuli left, and the gradient of their states.
#[derive(Clone, Copy)]
struct Kept<'a, F> {
    states: &'a [F],
    memories: &'a [F],
    grad: &'a [F],
    h0: &'a [F],
    m0: &'a [F],
}

/// The gradients of h and m on their way from a bin to the one before, a row for each stimulus.
struct Carry<F> {
    h: Vec<F>,
    m: Vec<F>,
}

/// The backward pass of R stimuli: gradients of their inputs and first states, and, returned, those of the
/// weights, block by block from the last, within a block in the order of the stimuli.
fn backward_group<F: Real, const R: usize>(
    sizes: Sizes,
    panels: &[Panels<F>; 3],
    parameters: Parameters<'_, F>,
    kept: Kept<'_, F>,
    [v_grad, h0_grad, m0_grad]: [&mut [F]; 3],
    wants_weights: bool,
) -> Vec<F> {
    let Sizes { time, hidden, memory, .. } = sizes;
    let widths = panels.each_ref().map(Panels::width);
    let mut carry = Carry { h: vec![F::ZERO; R * widths[1]], m: vec![F::ZERO; R * widths[2]] };
    for (carry, last) in carry.m.chunks_exact_mut(widths[2]).zip(m0_grad.chunks_exact(memory)) {
        carry[..memory].copy_from_slice(last);
    }
    let mut sums = vec![F::ZERO; (hidden + 1) * (hidden + memory)];
    for from in (0..time).step_by(BLOCK).rev() {
        let bins = time.min(from + BLOCK) - from;
        backward_block::<F, R>(sizes, panels, parameters, kept, from, bins, &mut carry, v_grad);
        if wants_weights {
            for r in 0..R {
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

multiversion! {
    /// All bins of R stimuli: from v, h0 and m0 to the states, the last memory and, if there is one, the tape.
    fn forward_rows<F, M, const R: usize>(
        sizes: Sizes,
        panels: &[Panels<F>; 3],
        bd: &[F],
        given: [&[F]; 3],
        to: [&mut [Slot<F>]; 3],
    ) {
        let Sizes { time, hidden, memory, .. } = sizes;
        let [v, h0, m0] = given;
        let [states, last, tape] = to;
        let [of_memory, of_units, to_units] = panels;
        let (wide_m, wide_h) = (of_memory.width(), of_units.width());
        let zeros = vec![F::ZERO; wide_m.max(wide_h)];
        let mut m = vec![F::ZERO; R * wide_m];
        let mut h = vec![F::ZERO; R * wide_h];
        for (h, h0) in h.chunks_exact_mut(wide_h).zip(h0.chunks_exact(hidden)) {
            h[..hidden].copy_from_slice(h0);
        }
        for (m, m0) in m.chunks_exact_mut(wide_m).zip(m0.chunks_exact(memory)) {
            m[..memory].copy_from_slice(m0);
        }
        let (mut next_m, mut q) = (m.clone(), h.clone());
        for t in 0..time {
            let descending = t % 2 == 1;
            let rows = std::array::from_fn(|r| &m[r * wide_m..][..memory]);
            of_memory.product::<M, R>(rows, Some(&zeros), &mut next_m, descending);
            let rows = std::array::from_fn(|r| &h[r * wide_h..][..hidden]);
            of_units.product::<M, R>(rows, Some(&zeros), &mut q, descending);
            for r in 0..R {
                let v = &v[(r * time + t) * (hidden + 1)..][..hidden + 1];
                let (m, q) = (&mut next_m[r * wide_m..][..wide_m], &mut q[r * wide_h..][..wide_h]);
                let u = v[hidden] + m[memory] + q[hidden];
                for j in (0..memory).step_by(LANES) {
                    let (before, bd) = (load::<F>(m, j), load(bd, j));
                    store(m, j, each(|l| M::mul_add(bd[l], u, before[l])));
                }
                for j in (0..hidden).step_by(LANES) {
                    let (q_j, v) = (load::<F>(q, j), load(v, j));
                    store(q, j, each(|l| q_j[l] + v[l]));
                }
                if let Some(tape) = tape.get_mut((r * time + t) * memory..).filter(|tape| !tape.is_empty()) {
                    let tape = &mut tape[..memory];
                    for j in (0..memory).step_by(LANES) {
                        write(tape, j, load::<F>(m, j));
                    }
                }
            }
            let rows = std::array::from_fn(|r| &next_m[r * wide_m..][..memory]);
            to_units.product::<M, R>(rows, None, &mut q, descending);
            q.iter_mut().for_each(|x| *x = x.tanh::<M>());
            std::mem::swap(&mut m, &mut next_m);
            std::mem::swap(&mut h, &mut q);
            for r in 0..R {
                let out = &mut states[(r * time + t) * hidden..][..hidden];
                let h = &h[r * wide_h..][..hidden];
                for j in (0..hidden).step_by(LANES) {
                    write(out, j, load::<F>(h, j));
                }
            }
        }
        for (last, m) in last.chunks_exact_mut(memory).zip(m.chunks_exact(wide_m)) {
            for (to, m) in last.iter_mut().zip(m) {
                to.write(*m);
            }
        }
    }
}

multiversion! {
    /// The bins from `from` on of R stimuli, the last first.
    fn backward_block<F, M, const R: usize>(
        sizes: Sizes,
        panels: &[Panels<F>; 3],
        parameters: Parameters<'_, F>,
        kept: Kept<'_, F>,
        from: usize,
        bins: usize,
        carry: &mut Carry<F>,
        v_grad: &mut [F],
    ) {
        let Sizes { time, hidden, memory, .. } = sizes;
        let [to_memory, to_units, of_memory] = panels;
        let (wide_m, wide_h) = (of_memory.width(), to_units.width());
        let Parameters { e_h, e_m, .. } = parameters;
        let zeros = vec![F::ZERO; wide_m.max(wide_h)];
        let mut h = vec![F::ZERO; R * wide_h];
        let mut m = vec![F::ZERO; R * wide_m];
        for t in (from..from + bins).rev() {
            let descending = t % 2 == 1;
            for r in 0..R {
                let row = r * time + t;
                let (grad, state) = (&kept.grad[row * hidden..][..hidden], &kept.states[row * hidden..][..hidden]);
                let gq = &mut v_grad[row * (hidden + 1)..][..hidden];
                for j in (0..hidden).step_by(LANES) {
                    let (grad, state, carried) = (load(grad, j), load(state, j), load::<F>(&carry.h, r * wide_h + j));
                    store(gq, j, each(|l| (grad[l] + carried[l]) * (F::ONE - state[l] * state[l])));
                }
            }
            let gq = std::array::from_fn(|r| &v_grad[(r * time + t) * (hidden + 1)..][..hidden]);
            to_memory.product::<M, R>(gq, None, &mut carry.m, descending);
            to_units.product::<M, R>(gq, Some(&zeros), &mut h, descending);
            let rows = std::array::from_fn(|r| &carry.m[r * wide_m..][..memory]);
            of_memory.product::<M, R>(rows, Some(&zeros), &mut m, descending);
            for r in 0..R {
                let u = m[r * wide_m + memory];
                v_grad[(r * time + t) * (hidden + 1) + hidden] = u;
                let (m, to) = (&m[r * wide_m..][..wide_m], &mut carry.m[r * wide_m..][..wide_m]);
                for j in (0..memory).step_by(LANES) {
                    let (m, e) = (load::<F>(m, j), load(e_m, j));
                    store(to, j, each(|l| M::mul_add(e[l], u, m[l])));
                }
                let (h, to) = (&h[r * wide_h..][..wide_h], &mut carry.h[r * wide_h..][..wide_h]);
                for j in (0..hidden).step_by(LANES) {
                    let (h, e) = (load::<F>(h, j), load(e_h, j));
                    store(to, j, each(|l| M::mul_add(e[l], u, h[l])));
                }
            }
        }
    }
}
