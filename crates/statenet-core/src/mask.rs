//! A mask of the recorded responses.

use ndarray::{Array2, Array3, ArrayView3, Axis};

/// A mask over the responses to one stimulus, `(N, R, T)`: true where a value was recorded.
///
/// R is the largest number of repeats of any neuron; the further repeats of a neuron with fewer are all false, as are all
/// repeats of a neuron without responses to this stimulus. Values where the mask is false are never read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseMask(Array3<bool>);

impl ResponseMask {
    /// A mask from flags `(N, R, T)`.
    #[must_use]
    pub fn new(valid: Array3<bool>) -> Self {
        Self(valid)
    }

    /// A mask of complete data: N neurons, R repeats and T bins.
    #[must_use]
    pub fn all(n_neurons: usize, n_repeats: usize, n_bins: usize) -> Self {
        Self(Array3::from_elem((n_neurons, n_repeats, n_bins), true))
    }

    /// The mask of an array in which NaN means missing.
    #[must_use]
    pub fn from_nan(values: ArrayView3<'_, f32>) -> Self {
        Self(values.mapv(|v| !v.is_nan()))
    }

    /// The flags, `(N, R, T)`.
    #[must_use]
    pub fn view(&self) -> ArrayView3<'_, bool> {
        self.0.view()
    }

    /// Whether every bin of every repeat was recorded.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.0.iter().all(|&v| v)
    }

    /// The number of repeats of a neuron with at least one recorded bin; 0 for an index that does not exist.
    #[must_use]
    pub fn n_repeats(&self, neuron: usize) -> usize {
        if neuron >= self.0.len_of(Axis(0)) {
            return 0;
        }
        self.0.index_axis(Axis(0), neuron).rows().into_iter().filter(|row| row.iter().any(|&v| v)).count()
    }

    /// Whether at least one repeat was recorded, `(N, T)`: where the PSTH is defined.
    #[must_use]
    pub fn any_repeat(&self) -> Array2<bool> {
        self.0.map_axis(Axis(1), |repeats| repeats.iter().any(|&v| v))
    }

    /// The mask of the given neurons, in that order; indices that do not exist are left out.
    #[must_use]
    pub fn select(&self, neurons: &[usize]) -> Self {
        let inside: Vec<usize> = neurons.iter().copied().filter(|&n| n < self.0.len_of(Axis(0))).collect();
        Self(self.0.select(Axis(0), &inside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_missing_and_the_psth_exists_where_any_repeat_does() {
        let nan = f32::NAN;
        let values =
            Array3::from_shape_vec((2, 2, 3), vec![0., nan, 1., nan, nan, 2., nan, nan, nan, nan, nan, nan])
                .unwrap();
        let mask = ResponseMask::from_nan(values.view());
        assert!(!mask.is_complete());
        assert_eq!(mask.any_repeat().into_raw_vec_and_offset().0, [true, false, true, false, false, false]);
        assert_eq!((mask.n_repeats(0), mask.n_repeats(1), mask.n_repeats(2)), (2, 0, 0));
        assert_eq!(mask.select(&[1, 7]).view().dim(), (1, 2, 3));
    }
}
