//! The selective scan on slices: eight channels side by side, their N states one after the other, a block of
//! bins at a time, so that what a block needs stays in the first-level cache.

#![allow(
    clippy::needless_range_loop,
    reason = "an index into slices cut to one length is compiled with the loop; long chains of zip are not"
)]

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::{
    OP, Sizes,
    block::{Ahead, BLOCK, Back, Bin, Decays, pair, zeros},
};
use crate::{
    cuda::OnDevice,
    parallel,
    simd::{
        dispatch::multiversion,
        float::{LANES, Real},
        uninit::{copy, vector},
        vector::{each, load, padded, row_by_row, side_by_side, turn, write},
    },
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: x and delta (B, T, E); A, B, C, D and h0 packed. Result, flat: y (B, T, E), then the last states
/// (B, E, N). Tape: (B, T / 16, E / 8, N, 8), the state before each block.
pub(crate) struct SelectiveScan(pub(crate) Sizes);

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
    x: &'a mut [MaybeUninit<F>],
    delta: &'a mut [MaybeUninit<F>],
    b: &'a mut [F],
    c: &'a mut [F],
    a: Vec<[F; LANES]>,
    d: Vec<[F; LANES]>,
}

impl SelectiveScan {
    /// A (E, N), B and C (B, T, N), D (E), the first states h0 (B, E, N).
    pub(super) const fn packing(&self) -> Packing<5> {
        let Sizes { batch, time, channels, states } = self.0;
        let weights = batch * time * states;
        Packing([channels * states, weights, weights, channels, batch * channels * states])
    }

    /// Numbers kept of one stimulus.
    fn kept(&self) -> usize {
        let Sizes { time, channels, states, .. } = self.0;
        time.div_ceil(BLOCK) * padded(channels) * states
    }
}

impl Kernel<3> for SelectiveScan {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, time, channels, states } = self.0;
        (batch * channels * (time + states)).into()
    }

    fn forward<F: Real>(&self, [x, delta, packed]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, channels, states } = self.0;
        let [a, b, c, d, h0] = self.packing().slices(packed);
        let a = side_by_side(a, states);
        let (size, state) = (time * channels, channels * states);
        let kept = if tape.is_some() { batch * self.kept() } else { 0 };
        let fill = |flat: &mut [MaybeUninit<F>], kept: &mut [MaybeUninit<F>]| {
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
                last.iter_mut()
                    .zip(row_by_row(&h, channels, states))
                    .for_each(|(to, h)| *to = MaybeUninit::new(h));
            });
        };
        let mut flat = Vec::new();
        // SAFETY: every stimulus writes its last state, and `forward_stimulus` all channels of all its bins and, where
        // there is a tape, the states before all blocks.
        #[allow(unsafe_code, reason = "results are written once")]
        let kept = unsafe { vector(kept, |kept| flat = vector(x.len() + h0.len(), |flat| fill(flat, kept))) };
        if let Some(tape) = tape {
            *tape = kept;
        }
        flat
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { time, channels, states, .. } = self.0;
        let [x, delta, packed] = call.inputs;
        let [a, b, c, d, _] = self.packing().slices(packed);
        let a_lanes = side_by_side(a, states);
        let (grad, grad_last) = call.grad.split_at(x.len());
        let (size, state, row) = (time * channels, channels * states, time * states);
        let mut packed_grad = vec![F::ZERO; packed.len()];
        let [a_grad, b_grad, c_grad, d_grad, h0_grad] = self.packing().slices_mut(&mut packed_grad);
        let mut of_each = Vec::new();
        let mut delta_grad = Vec::new();
        let mut fill = |x_grad: &mut [MaybeUninit<F>], delta_grad: &mut [MaybeUninit<F>]| {
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
        [x_grad, delta_grad, packed_grad]
    }

    fn on_device(&self) -> Option<&dyn OnDevice<3>> {
        Some(self)
    }
}

