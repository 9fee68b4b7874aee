//! Self-attention on slices: of one stimulus at a time, head by head, so that queries, keys and values of the batch never
//! lie side by side.

use candle_core::Shape;

use super::OP;
use crate::{
    dense::causal_attention::{
        Sizes,
        cpu::{attend, attend_back},
    },
    matrix::gemm::{View, add_product},
    parallel,
    simd::{
        float::Real,
        reduce::{columns, rows},
    },
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: x (B, U, T); in_weight (3 U, U), in_bias (3 U), out_weight (U, U) and out_bias (U) packed; turns (T, D / 2, 2),
/// or nothing. Result: (B, U, T).
/// Tape: of each stimulus z, (heads, T, D), and the logarithms of the softmax's sums, (heads, T).
pub(super) struct CausalSelfAttention {
    pub(super) sizes: Sizes,
    pub(super) scale: f64,
}

/// The packed parameters, taken apart, and the turns.
struct Parameters<'a, F> {
    in_weight: &'a [F],
    in_bias: &'a [F],
    out_weight: &'a [F],
    out_bias: &'a [F],
    turns: &'a [F],
}

/// The values' place among queries, keys and values.
const VALUES: usize = 2;

impl CausalSelfAttention {
    fn units(&self) -> usize {
        self.sizes.heads * self.sizes.depth
    }

    /// Numbers of one stimulus, and of its part of the tape.
    fn size(&self) -> usize {
        self.units() * self.sizes.time
    }

    fn tape_size(&self) -> usize {
        self.size() + self.sizes.heads * self.sizes.time
    }

    /// in_weight, in_bias, out_weight and out_bias.
    fn packing(&self) -> Packing<4> {
        let units = self.units();
        Packing([3 * units * units, 3 * units, units * units, units])
    }

    fn parameters<'a, F>(&self, packed: &'a [F], turns: &'a [F]) -> Parameters<'a, F> {
        let [in_weight, in_bias, out_weight, out_bias] = self.packing().slices(packed);
        Parameters { in_weight, in_bias, out_weight, out_bias, turns }
    }

    /// One stimulus as a matrix (T, U).
    fn bins(&self) -> View {
        View { offset: 0, row: 1, column: self.sizes.time }
    }

    /// The rows of in_weight that make the queries (0), keys (1) or values (2) of a head: (D, U).
    fn maps_in(&self, part: usize, head: usize) -> View {
        let units = self.units();
        View::rows(units).at((part * units + head * self.sizes.depth) * units)
    }

    /// The columns of out_weight that read a head: (U, D).
    fn maps_out(&self, head: usize) -> View {
        View::rows(self.units()).at(head * self.sizes.depth)
    }

    /// Queries, keys and values of a stimulus, (heads, T, D) each; queries and keys are turned.
    fn queries_keys_values<F: Real>(&self, x: &[F], parameters: &Parameters<'_, F>) -> [Vec<F>; 3] {
        let Sizes { time, depth, .. } = self.sizes;
        let units = self.units();
        [0, 1, 2].map(|part| {
            let mut all = vec![F::ZERO; self.size()];
            for (head, rows) in all.chunks_exact_mut(time * depth).enumerate() {
                let bias = &parameters.in_bias[part * units + head * depth..][..depth];
                rows.chunks_exact_mut(depth).for_each(|row| row.copy_from_slice(bias));
                let weight = (parameters.in_weight, self.maps_in(part, head).t());
                add_product([time, units, depth], (x, self.bins()), weight, (&mut *rows, View::rows(depth)));
                if part != VALUES {
                    turn(rows, parameters.turns);
                }
            }
            all
        })
    }

    fn forward_stimulus<F: Real>(
        &self,
        x: &[F],
        parameters: &Parameters<'_, F>,
        y: &mut [F],
        tape: &mut [F],
    ) {
        let Sizes { time, depth, .. } = self.sizes;
        let (units, size) = (self.units(), time * depth);
        let [q, k, v] = self.queries_keys_values(x, parameters);
        let (z, logs) = tape.split_at_mut(self.size());
        y.chunks_exact_mut(time).zip(parameters.out_bias).for_each(|(y, bias)| y.fill(*bias));
        let heads = z.chunks_exact_mut(size).zip(logs.chunks_exact_mut(time)).enumerate();
        for (head, (z, logs)) in heads {
            let qkv = [&q, &k, &v].map(|all| &all[head * size..][..size]);
            attend(self.sizes, F::of(self.scale), qkv, z, logs);
            let weight = (parameters.out_weight, self.maps_out(head).t());
            add_product([time, depth, units], (z, View::rows(depth)), weight, (y, self.bins()));
        }
    }

