//! The loop over time for a group of stimuli, block by block of bins.

use std::mem::MaybeUninit;

use super::{
    cell::{Cell, Forward, Sizes},
    projection::Projection,
    weights::{Weights, pad},
};
use crate::{
    matrix::packed::{product, products},
    simd::{dispatch::multiversion, float::Real, uninit::copy, vector::padded},
};

/// The first input of a group.
pub(super) enum Drive<'a, F> {
    /// Their input part, (n, T, G H).
    Gates(&'a [F]),
    /// The input itself, and its weights to the gates.
    Input(&'a [F], Projection, &'a Weights<F>),
}

/// What the forward pass reads and writes for one group of stimuli.
pub(super) struct Group<'a, F: Real> {
    pub(super) drive: Drive<'a, F>,
    pub(super) h0: &'a [F],
    pub(super) c0: &'a [F],
    pub(super) states: &'a mut [MaybeUninit<F>],
    pub(super) cells: &'a mut [MaybeUninit<F>],
    pub(super) tape: &'a mut [MaybeUninit<F>],
}

/// Rows of gates that are computed at once: few enough to stay in the cache.
const ROWS: usize = 128;

/// Bins of a block for `n` stimuli.
pub(super) const fn block(n: usize) -> usize {
    ROWS / n
}

multiversion! {
    /// One bin of one stimulus.
    pub(crate) fn gates<F, M; C: Cell>(bin: Forward<'_, F>) {
        C::forward::<F, M>(bin);
    }
}

/// The input's part of the gates in a block of bins, in padded rows: those of a stimulus follow each other.
struct Gates<F> {
    rows: Vec<F>,
    stride: usize,
    /// Inputs of one stimulus.
    x: Vec<F>,
}

impl<F: Real> Gates<F> {
    fn new(drive: &Drive<'_, F>, n: usize, gates_row: usize) -> Self {
        let (stride, row) = match drive {
            Drive::Gates(_) => (gates_row, 0),
            Drive::Input(_, projection, weights) => (weights.panels.width(), padded(projection.inputs)),
        };
        let bins = block(n);
        Self { rows: vec![F::ZERO; n * bins * stride], stride, x: vec![F::ZERO; bins * row] }
    }

    /// Stimulus r of n, bins `from` on.
    fn fill(&mut self, drive: &Drive<'_, F>, [r, n]: [usize; 2], [from, bins]: [usize; 2], hidden: usize) {
        let rows = &mut self.rows[r * block(n) * self.stride..][..bins * self.stride];
        match drive {
            Drive::Gates(gates) => {
                let each = gates.len() / n;
                let (row, wide) = (self.stride / padded(hidden) * hidden, padded(hidden));
                pad(rows, wide, &gates[r * each + from * row..][..bins * row], hidden);
            }
            Drive::Input(x, projection, weights) => {
                let each = x.len() / n;
                let row = padded(projection.inputs);
                projection.rows(&x[r * each..][..each], [from, bins], &mut self.x, 1);
                products(&weights.panels, &weights.start, &self.x[..bins * row], row, rows);
            }
        }
    }
}

/// All bins of `n` stimuli.
pub(super) fn forward_rows<F: Real, C: Cell>(
    sizes: Sizes,
    n: usize,
    weights: &Weights<F>,
    group: Group<'_, F>,
) {
    let Sizes { time, hidden, .. } = sizes;
    let Group { drive, h0, c0, states, cells, tape } = group;
    let Weights { panels, start } = weights;
    let (wide, width) = (padded(hidden), panels.width());
    let (gates_row, kept_row) = (C::GATES * wide, C::KEPT * wide);
    let mut h = vec![F::ZERO; n * wide];
    pad(&mut h, wide, h0, hidden);
    let cell_wide = if C::HAS_CELL { wide } else { 0 };
    let mut c = vec![F::ZERO; n * cell_wide];
    pad(&mut c, wide, c0, hidden);
    let mut q = vec![F::ZERO; n * width];
    let mut u = Gates::new(&drive, n, gates_row);
    let mut kept = vec![F::ZERO; kept_row];
    for from in (0..time).step_by(block(n)) {
        let bins = block(n).min(time - from);
        for r in 0..n {
            u.fill(&drive, [r, n], [from, bins], hidden);
        }
        for t in from..from + bins {
            // Alternate the direction: the weights read last are still in the cache.
            product(panels, n, &h, wide, Some(start), &mut q, t % 2 == 1);
            for r in 0..n {
                let row = r * time + t;
                let h = &mut h[r * wide..][..wide];
                gates::<F, C>(Forward {
                    wide,
                    u: &u.rows[(r * block(n) + t - from) * u.stride..][..gates_row],
                    q: &mut q[r * width..][..gates_row],
                    h,
                    c: &mut c[r * cell_wide..][..cell_wide],
                    kept: &mut kept,
                });
                copy(&mut states[row * hidden..][..hidden], &h[..hidden]);
                if let Some(tape) = tape.get_mut((t * n + r) * kept_row..(t * n + r + 1) * kept_row) {
                    copy(tape, &kept);
                }
            }
        }
    }
    for (to, c) in cells.chunks_exact_mut(hidden).zip(c.chunks_exact(wide)) {
        copy(to, &c[..hidden]);
    }
}
