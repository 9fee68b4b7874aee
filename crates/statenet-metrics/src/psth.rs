//! The PSTH of one neuron and one stimulus at the bins where at least one repeat was recorded.

use ndarray::{ArrayView1, Axis};

use crate::{
    observation::{Recorded, all_set},
    repeats::Repeats,
    undefined::{Source, Undefined},
};

/// The PSTH: `mean[i]` is the mean over the recorded repeats at bin `bins[i]`; bins without a repeat are left out.
#[derive(Clone, Debug)]
pub(crate) struct Psth {
    bins: Bins,
    mean: Vec<f64>,
}

/// The recorded bins of a stimulus, in order.
#[derive(Clone, Debug)]
enum Bins {
    All,
    Some(Vec<usize>),
}

impl Psth {
    /// The PSTH of a neuron.
    ///
    /// # Errors
    /// [`Undefined::NotFinite`] if a recorded response is NaN or infinite.
    pub(crate) fn of(recorded: &Recorded<'_>, neuron: usize) -> Result<Self, Undefined> {
        let mask = recorded.mask().view();
        let (responses, mask) =
            (recorded.responses().index_axis_move(Axis(0), neuron), mask.index_axis(Axis(0), neuron));
        let (mut sum, mut count) = (vec![0.0; recorded.n_bins()], vec![0_u32; recorded.n_bins()]);
        let mut n_whole = 0;
        for (y, valid) in responses.rows().into_iter().zip(mask.rows()) {
            if all_set(valid) {
                sum.iter_mut().zip(y).for_each(|(sum, y)| *sum += y);
                n_whole += 1;
                continue;
            }
            for (((sum, count), &y), &valid) in sum.iter_mut().zip(&mut count).zip(y).zip(valid) {
                if valid {
                    *sum += y;
                    *count += 1;
                }
            }
        }
        count.iter_mut().for_each(|count| *count += n_whole);
        let bins = if count.iter().all(|&c| c > 0) {
            Bins::All
        } else {
            Bins::Some((0..count.len()).filter(|&t| count[t] > 0).collect())
        };
        let recorded = sum.iter().zip(&count).filter(|(_, c)| **c > 0);
        Self { bins, mean: recorded.map(|(s, c)| s / f64::from(*c)).collect() }.finite()
    }

    /// The PSTH of a neuron whose repeats have been read.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(crate) fn of_repeats(
        repeats: &Repeats,
        recorded: &Recorded<'_>,
        neuron: usize,
    ) -> Result<Self, Undefined> {
        let Repeats::Complete { values, .. } = repeats else { return Self::of(recorded, neuron) };
        let (n, n_bins) = (values.len() as f64, recorded.n_bins());
        let mut mean = vec![0.0; values.first().map_or(0, Vec::len)];
        for row in values {
            mean.iter_mut().zip(row).for_each(|(sum, y)| *sum += y);
        }
        mean.iter_mut().for_each(|sum| *sum /= n);
        let bins = if mean.len() == n_bins {
            Bins::All
        } else {
            let mask = recorded.mask().view().index_axis_move(Axis(0), neuron);
            Bins::Some((0..n_bins).filter(|&t| mask.column(t).iter().any(|&valid| valid)).collect())
        };
        Self { bins, mean }.finite()
    }

    fn finite(self) -> Result<Self, Undefined> {
        if self.mean.iter().all(|m| m.is_finite()) {
            Ok(self)
        } else {
            Err(Undefined::NotFinite(Source::Response))
        }
    }

    /// The mean over repeats, one value per recorded bin.
    pub(crate) fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Number of recorded bins.
    pub(crate) fn n_bins(&self) -> usize {
        self.mean.len()
    }

    /// The indices of the recorded bins.
    pub(crate) fn times(&self) -> Vec<usize> {
        match &self.bins {
            Bins::All => (0..self.mean.len()).collect(),
            Bins::Some(bins) => bins.clone(),
        }
    }

    /// The values of a rate `(T)` at the recorded bins.
    ///
    /// # Errors
    /// [`Undefined::NotFinite`] if it is NaN or infinite at one of them.
    pub(crate) fn pick(&self, rate: ArrayView1<'_, f64>) -> Result<Vec<f64>, Undefined> {
        let picked: Vec<f64> = match &self.bins {
            Bins::All => rate.to_vec(),
            Bins::Some(bins) => bins.iter().map(|&t| rate[t]).collect(),
        };
        if picked.iter().all(|p| p.is_finite()) {
            Ok(picked)
        } else {
            Err(Undefined::NotFinite(Source::Rate))
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr1};
    use statenet_core::ResponseMask;

    use super::*;

    #[test]
    fn a_bin_without_a_repeat_is_left_out_and_nan_under_the_mask_is_not_read() {
        let nan = f64::NAN;
        let y = Array3::from_shape_vec((1, 2, 3), vec![1.0, nan, 4.0, 3.0, nan, nan]).unwrap();
        let mask = ResponseMask::new(y.mapv(|v: f64| !v.is_nan()));
        let psth = Psth::of(&Recorded::new(y.view(), &mask).unwrap(), 0).unwrap();
        assert_eq!((psth.mean(), psth.n_bins(), psth.times()), (&[2.0, 4.0][..], 2, vec![0, 2]));
        assert_eq!(psth.pick(arr1(&[7.0, nan, 9.0]).view()).unwrap(), [7.0, 9.0]);
        assert!(psth.pick(arr1(&[nan, 8.0, 9.0]).view()).is_err());
    }

    #[test]
    fn a_recorded_nan_is_a_reason() {
        let y = Array3::from_elem((1, 1, 2), f64::NAN);
        let reason = Psth::of(&Recorded::new(y.view(), &ResponseMask::all(1, 1, 2)).unwrap(), 0).unwrap_err();
        assert_eq!(reason, Undefined::NotFinite(Source::Response));
    }
}
