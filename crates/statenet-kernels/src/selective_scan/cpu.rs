//! The selective scan on slices: eight channels side by side, their N states one after the other, a block of
//! bins at a time, so that what a block needs stays in the first-level cache.

#![allow(
    clippy::needless_range_loop,
    reason = "an index into slices cut to one length is compiled with the loop; long chains of zip are not"
)]

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    fresh::{Slot, vector},
    isa::multiversion,
    lanes::{each, load, padded, row_by_row, side_by_side, write},
    op::{Backward, Kernel},
    parallel,
    real::{LANES, Real},
};

/// Inputs: x and delta (B, T, E); A, B, C, D and h0 packed. Result, flat: y (B, T, E), then the last states
/// (B, E, N). Tape: (B, T / 16, E / 8, N, 8), the state before each block.
pub(crate) struct SelectiveScan(pub(crate) Sizes);

/// Bins from one kept state to the next.
const BLOCK: usize = 16;

/// What the third input packs.
struct Packed<'a, F> {
    a: &'a [F],
    b: &'a [F],
    c: &'a [F],
    d: &'a [F],
    h0: &'a [F],
}

/// What one stimulus reads in either direction.
#[derive(Clone, Copy)]
struct Stimulus<'a, F> {
    x: &'a [F],
    delta: &'a [F],
    a: &'a [[F; LANES]],
    b: &'a [F],
    c: &'a [F],
    d: &'a [F],
}

/// What the backward pass of one stimulus writes; the first three follow the bins, the others are sums.
struct Gradients<'a, F> {
    x: &'a mut [Slot<F>],
    delta: &'a mut [Slot<F>],
    b: &'a mut [F],
    c: &'a mut [F],
    a: Vec<[F; LANES]>,
    d: Vec<[F; LANES]>,
}

impl SelectiveScan {
    fn unpack<'a, F>(&self, packed: &'a [F]) -> Packed<'a, F> {
        let Sizes { batch, time, channels, states } = self.0;
        let (a, rest) = packed.split_at(channels * states);
        let (b, rest) = rest.split_at(batch * time * states);
        let (c, rest) = rest.split_at(batch * time * states);
        let (d, h0) = rest.split_at(channels);
        Packed { a, b, c, d, h0 }
    }

    /// Numbers kept of one stimulus.
    fn kept(&self) -> usize {
        let Sizes { time, channels, states, .. } = self.0;
        time.div_ceil(BLOCK) * padded(channels) * states
    }
}

