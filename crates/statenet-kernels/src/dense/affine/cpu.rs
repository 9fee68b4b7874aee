//! The affine map on slices: strided matrix products, one for each stimulus.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    Layout,
    matrix::{
        gemm::{View, add_product, write_product},
        packed::groups,
    },
    parallel::{self, take, take_mut},
    pointwise::then::{Then, follow_all, unfollow_all},
    simd::{
        float::Real,
        reduce::{columns, rows},
        uninit::{copy, fill_rows, vector, written},
    },
    tensor::custom_op::{Backward, Kernel},
};

/// Inputs: x in layout `from`; weight (O, I); bias (O), or nothing. Result: y in layout `to`. No tape.
pub(crate) struct Affine {
    pub(crate) sizes: Sizes,
    pub(crate) from: Layout,
    pub(crate) to: Layout,
    pub(crate) then: Then,
}

/// One stimulus as a matrix (T, channels).
fn bins(layout: Layout, channels: usize, time: usize) -> View {
    let (channel, bin) = layout.strides(channels, time);
    View { offset: 0, row: bin, column: channel }
}

impl Kernel<3> for Affine {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, outputs, time, .. } = self.sizes;
        self.to.shape(batch, outputs, time).into()
    }

    fn forward<F: Real>(&self, [x, weight, bias]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, inputs: ins, outputs: outs, time } = self.sizes;
        let (from, to) = (bins(self.from, ins, time), bins(self.to, outs, time));
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work = x.chunks_exact(ins * time).zip(y.chunks_exact_mut(outs * time));
            parallel::for_each(work.collect(), |(x, y)| {
                let (x, weight) = ((x, from), (weight, View::rows(ins).t()));
                if bias.is_empty() {
                    write_product([time, ins, outs], x, weight, (&mut *y, to));
                } else {
                    match self.to {
                        Layout::TimeFirst => y.chunks_exact_mut(outs).for_each(|y| copy(y, bias)),
                        Layout::ChannelsFirst => fill_rows(y, bias),
                    }
                    // SAFETY: both layouts just wrote the bias of every output to every bin.
                    #[allow(unsafe_code, reason = "the product is added to what was just written")]
                    let y = unsafe { written(y) };
                    add_product([time, ins, outs], x, weight, (y, to));
                }
                // SAFETY: with and without a bias the product was just written to every output and bin.
                #[allow(unsafe_code, reason = "what was just written is changed in place")]
                follow_all(self.then, unsafe { written(y) });
            });
        };
        // SAFETY: the stimuli cover y, and each writes all T O numbers of its own.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(batch * outs * time, fill) };
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { batch, inputs: ins, outputs: outs, time } = self.sizes;
        let [x, weight, bias] = call.inputs;
        let [wants_x, wants_weight, _] = wanted;
        let x_size = if wants_x { ins * time } else { 0 };

        // Groups depend on the batch size only, not on the number of threads, so that sums over them keep their bits.
        let mut of_groups = Vec::new();
        let fill = |x_grad: &mut [MaybeUninit<F>]| {
            let mut tasks = Vec::new();
            let (mut x, mut y, mut grad, mut x_grad) = (x, call.output, call.grad, x_grad);
            for count in groups(batch) {
                let (x, y) = (take(&mut x, count * ins * time), take(&mut y, count * outs * time));
                let grad = take(&mut grad, count * outs * time);
                tasks.push((x, y, grad, take_mut(&mut x_grad, count * x_size)));
            }
            let work = |(x, y, grad, x_grad)| {
                let mut sums = Sums {
                    weight: vec![F::ZERO; if wants_weight { weight.len() } else { 0 }],
                    bias: vec![F::ZERO; bias.len()],
                };
                self.group_gradients(x, weight, (y, grad), x_grad, &mut sums);
                sums
            };
            of_groups = parallel::map(tasks, work);
        };
        // SAFETY: where it is wanted, the groups cover x, and the product writes all T I numbers of each stimulus.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe { vector(batch * x_size, fill) };

        let total = of_groups.into_iter().reduce(Sums::plus).unwrap_or_default();
        [x_grad, total.weight, total.bias]
    }
}

/// Gradients summed over a group of stimuli; empty where they are not wanted.
#[derive(Default)]
struct Sums<F> {
    weight: Vec<F>,
    bias: Vec<F>,
}

impl<F: Real> Sums<F> {
    fn plus(mut self, other: Self) -> Self {
        self.weight.iter_mut().zip(other.weight).for_each(|(sum, g)| *sum += g);
        self.bias.iter_mut().zip(other.bias).for_each(|(sum, g)| *sum += g);
        self
    }
}

impl Affine {
    /// All gradients of a group, one stimulus after the other, so that its gradient is still in the cache.
    fn group_gradients<F: Real>(
        &self,
        x: &[F],
        weight: &[F],
        (y, grad): (&[F], &[F]),
        x_grad: &mut [MaybeUninit<F>],
        sums: &mut Sums<F>,
    ) {
        let Sizes { inputs: ins, outputs: outs, time, .. } = self.sizes;
        let (from, to) = (bins(self.from, ins, time), bins(self.to, outs, time));
        let mut x_grad = x_grad.chunks_exact_mut(ins * time);
        let mut before = vec![F::ZERO; if self.then == Then::Identity { 0 } else { outs * time }];
        let results = y.chunks_exact(outs * time).zip(grad.chunks_exact(outs * time));
        for (x, (y, mut grad)) in x.chunks_exact(ins * time).zip(results) {
            if !before.is_empty() {
                unfollow_all(self.then, y, grad, &mut before);
                grad = &before;
            }
            if let Some(x_grad) = x_grad.next() {
                write_product([time, outs, ins], (grad, to), (weight, View::rows(ins)), (x_grad, from));
            }
            if !sums.weight.is_empty() {
                let weight_grad = (&mut sums.weight[..], View::rows(ins));
                add_product([outs, time, ins], (grad, to.t()), (x, from), weight_grad);
            }
            match self.to {
                _ if sums.bias.is_empty() => {}
                Layout::ChannelsFirst => rows(grad, &mut sums.bias),
                Layout::TimeFirst => columns(grad, &mut sums.bias),
            }
        }
    }
}
