//! The GRU recurrence on slices: one loop over time for a group of stimuli, forward and backward.
//!
//! Rows of H numbers are padded to whole vectors inside; inputs and results are not. The gradient of the
//! weights is a matrix product over the bins of a block, as soon as the loop has left it.

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    fresh::{Slot, vector},
    isa::multiversion,
    lanes::{each, load, padded, slots, store, write},
    op::{Backward, Kernel},
    panels::{Panels, groups},
    parallel,
    product::{View, add_product},
    real::{LANES, Real},
    sums::columns,
};

/// Inputs: gates (B, T, 3H); weight_hh, bias_hh and h0 packed. Result: states (B, T, H).
/// Tape: group by group (T, rows, padded H / 8, 4, 8) with r, z, n, q_n along the axis of four.
pub(crate) struct Gru(pub(crate) Sizes);

/// Bins whose gradients stay near until the product for the weights' gradient has read them.
const BLOCK: usize = 128;

/// What the second input packs.
struct Parameters<'a, F> {
    weight: &'a [F],
    bias: &'a [F],
    h0: &'a [F],
}

impl Gru {
    fn unpack<'a, F>(&self, packed: &'a [F]) -> Parameters<'a, F> {
        let hidden = self.0.hidden;
        let (weight, rest) = packed.split_at(3 * hidden * hidden);
        let (bias, h0) = rest.split_at(3 * hidden);
        Parameters { weight, bias, h0 }
    }

    /// Something for each size of group that occurs.
    fn for_sizes<P>(&self, make: impl Fn(usize) -> P) -> Vec<(usize, P)> {
        let mut sizes = groups(self.0.batch);
        sizes.dedup();
        sizes.into_iter().map(|rows| (rows, make(rows))).collect()
    }
}