impl Kernel for SelectiveScan {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, time, channels, states } = self.0;
        (batch * channels * (time + states)).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, channels, states } = self.0;
        let &[x, delta, packed] = inputs else { return Vec::new() };
        let Packed { a, b, c, d, h0 } = self.unpack(packed);
        let a = side_by_side(a, states);
        let (size, state) = (time * channels, channels * states);
        let mut kept = vec![F::ZERO; if tape.is_some() { batch * self.kept() } else { 0 }];
        let fill = |flat: &mut [Slot<F>]| {
            let (y, last) = flat.split_at_mut(x.len());
            let mut tapes = kept.chunks_exact_mut(self.kept());
            let tasks = (0..batch).zip(y.chunks_exact_mut(size)).zip(last.chunks_exact_mut(state));
            let tasks = tasks.map(|(task, last)| (task, last, tapes.next().unwrap_or_default())).collect();
            parallel::for_each(tasks, |((i, y), last, tape): ((usize, _), _, _)| {
                let row = i * time * states..(i + 1) * time * states;
                let (x, delta) = (&x[i * size..][..size], &delta[i * size..][..size]);
                let stimulus = Stimulus { x, delta, a: &a, b: &b[row.clone()], c: &c[row], d };
                let mut h = side_by_side(&h0[i * state..][..state], states);
                forward_stimulus(self.0, stimulus, &mut h, y, tape);
                last.iter_mut().zip(row_by_row(&h, channels, states)).for_each(|(to, h)| *to = Slot::new(h));
            });
        };
        // SAFETY: every stimulus writes its last state, and `forward_stimulus` all channels of all its bins.
        #[allow(unsafe_code, reason = "results are written once")]
        let flat = unsafe { vector(x.len() + h0.len(), fill) };
        if let Some(tape) = tape {
            *tape = kept;
        }
        flat
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, _: &[bool]) -> Vec<Vec<F>> {
        let Sizes { time, channels, states, .. } = self.0;
        let &[x, delta, packed] = call.inputs else { return Vec::new() };
        let Packed { a, b, c, d, .. } = self.unpack(packed);
        let a_lanes = side_by_side(a, states);
        let (grad, grad_last) = call.grad.split_at(x.len());
        let (size, state, row) = (time * channels, channels * states, time * states);
        let mut packed_grad = vec![F::ZERO; packed.len()];
        let (a_grad, rest) = packed_grad.split_at_mut(a.len());
        let (b_grad, rest) = rest.split_at_mut(b.len());
        let (c_grad, rest) = rest.split_at_mut(c.len());
        let (d_grad, h0_grad) = rest.split_at_mut(d.len());
        let mut of_each = Vec::new();
        let mut delta_grad = Vec::new();
        let mut fill = |x_grad: &mut [Slot<F>], delta_grad: &mut [Slot<F>]| {
            let inputs = x.chunks_exact(size).zip(delta.chunks_exact(size));
            let weights = b.chunks_exact(row).zip(c.chunks_exact(row));
            let grads = grad.chunks_exact(size).zip(grad_last.chunks_exact(state));
            let given = inputs.zip(weights).zip(grads).zip(call.tape.chunks_exact(self.kept()));
            let of_inputs = x_grad.chunks_exact_mut(size).zip(delta_grad.chunks_exact_mut(size));
            let of_weights = b_grad.chunks_exact_mut(row).zip(c_grad.chunks_exact_mut(row));
            let to = of_inputs.zip(of_weights).zip(h0_grad.chunks_exact_mut(state));
            of_each = parallel::map(given.zip(to).collect(), |(given, to)| {
                let ((((x, delta), (b, c)), (grad, grad_last)), tape) = given;
                let (((x_grad, delta_grad), (b_grad, c_grad)), h0_grad) = to;
                let stimulus = Stimulus { x, delta, a: &a_lanes, b, c, d };
                let mut g = side_by_side(grad_last, states);
                let mut gradients = Gradients {
                    x: x_grad,
                    delta: delta_grad,
                    b: b_grad,
                    c: c_grad,
                    a: vec![[F::ZERO; LANES]; a_lanes.len()],
                    d: vec![[F::ZERO; LANES]; padded(channels) / LANES],
                };
                backward_stimulus(self.0, stimulus, tape, grad, &mut g, &mut gradients);
                h0_grad.iter_mut().zip(row_by_row(&g, channels, states)).for_each(|(to, g)| *to = g);
                (gradients.a, gradients.d)
            });
        };
        // SAFETY: `backward_stimulus` writes both gradients of all channels of all bins of its stimulus.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe {
            vector(x.len(), |x_grad| delta_grad = vector(x.len(), |delta_grad| fill(x_grad, delta_grad)))
        };
        for (a, d) in of_each {
            a_grad.iter_mut().zip(row_by_row(&a, channels, states)).for_each(|(sum, g)| *sum += g);
            d_grad.iter_mut().zip(d.as_flattened()).for_each(|(sum, g)| *sum += *g);
        }
        vec![x_grad, delta_grad, packed_grad]
    }
}

/// exp(d A) of eight channels, (bins, N).
#[inline(always)]
fn decays<F: Real, M: crate::isa::MulAdd>(
    delta: &[F],
    channels: usize,
    j: usize,
    a: &[[F; LANES]],
    decay: &mut [[F; LANES]],
) {
    for (i, decay) in decay.chunks_exact_mut(a.len()).enumerate() {
        let delta = load(&delta[i * channels..][..channels], j);
        for (decay, a) in decay.iter_mut().zip(a) {
            *decay = each(|l| delta[l] * a[l]);
        }
    }
    // One long loop becomes vector code; a closure called from two directions would not.
    for x in decay.as_flattened_mut() {
        *x = x.exp::<M>();
    }
}

multiversion! {
    /// All bins of one stimulus; `h` is the first state and becomes the last.
    fn forward_stimulus<F, M>(
        sizes: Sizes,
        stimulus: Stimulus<'_, F>,
        h: &mut [[F; LANES]],
        y: &mut [Slot<F>],
        tape: &mut [F],
    ) {
        let Sizes { time, channels, states, .. } = sizes;
        let Stimulus { x, delta, a, b, c, d } = stimulus;
        let mut decay = vec![[F::ZERO; LANES]; BLOCK * states];
        let mut tapes = tape.chunks_exact_mut(h.len() * LANES);
        for from in (0..time).step_by(BLOCK) {
            let bins = time.min(from + BLOCK) - from;
            if let Some(tape) = tapes.next() {
                tape.copy_from_slice(h.as_flattened());
            }
            for e in 0..padded(channels) / LANES {
                let j = e * LANES;
                let (h, a) = (&mut h[e * states..][..states], &a[e * states..][..states]);
                let rows = from * channels..(from + bins) * channels;
                let decay = &mut decay[..bins * states];
                decays::<F, M>(&delta[rows], channels, j, a, decay);
                let skip = load(d, j);
                for i in 0..bins {
                    let row = (from + i) * channels..(from + i + 1) * channels;
                    let (x, delta) = (load(&x[row.clone()], j), load(&delta[row.clone()], j));
                    let input = each(|l| delta[l] * x[l]);
                    let mut sum = each(|l| skip[l] * x[l]);
                    let decay = &decay[i * states..][..states];
                    let (b, c) = (&b[(from + i) * states..][..states], &c[(from + i) * states..][..states]);
                    for n in 0..states {
                        let after = each(|l| M::mul_add(decay[n][l], h[n][l], input[l] * b[n]));
                        h[n] = after;
                        sum = each(|l| M::mul_add(after[l], c[n], sum[l]));
                    }
                    write(&mut y[row], j, sum);
                }
            }
        }
    }
}

