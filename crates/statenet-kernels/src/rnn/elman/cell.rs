//! One bin of an Elman network.

use super::Rnn;
use crate::{
    cuda::Text,
    rnn::shared::{Backward, Cell, Forward},
    simd::{
        dispatch::MulAdd,
        float::{LANES, Real},
        vector::{each, load, store},
    },
};

impl Cell for Rnn {
    const NAME: &'static str = "rnn";
    const GATES: usize = 1;
    const HAS_CELL: bool = false;
    const SPLITS: bool = false;
    const KEPT: usize = 0;

    fn text() -> &'static Text {
        static TEXT: Text =
            Text::new("rnn", concat!(include_str!("cell.cu"), include_str!("../shared/cuda.cu")));
        &TEXT
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
