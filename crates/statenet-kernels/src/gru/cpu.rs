//! The GRU recurrence on slices: one loop over time for a group of stimuli, forward and backward.
//!
//! Rows of H numbers are padded to whole vectors inside; inputs and results are not. The gradient of the
//! weights is one matrix product over all bins after the loop.

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
};

/// Inputs: gates (B, T, 3H); weight_hh, bias_hh and h0 packed. Result: states (B, T, H).
/// Tape: group by group (T, rows, padded H / 8, 4, 8) with r, z, n, q_n along the axis of four.
pub(crate) struct Gru {
    sizes: Sizes,
    /// The batch in groups that share each read of the weights; fixed when the operation is called, because
    /// the backward pass may run in another pool. It does not show in the bits.
    groups: Vec<usize>,
}

/// What the second input packs.
struct Parameters<'a, F> {
    weight: &'a [F],
    bias: &'a [F],
    h0: &'a [F],
}

impl Gru {
    pub(crate) fn new(sizes: Sizes) -> Self {
        Self { sizes, groups: groups(sizes.batch, parallel::threads(sizes.batch)) }
    }

    fn unpack<'a, F>(&self, packed: &'a [F]) -> Parameters<'a, F> {
        let hidden = self.sizes.hidden;
        let (weight, rest) = packed.split_at(3 * hidden * hidden);
        let (bias, h0) = rest.split_at(3 * hidden);
        Parameters { weight, bias, h0 }
    }

    /// Something for each size of group that occurs.
    fn for_sizes<P>(&self, make: impl Fn(usize) -> P) -> Vec<(usize, P)> {
        let mut sizes = self.groups.clone();
        sizes.dedup();
        sizes.into_iter().map(|rows| (rows, make(rows))).collect()
    }
}

impl Kernel for Gru {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.sizes.batch, self.sizes.time, self.sizes.hidden).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, hidden } = self.sizes;
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
            for &rows in &self.groups {
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
                    4 => forward_rows::<F, 4>,
                    5 => forward_rows::<F, 5>,
                    _ => forward_rows::<F, 6>,
                };
                run(self.sizes, panels, start, gates, h0, states, tape);
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
        let Sizes { batch, time, hidden } = self.sizes;
        let &[_, packed] = call.inputs else { return Vec::new() };
        let Parameters { weight, h0, .. } = self.unpack(packed);
        let wide = padded(hidden);
        let panels = self.for_sizes(|rows| {
            [0, 1, 2].map(|gate| {
                Panels::new(hidden, hidden, rows, |k, column| weight[(gate * hidden + k) * hidden + column])
            })
        });

        let mut bias_grad = vec![F::ZERO; batch * 3 * wide];
        let mut packed_grad = vec![F::ZERO; packed.len()];
        let (weight_grad, rest) = packed_grad.split_at_mut(3 * hidden * hidden);
        let (bias_sum, h0_grad) = rest.split_at_mut(3 * hidden);
        let mut fill = |gates_grad: &mut [Slot<F>], candidate: &mut [Slot<F>]| {
            let mut tasks = Vec::new();
            let (mut states, mut h0, mut tape, mut grad) = (call.output, h0, call.tape, call.grad);
            let (mut rest_gates, mut rest_candidate) = (gates_grad, candidate);
            let (mut rest_bias, mut rest_h0) = (&mut bias_grad[..], &mut *h0_grad);
            for &rows in &self.groups {
                let kept = Kept {
                    states: take(&mut states, rows * time * hidden),
                    h0: take(&mut h0, rows * hidden),
                    tape: take(&mut tape, rows * time * 4 * wide),
                    grad: take(&mut grad, rows * time * hidden),
                };
                let gradients = Gradients {
                    gates: take_mut(&mut rest_gates, rows * time * 3 * hidden),
                    candidate: take_mut(&mut rest_candidate, rows * time * hidden),
                    bias: take_mut(&mut rest_bias, rows * 3 * wide),
                    h0: take_mut(&mut rest_h0, rows * hidden),
                };
                tasks.push((rows, kept, gradients));
            }
            parallel::for_each(tasks, |(rows, kept, gradients)| {
                let Some((_, panels)) = panels.iter().find(|(r, _)| *r == rows) else { return };
                let run = match rows {
                    1 => backward_rows::<F, 1>,
                    2 => backward_rows::<F, 2>,
                    3 => backward_rows::<F, 3>,
                    4 => backward_rows::<F, 4>,
                    5 => backward_rows::<F, 5>,
                    _ => backward_rows::<F, 6>,
                };
                run(self.sizes, panels, kept, gradients);
            });
        };
        let mut candidate = Vec::new();
        // SAFETY: the groups cover the batch, and `backward_rows` writes every bin of every row of its group,
        // to the gradients of the gates and to the candidate's.
        #[allow(unsafe_code, reason = "results are written once")]
        let gates_grad = unsafe {
            vector(batch * time * 3 * hidden, |gates| {
                candidate = vector(batch * time * hidden, |candidate| fill(gates, candidate));
            })
        };
        if wanted.get(1) == Some(&true) {
            for row in bias_grad.chunks_exact(3 * wide) {
                for (sum, row) in bias_sum.chunks_exact_mut(hidden).zip(row.chunks_exact(wide)) {
                    sum.iter_mut().zip(row).for_each(|(sum, g)| *sum += *g);
                }
            }
            self.weight_gradient(&gates_grad, &candidate, call.output, h0, weight_grad);
        }
        vec![gates_grad, packed_grad]
    }
}