multiversion! {
    /// `g` is the gradient of the last state and becomes that of the first.
    fn backward_stimulus<F, M>(
        sizes: Sizes,
        stimulus: Stimulus<'_, F>,
        tape: &[F],
        grad: &[F],
        g: &mut [[F; LANES]],
        gradients: &mut Gradients<'_, F>,
    ) {
        let Sizes { time, channels, states, .. } = sizes;
        let Stimulus { x, delta, a, b, c, d } = stimulus;
        let zeros = [F::ZERO; LANES];
        let mut decay = vec![zeros; BLOCK * states];
        // The states before each bin of a block, and after the last.
        let mut h = vec![zeros; (BLOCK + 1) * states];
        // Sums over channels that are still eight numbers each.
        let mut b_grad = vec![zeros; BLOCK * states];
        let mut c_grad = vec![zeros; BLOCK * states];
        let blocks = (0..time).step_by(BLOCK).zip(tape.chunks_exact(g.len() * LANES));
        for (from, tape) in blocks.rev() {
            let bins = time.min(from + BLOCK) - from;
            let weights = from * states..(from + bins) * states;
            let (b, c) = (&b[weights.clone()], &c[weights.clone()]);
            b_grad.fill(zeros);
            c_grad.fill(zeros);
            for e in 0..padded(channels) / LANES {
                let j = e * LANES;
                let tape = &tape.as_chunks::<LANES>().0[e * states..][..states];
                let (a, g) = (&a[e * states..][..states], &mut g[e * states..][..states]);
                let a_grad = &mut gradients.a[e * states..][..states];
                let decay = &mut decay[..bins * states];
                decays::<F, M>(&delta[from * channels..(from + bins) * channels], channels, j, a, decay);
                h[..states].copy_from_slice(tape);
                for i in 0..bins {
                    let row = (from + i) * channels..(from + i + 1) * channels;
                    let (x, delta) = (load(&x[row.clone()], j), load(&delta[row], j));
                    let input = each(|l| delta[l] * x[l]);
                    let (before, after) = h[i * states..][..2 * states].split_at_mut(states);
                    let (decay, b) = (&decay[i * states..][..states], &b[i * states..][..states]);
                    for n in 0..states {
                        after[n] = each(|l| M::mul_add(decay[n][l], before[n][l], input[l] * b[n]));
                    }
                }
                let skip = load(d, j);
                for i in (0..bins).rev() {
                    let row = (from + i) * channels..(from + i + 1) * channels;
                    let (x, delta) = (load(&x[row.clone()], j), load(&delta[row.clone()], j));
                    let grad = load(&grad[row.clone()], j);
                    let input = each(|l| delta[l] * x[l]);
                    let own = i * states..(i + 1) * states;
                    let (before, after) = h[i * states..][..2 * states].split_at(states);
                    let (decay, b, c) = (&decay[own.clone()], &b[own.clone()], &c[own.clone()]);
                    let (b_grad, c_grad) = (&mut b_grad[own.clone()], &mut c_grad[own]);
                    let (mut by_decay, mut by_input) = (zeros, zeros);
                    for n in 0..states {
                        let of_state = each(|l| M::mul_add(grad[l], c[n], g[n][l]));
                        let carried = each(|l| of_state[l] * decay[n][l]);
                        let of_rate = each(|l| carried[l] * before[n][l]);
                        c_grad[n] = each(|l| M::mul_add(grad[l], after[n][l], c_grad[n][l]));
                        b_grad[n] = each(|l| M::mul_add(of_state[l], input[l], b_grad[n][l]));
                        a_grad[n] = each(|l| M::mul_add(of_rate[l], delta[l], a_grad[n][l]));
                        by_decay = each(|l| M::mul_add(of_rate[l], a[n][l], by_decay[l]));
                        by_input = each(|l| M::mul_add(of_state[l], b[n], by_input[l]));
                        g[n] = carried;
                    }
                    let skip_grad = &mut gradients.d[e];
                    *skip_grad = each(|l| M::mul_add(grad[l], x[l], skip_grad[l]));
                    write(&mut gradients.x[row.clone()], j, each(|l| M::mul_add(by_input[l], delta[l], grad[l] * skip[l])));
                    write(&mut gradients.delta[row], j, each(|l| M::mul_add(by_input[l], x[l], by_decay[l])));
                }
            }
            for (to, lanes) in gradients.b[weights.clone()].iter_mut().zip(&b_grad) {
                *to = lanes.iter().fold(F::ZERO, |sum, x| sum + *x);
            }
            for (to, lanes) in gradients.c[weights].iter_mut().zip(&c_grad) {
                *to = lanes.iter().fold(F::ZERO, |sum, x| sum + *x);
            }
        }
    }
}
