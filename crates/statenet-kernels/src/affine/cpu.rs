//! The affine map on slices: strided matrix products, one for each stimulus.

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    Layout,
    fresh::{Slot, vector},
    op::{Backward, Kernel},
    parallel,
    product::{View, add_product, write_product},
    real::Real,
    sums::{columns, rows},
};

/// Output channels whose weight gradient is one piece of work.
const BLOCK: usize = 72;

/// Inputs: x in layout `from`; weight (O, I); bias (O), or nothing. Result: y in layout `to`. No tape.
pub(crate) struct Affine {
    pub(crate) sizes: Sizes,
    pub(crate) from: Layout,
    pub(crate) to: Layout,
}

/// One stimulus as a matrix (T, channels).
fn bins(layout: Layout, channels: usize, time: usize) -> View {
    let (channel, bin) = layout.strides(channels, time);
    View { offset: 0, row: bin, column: channel }
}

impl Kernel for Affine {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, outputs, time, .. } = self.sizes;
        self.to.shape(batch, outputs, time).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, inputs: ins, outputs: outs, time } = self.sizes;
        let &[x, weight, ref bias @ ..] = inputs else { return Vec::new() };
        let mut y = match (bias.first(), self.to) {
            (None, _) => vec![F::ZERO; batch * outs * time],
            (Some(bias), Layout::TimeFirst) => bias.repeat(batch * time),
            (Some(bias), Layout::ChannelsFirst) => {
                let mut y = Vec::with_capacity(batch * outs * time);
                for _ in 0..batch {
                    bias.iter().for_each(|b| y.resize(y.len() + time, *b));
                }
                y
            }
        };
        let (from, to) = (bins(self.from, ins, time), bins(self.to, outs, time));
        let work: Vec<_> = x.chunks_exact(ins * time).zip(y.chunks_exact_mut(outs * time)).collect();
        parallel::for_each(work, |(x, y)| {
            add_product([time, ins, outs], (x, from), (weight, View::rows(ins).t()), (y, to));
        });
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, wanted: &[bool]) -> Vec<Vec<F>> {
        let Sizes { batch, inputs: ins, outputs: outs, time } = self.sizes;
        let &[x, weight, ..] = call.inputs else { return Vec::new() };
        let wants = |i: usize| wanted.get(i) == Some(&true);
        let (from, to) = (bins(self.from, ins, time), bins(self.to, outs, time));

        let fill = |x_grad: &mut [Slot<F>]| {
            let work = x_grad.chunks_exact_mut(ins * time).zip(call.grad.chunks_exact(outs * time));
            parallel::for_each(work.collect(), |(x_grad, grad)| {
                write_product([time, outs, ins], (grad, to), (weight, View::rows(ins)), (x_grad, from));
            });
        };
        // SAFETY: the stimuli cover x, and the product writes all T I numbers of each.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe { vector(if wants(0) { x.len() } else { 0 }, fill) };

        let mut weight_grad = vec![F::ZERO; if wants(1) { weight.len() } else { 0 }];
        let work: Vec<_> = weight_grad.chunks_mut(BLOCK * ins).enumerate().collect();
        parallel::for_each_part(batch, work, |(block, weight_grad)| {
            let size = weight_grad.len() / ins;
            for b in 0..batch {
                let grad = to.at(b * outs * time + block * BLOCK * to.column);
                let x_view = from.at(b * ins * time);
                let into = View::rows(ins);
                add_product([size, time, ins], (call.grad, grad.t()), (x, x_view), (&mut *weight_grad, into));
            }
        });

        let mut gradients = vec![x_grad, weight_grad];
        if call.inputs.len() > 2 {
            let mut bias_grad = vec![F::ZERO; outs];
            for grad in call.grad.chunks_exact(outs * time) {
                match self.to {
                    Layout::ChannelsFirst => rows(grad, &mut bias_grad),
                    Layout::TimeFirst => columns(grad, &mut bias_grad),
                }
            }
            gradients.push(bias_grad);
        }
        gradients
    }
}
