//! A receptive field of K lags as three of half as many, at half the rate: three quarters of the products.
//!
//! With x0 and x1 the even and the odd bins, h0 and h1 the even and the odd lags (the fast algorithm of two phases for FIR
//! filters, Mou & Duhamel 1991):
//! ```text
//! p0 = h0 * x0      p1 = h1 * x1      p2 = (h0 + h1) * (x0 + x1)
//! y[2m] = p0[m] + p1[m-1]             y[2m+1] = p2[m] - p0[m] - p1[m]
//!
//! gp0 = g0 - g1     gp1[m] = g0[m+1] - g1[m]     gp2 = g1
//! gh0 = gp0 . x0 + gp2 . (x0 + x1)    gh1 = gp1 . x1 + gp2 . (x0 + x1)
//! ```
//! Causal bit for bit, as the direct form: no bin of the result reads a later bin.

use std::mem::MaybeUninit;

use super::{
    Sizes,
    gradient::WeightSums,
    tiles::{self, OUTPUTS, Packed},
};
use crate::simd::{dispatch::multiversion, float::Real, vector::padded};

/// With fewer lags the direct form is used.
pub(super) const LEAST_LAGS: usize = 4;

/// One of the three filters: its sizes, and which bins and lags it combines.
#[derive(Clone, Copy)]
struct Branch {
    sizes: Sizes,
    /// Bins of the half rate before bin 0.
    early: usize,
    even: bool,
    odd: bool,
}

/// p0, p1, p2.
fn branches(sizes: Sizes) -> [Branch; 3] {
    let (half, even, odd) = (sizes.time.div_ceil(2), sizes.lags.div_ceil(2), sizes.lags / 2);
    let of = |lags, early| Sizes { time: half + early, lags, ..sizes };
    [
        Branch { sizes: of(even, 0), early: 0, even: true, odd: false },
        Branch { sizes: of(odd, 1), early: 1, even: false, odd: true },
        Branch { sizes: of(even, 0), early: 0, even: true, odd: true },
    ]
}

impl Branch {
    /// The column of W that holds lag i of the half rate; `None` beyond the last.
    fn column(self, sizes: Sizes, i: usize, odd: bool) -> Option<usize> {
        (sizes.lags - 1).checked_sub(2 * i + usize::from(odd))
    }

    /// Pairs of a column of this filter and a column of W that is part of it.
    fn columns(self, sizes: Sizes) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (part, odd) in [(self.even, false), (self.odd, true)] {
            for j in (0..self.sizes.lags).filter(|_| part) {
                pairs.extend(self.column(sizes, self.sizes.lags - 1 - j, odd).map(|column| (j, column)));
            }
        }
        pairs
    }

    /// Its weights (O, D, lags).
    fn weights<F: Real>(self, sizes: Sizes, weight: &[F]) -> Vec<F> {
        let (lags, columns) = (self.sizes.lags, self.columns(sizes));
        let mut own = vec![F::ZERO; weight.len() / sizes.lags * lags];
        for (own, all) in own.chunks_exact_mut(lags).zip(weight.chunks_exact(sizes.lags)) {
            for &(j, column) in &columns {
                own[j] += all[column];
            }
        }
        own
    }

    /// Its rows of one stimulus, padded as tiles read them.
    fn rows<F: Real>(self, sizes: Sizes, x: &[F], context: Option<&[F]>) -> Vec<F> {
        let (before, row) = (sizes.lags - 1, self.sizes.row());
        let first = self.early + self.sizes.lags - 1;
        let mut rows = vec![F::ZERO; sizes.depth() * row];
        for (d, (row, x)) in rows.chunks_exact_mut(row).zip(x.chunks_exact(sizes.time)).enumerate() {
            for (part, odd) in [(self.even, 0), (self.odd, 1)] {
                if !part {
                    continue;
                }
                if let Some(context) = context {
                    // Bin 2 m + odd for m < 0 is number 2 m + odd + K - 1 of the context.
                    for (m, to) in row[..first].iter_mut().rev().enumerate() {
                        let at = (before + odd).checked_sub(2 * (m + 1));
                        if let Some(x) = at.and_then(|at| context[d * before..][..before].get(at)) {
                            *to += *x;
                        }
                    }
                }
                for (to, x) in row[first..].iter_mut().zip(x.iter().skip(odd).step_by(2)) {
                    *to += *x;
                }
            }
        }
        rows
    }
}

/// Weights of the three filters as tiles read them.
pub(super) struct Filters<F>([(Branch, Packed<F>); 3]);