impl Kernel for Gru {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.0.batch, self.0.time, self.0.hidden).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, hidden } = self.0;
        let &[gates, packed] = inputs else { return Vec::new() };
        let Parameters { weight, bias, h0 } = self.unpack(packed);
        let wide = padded(hidden);
        // Column g wide + j of the panels is unit j of gate g.
        let unit = |column: usize| (column % wide < hidden).then(|| column / wide * hidden + column % wide);
        let panels = self.for_sizes(|rows| {
            let panels = Panels::new(hidden, 3 * wide, rows, |k, column| {
                unit(column).map_or(F::ZERO, |row| weight[row * hidden + k])
            });
            let start =
                (0..panels.width()).map(|c| unit(c).and_then(|u| bias.get(u)).map_or(F::ZERO, |b| *b));
            let start: Vec<F> = start.collect();
            (panels, start)
        });

        let fill = |states: &mut [Slot<F>], kept: &mut [Slot<F>]| {
            let keep = !kept.is_empty();
            let mut tasks = Vec::new();
            let (mut gates, mut h0, mut states, mut kept) = (gates, h0, states, kept);
            for rows in groups(batch) {
                tasks.push((
                    rows,
                    take(&mut gates, rows * time * 3 * hidden),
                    take(&mut h0, rows * hidden),
                    take_mut(&mut states, rows * time * hidden),
                    take_mut(&mut kept, if keep { rows * time * 4 * wide } else { 0 }),
                ));
            }
            parallel::for_each(tasks, |(rows, gates, h0, states, tape)| {
                let Some((_, (panels, start))) = panels.iter().find(|(r, _)| *r == rows) else { return };
                let run = match rows {
                    1 => forward_rows::<F, 1>,
                    2 => forward_rows::<F, 2>,
                    3 => forward_rows::<F, 3>,
                    _ => forward_rows::<F, 4>,
                };
                run(self.0, panels, start, gates, h0, states, tape);
            });
        };
        let kept = if tape.is_some() { batch * time * 4 * wide } else { 0 };
        let mut states = Vec::new();
        // SAFETY: the groups cover the batch, and `forward_rows` writes every bin of every row of its group,
        // to the states and, where there is one, to the tape.
        #[allow(unsafe_code, reason = "results are written once")]
        let kept = unsafe {
            vector(kept, |kept| states = vector(batch * time * hidden, |states| fill(states, kept)))
        };
        if let Some(tape) = tape {
            *tape = kept;
        }
        states
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, wanted: &[bool]) -> Vec<Vec<F>> {
        let Sizes { batch, time, hidden } = self.0;
        let &[_, packed] = call.inputs else { return Vec::new() };
        let Parameters { weight, bias, h0 } = self.unpack(packed);
        let wide = padded(hidden);
        let panels = self.for_sizes(|rows| {
            [0, 1, 2].map(|gate| {
                let weight = &weight[gate * hidden * hidden..][..hidden * hidden];
                Panels::new(hidden, hidden, rows, |k, column| weight[k * hidden + column])
            })
        });
        let wants_weight = wanted.get(1) == Some(&true);

        let mut h0_grad = vec![F::ZERO; h0.len()];
        let mut of_groups = Vec::new();
        let fill = |gates_grad: &mut [Slot<F>]| {
            let mut tasks = Vec::new();
            let (mut states, mut h0, mut tape, mut grad) = (call.output, h0, call.tape, call.grad);
            let (mut gates_grad, mut h0_grad) = (gates_grad, &mut h0_grad[..]);
            for rows in groups(batch) {
                let kept = Kept {
                    states: take(&mut states, rows * time * hidden),
                    h0: take(&mut h0, rows * hidden),
                    tape: take(&mut tape, rows * time * 4 * wide),
                    grad: take(&mut grad, rows * time * hidden),
                };
                let gates = take_mut(&mut gates_grad, rows * time * 3 * hidden);
                tasks.push((rows, kept, gates, take_mut(&mut h0_grad, rows * hidden)));
            }
            of_groups = parallel::map(tasks, |(rows, kept, gates, h0_grad)| {
                let Some((_, panels)) = panels.iter().find(|(r, _)| *r == rows) else { return Vec::new() };
                let run = match rows {
                    1 => backward_group::<F, 1>,
                    2 => backward_group::<F, 2>,
                    3 => backward_group::<F, 3>,
                    _ => backward_group::<F, 4>,
                };
                run(self.0, panels, kept, gates, h0_grad, wants_weight)
            });
        };
        // SAFETY: the groups cover the batch, and `backward_group` writes every bin of every row of its group.
        #[allow(unsafe_code, reason = "results are written once")]
        let gates_grad = unsafe { vector(batch * time * 3 * hidden, fill) };

        let mut packed_grad = vec![F::ZERO; weight.len() + bias.len()];
        for of_group in of_groups {
            packed_grad.iter_mut().zip(of_group).for_each(|(sum, g)| *sum += g);
        }
        packed_grad.extend(h0_grad);
        vec![gates_grad, packed_grad]
    }
}

/// The backward pass of R stimuli: gradients of their gates and first states; returns those of the weight and
/// the bias, block by block from the last, within a block in the order of the stimuli.
fn backward_group<F: Real, const R: usize>(
    sizes: Sizes,
    panels: &[Panels<F>; 3],
    kept: Kept<'_, F>,
    gates_grad: &mut [Slot<F>],
    h0_grad: &mut [F],
    wants_weight: bool,
) -> Vec<F> {
    let Sizes { time, hidden, .. } = sizes;
    // The gradient of h[t-1] on its way from bin t to the one before, a row for each stimulus.
    let width = panels[0].width();
    let mut carry = vec![F::ZERO; R * width];
    let mut sums = vec![F::ZERO; 3 * hidden * hidden + 3 * hidden];
    let (weight_grad, bias_grad) = sums.split_at_mut(3 * hidden * hidden);
    let mut gq = vec![F::ZERO; R * BLOCK * 3 * hidden];
    for from in (0..time).step_by(BLOCK).rev() {
        let bins = time.min(from + BLOCK) - from;
        backward_block::<F, R>(sizes, panels, kept, from, bins, &mut carry, gates_grad, &mut gq);
        if !wants_weight {
            continue;
        }
        for r in 0..R {
            let gq = &gq[r * BLOCK * 3 * hidden..][..bins * 3 * hidden];
            columns(gq, bias_grad);
            // The state before the first bin of all is no row of the states.
            let first = usize::from(from == 0);
            let (q, h) = (View::rows(3 * hidden), View::rows(hidden));
            if from == 0 {
                let h0 = (&kept.h0[r * hidden..][..hidden], h);
                add_product([3 * hidden, 1, hidden], (gq, q.t()), h0, (&mut *weight_grad, h));
            }
            let states = (kept.states, h.at((r * time + from + first - 1) * hidden));
            let gq = (gq, q.at(first * 3 * hidden).t());
            add_product([3 * hidden, bins - first, hidden], gq, states, (&mut *weight_grad, h));
        }
    }
    for (h0_grad, carry) in h0_grad.chunks_exact_mut(hidden).zip(carry.chunks_exact(width)) {
        h0_grad.copy_from_slice(&carry[..hidden]);
    }
    sums
}

