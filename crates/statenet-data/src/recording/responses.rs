//! The responses of all neurons to one stimulus.

use std::sync::Arc;

use ndarray::{Array2, Array3, ArrayView3, Axis, Zip};
use statenet_core::{Dim, ResponseMask, ResponseUnit, expect_shape};

use crate::error::{Error, Place, Result};

/// Recorded responses to one stimulus, `(N, R, T)`, spikes per bin or values in another unit, with a mask of what was recorded.
///
/// R is the largest number of repeats of any neuron; the further repeats of a neuron with fewer are missing. A missing
/// value is stored as 0 with a false mask, so that two `Responses` are equal if their recorded values are.
///
/// ```
/// use ndarray::array;
/// use statenet_data::Responses;
///
/// let responses = Responses::from_nan(array![[[0., 2., 1.], [1., f32::NAN, f32::NAN]]])?;
/// let (psth, valid) = responses.psth();
/// assert_eq!(psth, array![[0.5, 2., 1.]]);
/// assert!(valid.iter().all(|&v| v));
///
/// let potential = Responses::from_nan_in(array![[[-64.2, -61.0, f32::NAN]]], "mV".parse()?)?;
/// assert_eq!(potential.unit().to_string(), "mV");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Responses {
    values: Array3<f32>,
    /// Shared by responses that differ in values.
    mask: Arc<ResponseMask>,
    unit: ResponseUnit,
}

impl Responses {
    /// Spike counts `(N, R, T)` and a mask of the same shape; values where the mask is false are ignored.
    ///
    /// # Errors
    /// [`Error::Shape`] if an axis is empty or the shapes differ; [`Error::Value`] for a recorded value that is
    /// negative, infinite or NaN.
    pub fn new(values: Array3<f32>, mask: &ResponseMask) -> Result<Self> {
        Self::new_in(values, mask, ResponseUnit::SpikesPerBin)
    }