impl<F: Real> Filters<F> {
    pub(super) fn new(sizes: Sizes, weight: &[F], bias: &[F]) -> Self {
        // The bias of even bins comes with p0, that of odd bins with p2, from which p0 is taken off.
        let twice: Vec<F> = bias.iter().map(|b| *b + *b).collect();
        let [p0, p1, p2] = branches(sizes);
        let pack = |branch: Branch, bias: &[F]| {
            (branch, Packed::new(branch.sizes, &branch.weights(sizes, weight), bias))
        };
        Self([pack(p0, bias), pack(p1, &[]), pack(p2, &twice)])
    }

    /// One stimulus: writes y (O, T).
    pub(super) fn responses(&self, sizes: Sizes, x: &[F], context: Option<&[F]>, y: &mut [MaybeUninit<F>]) {
        let rows = self.0.each_ref().map(|(branch, _)| branch.rows(sizes, x, context));
        let mut products = self.0.each_ref().map(|(branch, _)| vec![F::ZERO; OUTPUTS * branch.sizes.bins()]);
        let per_block = OUTPUTS * sizes.time;
        for (block, y) in y.chunks_mut(per_block).enumerate() {
            for (((branch, packed), rows), p) in self.0.iter().zip(&rows).zip(&mut products) {
                tiles::block(branch.sizes, packed, block, rows, p);
            }
            let bins = self.0.each_ref().map(|(branch, _)| branch.sizes.bins());
            for (o, y) in y.chunks_exact_mut(sizes.time).enumerate() {
                let [p0, p1, p2] = std::array::from_fn(|p| &products[p][o * bins[p]..][..bins[p]]);
                interleave(p0, p1, p2, y);
            }
        }
    }
}

multiversion! {
    /// y\[2m\] = p0\[m\] + p1\[m\] and y\[2m+1\] = p2\[m\] - p0\[m\] - p1\[m+1\]: here p1 begins one bin early.
    fn interleave<F, M>(p0: &[F], p1: &[F], p2: &[F], y: &mut [MaybeUninit<F>]) {
        let half = y.len() / 2;
        let (pairs, rest) = y.as_chunks_mut::<2>();
        let (even, early, sum, late) = (&p0[..half], &p1[..half], &p2[..half], &p1[1..][..half]);
        for m in 0..half {
            pairs[m] = [MaybeUninit::new(even[m] + early[m]), MaybeUninit::new(sum[m] - even[m] - late[m])];
        }
        if let [last] = rest {
            last.write(p0[half] + p1[half]);
        }
    }
}

/// Sums of the three filters' gradients over the stimuli of a group.
pub(super) struct Gradients<F> {
    sizes: Sizes,
    of: [(Branch, WeightSums<F>); 3],
}

impl<F: Real> Gradients<F> {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self { sizes, of: branches(sizes).map(|branch| (branch, WeightSums::new(branch.sizes))) }
    }

    /// Adds one stimulus, by the gradient of its responses (O, T).
    pub(super) fn add(&mut self, x: &[F], context: Option<&[F]>, grad: &[F]) {
        let sizes = self.sizes;
        for (i, (branch, sums)) in self.of.iter_mut().enumerate() {
            let wide = branch.sizes.time;
            let mut own = vec![F::ZERO; padded(sizes.outputs) * wide];
            for (own, grad) in own.chunks_exact_mut(wide).zip(grad.chunks_exact(sizes.time)) {
                let (even, odd) = (grad.iter().step_by(2), grad.iter().skip(1).step_by(2));
                match i {
                    0 => {
                        own.iter_mut().zip(even).for_each(|(to, g)| *to = *g);
                        own.iter_mut().zip(odd).for_each(|(to, g)| *to += -*g);
                    }
                    1 => {
                        own.iter_mut().zip(even).for_each(|(to, g)| *to = *g);
                        own[1..].iter_mut().zip(odd).for_each(|(to, g)| *to += -*g);
                    }
                    _ => own.iter_mut().zip(odd).for_each(|(to, g)| *to = *g),
                }
            }
            sums.add(&branch.rows(sizes, x, context), &own);
        }
    }

    /// Adds the sums to gW (O, D, K).
    pub(super) fn give(&self, weight_grad: &mut [F]) {
        let (depth, lags) = (self.sizes.depth(), self.sizes.lags);
        for (branch, sums) in &self.of {
            let columns = branch.columns(self.sizes);
            for (i, row) in weight_grad.chunks_exact_mut(lags).enumerate() {
                for &(j, column) in &columns {
                    row[column] += sums.at(i / depth, i % depth, j);
                }
            }
        }
    }
}
