//! The gates of a GRU in one bin.

use candle_core::Tensor;

use super::{Gru, reference};
use crate::{
    cuda::Text,
    rnn::shared::cell::{Backward, Cell, Forward, PlainBin},
    simd::{
        float::{LANES, MulAdd, Real},
        vector::{each, load, store},
    },
};

impl Cell for Gru {
    const NAME: &'static str = "gru";
    const GATES: usize = 3;
    const HAS_CELL: bool = false;
    const SPLITS: bool = true;
    /// r, z, n, q_n.
    const KEPT: usize = 4;

    fn text() -> &'static Text {
        static TEXT: Text =
            Text::new("gru", concat!(include_str!("cell.cu"), include_str!("../shared/cuda.cu")));
        &TEXT
    }

    fn plain(bin: &PlainBin<'_>) -> candle_core::Result<Vec<Tensor>> {
        reference::bin(bin)
    }

    #[inline(always)]
    fn forward<F: Real, M: MulAdd>(bin: Forward<'_, F>) {
        let Forward { wide, u, q, h, kept, .. } = bin;
        let (gates, u_n) = u.split_at(2 * wide);
        let (rz, rest) = kept.split_at_mut(2 * wide);
        let (n, kept_q) = rest.split_at_mut(wide);
        for ((to, u), q) in rz.iter_mut().zip(gates).zip(&*q) {
            *to = (*u + *q).sigmoid::<M>();
        }
        let (reset, z) = rz.split_at(wide);
        let q_n = &q[2 * wide..];
        for (((to, reset), q), u) in n.iter_mut().zip(reset).zip(q_n).zip(u_n) {
            *to = M::mul_add(*reset, *q, *u).tanh::<M>();
        }
        kept_q.copy_from_slice(&q_n[..wide]);
        for ((h, z), n) in h.iter_mut().zip(z).zip(&*n) {
            *h = M::mul_add(*z, *h - *n, *n);
        }
    }

    #[inline(always)]
    fn backward<F: Real, M: MulAdd>(bin: Backward<'_, F>) {
        let Backward { wide, kept, before, h, gu, gq, .. } = bin;
        for j in (0..wide).step_by(LANES) {
            let part = |i: usize| load(kept, i * wide + j);
            let (reset, z, n, q_n) = (part(0), part(1), part(2), part(3));
            let (g, before) = (load::<F>(h, j), load(before, j));
            let g_n = each(|l| g[l] * (F::ONE - z[l]) * (F::ONE - n[l] * n[l]));
            let g_z = each(|l| g[l] * (before[l] - n[l]) * (z[l] * (F::ONE - z[l])));
            let g_q = each(|l| g_n[l] * reset[l]);
            let g_r = each(|l| g_q[l] * q_n[l] * (F::ONE - reset[l]));
            store(h, j, each(|l| g[l] * z[l]));
            store(gu, j, g_r);
            store(gu, wide + j, g_z);
            store(gu, 2 * wide + j, g_n);
            store(gq, j, g_r);
            store(gq, wide + j, g_z);
            store(gq, 2 * wide + j, g_q);
        }
    }
}
