//! The encoder on slices: position by position, in blocks of bins whose rows of all channels stay in the
//! first-level cache between filters, normalisation and sigmoid.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::arguments::OP;
use crate::{
    filters::frequency_taps::Sizes,
    parallel,
    rnn::identical_rows::are_identical,
    simd::{
        dispatch::multiversion,
        float::{LANES, MulAdd, Real},
        uninit::{map, vector},
        vector::load,
    },
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Bins of a block, whole vectors.
const BLOCK: usize = 128;
/// Identical stimuli whose backward passes run together.
const SHARING: usize = 8;

/// Inputs: x (B, Ci, F, T); weights (C, Ci K, L); biases (C, L), gain (C) and bias (C) packed.
/// Result: (B, C, L, T). No tape.
pub(crate) struct LocalEncoder {
    pub(crate) sizes: Sizes,
    pub(crate) eps: f64,
}

/// What the loops read: sizes, and weights in the order (L, Ci K, C).
struct Weights<'a, F> {
    sizes: Sizes,
    eps: F,
    filters: Vec<F>,
    biases: &'a [F],
    gain: &'a [F],
    bias: &'a [F],
}

impl LocalEncoder {
    fn weights<'a, F: Real>(&self, weights: &[F], packed: &'a [F]) -> Weights<'a, F> {
        let Sizes { channels, positions, .. } = self.sizes;
        let taps = self.taps();
        let [biases, gain, bias] = Packing([channels * positions, channels, channels]).slices(packed);
        let index = |i: usize| {
            let (l, tap, c) = (i / channels / taps, i / channels % taps, i % channels);
            (c * taps + tap) * positions + l
        };
        let filters = (0..weights.len()).map(|i| weights[index(i)]).collect();
        Weights { sizes: self.sizes, eps: F::of(self.eps), filters, biases, gain, bias }
    }

    /// Ci K.
    fn taps(&self) -> usize {
        self.sizes.inputs * self.sizes.width
    }
}

impl Kernel<3> for LocalEncoder {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.sizes.batch, self.sizes.channels, self.sizes.positions, self.sizes.time).into()
    }

    fn forward<F: Real>(&self, [x, weights, packed]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, inputs: channels_in, bands, time, channels, positions, .. } = self.sizes;
        let weights = self.weights(weights, packed);
        let size = channels * positions * time;
        let computed = if are_identical(batch, &[x]) { 1 } else { batch };
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work = x.chunks_exact(channels_in * bands * time).zip(y.chunks_exact_mut(size));
            parallel::for_each(work.collect(), |(x, y)| forward_stimulus(&weights, x, y));
        };
        // SAFETY: `forward_stimulus` writes every bin of all channels and positions of its stimulus.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(computed * size, fill) };
        if computed == batch { y } else { y.repeat(batch) }
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { batch, inputs: channels_in, bands, time, channels, positions, .. } = self.sizes;
        let [x, weights, packed] = call.inputs;
        let (n_weights, taps) = (weights.len(), self.taps());
        let weights = self.weights(weights, packed);
        let (size_in, size) = (channels_in * bands * time, channels * positions * time);
        let [wants_x, wants_weights, wants_packed] = wanted;
        let n_packed = packed.len();
        // Gradients of weights and of packed parameters are computed together.
        let n_sums = if wants_weights || wants_packed { n_weights + n_packed } else { 0 };
        let mut x_grad = vec![F::ZERO; if wants_x { x.len() } else { 0 }];
        // Identical stimuli share all that does not depend on the gradient.
        let sharing = if are_identical(batch, &[x]) { SHARING } else { 1 };
        let mut x_grads = x_grad.chunks_mut(sharing * size_in);
        let work = x
            .chunks(sharing * size_in)
            .zip(call.output.chunks(sharing * size))
            .zip(call.grad.chunks(sharing * size))
            .map(|((x, y), grads)| (&x[..size_in], &y[..size], grads, x_grads.next().unwrap_or_default()));
        let of_each = parallel::map(work.collect(), |(x, y, grads, x_grads)| {
            let mut sums = vec![F::ZERO; n_sums];
            backward_stimulus(&weights, x, y, grads, x_grads, &mut sums);
            sums
        });
        if n_sums == 0 {
            return [x_grad, Vec::new(), Vec::new()];
        }
        let mut sums = vec![F::ZERO; n_sums];
        for of_one in of_each {
            sums.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
        }
        let packed_grad = sums.split_off(n_weights);
        // From (L, C, Ci K) to (C, Ci K, L).
        let rows = channels * taps;
        let weights_grad = (0..n_weights).map(|i| sums[i % positions * rows + i / positions]).collect();
        [x_grad, weights_grad, packed_grad]
    }
}