    /// Responses `(N, R, T)` in a unit, and a mask of the same shape. Values of a continuous unit may be negative.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_in(values: Array3<f32>, mask: &ResponseMask, unit: ResponseUnit) -> Result<Self> {
        Self::checked(values, mask, unit, &Place::Argument("responses"))
    }

    /// Spike counts `(N, R, T)` in which NaN means missing.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_nan(values: Array3<f32>) -> Result<Self> {
        Self::from_nan_in(values, ResponseUnit::SpikesPerBin)
    }

    /// Responses `(N, R, T)` in a unit, in which NaN means missing. Values of a continuous unit may be negative.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_nan_in(values: Array3<f32>, unit: ResponseUnit) -> Result<Self> {
        let mask = ResponseMask::from_nan(values.view());
        Self::new_in(values, &mask, unit)
    }

    /// Checks and stores responses; `place` is where errors say they come from.
    pub(crate) fn checked(
        mut values: Array3<f32>,
        mask: &ResponseMask,
        unit: ResponseUnit,
        place: &Place,
    ) -> Result<Self> {
        let any = [Dim::Any("N"), Dim::Any("R"), Dim::Any("T")];
        let shape_error = |shape| Error::Shape { place: place.clone(), shape };
        expect_shape(unit.array(), values.shape(), &any).map_err(shape_error)?;
        let (least, expected) =
            if unit.is_spikes() { (0.0, "0 or more spikes") } else { (f32::MIN, "a finite number") };
        let (n, r, t) = values.dim();
        expect_shape("mask", mask.view().shape(), &[n.into(), r.into(), t.into()]).map_err(shape_error)?;
        Zip::from(&mut values).and(mask.view()).for_each(|value, &valid| {
            if !valid {
                *value = 0.0;
            }
        });
        let is_right = |value: f32| value.is_finite() && value >= least;
        if let Some(((neuron, repeat, bin), &got)) =
            values.indexed_iter().find(|(_, value)| !is_right(**value))
        {
            return Err(Error::Value {
                place: place.clone(),
                array: unit.array(),
                index: vec![neuron, repeat, bin],
                got: f64::from(got),
                expected,
            });
        }
        let in_order = values.is_standard_layout();
        let values = if in_order { values } else { values.as_standard_layout().into_owned() };
        Ok(Self { values, mask: Arc::new(mask.clone()), unit })
    }

    /// Responses with NaN for missing values that were [checked](Self::checked) before.
    pub(crate) fn checked_before(mut values: Array3<f32>, unit: ResponseUnit, is_complete: bool) -> Self {
        let (n, r, t) = values.dim();
        let mask =
            if is_complete { ResponseMask::all(n, r, t) } else { ResponseMask::from_nan(values.view()) };
        if !is_complete {
            values.mapv_inplace(|value| if value.is_nan() { 0.0 } else { value });
        }
        let in_order = values.is_standard_layout();
        let values = if in_order { values } else { values.as_standard_layout().into_owned() };
        Self { values, mask: Arc::new(mask), unit }
    }

    /// The unit of the values.
    #[must_use]
    pub fn unit(&self) -> &ResponseUnit {
        &self.unit
    }

    /// The values, `(N, R, T)`, spikes per bin or in another [`unit`](Self::unit); 0 where missing.
    #[must_use]
    pub fn values(&self) -> ArrayView3<'_, f32> {
        self.values.view()
    }

    /// The same, as an array.
    pub(super) fn stored(&self) -> &Array3<f32> {
        &self.values
    }

    /// Which values were recorded, `(N, R, T)`.
    #[must_use]
    pub fn mask(&self) -> &ResponseMask {
        &self.mask
    }

    /// The values with NaN for missing ones, `(N, R, T)`, for files and other software.
    #[must_use]
    pub fn to_nan(&self) -> Array3<f32> {
        let mut values = self.values.clone();
        Zip::from(&mut values).and(self.mask.view()).for_each(|value, &valid| {
            if !valid {
                *value = f32::NAN;
            }
        });
        values
    }

    /// Number of neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.values.dim().0
    }

    /// Largest number of repeats R of any neuron.
    #[must_use]
    pub fn n_repeats(&self) -> usize {
        self.values.dim().1
    }

    /// Number of time bins T.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.values.dim().2
    }

    /// The PSTH: the mean over the recorded repeats of each bin, `(N, T)`, in the unit of the values, and whether it exists.
    ///
    /// Where no repeat was recorded, the mean is 0 and the flag false. Sums are in f64, in the order of the repeats.
    #[must_use]
    pub fn psth(&self) -> (Array2<f32>, Array2<bool>) {
        let (n, _, t) = self.values.dim();
        let mut sum = Array2::<f64>::zeros((n, t));
        let mut count = Array2::<u32>::zeros((n, t));
        for (values, mask) in self.values.axis_iter(Axis(1)).zip(self.mask.view().axis_iter(Axis(1))) {
            Zip::from(&mut sum).and(&mut count).and(values).and(mask).for_each(
                |sum, count, &value, &valid| {
                    if valid {
                        *sum += f64::from(value);
                        *count += 1;
                    }
                },
            );
        }
        let mean = Zip::from(&sum)
            .and(&count)
            .map_collect(|&s, &c| if c == 0 { 0.0 } else { (s / f64::from(c)) as f32 });
        (mean, count.mapv(|c| c > 0))
    }

    /// The responses of the given neurons, in that order; indices must be below N.
    pub(crate) fn select(&self, neurons: &[usize]) -> Self {
        let values = self.values.select(Axis(0), neurons);
        Self { values, mask: Arc::new(self.mask.select(neurons)), unit: self.unit.clone() }
    }

    /// Changed values with the same mask; their shape must be the same.
    pub(crate) fn with_values(&self, values: Array3<f32>) -> Self {
        debug_assert_eq!(values.dim(), self.values.dim(), "the shape must not change");
        Self { values, mask: Arc::clone(&self.mask), unit: self.unit.clone() }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_negative_count_is_named() {
        let error = Responses::from_nan(array![[[0.0, -1.0]]]).unwrap_err();
        assert_eq!(error.to_string(), "responses: counts[0, 0, 1] is -1, expected 0 or more spikes");
    }

    #[test]
    fn values_of_a_continuous_unit_may_be_negative_but_not_infinite() {
        let unit = || "mV".parse().unwrap();
        let kept = Responses::from_nan_in(array![[[-65.5, f32::NAN]]], unit()).unwrap();
        assert_eq!(kept.values(), array![[[-65.5, 0.0]]]);
        let error = Responses::from_nan_in(array![[[f32::NEG_INFINITY]]], unit()).unwrap_err();
        assert_eq!(error.to_string(), "responses: values[0, 0, 0] is -inf, expected a finite number");
    }

    #[test]
    fn zero_repeats_are_an_error() {
        let error = Responses::from_nan(Array3::zeros((2, 0, 5))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "responses: counts has shape (2, 0, 5), expected (N, R, T) with R of 1 or more"
        );
    }

    #[test]
    fn a_mask_of_another_shape_is_an_error() {
        let error = Responses::new(Array3::zeros((1, 2, 3)), &ResponseMask::all(1, 2, 4)).unwrap_err();
        assert_eq!(error.to_string(), "responses: mask has shape (1, 2, 4), expected (1, 2, 3)");
    }

    #[test]
    fn values_under_the_mask_do_not_matter() {
        let mask = ResponseMask::new(array![[[true, false]]]);
        let one = Responses::new(array![[[1.0, 7.0]]], &mask).unwrap();
        let other = Responses::new(array![[[1.0, f32::NAN]]], &mask).unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn a_bin_without_repeats_has_no_psth() {
        let responses = Responses::from_nan(array![[[f32::NAN, 1.0], [f32::NAN, 3.0]]]).unwrap();
        let (psth, valid) = responses.psth();
        assert_eq!((psth, valid), (array![[0.0, 2.0]], array![[false, true]]));
    }

    proptest! {
        #[test]
        fn nan_at_the_border_is_the_mask_inside(
            cells in prop::collection::vec(prop::option::of(0u8..5), 24),
        ) {
            let values: Vec<f32> = cells.iter().map(|c| c.map_or(f32::NAN, f32::from)).collect();
            let array = Array3::from_shape_vec((2, 3, 4), values).unwrap();
            let responses = Responses::from_nan(array.clone()).unwrap();
            let back = responses.to_nan();
            for (a, b) in array.iter().zip(&back) {
                prop_assert!(a == b || (a.is_nan() && b.is_nan()));
            }
            let (psth, valid) = responses.psth();
            for n in 0..2 {
                for t in 0..4 {
                    let seen: Vec<f64> =
                        (0..3).map(|r| f64::from(array[[n, r, t]])).filter(|v| !v.is_nan()).collect();
                    prop_assert_eq!(valid[[n, t]], !seen.is_empty());
                    let naive = if seen.is_empty() { 0.0 } else { seen.iter().sum::<f64>() / seen.len() as f64 };
                    prop_assert!((f64::from(psth[[n, t]]) - naive).abs() < 1e-6);
                }
            }
        }
    }
}
