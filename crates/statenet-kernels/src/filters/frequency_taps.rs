//! Filters along frequency on slices: the loops of the locally connected encoder and of the band convolution,
//! which differ in where the weight of a position lies.

use crate::{
    parallel,
    simd::{
        dispatch::multiversion,
        float::{MulAdd, Real},
        reduce::{dot, sum},
    },
    tensor::custom_op::Backward,
};

/// Sizes of a checked call of an operation that filters along frequency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) inputs: usize,
    pub(crate) bands: usize,
    pub(crate) time: usize,
    pub(crate) channels: usize,
    pub(crate) width: usize,
    pub(crate) positions: usize,
    pub(crate) stride: usize,
}

/// The filters of one call: sizes, and how far apart weights and biases lie.
#[derive(Clone, Copy)]
pub(crate) struct Filters {
    pub(crate) sizes: Sizes,
    /// From one output channel, tap and position to the next; 0 where a weight is shared.
    pub(crate) weight: [usize; 3],
    /// From one output channel and position to the next.
    pub(crate) bias: [usize; 2],
}

impl Filters {
    /// Every output row as (channel, position), in memory order.
    fn rows(self) -> impl Iterator<Item = (usize, usize)> {
        let Sizes { channels, positions, .. } = self.sizes;
        (0..channels).flat_map(move |c| (0..positions).map(move |l| (c, l)))
    }

    /// The taps of a row: the index of each weight and the band that it meets.
    pub(crate) fn taps(self, c: usize, l: usize) -> impl Iterator<Item = (usize, usize)> {
        let Sizes { inputs, bands, width, stride, .. } = self.sizes;
        (0..inputs * width).map(move |tap| {
            let index = c * self.weight[0] + tap * self.weight[1] + l * self.weight[2];
            (index, tap / width * bands + l * stride + tap % width)
        })
    }

    pub(crate) fn bias_index(self, c: usize, l: usize) -> usize {
        c * self.bias[0] + l * self.bias[1]
    }

    /// The result (B, C, L, T) from x (B, Ci, F, T).
    pub(crate) fn forward<F: Real>(self, x: &[F], weight: &[F], bias: &[F]) -> Vec<F> {
        let Sizes { batch, inputs, bands, time, channels, positions, .. } = self.sizes;
        let mut y = vec![F::ZERO; batch * channels * positions * time];
        let work: Vec<_> = x
            .chunks_exact(inputs * bands * time)
            .zip(y.chunks_exact_mut(channels * positions * time))
            .collect();
        parallel::for_each(work, |(x, y)| forward_stimulus(self, x, weight, bias, y));
        y
    }

    /// The gradients of x, weight and bias.
    pub(crate) fn backward<F: Real>(self, call: &Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { inputs, bands, time, channels, positions, .. } = self.sizes;
        let [x, weight, bias] = call.inputs;
        let [wants_x, wants_weight, wants_bias] = wanted;
        let mut x_grad = vec![F::ZERO; if wants_x { x.len() } else { 0 }];
        let work: Vec<_> = x_grad
            .chunks_exact_mut(inputs * bands * time)
            .zip(call.grad.chunks_exact(channels * positions * time))
            .collect();
        parallel::for_each(work, |(x_grad, grad)| input_gradient(self, weight, grad, x_grad));

        let mut sums = vec![F::ZERO; weight.len() + bias.len()];
        if wants_weight || wants_bias {
            let work: Vec<_> = x
                .chunks_exact(inputs * bands * time)
                .zip(call.grad.chunks_exact(channels * positions * time))
                .collect();
            let of_each = parallel::map(work, |(x, grad)| {
                let mut sums = vec![F::ZERO; weight.len() + bias.len()];
                let (weight_grad, bias_grad) = sums.split_at_mut(weight.len());
                parameter_gradients(self, x, grad, weight_grad, bias_grad);
                sums
            });
            for of_one in of_each {
                sums.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
            }
        }
        let bias_grad = sums.split_off(weight.len());
        [x_grad, sums, bias_grad]
    }
}

/// y += w x.
#[inline(always)]
fn add_scaled<F: Real, M: MulAdd>(w: F, x: &[F], y: &mut [F]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = M::mul_add(w, *x, *y));
}

multiversion! {
    fn forward_stimulus<F, M>(filters: Filters, x: &[F], weight: &[F], bias: &[F], y: &mut [F]) {
        let time = filters.sizes.time;
        for ((c, l), y) in filters.rows().zip(y.chunks_exact_mut(time)) {
            y.fill(bias[filters.bias_index(c, l)]);
            for (index, band) in filters.taps(c, l) {
                add_scaled::<F, M>(weight[index], &x[band * time..][..time], y);
            }
        }
    }
}

multiversion! {
    fn input_gradient<F, M>(filters: Filters, weight: &[F], grad: &[F], x_grad: &mut [F]) {
        let time = filters.sizes.time;
        for ((c, l), grad) in filters.rows().zip(grad.chunks_exact(time)) {
            for (index, band) in filters.taps(c, l) {
                add_scaled::<F, M>(weight[index], grad, &mut x_grad[band * time..][..time]);
            }
        }
    }
}

multiversion! {
    fn parameter_gradients<F, M>(
        filters: Filters,
        x: &[F],
        grad: &[F],
        weight_grad: &mut [F],
        bias_grad: &mut [F],
    ) {
        let time = filters.sizes.time;
        for ((c, l), grad) in filters.rows().zip(grad.chunks_exact(time)) {
            bias_grad[filters.bias_index(c, l)] += sum(grad);
            for (index, band) in filters.taps(c, l) {
                weight_grad[index] += dot::<F, M>(grad, &x[band * time..][..time]);
            }
        }
    }
}