/// Splits `n` elements off the front.
fn take<'a, F>(rest: &mut &'a [F], n: usize) -> &'a [F] {
    let (first, last) = rest.split_at(n);
    *rest = last;
    first
}

/// Splits `n` elements off the front.
fn take_mut<'a, F>(rest: &mut &'a mut [F], n: usize) -> &'a mut [F] {
    let (first, last) = std::mem::take(rest).split_at_mut(n);
    *rest = last;
    first
}

multiversion! {
    /// All bins of R stimuli.
    fn forward_rows<F, M, const R: usize>(
        sizes: Sizes,
        panels: &Panels<F>,
        start: &[F],
        gates: &[F],
        h0: &[F],
        states: &mut [Slot<F>],
        tape: &mut [Slot<F>],
    ) {
        let Sizes { time, hidden, .. } = sizes;
        let wide = padded(hidden);
        let width = panels.width();
        let tape = tape.as_chunks_mut::<LANES>().0.as_chunks_mut::<4>().0;
        let mut h = vec![F::ZERO; R * wide];
        for (h, h0) in h.chunks_exact_mut(wide).zip(h0.chunks_exact(hidden)) {
            h[..hidden].copy_from_slice(h0);
        }
        // For each row r and z; for each row n. Loops over all of them are long enough to be vector code.
        let mut q = vec![F::ZERO; R * width];
        let mut rz = vec![F::ZERO; R * 2 * wide];
        let mut n = vec![F::ZERO; R * wide];
        for t in 0..time {
            let u = |r: usize, gate: usize| &gates[((r * time + t) * 3 + gate) * hidden..][..hidden];
            let rows = std::array::from_fn(|r| &h[r * wide..][..hidden]);
            panels.product::<M, R>(rows, Some(start), &mut q, t % 2 == 1);
            for r in 0..R {
                for gate in 0..2 {
                    let (u, q) = (u(r, gate), &q[r * width + gate * wide..][..wide]);
                    let to = &mut rz[(r * 2 + gate) * wide..][..wide];
                    for j in (0..wide).step_by(LANES) {
                        let (u, q) = (load(u, j), load::<F>(q, j));
                        store(to, j, each(|l| u[l] + q[l]));
                    }
                }
            }
            rz.iter_mut().for_each(|x| *x = x.sigmoid::<M>());
            for r in 0..R {
                let (u, q) = (u(r, 2), &q[r * width + 2 * wide..][..wide]);
                let (reset, to) = (&rz[r * 2 * wide..][..wide], &mut n[r * wide..][..wide]);
                for j in (0..wide).step_by(LANES) {
                    let (u, q, reset) = (load(u, j), load::<F>(q, j), load::<F>(reset, j));
                    store(to, j, each(|l| M::mul_add(reset[l], q[l], u[l])));
                }
            }
            n.iter_mut().for_each(|x| *x = x.tanh::<M>());
            for r in 0..R {
                let out = &mut states[(r * time + t) * hidden..][..hidden];
                let (h, n) = (&mut h[r * wide..][..wide], &n[r * wide..][..wide]);
                let (reset, z) = rz[r * 2 * wide..][..2 * wide].split_at(wide);
                let q_n = &q[r * width + 2 * wide..][..wide];
                for (chunk, j) in (0..wide).step_by(LANES).enumerate() {
                    let (before, z, n) = (load::<F>(h, j), load::<F>(z, j), load::<F>(n, j));
                    let after = each(|l| M::mul_add(z[l], before[l] - n[l], n[l]));
                    store(h, j, after);
                    write(out, j, after);
                    if let Some(kept) = tape.get_mut((t * R + r) * (wide / LANES) + chunk) {
                        *kept = [slots(load(reset, j)), slots(z), slots(n), slots(load(q_n, j))];
                    }
                }
            }
        }
    }
}

