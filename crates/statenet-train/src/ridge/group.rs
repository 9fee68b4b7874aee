//! The regressions of neurons that were recorded in the same bins, with every window and penalty.
//!
//! ```text
//! w = (X' X + penalty)^-1 X' y           as many equations as columns of X
//! w = X' (X X' + penalty)^-1 y           as many equations as rows: the dual form, for fewer rows than columns
//! ```
//! X and y are centred.

use std::borrow::Cow;

use faer::{Accum, Mat, Par, linalg::matmul::matmul};
use rayon::prelude::*;

use super::{
    design::Design,
    factor::{Factor, dot},
    moments::Moments,
    products,
    scored::{Scored, Scorer, Weights},
    training::{Group, Products, Training},
};
use crate::error::{Error, Result};

/// Neurons that are solved together by one thread.
const TOGETHER: usize = 128;

/// What the regressions of all groups share.
pub(super) struct Regressions<'r, 'a> {
    pub(super) training: &'r Training<'a>,
    pub(super) scored: &'r Scored<'a>,
    /// Columns of each window, in increasing order.
    pub(super) windows: &'r [usize],
    pub(super) penalties: &'r [f64],
    /// Moments over all rows, if a group takes its own from them.
    pub(super) total: Option<&'r Moments>,
    /// Of PSTHs, with the largest window of any group that is not solved in the dual form.
    pub(super) products: &'r Products,
    /// How many factors may be held at once.
    pub(super) n_factors: usize,
}

/// The regression of a neuron with one window, with the penalty that scores best.
pub(super) struct Best {
    pub(super) score: Option<f64>,
    pub(super) penalty: f64,
    /// Mean squared error on training bins.
    pub(super) loss: f64,
    pub(super) offset: f64,
    /// A weight for each column or, in the dual form, a coefficient for each row.
    pub(super) coefficients: Vec<f64>,
}

/// How many of the windows have no more columns than a group has rows; the others are solved in the dual form.
pub(super) fn n_primal(windows: &[usize], n_rows: usize) -> usize {
    windows.partition_point(|&columns| columns <= n_rows)
}

/// Of a neuron's PSTH, over the rows in which it was recorded.
struct Target {
    mean: f64,
    /// Sum of squares about the mean.
    squares: f64,
}

/// The neurons of a group that one thread solves, and what was best so far.
struct Together<'g> {
    neurons: &'g [usize],
    /// Where the neurons are among those that are scored at the same bins.
    first: usize,
    scorer: usize,
    targets: Vec<Target>,
    /// By window, then neuron.
    best: Vec<Vec<Option<Best>>>,
}

impl Regressions<'_, '_> {
    /// By window, then neuron of the group.
    pub(super) fn fit(&self, group: &Group) -> Result<Vec<Vec<(usize, Best)>>> {
        let (primal, dual) = self.windows.split_at(n_primal(self.windows, group.n_rows));
        let mut best = self.fit_primal(group, primal)?;
        best.extend(self.fit_dual(group, dual)?);
        Ok(best)
    }

