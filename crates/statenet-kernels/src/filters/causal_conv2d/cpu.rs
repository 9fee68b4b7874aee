//! The convolution on slices: tile by tile along frequency, block by block along time, plane by plane.
//!
//! The gradient of x is a convolution as well, of the result's gradient with the filters turned round, in
//! which the mixes of input and output rows change places. So one loop, [`convolve`], serves both.

use std::borrow::Cow;

use candle_core::Shape;

use super::{
    OP, Sizes,
    products::{self, SPAN, groups},
    scheme::{Mix, Scheme},
};
use crate::{
    parallel,
    simd::{
        dispatch::multiversion,
        float::{LANES, MulAdd, Real},
        reduce::rows,
    },
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Bins of a block of a convolution: the mixed rows of ten channels stay in the first-level cache.
const BLOCK: usize = 16 * SPAN;
/// Bins of a block of the weights' gradient, whose sums are folded once a block.
const LONG_BLOCK: usize = 32 * SPAN;

/// Inputs: x (B, Ci, F, T); weight (Co, Ci, Kf, Kt) and bias (Co) packed; context (B, Ci, F, Kt-1) or
/// nothing.
/// Result: (B, Co, F', T). No tape.
pub(crate) struct CausalConv2d(pub(crate) Sizes);

/// Channels of rows, `bins` long each: a stimulus, a result or a gradient.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    channels: usize,
    rows: usize,
    bins: usize,
}

impl Extent {
    pub(crate) fn size(self) -> usize {
        self.channels * self.rows * self.bins
    }
}

/// One convolution: rows of `from` to rows of `to`, whose bins are up to the caller.
pub(crate) struct Pass<F> {
    from: [usize; 2],
    to: [usize; 2],
    taps: usize,
    step: usize,
    tiles: usize,
    planes: Vec<PassPlane<F>>,
}

struct PassPlane<F> {
    read: Mix<F>,
    add: Mix<F>,
    /// Group by group of the filters, (channels of `from`, taps, filters of the group).
    weights: Vec<F>,
}

impl CausalConv2d {
    /// Weight (Co, Ci, Kf, Kt) and bias (Co).
    pub(crate) const fn packing(&self) -> Packing<2> {
        let Sizes { inputs, outputs, width, lags, .. } = self.0;
        Packing([outputs * inputs * width * lags, outputs])
    }

    pub(crate) fn input(&self) -> Extent {
        Extent { channels: self.0.inputs, rows: self.0.bands, bins: self.0.time }
    }

    pub(crate) fn output(&self) -> Extent {
        Extent { channels: self.0.outputs, rows: self.0.rows, bins: self.0.time }
    }

    fn context(&self) -> Extent {
        Extent { bins: self.0.lags - 1, ..self.input() }
    }

    /// From x to the result.
    pub(crate) fn ahead<F: Real>(&self, weight: &[F]) -> Pass<F> {
        let Sizes { inputs, bands, outputs, rows, lags, .. } = self.0;
        self.pass([inputs, bands], [outputs, rows], weight, |from, to, j| (to, from, j), lags, false)
    }

    /// From the result's gradient to that of x.
    fn back<F: Real>(&self, weight: &[F]) -> Pass<F> {
        let Sizes { inputs, bands, outputs, rows, lags, .. } = self.0;
        let turned = |from, to, j| (from, to, lags - 1 - j);
        self.pass([outputs, rows], [inputs, bands], weight, turned, lags, true)
    }

    fn pass<F: Real>(
        &self,
        from: [usize; 2],
        to: [usize; 2],
        weight: &[F],
        index: impl Fn(usize, usize, usize) -> (usize, usize, usize),
        taps: usize,
        back: bool,
    ) -> Pass<F> {
        let Sizes { inputs, rows, width, .. } = self.0;
        let Scheme { step, planes } = Scheme::new(width);
        let planes = planes.into_iter().map(|plane| {
            let mut weights = Vec::with_capacity(from[0] * to[0] * taps);
            let mut first = 0;
            for filters in groups(to[0], products::MAX_FILTERS) {
                for i in 0..from[0] * taps {
                    for r in 0..filters {
                        let (o, i, j) = index(i / taps, first + r, i % taps);
                        let at = |k: usize| ((o * inputs + i) * width + k) * taps + j;
                        let bands = plane.filter.iter().enumerate();
                        weights.push(bands.fold(F::ZERO, |sum, (k, f)| sum + *f * weight[at(k)]));
                    }
                }
                first += filters;
            }
            let (read, add) = if back { (plane.output, plane.input) } else { (plane.input, plane.output) };
            PassPlane { read, add, weights }
        });
        let planes = planes.collect();
        Pass { from, to, taps, step, tiles: rows.div_ceil(step), planes }
    }
}