/// What the forward pass of R stimuli left, and the gradient of their states.
#[derive(Clone, Copy)]
struct Kept<'a, F> {
    states: &'a [F],
    h0: &'a [F],
    tape: &'a [F],
    grad: &'a [F],
}

multiversion! {
    /// The bins from `from` on of R stimuli, the last first. `gq` (R, BLOCK, 3H) gets the gradients of q.
    fn backward_block<F, M, const R: usize>(
        sizes: Sizes,
        panels: &[Panels<F>; 3],
        kept: Kept<'_, F>,
        from: usize,
        bins: usize,
        carry: &mut [F],
        gates_grad: &mut [Slot<F>],
        gq: &mut [F],
    ) {
        let Sizes { time, hidden, .. } = sizes;
        let wide = padded(hidden);
        let tape = kept.tape.as_chunks::<LANES>().0.as_chunks::<4>().0;
        let width = panels[0].width();
        for t in (from..from + bins).rev() {
            for r in 0..R {
                let row = r * time + t;
                let grad = &kept.grad[row * hidden..][..hidden];
                let before = if t == 0 { &kept.h0[r * hidden..] } else { &kept.states[(row - 1) * hidden..] };
                let before = &before[..hidden];
                let out = &mut gates_grad[row * 3 * hidden..][..3 * hidden];
                let (out_r, out) = out.split_at_mut(hidden);
                let (out_z, out_n) = out.split_at_mut(hidden);
                let gq = &mut gq[(r * BLOCK + t - from) * 3 * hidden..][..3 * hidden];
                let (gq_r, gq) = gq.split_at_mut(hidden);
                let (gq_z, gq_n) = gq.split_at_mut(hidden);
                let tape = &tape[(t * R + r) * (wide / LANES)..][..wide / LANES];
                for (j, [reset, z, n, q_n]) in (0..wide).step_by(LANES).zip(tape) {
                    let (upstream, carried, before) = (load(grad, j), load::<F>(carry, r * width + j), load(before, j));
                    let g = each(|l| upstream[l] + carried[l]);
                    let g_n = each(|l| g[l] * (F::ONE - z[l]) * (F::ONE - n[l] * n[l]));
                    let g_z = each(|l| g[l] * (before[l] - n[l]) * (z[l] * (F::ONE - z[l])));
                    let g_q = each(|l| g_n[l] * reset[l]);
                    let g_r = each(|l| g_q[l] * q_n[l] * (F::ONE - reset[l]));
                    store(carry, r * width + j, each(|l| g[l] * z[l]));
                    write(out_r, j, g_r);
                    write(out_z, j, g_z);
                    write(out_n, j, g_n);
                    store(gq_r, j, g_r);
                    store(gq_z, j, g_z);
                    store(gq_n, j, g_q);
                }
            }
            // What was read last is still near: alternate the direction.
            let descending = t % 2 == 1;
            for i in 0..3 {
                let i = if descending { 2 - i } else { i };
                let rows = std::array::from_fn(|r| {
                    &gq[((r * BLOCK + t - from) * 3 + i) * hidden..][..hidden]
                });
                panels[i].product::<M, R>(rows, None, carry, descending);
            }
        }
    }
}