    fn together<'g>(&self, alike: &'g [Vec<usize>], n_windows: usize) -> Vec<Together<'g>> {
        let chunks = alike.iter().enumerate().flat_map(|(scorer, neurons)| {
            let chunks = neurons.chunks(TOGETHER).enumerate();
            chunks.map(move |(i, neurons)| (scorer, i * TOGETHER, neurons))
        });
        let chunks: Vec<_> = chunks.collect();
        let one = |(scorer, first, neurons): (usize, usize, &'g [usize])| Together {
            neurons,
            first,
            scorer,
            targets: neurons.iter().map(|&n| self.target(n)).collect(),
            best: (0..n_windows).map(|_| neurons.iter().map(|_| None).collect()).collect(),
        };
        chunks.into_par_iter().map(one).collect()
    }

    fn target(&self, neuron: usize) -> Target {
        Target { mean: self.training.mean(neuron), squares: self.products.squares[neuron] }
    }

    /// Calls `work` for each penalty, in their order, with the factor of `a` and its penalty; `sizes` as in [`Factor::new`].
    fn for_each_penalty(
        &self,
        a: impl Fn(usize, usize) -> f64 + Sync,
        sizes: &[usize],
        mut work: impl FnMut(&Factor, f64),
    ) -> Result<()> {
        for penalties in self.penalties.chunks(self.n_factors.max(1)) {
            let factor = |&penalty: &f64| Factor::new(&a, sizes, penalty);
            let factors = penalties.par_iter().map(factor).collect::<Result<Vec<_>>>()?;
            factors.iter().zip(penalties).for_each(|(factor, &penalty)| work(factor, penalty));
        }
        Ok(())
    }

    fn fit_primal(&self, group: &Group, windows: &[usize]) -> Result<Vec<Vec<(usize, Best)>>> {
        let Some(&n_columns) = windows.last() else { return Ok(Vec::new()) };
        let moments = &*self.moments(group, n_columns);
        let alike = self.scored.alike(&group.neurons);
        let scorers: Vec<Scorer<'_, '_>> = alike
            .iter()
            .map(|neurons| self.scored.scorer(neurons, n_columns, self.penalties.len()))
            .collect();
        let mut together = self.together(&alike, windows.len());
        let n = group.n_rows as f64;
        self.for_each_penalty(
            |row, column| moments.centred(row, column),
            windows,
            |factor, penalty| {
                together.par_iter_mut().for_each(|part| {
                    let cross = Mat::from_fn(n_columns, part.neurons.len(), |column, j| {
                        let centre = n * moments.mean(column) * part.targets[j].mean;
                        self.products.cross[(part.neurons[j], column)] - centre
                    });
                    for (window, weights) in factor.solve(&cross, windows).into_iter().enumerate() {
                        let offset = |j: usize| {
                            let w = weights.col(j).iter().enumerate();
                            part.targets[j].mean - w.map(|(i, w)| w * moments.mean(i)).sum::<f64>()
                        };
                        let offsets: Vec<f64> = (0..part.neurons.len()).map(offset).collect();
                        let scores = scorers[part.scorer].scores(&Weights {
                            neurons: part.neurons,
                            first: part.first,
                            values: weights.as_ref(),
                            offsets: &offsets,
                        });
                        for (j, score) in scores.into_iter().enumerate() {
                            let w = weights.as_ref();
                            let explained = dot(w, j, cross.subrows(0, w.nrows()), j);
                            let squares = part.targets[j].squares - explained - penalty * dot(w, j, w, j);
                            part.offer(window, j, score, || Best {
                                score,
                                penalty,
                                loss: squares.max(0.0) / n,
                                offset: offsets[j],
                                coefficients: w.col(j).iter().copied().collect(),
                            });
                        }
                    }
                });
            },
        )?;
        Ok(by_window(together, windows.len()))
    }

    /// The moments over a group's rows: those over all rows, less those over the rows in which it was not recorded where
    /// these are fewer.
    fn moments(&self, group: &Group, n_columns: usize) -> Cow<'_, Moments> {
        let design = &self.training.design;
        if let Some(total) = self.total {
            let missing = total.n_rows() - group.n_rows;
            if missing == 0 {
                return Cow::Borrowed(total);
            }
            if 2 * missing <= total.n_rows() {
                let others = Moments::of(design, &self.training.rows(group, false), n_columns);
                if let Some(moments) = total.without(&others) {
                    return Cow::Owned(moments);
                }
            }
        }
        Cow::Owned(Moments::of(design, &self.training.rows(group, true), n_columns))
    }

    fn fit_dual(&self, group: &Group, windows: &[usize]) -> Result<Vec<Vec<(usize, Best)>>> {
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.training.rows(group, true);
        let n_rows = group.n_rows;
        let n_scored = self.scored.rows.len();
        // Products of rows with each other, of rows with those of validation stimuli, and with the means of columns.
        let mut gram = Mat::<f64>::zeros(n_rows, n_rows);
        let mut with_scored = Mat::<f64>::zeros(n_scored, n_rows);
        let mut with_means = Mat::<f64>::zeros(n_rows, 1);
        let alike = [group.neurons.clone()];
        let mut together = self.together(&alike, windows.len());
        let psths = |part: &Together<'_>| {
            let mut psths = self.training.psths(rows.runs(), part.neurons)?;
            for (target, column) in part.targets.iter().zip(psths.col_iter_mut()) {
                column.iter_mut().for_each(|y| *y -= target.mean);
            }
            Ok::<_, Error>(psths)
        };
        let psths: Vec<Mat<f64>> = together.par_iter().map(psths).collect::<Result<_>>()?;
        let (mut done, width) = (0, Design::columns_per_block(n_rows.max(n_scored)));
        for (window, &end) in windows.iter().enumerate() {
            while done < end {
                let columns = done..end.min(done + width);
                let mut block = self.training.design.block(rows.runs(), columns.clone());
                let means = block.centre();
                products::add_lower(&mut gram, block.view(), block.view().transpose());
                let scored = self.scored.design.block(self.scored.rows.runs(), columns.clone());
                products::add(&mut with_scored, scored.view(), block.view().transpose());
                let means = faer::MatRef::from_column_major_slice(&means, means.len(), 1);
                matmul(&mut with_means, Accum::Add, block.view(), means, 1.0, Par::Seq);
                done = columns.end;
            }
            self.for_each_penalty(
                |row, column| gram[(row, column)],
                &[n_rows],
                |factor, penalty| {
                    together.par_iter_mut().zip(&psths).for_each(|(part, psths)| {
                        let Some(solution) = factor.solve(psths, &[n_rows]).pop() else { return };
                        let mut rates = Mat::zeros(n_scored, part.neurons.len());
                        matmul(&mut rates, Accum::Replace, &with_scored, &solution, 1.0, Par::Seq);
                        for (j, &neuron) in part.neurons.iter().enumerate() {
                            let offset =
                                part.targets[j].mean - dot(solution.as_ref(), j, with_means.as_ref(), 0);
                            let score = self.scored.score(neuron, rates.as_ref(), j, offset);
                            // What is left of y is penalty times the coefficients.
                            let squares = penalty * penalty * dot(solution.as_ref(), j, solution.as_ref(), j);
                            part.offer(window, j, score, || Best {
                                score,
                                penalty,
                                loss: squares / n_rows as f64,
                                offset,
                                coefficients: solution.col(j).iter().copied().collect(),
                            });
                        }
                    });
                },
            )?;
        }
        Ok(by_window(together, windows.len()))
    }

    /// The weights `(P, neurons)` of a window that was solved in the dual form, in blocks of columns handed to `take`.
    pub(super) fn dual_weights(
        &self,
        group: &Group,
        n_columns: usize,
        coefficients: &Mat<f64>,
        mut take: impl FnMut(usize, &Mat<f64>),
    ) {
        let rows = self.training.rows(group, true);
        let width = Design::columns_per_block(group.n_rows.max(coefficients.ncols()));
        let mut first = 0;
        while first < n_columns {
            let end = n_columns.min(first + width);
            let mut block = self.training.design.block(rows.runs(), first..end);
            block.centre();
            // Panels of neurons.
            let mut weights = Mat::zeros(end - first, coefficients.ncols());
            products::add(&mut weights, block.view().transpose(), coefficients.as_ref());
            take(first, &weights);
            first = end;
        }
    }
}

impl Together<'_> {
    /// Keeps a solution that scores as well as the best so far or better. Of equal scores the last wins, by default the
    /// strongest penalty; this includes missing scores.
    fn offer(&mut self, window: usize, j: usize, score: Option<f64>, best: impl FnOnce() -> Best) {
        let kept = &mut self.best[window][j];
        if kept.as_ref().is_none_or(|kept| score >= kept.score) {
            *kept = Some(best());
        }
    }
}

fn by_window(together: Vec<Together<'_>>, n_windows: usize) -> Vec<Vec<(usize, Best)>> {
    let mut all: Vec<Vec<(usize, Best)>> = (0..n_windows).map(|_| Vec::new()).collect();
    for Together { neurons, best, .. } in together {
        for (all, best) in all.iter_mut().zip(best) {
            all.extend(neurons.iter().zip(best).filter_map(|(&neuron, best)| Some((neuron, best?))));
        }
    }
    all
}