    /// `x_grad` comes as zeros, or is empty if it is not wanted. Returns the gradient of the packed parameters.
    fn backward_stimulus<F: Real>(
        &self,
        x: &[F],
        parameters: &Parameters<'_, F>,
        tape: &[F],
        grad: &[F],
        x_grad: &mut [F],
    ) -> Vec<F> {
        let Sizes { time, depth, .. } = self.sizes;
        let (units, size) = (self.units(), time * depth);
        let [q, k, v] = self.queries_keys_values(x, parameters);
        let (z, logs) = tape.split_at(self.size());
        let mut sums = vec![F::ZERO; self.packing().0.iter().sum()];
        let [in_weight_grad, in_bias_grad, out_weight_grad, out_bias_grad] =
            self.packing().slices_mut(&mut sums);
        rows(grad, out_bias_grad);
        for (head, (z, logs)) in z.chunks_exact(size).zip(logs.chunks_exact(time)).enumerate() {
            let to = (&mut *out_weight_grad, self.maps_out(head));
            add_product([units, time, depth], (grad, View::rows(time)), (z, View::rows(depth)), to);
            let mut z_grad = vec![F::ZERO; size];
            let weight = (parameters.out_weight, self.maps_out(head));
            add_product([time, units, depth], (grad, self.bins()), weight, (&mut z_grad, View::rows(depth)));

            let qkv = [&q, &k, &v].map(|all| &all[head * size..][..size]);
            let mut grads = [(); 3].map(|()| vec![F::ZERO; size]);
            let to = grads.each_mut().map(|grad| &mut grad[..]);
            attend_back(self.sizes, F::of(self.scale), qkv, z, &z_grad, logs, to);
            for (part, grad) in grads.iter_mut().enumerate() {
                if part != VALUES {
                    turn_back(grad, parameters.turns);
                }
                let maps = self.maps_in(part, head);
                let from = (&grad[..], View::rows(depth));
                columns(grad, &mut in_bias_grad[part * units + head * depth..][..depth]);
                add_product(
                    [depth, time, units],
                    (grad, View::rows(depth).t()),
                    (x, self.bins()),
                    (&mut *in_weight_grad, maps),
                );
                if !x_grad.is_empty() {
                    let weight = (parameters.in_weight, maps);
                    add_product([time, depth, units], from, weight, (&mut *x_grad, self.bins()));
                }
            }
        }
        sums
    }
}

/// Turns each pair of numbers of (T, D) by an angle, of which `turns` has cosine and sine; not at all if it is empty.
fn turn<F: Real>(rows: &mut [F], turns: &[F]) {
    for (pair, turn) in rows.as_chunks_mut::<2>().0.iter_mut().zip(turns.as_chunks::<2>().0) {
        let ([a, b], [cos, sin]) = (*pair, *turn);
        *pair = [a * cos - b * sin, a * sin + b * cos];
    }
}

/// The same by the opposite angles.
fn turn_back<F: Real>(rows: &mut [F], turns: &[F]) {
    for (pair, turn) in rows.as_chunks_mut::<2>().0.iter_mut().zip(turns.as_chunks::<2>().0) {
        let ([a, b], [cos, sin]) = (*pair, *turn);
        *pair = [a * cos + b * sin, b * cos - a * sin];
    }
}

impl Kernel<3> for CausalSelfAttention {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.sizes.batch, self.units(), self.sizes.time).into()
    }

    fn forward<F: Real>(&self, [x, packed, turns]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let parameters = self.parameters(packed, turns);
        let mut y = vec![F::ZERO; x.len()];
        let mut tapes = tape.into_iter().flat_map(|tape| {
            tape.resize(self.sizes.batch * self.tape_size(), F::ZERO);
            tape.chunks_exact_mut(self.tape_size())
        });
        let work =
            x.chunks_exact(self.size()).zip(y.chunks_exact_mut(self.size())).map(|each| (each, tapes.next()));
        parallel::for_each(work.collect(), |((x, y), tape)| match tape {
            Some(tape) => self.forward_stimulus(x, &parameters, y, tape),
            None => self.forward_stimulus(x, &parameters, y, &mut vec![F::ZERO; self.tape_size()]),
        });
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, [wants_x, ..]: [bool; 3]) -> [Vec<F>; 3] {
        let [x, packed, turns] = call.inputs;
        let parameters = self.parameters(packed, turns);
        let mut x_grad = vec![F::ZERO; if wants_x { x.len() } else { 0 }];
        let mut x_grads = x_grad.chunks_exact_mut(self.size());
        let work = x
            .chunks_exact(self.size())
            .zip(call.tape.chunks_exact(self.tape_size()))
            .zip(call.grad.chunks_exact(self.size()))
            .map(|each| (each, x_grads.next().unwrap_or_default()));
        let of_each = parallel::map(work.collect(), |(((x, tape), grad), x_grad)| {
            self.backward_stimulus(x, &parameters, tape, grad, x_grad)
        });
        let mut packed_grad = vec![F::ZERO; packed.len()];
        for of_one in of_each {
            packed_grad.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
        }
        [x_grad, packed_grad, Vec::new()]
    }
}