multiversion! {
    /// All bins of one stimulus; `h` is the first state and becomes the last.
    fn forward_stimulus<F, M>(
        sizes: Sizes,
        stimulus: Stimulus<'_, F>,
        h: &mut [[F; LANES]],
        y: &mut [MaybeUninit<F>],
        tape: &mut [MaybeUninit<F>],
    ) {
        let Sizes { time, channels, states, .. } = sizes;
        let Stimulus { x, delta, a, b, c, d } = stimulus;
        let tiles = padded(channels) / LANES;
        let (mut xs, mut deltas) = (vec![zeros(); tiles], vec![zeros(); tiles]);
        let mut weights = vec![[[F::ZERO; 2]; BLOCK]; states];
        let mut decays = Decays::new(states);
        let mut input_and_y = [[[F::ZERO; LANES]; 2]; BLOCK];
        let mut tapes = tape.chunks_exact_mut(h.len() * LANES);
        for from in (0..time).step_by(BLOCK) {
            let bins = BLOCK.min(time - from);
            if let Some(tape) = tapes.next() {
                copy(tape, h.as_flattened());
            }
            let rows = from * channels..(from + bins) * channels;
            turn(&x[rows.clone()], channels, &mut xs);
            turn(&delta[rows.clone()], channels, &mut deltas);
            let y = &mut y[rows];
            let own = from * states..(from + bins) * states;
            pair(&b[own.clone()], &c[own], &mut weights);
            for (e, (x, delta)) in xs.iter().zip(&deltas).enumerate() {
                let own = e * states..(e + 1) * states;
                decays.compute(delta, bins, &a[own.clone()]);
                let skip = load(d, e * LANES);
                for i in 0..bins {
                    let (x, delta) = (x[i], delta[i]);
                    input_and_y[i] = [each(|l| delta[l] * x[l]), each(|l| skip[l] * x[l])];
                }
                let (weights, decays) = (&weights, &decays);
                Ahead { bins, weights, decays, input_and_y: &mut input_and_y, h: &mut h[own] }.run::<M>();
                for (y, [_, from]) in y.chunks_exact_mut(channels).zip(&input_and_y) {
                    write(y, e * LANES, *from);
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
        let tiles = padded(channels) / LANES;
        let [mut xs, mut deltas, mut grads] = [(); 3].map(|()| vec![zeros(); tiles]);
        let mut weights = vec![[[F::ZERO; 2]; BLOCK]; states];
        let mut of_weights = vec![[[[F::ZERO; LANES]; 2]; BLOCK]; states];
        let mut decays = Decays::new(states);
        let (mut all, mut before) = ([Bin::ZEROS; BLOCK], [[[F::ZERO; LANES]; 2]; BLOCK]);
        let blocks = (0..time).step_by(BLOCK).zip(tape.chunks_exact(g.len() * LANES));
        for (from, tape) in blocks.rev() {
            let bins = BLOCK.min(time - from);
            let rows = from * channels..(from + bins) * channels;
            turn(&x[rows.clone()], channels, &mut xs);
            turn(&delta[rows.clone()], channels, &mut deltas);
            turn(&grad[rows.clone()], channels, &mut grads);
            let (x_grad, delta_grad) = (&mut gradients.x[rows.clone()], &mut gradients.delta[rows]);
            let of_block = from * states..(from + bins) * states;
            pair(&b[of_block.clone()], &c[of_block.clone()], &mut weights);
            of_weights.fill([[[F::ZERO; LANES]; 2]; BLOCK]);
            for (e, ((x, delta), grad)) in xs.iter().zip(&deltas).zip(&grads).enumerate() {
                let own = e * states..(e + 1) * states;
                let a = &a[own.clone()];
                decays.compute(delta, bins, a);
                for i in 0..bins {
                    let (x, delta, of_y) = (x[i], delta[i], grad[i]);
                    all[i] = Bin { delta, input: each(|l| delta[l] * x[l]), of_y, ..Bin::ZEROS };
                }
                Back {
                    bins,
                    weights: &weights,
                    decays: &decays,
                    tape: &tape.as_chunks::<LANES>().0[own.clone()],
                    a,
                    each: &mut all,
                    before: &mut before,
                    g: &mut g[own.clone()],
                    of_a: &mut gradients.a[own],
                    of_weights: &mut of_weights,
                }
                .run::<M>();
                let (j, skip) = (e * LANES, load(d, e * LANES));
                let mut of_skip = gradients.d[e];
                for i in 0..bins {
                    let row = i * channels..(i + 1) * channels;
                    let (x, Bin { delta, of_y, by_decay, by_input, .. }) = (x[i], all[i]);
                    of_skip = each(|l| M::mul_add(of_y[l], x[l], of_skip[l]));
                    write(&mut x_grad[row.clone()], j, each(|l| M::mul_add(by_input[l], delta[l], of_y[l] * skip[l])));
                    write(&mut delta_grad[row], j, each(|l| M::mul_add(by_input[l], x[l], by_decay[l])));
                }
                gradients.d[e] = of_skip;
            }
            let rows = gradients.b[of_block.clone()].chunks_exact_mut(states);
            for (i, (b, c)) in rows.zip(gradients.c[of_block].chunks_exact_mut(states)).enumerate() {
                for ((b, c), of_state) in b.iter_mut().zip(c).zip(&of_weights) {
                    [*b, *c] = of_state[i].map(|lanes| lanes.iter().fold(F::ZERO, |sum, x| sum + *x));
                }
            }
        }
    }
}