/// Rows of one block: v of all channels, and the scale s that they share.
struct Normal<F> {
    v: Vec<F>,
    mean: [F; BLOCK],
    scale: [F; BLOCK],
}

impl<F: Real> Normal<F> {
    fn new(channels: usize) -> Self {
        Self { v: vec![F::ZERO; channels * BLOCK], mean: [F::ZERO; BLOCK], scale: [F::ZERO; BLOCK] }
    }

    /// v and s at position l from bin `from` on; a block that reaches beyond the last bin ends with those of
    /// silence.
    #[inline(always)]
    fn compute<M: MulAdd>(&mut self, weights: &Weights<'_, F>, x: &[F], l: usize, from: usize) {
        let Sizes { channels, .. } = weights.sizes;
        let mut c = 0;
        while c < channels {
            let rows = &mut self.v[c * BLOCK..];
            c += match channels - c {
                1 => filter::<F, M, 1>(weights, x, l, from, c, rows),
                2 => filter::<F, M, 2>(weights, x, l, from, c, rows),
                3 => filter::<F, M, 3>(weights, x, l, from, c, rows),
                _ => filter::<F, M, 4>(weights, x, l, from, c, rows),
            };
        }
        let share = F::ONE / F::of(channels as f64);
        let rows = self.v.as_chunks_mut::<BLOCK>().0;
        self.mean = [F::ZERO; BLOCK];
        self.scale = [F::ZERO; BLOCK];
        for row in &*rows {
            self.mean.iter_mut().zip(row).for_each(|(m, a)| *m += *a);
        }
        self.mean.iter_mut().for_each(|m| *m *= share);
        for row in &mut *rows {
            for ((a, m), s) in row.iter_mut().zip(&self.mean).zip(&mut self.scale) {
                *a -= *m;
                *s = M::mul_add(*a, *a, *s);
            }
        }
        self.scale.iter_mut().for_each(|s| *s = F::ONE / M::mul_add(*s, share, weights.eps).root());
        for row in rows {
            row.iter_mut().zip(&self.scale).for_each(|(a, s)| *a *= *s);
        }
    }
}

