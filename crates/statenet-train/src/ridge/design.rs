//! The lag matrix, the design matrix of a receptive field, made in blocks: it is never held whole.
//!
//! ```text
//! X[row, F lag + f] = x[f, t - lag]     row: bin t of a sound; 0 before the first bin
//! ```
//! The columns of a shorter window are the first of a longer one's.

use std::ops::Range;

use faer::MatRef;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Values of a block, 32 MiB.
const BLOCK_VALUES: usize = 1 << 22;

/// Consecutive bins of a sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) sound: usize,
    pub(super) bins: Range<usize>,
}

/// Rows of a lag matrix.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows(Vec<Run>);

impl Rows {
    /// Adds the bins of a sound for which `chosen` is true.
    pub(super) fn add(&mut self, sound: usize, n_bins: usize, chosen: impl Fn(usize) -> bool) {
        let mut bin = 0;
        while bin < n_bins {
            let start = bin;
            while bin < n_bins && chosen(bin) {
                bin += 1;
            }
            if bin > start {
                self.0.push(Run { sound, bins: start..bin });
            }
            bin += 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|run| run.bins.len()).sum()
    }

    pub(super) fn runs(&self) -> &[Run] {
        &self.0
    }

    /// The rows in parts of at most `most` each.
    pub(super) fn parts(&self, most: usize) -> Vec<Vec<Run>> {
        let most = most.max(1);
        let (mut parts, mut part, mut n) = (Vec::new(), Vec::new(), 0);
        for run in &self.0 {
            let mut start = run.bins.start;
            while start < run.bins.end {
                let end = run.bins.end.min(start + most - n);
                part.push(Run { sound: run.sound, bins: start..end });
                n += end - start;
                start = end;
                if n == most {
                    parts.push(std::mem::take(&mut part));
                    n = 0;
                }
            }
        }
        if !part.is_empty() {
            parts.push(part);
        }
        parts
    }
}

/// The lag matrix of some sounds `(F, T)`.
pub(super) struct Design<'a> {
    sounds: Vec<ArrayView2<'a, f32>>,
    n_bands: usize,
}

impl<'a> Design<'a> {
    pub(super) fn new(sounds: Vec<ArrayView2<'a, f32>>, n_bands: usize) -> Self {
        Self { sounds, n_bands }
    }

    /// Every bin of every sound.
    pub(super) fn all_rows(&self) -> Rows {
        let run = |(sound, x): (usize, &ArrayView2<'_, f32>)| Run { sound, bins: 0..x.ncols() };
        Rows(self.sounds.iter().enumerate().map(run).collect())
    }

    /// How many rows a block has whose rows hold `n_values` each.
    pub(super) fn rows_per_block(n_values: usize) -> usize {
        (BLOCK_VALUES / n_values.max(1)).clamp(16, 1024)
    }

    /// How many columns a block has whose columns hold `n_values` each.
    pub(super) fn columns_per_block(n_values: usize) -> usize {
        (BLOCK_VALUES / n_values.max(1)).clamp(1, 1024)
    }

    /// Some rows and columns.
    pub(super) fn block(&self, runs: &[Run], columns: Range<usize>) -> Block {
        let n_rows: usize = runs.iter().map(|run| run.bins.len()).sum();
        let mut values = vec![0.0; n_rows * columns.len()];
        let fill = |(column, values): (usize, &mut [f64])| {
            let (lag, band) = (column / self.n_bands, column % self.n_bands);
            let mut rest = values;
            for Run { sound, bins } in runs {
                let (here, after) = rest.split_at_mut(bins.len());
                let row = self.sounds[*sound].row(band);
                // The first bins of a sound have nothing before them.
                let silent = lag.saturating_sub(bins.start).min(bins.len());
                let from = (bins.start + silent).saturating_sub(lag);
                for (to, &value) in here[silent..].iter_mut().zip(row.iter().skip(from)) {
                    *to = f64::from(value);
                }
                rest = after;
            }
        };
        if n_rows > 0 {
            let start = columns.start;
            values.par_chunks_mut(n_rows).enumerate().for_each(|(i, values)| fill((start + i, values)));
        }
        Block { values, n_rows }
    }
}

/// A dense block of rows, column by column.
pub(super) struct Block {
    values: Vec<f64>,
    n_rows: usize,
}

impl Block {
    pub(super) fn view(&self) -> MatRef<'_, f64> {
        let n_columns = self.values.len().checked_div(self.n_rows).unwrap_or(0);
        MatRef::from_column_major_slice(&self.values, self.n_rows, n_columns)
    }

    /// The columns, one after the other.
    pub(super) fn columns(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.n_rows.max(1))
    }

    /// Takes the mean off each column; returns the means.
    pub(super) fn centre(&mut self) -> Vec<f64> {
        let n_rows = self.n_rows.max(1) as f64;
        let centre = |column: &mut [f64]| {
            let mean = column.iter().sum::<f64>() / n_rows;
            column.iter_mut().for_each(|x| *x -= mean);
            mean
        };
        self.columns_mut().map(centre).collect()
    }

    /// The columns, to be changed.
    pub(super) fn columns_mut(&mut self) -> rayon::slice::ChunksExactMut<'_, f64> {
        self.values.par_chunks_exact_mut(self.n_rows.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_bands_now_then_bands_one_bin_ago() {
        let x = ndarray::arr2(&[[1f32, 2., 3.], [4., 5., 6.]]);
        let design = Design::new(vec![x.view(), x.view()], 2);
        let rows = |runs: &[Run], columns: Range<usize>| -> Vec<Vec<f64>> {
            let block = design.block(runs, columns);
            let m = block.view();
            (0..m.nrows()).map(|t| (0..m.ncols()).map(|c| m[(t, c)]).collect()).collect()
        };
        let all = [[1., 4., 0., 0., 0.], [2., 5., 1., 4., 0.], [3., 6., 2., 5., 1.]];
        let runs = [Run { sound: 1, bins: 0..3 }];
        assert_eq!(rows(&runs, 0..5), all);
        let parts = [Run { sound: 0, bins: 2..3 }, Run { sound: 1, bins: 0..2 }];
        assert_eq!(rows(&parts, 1..5), [all[2][1..].to_vec(), all[0][1..].to_vec(), all[1][1..].to_vec()]);
    }

    #[test]
    fn rows_are_runs_and_parts_hold_all_of_them() {
        let mut rows = Rows::default();
        rows.add(0, 6, |t| t != 2);
        rows.add(1, 2, |_| false);
        rows.add(2, 3, |_| true);
        assert_eq!(rows.len(), 8);
        let bins = |runs: &[Run]| -> Vec<(usize, usize)> {
            runs.iter().flat_map(|run| run.bins.clone().map(|t| (run.sound, t))).collect()
        };
        let all = [(0, 0), (0, 1), (0, 3), (0, 4), (0, 5), (2, 0), (2, 1), (2, 2)];
        assert_eq!(bins(rows.runs()), all);
        for most in 1..10 {
            let parts = rows.parts(most);
            assert_eq!(parts.iter().flat_map(|part| bins(part)).collect::<Vec<_>>(), all);
            assert!(parts.iter().all(|part| bins(part).len() <= most));
            assert_eq!(parts.len(), 8usize.div_ceil(most));
        }
    }
}
