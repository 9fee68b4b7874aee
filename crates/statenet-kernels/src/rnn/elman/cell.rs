//! One bin of an Elman network.

use candle_core::Tensor;

use super::{Elman, reference};
use crate::{
    cuda::Text,
    rnn::shared::cell::{Backward, Cell, Forward, PlainBin},
    simd::{
        float::{LANES, MulAdd, Real},
        vector::{each, load, store},
    },
};

impl Cell for Elman {
    const NAME: &'static str = "elman";
    const GATES: usize = 1;
    const HAS_CELL: bool = false;
    const SPLITS: bool = false;
    const KEPT: usize = 0;

    fn text() -> &'static Text {
        static TEXT: Text =
            Text::new("elman", concat!(include_str!("cell.cu"), include_str!("../shared/cuda.cu")));
        &TEXT
    }

    fn plain(bin: &PlainBin<'_>) -> candle_core::Result<Vec<Tensor>> {
        reference::bin(bin)
    }

    #[inline(always)]
    fn forward<F: Real, M: MulAdd>(bin: Forward<'_, F>) {
        for ((h, u), q) in bin.h.iter_mut().zip(bin.u).zip(&*bin.q) {
            *h = (*u + *q).tanh::<M>();
        }
    }

    #[inline(always)]
    fn backward<F: Real, M: MulAdd>(bin: Backward<'_, F>) {
        let Backward { wide, after, h, gq, .. } = bin;
        for j in (0..wide).step_by(LANES) {
            let (g, after) = (load::<F>(h, j), load(after, j));
            let g = each(|l| g[l] * (F::ONE - after[l] * after[l]));
            store(h, j, [F::ZERO; LANES]);
            store(gq, j, g);
        }
    }
}