/// a of R channels from c on, for the bins of a block; returns R.
#[inline(always)]
fn filter<F: Real, M: MulAdd, const R: usize>(
    weights: &Weights<'_, F>,
    x: &[F],
    l: usize,
    from: usize,
    c: usize,
    rows: &mut [F],
) -> usize {
    let Sizes { inputs, time, channels, width, positions, .. } = weights.sizes;
    let taps = inputs * width;
    let filters = &weights.filters[l * taps * channels..][..taps * channels];
    let mut start = [F::ZERO; R];
    for (r, start) in start.iter_mut().enumerate() {
        *start = weights.biases[(c + r) * positions + l];
    }
    for j in (0..BLOCK).step_by(2 * LANES) {
        let mut sums = [[[F::ZERO; LANES]; 2]; R];
        for r in 0..R {
            sums[r] = [[start[r]; LANES]; 2];
        }
        if from + j < time {
            for (tap, w) in filters.chunks_exact(channels).enumerate() {
                let Some(w) = w[c..].first_chunk::<R>() else { continue };
                let row = &x[band(weights.sizes, l, tap) * time..][..time];
                let x = [load(row, from + j), load(row, from + j + LANES)];
                for r in 0..R {
                    for v in 0..2 {
                        for k in 0..LANES {
                            sums[r][v][k] = M::mul_add(w[r], x[v][k], sums[r][v][k]);
                        }
                    }
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            rows[r * BLOCK + j..][..2 * LANES].copy_from_slice(sums.as_flattened());
        }
    }
    R
}

/// The row of x that tap `i K + k` of position l meets.
#[inline(always)]
fn band(sizes: Sizes, l: usize, tap: usize) -> usize {
    tap / sizes.width * sizes.bands + l * sizes.stride + tap % sizes.width
}

multiversion! {
    fn forward_stimulus<F, M>(weights: &Weights<'_, F>, x: &[F], y: &mut [MaybeUninit<F>]) {
        let Sizes { time, channels, positions, .. } = weights.sizes;
        let mut normal = Normal::new(channels);
        for l in 0..positions {
            for from in (0..time).step_by(BLOCK) {
                normal.compute::<M>(weights, x, l, from);
                let bins = BLOCK.min(time - from);
                for (c, v) in normal.v.as_chunks::<BLOCK>().0.iter().enumerate() {
                    let (gain, bias) = (weights.gain[c], weights.bias[c]);
                    let y = &mut y[(c * positions + l) * time + from..][..bins];
                    map(y, v, |v| M::mul_add(v, gain, bias).sigmoid::<M>());
                }
            }
        }
    }
}

multiversion! {
    /// The gradients of one stimulus, or of some that are alike, one behind the other. `sums` gathers those of weights
    /// (L, C, Ci K), biases (C, L), gain (C) and bias (C); these and that of x only if there is room for them.
    fn backward_stimulus<F, M>(
        weights: &Weights<'_, F>,
        x: &[F],
        y: &[F],
        grads: &[F],
        x_grads: &mut [F],
        sums: &mut [F],
    ) {
        let Sizes { inputs, time, channels, width, positions, .. } = weights.sizes;
        let taps = inputs * width;
        let wants_weights = !sums.is_empty();
        let share = F::ONE / F::of(channels as f64);
        let mut normal = Normal::new(channels);
        // e of all channels, then the gradient of a in its place; zeros beyond the last bin.
        let mut e = vec![F::ZERO; channels * BLOCK];
        // Partial sums of the gradients of the filters and biases at one position, and of gain and bias.
        let mut lanes = vec![[F::ZERO; LANES]; channels * taps];
        let mut bias_lanes = vec![[F::ZERO; LANES]; channels];
        let mut norm_lanes = vec![[F::ZERO; LANES]; 2 * channels];
        for l in 0..positions {
            lanes.fill([F::ZERO; LANES]);
            bias_lanes.fill([F::ZERO; LANES]);
            for from in (0..time).step_by(BLOCK) {
                normal.compute::<M>(weights, x, l, from);
                let bins = BLOCK.min(time - from);
                let rows = e.as_chunks_mut::<BLOCK>().0;
                let v = normal.v.as_chunks::<BLOCK>().0;
                let mut x_grads = x_grads.chunks_exact_mut(x.len());
                for grad in grads.chunks_exact(y.len()) {
                    let mut mean_d = [F::ZERO; BLOCK];
                    let mut mean_dv = [F::ZERO; BLOCK];
                    for (c, (e, v)) in rows.iter_mut().zip(v).enumerate() {
                        let at = (c * positions + l) * time + from;
                        let after = y[at..][..bins].iter().zip(&grad[at..][..bins]);
                        e.iter_mut().zip(after).for_each(|(e, (y, g))| *e = *g * *y * (F::ONE - *y));
                        e[bins..].fill(F::ZERO);
                        if wants_weights {
                            add_products::<F, M>(e, v, &mut norm_lanes[c]);
                            add_products::<F, M>(e, &[F::ONE; BLOCK], &mut norm_lanes[channels + c]);
                        }
                        let weight = weights.gain[c] * share;
                        for (((d, dv), e), v) in mean_d.iter_mut().zip(&mut mean_dv).zip(&*e).zip(v) {
                            let share = *e * weight;
                            *d += share;
                            *dv = M::mul_add(share, *v, *dv);
                        }
                    }
                    for (c, (e, v)) in rows.iter_mut().zip(v).enumerate() {
                        let gain = weights.gain[c];
                        let shared = v.iter().zip(&normal.scale).zip(&mean_d).zip(&mean_dv);
                        for (e, (((v, s), d), dv)) in e.iter_mut().zip(shared) {
                            *e = *s * (*e * gain - *d - *v * *dv);
                        }
                        e[bins..].fill(F::ZERO);
                        if wants_weights {
                            add_products::<F, M>(e, &[F::ONE; BLOCK], &mut bias_lanes[c]);
                        }
                    }
                    let mut x_grad = x_grads.next();
                    for tap in 0..taps {
                        let row = band(weights.sizes, l, tap) * time;
                        if wants_weights {
                            filter_gradient::<F, M>(rows, &x[row..][..time], from, tap, taps, &mut lanes);
                        }
                        if let Some(x_grad) = &mut x_grad {
                            let filter = &weights.filters[(l * taps + tap) * channels..][..channels];
                            input_gradient::<F, M>(rows, filter, &mut x_grad[row + from..][..bins]);
                        }
                    }
                }
            }
            if wants_weights {
                gather(&lanes, sums[l * channels * taps..].iter_mut());
                let of_biases = &mut sums[positions * channels * taps..][..channels * positions];
                gather(&bias_lanes, of_biases[l..].iter_mut().step_by(positions));
            }
        }
        if wants_weights {
            gather(&norm_lanes, sums[positions * channels * (taps + 1)..].iter_mut());
        }
    }
}

/// Each total becomes the sum of its lanes.
#[inline(always)]
fn gather<'a, F: Real>(lanes: &[[F; LANES]], totals: impl Iterator<Item = &'a mut F>) {
    for (total, lanes) in totals.zip(lanes) {
        *total = lanes.iter().fold(F::ZERO, |sum, lane| sum + *lane);
    }
}

/// Adds the products of two rows, lane by lane.
#[inline(always)]
fn add_products<F: Real, M: MulAdd>(a: &[F; BLOCK], b: &[F; BLOCK], lanes: &mut [F; LANES]) {
    let mut parts = [F::ZERO; 4 * LANES];
    let rows = a.as_chunks::<{ 4 * LANES }>().0.iter().zip(b.as_chunks::<{ 4 * LANES }>().0);
    for (a, b) in rows {
        for k in 0..4 * LANES {
            parts[k] = M::mul_add(a[k], b[k], parts[k]);
        }
    }
    for k in 0..LANES {
        let pairs = (parts[k] + parts[k + LANES]) + (parts[k + 2 * LANES] + parts[k + 3 * LANES]);
        lanes[k] += pairs;
    }
}

/// Adds the products of a row of x with the gradients of a, lane by lane, channel by channel.
#[inline(always)]
fn filter_gradient<F: Real, M: MulAdd>(
    rows: &[[F; BLOCK]],
    x: &[F],
    from: usize,
    tap: usize,
    taps: usize,
    lanes: &mut [[F; LANES]],
) {
    // The row again where its end lies within the block; what is beyond meets zeros.
    let mut block = [F::ZERO; BLOCK];
    let rest = &x[from..];
    let n = rest.len().min(BLOCK);
    block[..n].copy_from_slice(&rest[..n]);
    let block = block.as_chunks::<LANES>().0;
    let mut groups = rows.chunks_exact(4);
    let mut c = 0;
    for rows in &mut groups {
        if let Some(rows) = rows.first_chunk::<4>() {
            add_lanes::<F, M, 4>(rows, block, &mut lanes[c * taps + tap..], taps);
        }
        c += 4;
    }
    for rows in groups.remainder().chunks_exact(1) {
        if let Some(rows) = rows.first_chunk::<1>() {
            add_lanes::<F, M, 1>(rows, block, &mut lanes[c * taps + tap..], taps);
        }
        c += 1;
    }
}

#[inline(always)]
fn add_lanes<F: Real, M: MulAdd, const R: usize>(
    rows: &[[F; BLOCK]; R],
    x: &[[F; LANES]],
    lanes: &mut [[F; LANES]],
    taps: usize,
) {
    let mut sums = [[F::ZERO; LANES]; R];
    for (j, x) in x.iter().enumerate() {
        for r in 0..R {
            let row = &rows[r].as_chunks::<LANES>().0[j];
            for k in 0..LANES {
                sums[r][k] = M::mul_add(row[k], x[k], sums[r][k]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        lanes[r * taps].iter_mut().zip(sums).for_each(|(lane, sum)| *lane += *sum);
    }
}

/// x_grad += sum_c W\[c\] (gradient of a\[c\]).
#[inline(always)]
fn input_gradient<F: Real, M: MulAdd>(rows: &[[F; BLOCK]], filter: &[F], x_grad: &mut [F]) {
    let mut total = [F::ZERO; BLOCK];
    for (row, w) in rows.iter().zip(filter) {
        total.iter_mut().zip(row).for_each(|(sum, e)| *sum = M::mul_add(*w, *e, *sum));
    }
    x_grad.iter_mut().zip(total).for_each(|(x_grad, sum)| *x_grad += sum);
}