impl Kernel<3> for CausalConv2d {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.0.batch, self.0.outputs, self.0.rows, self.0.time).into()
    }

    fn forward<F: Real>(&self, [x, packed, context]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        let (from, to) = (self.input().size(), self.output().size());
        let [weight, bias] = self.packing().slices(packed);
        let pass = self.ahead(weight);
        let mut y = vec![F::ZERO; self.0.batch * to];
        let work = x.chunks_exact(from).zip(y.chunks_exact_mut(to)).enumerate();
        parallel::for_each(work.collect(), |(b, (x, y))| {
            self.forward_stimulus(&pass, bias, self.context_of(context, b), x, y);
        });
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let size = self.output().size();
        self.gradients(call.inputs, wanted, |b, _| Cow::Borrowed(&call.grad[b * size..][..size]))
    }
}

impl CausalConv2d {
    /// The result of one stimulus, (Co, F', T).
    pub(crate) fn forward_stimulus<F: Real>(
        &self,
        pass: &Pass<F>,
        bias: &[F],
        context: &[F],
        x: &[F],
        y: &mut [F],
    ) {
        let Sizes { rows, time, lags, .. } = self.0;
        for (channel, bias) in y.chunks_exact_mut(rows * time).zip(bias) {
            channel.fill(*bias);
        }
        convolve(pass, context, x, time, lags - 1, y, time);
    }

    /// The gradients of all inputs, where `grad(b, after)` gives that of the result of stimulus b.
    ///
    /// The packed input may hold parameters of what follows the convolution after weight and bias: `grad` adds their
    /// gradients to `after`, which comes as zeros.
    pub(crate) fn gradients<'a, F: Real>(
        &self,
        [x, packed, context]: [&[F]; 3],
        [wants_x, wants_weight, wants_context]: [bool; 3],
        grad: impl Fn(usize, &mut [F]) -> Cow<'a, [F]> + Sync,
    ) -> [Vec<F>; 3] {
        let Sizes { batch, time, lags, .. } = self.0;
        let (from, before) = (self.input(), self.context());
        let [weight, _] = self.packing().slices(packed);

        let mut x_grad = vec![F::ZERO; if wants_x { x.len() } else { 0 }];
        let mut context_grad = vec![F::ZERO; if wants_context { batch * before.size() } else { 0 }];
        let pass = if wants_x || wants_context { Some(self.back(weight)) } else { None };
        let mut x_grads = x_grad.chunks_exact_mut(from.size());
        let mut context_grads = context_grad.chunks_exact_mut(before.size().max(1));
        let scheme = Scheme::new(self.0.width);
        let work = x.chunks_exact(from.size()).enumerate().map(|(b, x)| {
            (b, x, x_grads.next().unwrap_or_default(), context_grads.next().unwrap_or_default())
        });
        let of_each = parallel::map(work.collect(), |(b, x, x_grad, context_grad)| {
            let mut sums = vec![F::ZERO; packed.len()];
            let (own, after) = sums.split_at_mut(self.packing().0.iter().sum());
            let grad = grad(b, after);
            if let Some(pass) = &pass {
                // Bin s of the context lies Kt - 1 bins before bin s of x.
                if !x_grad.is_empty() {
                    convolve(pass, &[], &grad, time, 0, x_grad, time);
                }
                if !context_grad.is_empty() {
                    convolve(pass, &[], &grad, time, lags - 1, context_grad, lags - 1);
                }
            }
            if wants_weight {
                let [weight_grad, bias_grad] = self.packing().slices_mut(own);
                self.weight_gradient(&scheme, self.context_of(context, b), x, &grad, weight_grad);
                rows(&grad, bias_grad);
            }
            sums
        });
        let mut packed_grad = vec![F::ZERO; packed.len()];
        for of_one in of_each {
            packed_grad.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
        }
        [x_grad, packed_grad, context_grad]
    }

    /// The context of stimulus b, if there is one.
    pub(crate) fn context_of<'a, F>(&self, context: &'a [F], b: usize) -> &'a [F] {
        let size = self.context().size();
        context.get(b * size..(b + 1) * size).unwrap_or_default()
    }

    /// Adds to the gradient of the weight what one stimulus gives.
    fn weight_gradient<F: Real>(
        &self,
        scheme: &Scheme<F>,
        context: &[F],
        x: &[F],
        grad: &[F],
        weight_grad: &mut [F],
    ) {
        let Sizes { inputs, outputs, width, lags, .. } = self.0;
        let size = outputs * inputs * lags;
        let mut of_planes = vec![[F::ZERO; LANES]; scheme.planes.len() * size];
        correlate(self, scheme, context, x, grad, &mut of_planes);
        for (plane, sums) in scheme.planes.iter().zip(of_planes.chunks_exact(size)) {
            for (sums, bands) in sums.chunks_exact(lags).zip(weight_grad.chunks_exact_mut(width * lags)) {
                for (band, f) in bands.chunks_exact_mut(lags).zip(&plane.filter) {
                    band.iter_mut().zip(sums).for_each(|(g, lanes)| *g += *f * products::fold(*lanes));
                }
            }
        }
    }
}

