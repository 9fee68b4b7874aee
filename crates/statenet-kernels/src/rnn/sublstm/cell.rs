//! The gates of a subtractive-gated LSTM in one bin.

use candle_core::Tensor;

use super::{SubLstm, reference};
use crate::{
    cuda::Text,
    rnn::shared::cell::{Backward, Cell, Forward, PlainBin},
    simd::{
        float::{LANES, MulAdd, Real},
        vector::{each, load, store},
    },
};

impl Cell for SubLstm {
    const NAME: &'static str = "sublstm";
    const GATES: usize = 4;
    const HAS_CELL: bool = true;
    const SPLITS: bool = false;
    /// i, f, z, o, c\[t-1\], sigmoid(c\[t\]).
    const KEPT: usize = 6;

    fn text() -> &'static Text {
        static TEXT: Text =
            Text::new("sublstm", concat!(include_str!("cell.cu"), include_str!("../shared/cuda.cu")));
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
        for ((to, u), q) in gates.iter_mut().zip(u).zip(&*q) {
            *to = (*u + *q).sigmoid::<M>();
        }
        before.copy_from_slice(c);
        let (i, rest) = gates.split_at(wide);
        let (f, rest) = rest.split_at(wide);
        let (z, o) = rest.split_at(wide);
        for (((c, i), f), z) in c.iter_mut().zip(i).zip(f).zip(z) {
            *c = M::mul_add(*f, *c, *z - *i);
        }
        for (((h, to), c), o) in h.iter_mut().zip(squashed).zip(&*c).zip(o) {
            *to = c.sigmoid::<M>();
            *h = *to - *o;
        }
    }

    #[inline(always)]
    fn backward<F: Real, M: MulAdd>(bin: Backward<'_, F>) {
        let Backward { wide, kept, h, c, gq, .. } = bin;
        for j in (0..wide).step_by(LANES) {
            let part = |i: usize| load(kept, i * wide + j);
            let (i, f, z, o, before, squashed) = (part(0), part(1), part(2), part(3), part(4), part(5));
            let (gh, carried) = (load::<F>(h, j), load::<F>(c, j));
            let g_o = each(|l| -gh[l] * (o[l] * (F::ONE - o[l])));
            let gc = each(|l| M::mul_add(gh[l], squashed[l] * (F::ONE - squashed[l]), carried[l]));
            let g_i = each(|l| -gc[l] * (i[l] * (F::ONE - i[l])));
            let g_f = each(|l| gc[l] * before[l] * (f[l] * (F::ONE - f[l])));
            let g_z = each(|l| gc[l] * (z[l] * (F::ONE - z[l])));
            store(h, j, [F::ZERO; LANES]);
            store(c, j, each(|l| gc[l] * f[l]));
            for (gate, values) in [g_i, g_f, g_z, g_o].into_iter().enumerate() {
                store(gq, gate * wide + j, values);
            }
        }
    }
}
