//! The gates of an LSTM in one bin.

use candle_core::Tensor;

use super::{Lstm, reference};
use crate::{
    cuda::Text,
    rnn::shared::cell::{Backward, Cell, Forward, PlainBin},
    simd::{
        float::{LANES, MulAdd, Real},
        vector::{each, load, store},
    },
};

impl Cell for Lstm {
    const NAME: &'static str = "lstm";
    const GATES: usize = 4;
    const HAS_CELL: bool = true;
    const SPLITS: bool = false;
    /// i, f, g, o, c\[t-1\], tanh(c\[t\]).
    const KEPT: usize = 6;

    fn text() -> &'static Text {
        static TEXT: Text =
            Text::new("lstm", concat!(include_str!("cell.cu"), include_str!("../shared/cuda.cu")));
        &TEXT
    }

    fn plain(bin: &PlainBin<'_>) -> candle_core::Result<Vec<Tensor>> {
        reference::bin(bin)
    }

    #[inline(always)]
    fn forward<F: Real, M: MulAdd>(bin: Forward<'_, F>) {
        let Forward { wide, u, q, h, c, kept } = bin;
        let (gates, rest) = kept.split_at_mut(4 * wide);
        let (before, squashed) = rest.split_at_mut(wide);
        let (q_i_f, q_g_o) = q.split_at(2 * wide);
        let (u_i_f, u_g_o) = u.split_at(2 * wide);
        let (i_f, g_o) = gates.split_at_mut(2 * wide);
        let (g, o) = g_o.split_at_mut(wide);
        for ((to, u), q) in i_f.iter_mut().zip(u_i_f).zip(q_i_f) {
            *to = (*u + *q).sigmoid::<M>();
        }
        for ((to, u), q) in g.iter_mut().zip(u_g_o).zip(q_g_o) {
            *to = (*u + *q).tanh::<M>();
        }
        for ((to, u), q) in o.iter_mut().zip(&u_g_o[wide..]).zip(&q_g_o[wide..]) {
            *to = (*u + *q).sigmoid::<M>();
        }
        before.copy_from_slice(c);
        let (i, f) = i_f.split_at(wide);
        for (((c, i), f), g) in c.iter_mut().zip(i).zip(f).zip(&*g) {
            *c = M::mul_add(*f, *c, *i * *g);
        }
        for (((h, to), c), o) in h.iter_mut().zip(squashed).zip(&*c).zip(&*o) {
            *to = c.tanh::<M>();
            *h = *o * *to;
        }
    }

    #[inline(always)]
    fn backward<F: Real, M: MulAdd>(bin: Backward<'_, F>) {
        let Backward { wide, kept, h, c, gq, .. } = bin;
        for j in (0..wide).step_by(LANES) {
            let part = |i: usize| load(kept, i * wide + j);
            let (i, f, g, o, before, squashed) = (part(0), part(1), part(2), part(3), part(4), part(5));
            let (gh, carried) = (load::<F>(h, j), load::<F>(c, j));
            let g_o = each(|l| gh[l] * squashed[l] * (o[l] * (F::ONE - o[l])));
            let gc = each(|l| M::mul_add(gh[l] * o[l], F::ONE - squashed[l] * squashed[l], carried[l]));
            let g_i = each(|l| gc[l] * g[l] * (i[l] * (F::ONE - i[l])));
            let g_f = each(|l| gc[l] * before[l] * (f[l] * (F::ONE - f[l])));
            let g_g = each(|l| gc[l] * i[l] * (F::ONE - g[l] * g[l]));
            store(h, j, [F::ZERO; LANES]);
            store(c, j, each(|l| gc[l] * f[l]));
            for (gate, values) in [g_i, g_f, g_g, g_o].into_iter().enumerate() {
                store(gq, gate * wide + j, values);
            }
        }
    }
}