/// Writes the mix of each channel's rows, from bin `first - lead` on, to rows `stride` apart; zeros beyond both
/// ends. `before` are the bins before bin 0, `lead` for each row, or nothing.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "slices and where to read them")]
fn mix<F: Real, M: MulAdd>(
    mix: &Mix<F>,
    tile: usize,
    extent: Extent,
    before: &[F],
    x: &[F],
    lead: usize,
    first: usize,
    stride: usize,
    mixed: &mut [F],
) {
    let Extent { rows, bins, .. } = extent;
    let head = lead.saturating_sub(first);
    for (c, to) in mixed.chunks_exact_mut(stride).enumerate() {
        to.fill(F::ZERO);
        let (start, rest) = to.split_at_mut(head);
        for (row, f) in mix.iter().filter(|(row, _)| tile + row < rows) {
            let row = c * rows + tile + row;
            if !before.is_empty() {
                let before = &before[row * lead + first.min(lead)..];
                start.iter_mut().zip(before).for_each(|(to, x)| *to = M::mul_add(*f, *x, *to));
            }
            let x = &x[row * bins..][..bins][first + head - lead..];
            rest.iter_mut().zip(x).for_each(|(to, x)| *to = M::mul_add(*f, *x, *to));
        }
    }
}

multiversion! {
    /// Adds the convolution of x (and the bins before it) to y, where bin t of y sees the bins of x from
    /// t - lead on.
    fn convolve<F, M>(
        pass: &Pass<F>,
        before: &[F],
        x: &[F],
        x_bins: usize,
        lead: usize,
        y: &mut [F],
        y_bins: usize,
    ) {
        let extent = Extent { channels: pass.from[0], rows: pass.from[1], bins: x_bins };
        let stride = BLOCK.min(y_bins.next_multiple_of(SPAN)) + pass.taps - 1;
        let mut mixed = vec![F::ZERO; extent.channels * stride];
        for tile in (0..pass.tiles).map(|i| i * pass.step) {
            for first in (0..y_bins).step_by(BLOCK) {
                for plane in &pass.planes {
                    mix::<F, M>(&plane.read, tile, extent, before, x, lead, first, stride, &mut mixed);
                    let mut weights = &plane.weights[..];
                    let mut channel = 0;
                    for filters in groups(pass.to[0], products::MAX_FILTERS) {
                        let (these, rest) = weights.split_at(filters * extent.channels * pass.taps);
                        let to = Target { pass, plane, tile, channel, first, bins: y_bins };
                        match filters {
                            1 => to.add::<M, 1>(&mixed, stride, these, y),
                            2 => to.add::<M, 2>(&mixed, stride, these, y),
                            3 => to.add::<M, 3>(&mixed, stride, these, y),
                            4 => to.add::<M, 4>(&mixed, stride, these, y),
                            5 => to.add::<M, 5>(&mixed, stride, these, y),
                            _ => to.add::<M, 6>(&mixed, stride, these, y),
                        }
                        weights = rest;
                        channel += filters;
                    }
                }
            }
        }
    }
}

/// Where the sums of a group of filters go.
#[derive(Clone, Copy)]
struct Target<'a, F> {
    pass: &'a Pass<F>,
    plane: &'a PassPlane<F>,
    tile: usize,
    channel: usize,
    first: usize,
    bins: usize,
}

