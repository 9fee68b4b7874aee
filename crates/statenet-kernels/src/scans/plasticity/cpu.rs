//! Short-term plasticity on slices. The division of a bin waits for that of the bin before, so that channels are computed
//! side by side, with time in the outer loop.

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    matrix::transpose::transpose,
    parallel,
    simd::{dispatch::multiversion, float::Real},
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: gain and loss (B, C, T); rate and the first values packed. Result, flat: the quantity at each bin (B, C, T),
/// then after the last (B, C).
pub(crate) struct Plasticity(pub(crate) Sizes);

impl Plasticity {
    /// The rate (C), the first values (B, C).
    const fn packing(&self) -> Packing<2> {
        let Sizes { batch, channels, .. } = self.0;
        Packing([channels, batch * channels])
    }

    /// (T, C) of one stimulus.
    fn time_first<F: Real>(&self, x: &[F]) -> Vec<F> {
        let mut turned = vec![F::ZERO; x.len()];
        transpose(x, self.0.channels, self.0.time, &mut turned);
        turned
    }
}

impl Kernel<3> for Plasticity {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, channels, time } = self.0;
        (batch * (time + 1) * channels).into()
    }

    fn forward<F: Real>(&self, [gain, loss, packed]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { channels, time, .. } = self.0;
        let [rate, z0] = self.packing().slices(packed);
        let size = channels * time;
        let mut flat = vec![F::ZERO; loss.len() + z0.len()];
        let (found, last) = flat.split_at_mut(loss.len());
        last.copy_from_slice(z0);
        let work = gain
            .chunks_exact(size)
            .zip(loss.chunks_exact(size))
            .zip(found.chunks_exact_mut(size))
            .zip(last.chunks_exact_mut(channels));
        parallel::for_each(work.collect(), |(((gain, loss), found), z)| {
            let [gain, loss] = [gain, loss].map(|x| self.time_first(x));
            let mut turned = vec![F::ZERO; size];
            forward_stimulus::<F>(&gain, &loss, rate, z, &mut turned);
            transpose(&turned, time, channels, found);
        });
        flat
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { channels, time, .. } = self.0;
        let [gain, loss, packed] = call.inputs;
        let [rate, _] = self.packing().slices(packed);
        let size = channels * time;
        let (found, last) = call.output.split_at(loss.len());
        let (grad, grad_last) = call.grad.split_at(loss.len());
        let (mut gain_grad, mut loss_grad) = (vec![F::ZERO; gain.len()], vec![F::ZERO; loss.len()]);
        let mut z0_grad = grad_last.to_vec();
        let numbers = loss.chunks_exact(size).zip(found.chunks_exact(size)).zip(grad.chunks_exact(size));
        let sinks = gain_grad.chunks_exact_mut(size).zip(loss_grad.chunks_exact_mut(size));
        let ends = last.chunks_exact(channels).zip(z0_grad.chunks_exact_mut(channels));
        let work = numbers.zip(sinks).zip(ends);
        let of_each = parallel::map(work.collect(), |((((loss, found), grad), sinks), (last, carried))| {
            let [loss, found, grad] = [loss, found, grad].map(|x| self.time_first(x));
            let (mut of_gain, mut of_loss) = (vec![F::ZERO; size], vec![F::ZERO; size]);
            let mut of_rate = vec![F::ZERO; channels];
            backward_stimulus::<F>(
                &loss,
                rate,
                &found,
                last,
                &grad,
                carried,
                &mut of_gain,
                &mut of_loss,
                &mut of_rate,
            );
            transpose(&of_gain, time, channels, sinks.0);
            transpose(&of_loss, time, channels, sinks.1);
            of_rate
        });
        let mut packed_grad = vec![F::ZERO; channels];
        for of_one in of_each {
            packed_grad.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
        }
        packed_grad.extend(z0_grad);
        [gain_grad, loss_grad, packed_grad]
    }
}

multiversion! {
    /// All bins of one stimulus; `z` is the first value and becomes the last.
    fn forward_stimulus<F, M>(gain: &[F], loss: &[F], rate: &[F], z: &mut [F], found: &mut [F]) {
        let channels = z.len();
        let rows = gain.chunks_exact(channels).zip(loss.chunks_exact(channels));
        for ((gain, loss), found) in rows.zip(found.chunks_exact_mut(channels)) {
            for ((((z, found), b), c), r) in z.iter_mut().zip(found).zip(gain).zip(loss).zip(rate) {
                *found = *z;
                *z = (*z + *r + *b) / (F::ONE + *r + *c);
            }
        }
    }
}

multiversion! {
    /// `carried` is the gradient of the last value and becomes that of the first; `of_rate` gathers that of the rate.
    fn backward_stimulus<F, M>(
        loss: &[F],
        rate: &[F],
        found: &[F],
        last: &[F],
        grad: &[F],
        carried: &mut [F],
        of_gain: &mut [F],
        of_loss: &mut [F],
        of_rate: &mut [F],
    ) {
        let channels = rate.len();
        let mut after = last;
        for t in (0..loss.len() / channels).rev() {
            let row = t * channels..(t + 1) * channels;
            let sinks = of_gain[row.clone()].iter_mut().zip(&mut of_loss[row.clone()]).zip(of_rate.iter_mut());
            let numbers = loss[row.clone()].iter().zip(rate).zip(after).zip(&grad[row.clone()]);
            for (((((c, r), after), grad), ((of_gain, of_loss), of_rate)), carried) in
                numbers.zip(sinks).zip(carried.iter_mut())
            {
                let through = *carried / (F::ONE + *r + *c);
                *of_gain = through;
                *of_loss = -through * *after;
                *of_rate = M::mul_add(through, F::ONE - *after, *of_rate);
                *carried = *grad + through;
            }
            after = &found[row];
        }
    }
}