impl Gru {
    /// gW_hh = sum over stimuli, in order, of sum_t gq\[t\] h\[t-1\]^T; one gate after the other.
    fn weight_gradient<F: Real>(
        &self,
        gates_grad: &[F],
        candidate: &[F],
        states: &[F],
        h0: &[F],
        weight_grad: &mut [F],
    ) {
        let Sizes { batch, time, hidden } = self.sizes;
        let blocks: Vec<_> = weight_grad.chunks_exact_mut(hidden * hidden).enumerate().collect();
        parallel::for_each(blocks, |(gate, block)| {
            // The gradient of q is that of the gates but for the candidate's part.
            let (source, width, first) =
                if gate < 2 { (gates_grad, 3 * hidden, gate * hidden) } else { (candidate, hidden, 0) };
            for b in 0..batch {
                let q = View::rows(width).at(b * time * width + first);
                let before = View::rows(hidden).at(b * hidden);
                let to = View::rows(hidden);
                add_product([hidden, 1, hidden], (source, q.t()), (h0, before), (block, to));
                let q = View::rows(width).at((b * time + 1) * width + first);
                let before = View::rows(hidden).at(b * time * hidden);
                add_product([hidden, time - 1, hidden], (source, q.t()), (states, before), (block, to));
            }
        });
    }
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
        let mut q = vec![F::ZERO; R * width];
        // For each row r and z; for each row n. Loops over all of them are long enough to be vector code.
        let mut rz = vec![F::ZERO; R * 2 * wide];
        let mut n = vec![F::ZERO; R * wide];
        for t in 0..time {
            let rows = std::array::from_fn(|r| &h[r * wide..][..hidden]);
            panels.product::<M, R>(rows, start, &mut q, t % 2 == 1);
            let u = |r: usize, gate: usize| &gates[((r * time + t) * 3 + gate) * hidden..][..hidden];
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
                let q = &q[r * width + 2 * wide..][..wide];
                for (chunk, j) in (0..wide).step_by(LANES).enumerate() {
                    let (before, z, n) = (load::<F>(h, j), load::<F>(z, j), load::<F>(n, j));
                    let after = each(|l| M::mul_add(z[l], before[l] - n[l], n[l]));
                    store(h, j, after);
                    write(out, j, after);
                    if let Some(kept) = tape.get_mut((t * R + r) * (wide / LANES) + chunk) {
                        *kept = [slots(load(reset, j)), slots(z), slots(n), slots(load(q, j))];
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

/// Where the gradients of R stimuli go; `candidate` is g_n r, `bias` (R, 3, padded H) one sum per stimulus.
struct Gradients<'a, F> {
    gates: &'a mut [Slot<F>],
    candidate: &'a mut [Slot<F>],
    bias: &'a mut [F],
    h0: &'a mut [F],
}

multiversion! {
    /// All bins of R stimuli, the last first.
    fn backward_rows<F, M, const R: usize>(
        sizes: Sizes,
        panels: &[Panels<F>; 3],
        kept: Kept<'_, F>,
        gradients: Gradients<'_, F>,
    ) {
        let Sizes { time, hidden, .. } = sizes;
        let wide = padded(hidden);
        let width = panels[0].width();
        let tape = kept.tape.as_chunks::<LANES>().0.as_chunks::<4>().0;
        let zeros = vec![F::ZERO; width];
        // The gradient of h[t] from h[t+1]: directly, and through each gate.
        let mut direct = vec![F::ZERO; R * wide];
        let mut through = [vec![F::ZERO; R * width], vec![F::ZERO; R * width], vec![F::ZERO; R * width]];
        let mut gq = [vec![F::ZERO; R * wide], vec![F::ZERO; R * wide], vec![F::ZERO; R * wide]];
        for t in (0..time).rev() {
            for r in 0..R {
                let row = r * time + t;
                let grad = &kept.grad[row * hidden..][..hidden];
                let before = if t == 0 { &kept.h0[r * hidden..] } else { &kept.states[(row - 1) * hidden..] };
                let before = &before[..hidden];
                let out = &mut gradients.gates[row * 3 * hidden..][..3 * hidden];
                let (out_r, out) = out.split_at_mut(hidden);
                let (out_z, out_n) = out.split_at_mut(hidden);
                let candidate = &mut gradients.candidate[row * hidden..][..hidden];
                let bias = &mut gradients.bias[r * 3 * wide..][..3 * wide];
                for (chunk, j) in (0..wide).step_by(LANES).enumerate() {
                    let [r_, z, n, q_n] = tape[(t * R + r) * (wide / LANES) + chunk];
                    let from = [0, 1, 2].map(|g: usize| load::<F>(&through[g], r * width + j));
                    let (upstream, carried) = (load(grad, j), load::<F>(&direct, r * wide + j));
                    let before = load(before, j);
                    let g = each(|l| upstream[l] + carried[l] + (from[0][l] + from[1][l] + from[2][l]));
                    let g_n = each(|l| g[l] * (F::ONE - z[l]) * (F::ONE - n[l] * n[l]));
                    let g_z = each(|l| g[l] * (before[l] - n[l]) * (z[l] * (F::ONE - z[l])));
                    let g_q = each(|l| g_n[l] * r_[l]);
                    let g_r = each(|l| g_q[l] * q_n[l] * (F::ONE - r_[l]));
                    store(&mut direct, r * wide + j, each(|l| g[l] * z[l]));
                    write(out_r, j, g_r);
                    write(out_z, j, g_z);
                    write(out_n, j, g_n);
                    write(candidate, j, g_q);
                    for (i, g) in [g_r, g_z, g_q].into_iter().enumerate() {
                        store(&mut gq[i], r * wide + j, g);
                        let sum = load::<F>(bias, i * wide + j);
                        store(bias, i * wide + j, each(|l| sum[l] + g[l]));
                    }
                }
            }
            // What was read last is still near: alternate the direction.
            let descending = t % 2 == 1;
            for i in 0..3 {
                let i = if descending { 2 - i } else { i };
                let rows = std::array::from_fn(|r| &gq[i][r * wide..][..hidden]);
                panels[i].product::<M, R>(rows, &zeros, &mut through[i], descending);
            }
        }
        for (r, h0) in gradients.h0.chunks_exact_mut(hidden).enumerate() {
            for (j, h0) in h0.iter_mut().enumerate() {
                let from = |g: usize| through[g][r * width + j];
                *h0 = direct[r * wide + j] + (from(0) + from(1) + from(2));
            }
        }
    }
}