impl<F: Real> Target<'_, F> {
    #[inline(always)]
    fn add<M: MulAdd, const R: usize>(self, mixed: &[F], stride: usize, weights: &[F], y: &mut [F]) {
        let Target { pass, plane, tile, channel, first, bins } = self;
        let rows = pass.to[1];
        let n = BLOCK.min(bins - first);
        for at in (0..n).step_by(SPAN) {
            let sums = products::convolve::<F, M, R>(mixed, stride, at, weights, pass.taps);
            for (row, f) in plane.add.iter().filter(|(row, _)| tile + row < rows) {
                for (r, sums) in sums.iter().enumerate() {
                    let row = (channel + r) * rows + tile + row;
                    let y = &mut y[row * bins + first + at..][..SPAN.min(n - at)];
                    let sums = sums.as_flattened();
                    if let Some(y) = y.first_chunk_mut::<SPAN>() {
                        y.iter_mut().zip(sums).for_each(|(y, sum)| *y = M::mul_add(*f, *sum, *y));
                    } else {
                        y.iter_mut().zip(sums).for_each(|(y, sum)| *y = M::mul_add(*f, *sum, *y));
                    }
                }
            }
        }
    }
}

multiversion! {
    /// Adds the products of the mixed rows of x and of the result's gradient, plane by plane, (Co, Ci, Kt) each,
    /// lane by lane.
    fn correlate<F, M>(
        op: &CausalConv2d,
        scheme: &Scheme<F>,
        context: &[F],
        x: &[F],
        grad: &[F],
        of_planes: &mut [[F; LANES]],
    ) {
        let Sizes { inputs, outputs, rows, time, lags, .. } = op.0;
        let block = LONG_BLOCK.min(time.next_multiple_of(LANES));
        let stride = block + lags - 1;
        let mut mixed = vec![F::ZERO; inputs * stride];
        let mut mixed_grad = vec![F::ZERO; outputs * block];
        let size = outputs * inputs * lags;
        for tile in (0..rows).step_by(scheme.step) {
            for first in (0..time).step_by(block) {
                for (plane, sums) in scheme.planes.iter().zip(of_planes.chunks_exact_mut(size)) {
                    mix::<F, M>(&plane.input, tile, op.input(), context, x, lags - 1, first, stride, &mut mixed);
                    mix::<F, M>(&plane.output, tile, op.output(), &[], grad, 0, first, block, &mut mixed_grad);
                    let vectors = (time - first).min(block).div_ceil(LANES);
                    let mut channel = 0;
                    for filters in groups(outputs, products::MAX_ROWS) {
                        let g = &mixed_grad[channel * block..];
                        let sums = &mut sums[channel * inputs * lags..];
                        match filters {
                            1 => add_correlations::<F, M, 1>(g, block, vectors, &mixed, stride, lags, sums),
                            2 => add_correlations::<F, M, 2>(g, block, vectors, &mixed, stride, lags, sums),
                            3 => add_correlations::<F, M, 3>(g, block, vectors, &mixed, stride, lags, sums),
                            4 => add_correlations::<F, M, 4>(g, block, vectors, &mixed, stride, lags, sums),
                            _ => add_correlations::<F, M, 5>(g, block, vectors, &mixed, stride, lags, sums),
                        }
                        channel += filters;
                    }
                }
            }
        }
    }
}

/// Adds the correlations of R filters' gradients with all rows of x, at all lags.
#[inline(always)]
fn add_correlations<F: Real, M: MulAdd, const R: usize>(
    g: &[F],
    block: usize,
    vectors: usize,
    x: &[F],
    stride: usize,
    lags: usize,
    sums: &mut [[F; LANES]],
) {
    let g: [_; R] = std::array::from_fn(|r| &g[r * block..].as_chunks::<LANES>().0[..vectors]);
    let inputs = x.len() / stride;
    for (i, row) in x.chunks_exact(stride).enumerate() {
        let mut j = 0;
        while j < lags {
            let (seen, sums) = (&row[j..], &mut sums[i * lags + j..]);
            if lags - j > 1 {
                products::correlate::<F, M, R, 2>(g, seen, sums, inputs * lags);
            } else {
                products::correlate::<F, M, R, 1>(g, seen, sums, inputs * lags);
            }
            j += 2;
        }
    }
}
