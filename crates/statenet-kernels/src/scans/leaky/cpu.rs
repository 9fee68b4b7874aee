//! First-order recurrences on slices: channels side by side, time in the outer loop. Input that lies channels
//! first is transposed stimulus by stimulus.

use candle_core::Shape;

use super::Sizes;
use crate::{
    Layout,
    cuda::OnDevice,
    matrix::transpose::transpose,
    parallel,
    simd::{dispatch::multiversion, float::Real},
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: x in its layout; decay, gain and the first states packed. Result, flat: a number for each of x, then
/// the last states (B, C). With `PAST` the number is the state before the bin, otherwise the one after it.
pub(crate) struct Leaky<const PAST: bool>(pub(crate) Sizes);

impl<const PAST: bool> Leaky<PAST> {
    /// Decay and gain (C), the first states (B, C).
    pub(super) const fn packing(&self) -> Packing<3> {
        let Sizes { batch, channels, .. } = self.0;
        Packing([channels, channels, batch * channels])
    }

    /// (T, C) of one stimulus from its layout.
    fn time_first<F: Real>(&self, x: &[F]) -> Vec<F> {
        let Sizes { channels, time, layout, .. } = self.0;
        match layout {
            Layout::TimeFirst => x.to_vec(),
            Layout::ChannelsFirst => {
                let mut turned = vec![F::ZERO; x.len()];
                transpose(x, channels, time, &mut turned);
                turned
            }
        }
    }

    /// One stimulus in its layout from (T, C).
    fn put<F: Real>(&self, x: &[F], to: &mut [F]) {
        let Sizes { channels, time, layout, .. } = self.0;
        match layout {
            Layout::TimeFirst => to.copy_from_slice(x),
            Layout::ChannelsFirst => transpose(x, time, channels, to),
        }
    }
}

impl<const PAST: bool> Kernel<2> for Leaky<PAST> {
    const NAME: &'static str = if PAST { "adaptation" } else { super::OP };

    fn shape(&self) -> Shape {
        let Sizes { batch, channels, time, .. } = self.0;
        (batch * (time + 1) * channels).into()
    }

    fn forward<F: Real>(&self, [x, packed]: [&[F]; 2], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { channels, time, .. } = self.0;
        let [decay, gain, z0] = self.packing().slices(packed);
        let size = time * channels;
        let mut flat = vec![F::ZERO; x.len() + z0.len()];
        let (states, last) = flat.split_at_mut(x.len());
        last.copy_from_slice(z0);
        let work =
            x.chunks_exact(size).zip(states.chunks_exact_mut(size)).zip(last.chunks_exact_mut(channels));
        parallel::for_each(work.collect(), |((x, states), z)| {
            if self.0.layout == Layout::TimeFirst {
                forward_stimulus::<F, PAST>(x, decay, gain, z, states);
            } else {
                let mut turned = vec![F::ZERO; size];
                forward_stimulus::<F, PAST>(&self.time_first(x), decay, gain, z, &mut turned);
                self.put(&turned, states);
            }
        });
        flat
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 2>, _: [bool; 2]) -> [Vec<F>; 2] {
        let Sizes { channels, time, .. } = self.0;
        let [x, packed] = call.inputs;
        let [decay, gain, z0] = self.packing().slices(packed);
        let size = time * channels;
        let (grad, grad_last) = call.grad.split_at(x.len());
        let mut x_grad = vec![F::ZERO; x.len()];
        let mut z0_grad = grad_last.to_vec();
        let work = x
            .chunks_exact(size)
            .zip(call.output.chunks_exact(size))
            .zip(grad.chunks_exact(size))
            .zip(z0.chunks_exact(channels))
            .zip(x_grad.chunks_exact_mut(size))
            .zip(z0_grad.chunks_exact_mut(channels));
        let of_each = parallel::map(work.collect(), |(((((x, states), grad), z0), x_grad), g)| {
            let mut sums = vec![F::ZERO; 2 * channels];
            if self.0.layout == Layout::TimeFirst {
                backward_stimulus::<F, PAST>(x, states, grad, z0, decay, gain, g, x_grad, &mut sums);
            } else {
                let [x, states, grad] = [x, states, grad].map(|from| self.time_first(from));
                let mut turned = vec![F::ZERO; size];
                backward_stimulus::<F, PAST>(&x, &states, &grad, z0, decay, gain, g, &mut turned, &mut sums);
                self.put(&turned, x_grad);
            }
            sums
        });
        let mut packed_grad = vec![F::ZERO; 2 * channels];
        for of_one in of_each {
            packed_grad.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
        }
        packed_grad.extend(z0_grad);
        [x_grad, packed_grad]
    }

    fn on_device(&self) -> Option<&dyn OnDevice<2>> {
        Some(self)
    }
}

multiversion! {
    /// All bins of one stimulus; `z` is the first state and becomes the last.
    fn forward_stimulus<F, M, const PAST: bool>(
        x: &[F],
        decay: &[F],
        gain: &[F],
        z: &mut [F],
        states: &mut [F],
    ) {
        let channels = z.len();
        for (x, states) in x.chunks_exact(channels).zip(states.chunks_exact_mut(channels)) {
            for ((((z, x), state), a), b) in z.iter_mut().zip(x).zip(states).zip(decay).zip(gain) {
                let after = M::mul_add(*a, *z, *b * *x);
                *state = if PAST { *z } else { after };
                *z = after;
            }
        }
    }
}

multiversion! {
    /// `g` is the gradient of the last state and becomes that of the first; `sums` gathers those of decay and
    /// gain, C each.
    fn backward_stimulus<F, M, const PAST: bool>(
        x: &[F],
        states: &[F],
        grad: &[F],
        z0: &[F],
        decay: &[F],
        gain: &[F],
        g: &mut [F],
        x_grad: &mut [F],
        sums: &mut [F],
    ) {
        let channels = z0.len();
        let (decay_grad, gain_grad) = sums.split_at_mut(channels);
        for t in (0..x.len() / channels).rev() {
            let row = t * channels..(t + 1) * channels;
            let before = match t {
                _ if PAST => &states[row.clone()],
                0 => z0,
                t => &states[(t - 1) * channels..][..channels],
            };
            let coefficients = decay.iter().zip(gain).zip(decay_grad.iter_mut()).zip(gain_grad.iter_mut());
            let numbers = x[row.clone()].iter().zip(before).zip(&grad[row.clone()]).zip(&mut x_grad[row]);
            for (((((a, b), a_grad), b_grad), (((x, before), grad), x_grad)), g) in
                coefficients.zip(numbers).zip(g.iter_mut())
            {
                let after = if PAST { *g } else { *g + *grad };
                *x_grad = *b * after;
                *a_grad = M::mul_add(after, *before, *a_grad);
                *b_grad = M::mul_add(after, *x, *b_grad);
                *g = if PAST { M::mul_add(*a, after, *grad) } else { *a * after };
            }
        }
    }
}
