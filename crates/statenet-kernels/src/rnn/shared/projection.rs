//! The input of a recurrence, block by block: between its own layout and padded rows.
//!
//! Where time is contiguous, a block of bins is transposed on the way: eight channels are walked side by side.

use std::mem::MaybeUninit;

use super::cell::Sizes;
use crate::{
    Layout,
    simd::{
        float::{LANES, Real},
        uninit::copy,
        vector::padded,
    },
};

/// The size and layout of an input whose gates are computed inside the recurrence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Projection {
    /// I.
    pub(crate) inputs: usize,
    /// How the input lies.
    pub(crate) layout: Layout,
}

impl Projection {
    /// Bins `from` on of one stimulus' input as padded rows that are `apart` rows of `to` apart.
    pub(super) fn rows<F: Real>(self, x: &[F], [from, bins]: [usize; 2], to: &mut [F], apart: usize) {
        let (inputs, row) = (self.inputs, padded(self.inputs));
        match self.layout {
            Layout::TimeFirst => {
                let x = x[from * inputs..][..bins * inputs].chunks_exact(inputs);
                for (to, x) in to.chunks_mut(row * apart).zip(x) {
                    to[..inputs].copy_from_slice(x);
                }
            }
            Layout::ChannelsFirst => {
                let time = x.len() / inputs;
                let zeros = vec![F::ZERO; bins];
                for i in (0..inputs).step_by(LANES) {
                    let channel = |c: usize| if c < inputs { &x[c * time + from..][..bins] } else { &zeros };
                    let channels: [&[F]; LANES] = std::array::from_fn(|l| channel(i + l));
                    for (bin, to) in to.chunks_mut(row * apart).take(bins).enumerate() {
                        if let Some(to) = to[i..].first_chunk_mut::<LANES>() {
                            *to = channels.map(|x| x[bin]);
                        }
                    }
                }
            }
        }
    }

    /// Writes the gradients of a block's inputs, from rows (bin, stimulus) that are `row` long.
    pub(super) fn give<F: Real>(
        self,
        Sizes { time, .. }: Sizes,
        n: usize,
        [from, bins]: [usize; 2],
        rows: &[F],
        row: usize,
        grad: &mut [MaybeUninit<F>],
    ) {
        let inputs = self.inputs;
        for (r, grad) in grad.chunks_exact_mut(time * inputs).enumerate() {
            let rows = &rows[r * row..];
            match self.layout {
                Layout::TimeFirst => {
                    let grad = grad[from * inputs..][..bins * inputs].chunks_exact_mut(inputs);
                    for (grad, row) in grad.zip(rows.chunks(n * row)) {
                        copy(grad, &row[..inputs]);
                    }
                }
                Layout::ChannelsFirst => {
                    for i in (0..inputs).step_by(LANES) {
                        for (bin, row) in rows.chunks(n * row).take(bins).enumerate() {
                            for (c, g) in (i..inputs).zip(&row[i..inputs.min(i + LANES)]) {
                                grad[c * time + from + bin].write(*g);
                            }
                        }
                    }
                }
            }
        }
    }
}
