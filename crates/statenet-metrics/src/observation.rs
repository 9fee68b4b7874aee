//! Recorded responses and predicted rates: the input of every score.

use ndarray::{ArrayView1, ArrayView2, ArrayView3};
use statenet_core::{Dim, ResponseMask, expect_shape};

use crate::error::{Error, Result};

/// The recorded responses to one stimulus, with a mask of the values that were recorded.
///
/// - `responses`: `(N, R, T)`, spikes per bin, smoothed or not.
/// - `mask`: `(N, R, T)`. Values where it is false are never read; they may be NaN.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    responses: ArrayView3<'a, f64>,
    mask: &'a ResponseMask,
}

impl<'a> Recorded<'a> {
    /// The responses to one stimulus and their mask.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes differ or an axis is empty.
    pub fn new(responses: ArrayView3<'a, f64>, mask: &'a ResponseMask) -> Result<Self> {
        expect_shape("responses", responses.shape(), &[Dim::Any("N"), Dim::Any("R"), Dim::Any("T")])?;
        let (n, r, t) = responses.dim();
        expect_shape("mask", mask.view().shape(), &[n.into(), r.into(), t.into()])?;
        Ok(Self { responses, mask })
    }

    /// The responses, `(N, R, T)`.
    #[must_use]
    pub fn responses(&self) -> ArrayView3<'a, f64> {
        self.responses
    }

    /// Which of them were recorded, `(N, R, T)`.
    #[must_use]
    pub fn mask(&self) -> &'a ResponseMask {
        self.mask
    }

    /// Number of neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.responses.dim().0
    }

    /// Number of time bins T.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.responses.dim().2
    }
}

/// One stimulus: the predicted rates and the recorded responses.
///
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::Observation;
///
/// let (rate, responses) = (Array2::zeros((2, 5)), Array3::zeros((2, 3, 5)));
/// let mask = ResponseMask::all(2, 3, 5);
/// assert!(Observation::new(rate.view(), responses.view(), &mask).is_ok());
///
/// let short = Array2::zeros((2, 4));
/// let error = Observation::new(short.view(), responses.view(), &mask).unwrap_err();
/// assert_eq!(error.to_string(), "rate has shape (2, 4), expected (2, 5)");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    rate: ArrayView2<'a, f64>,
    recorded: Recorded<'a>,
}

impl<'a> Observation<'a> {
    /// Predicted rates and recorded responses of one stimulus.
    ///
    /// - `rate`: `(N, T)`, the predicted rate, in any scale that the score allows.
    /// - `responses`, `mask`: `(N, R, T)`.
    ///
    /// # Errors
    /// [`Error::Shape`] if N, R or T differ, or an axis is empty.
    pub fn new(
        rate: ArrayView2<'a, f64>,
        responses: ArrayView3<'a, f64>,
        mask: &'a ResponseMask,
    ) -> Result<Self> {
        Self::of(rate, Recorded::new(responses, mask)?)
    }

    /// Predicted rates for responses that are already checked.
    ///
    /// # Errors
    /// [`Error::Shape`] if N or T differ.
    pub fn of(rate: ArrayView2<'a, f64>, recorded: Recorded<'a>) -> Result<Self> {
        expect_shape("rate", rate.shape(), &[recorded.n_neurons().into(), recorded.n_bins().into()])?;
        Ok(Self { rate, recorded })
    }

    /// Whether another observation is of the same numbers in memory.
    pub(crate) fn is_same_as(&self, other: &Observation<'_>) -> bool {
        let (own, its) = (self.recorded, other.recorded);
        let same_responses = own.responses.as_ptr() == its.responses.as_ptr()
            && own.responses.dim() == its.responses.dim()
            && own.responses.strides() == its.responses.strides();
        same_responses
            && std::ptr::eq(own.mask, its.mask)
            && self.rate.as_ptr() == other.rate.as_ptr()
            && self.rate.strides() == other.rate.strides()
    }

    /// The predicted rate, `(N, T)`.
    #[must_use]
    pub fn rate(&self) -> ArrayView2<'a, f64> {
        self.rate
    }

    /// The recorded responses.
    #[must_use]
    pub fn recorded(&self) -> Recorded<'a> {
        self.recorded
    }
}

/// The recorded responses of observations, in their order.
#[must_use]
pub fn recorded<'a>(observations: &[Observation<'a>]) -> Vec<Recorded<'a>> {
    observations.iter().map(Observation::recorded).collect()
}

/// Whether all flags of a row are set.
pub(crate) fn all_set(flags: ArrayView1<'_, bool>) -> bool {
    // Without an early end, which would look at one flag at a time.
    flags.iter().fold(true, |all, &flag| all & flag)
}

/// The number of neurons, which must be the same for all stimuli.
pub(crate) fn n_neurons(recorded: &[Recorded<'_>]) -> Result<usize> {
    let expected = recorded.first().ok_or(Error::NoStimulus)?.n_neurons();
    match recorded.iter().position(|r| r.n_neurons() != expected) {
        None => Ok(expected),
        Some(stimulus) => Err(Error::NeuronCount { stimulus, got: recorded[stimulus].n_neurons(), expected }),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    #[test]
    fn a_mask_of_another_shape_is_an_error() {
        let responses = Array3::zeros((1, 2, 3));
        let message = Recorded::new(responses.view(), &ResponseMask::all(1, 2, 4)).unwrap_err().to_string();
        assert_eq!(message, "mask has shape (1, 2, 4), expected (1, 2, 3)");
    }

    #[test]
    fn zero_repeats_are_an_error() {
        let responses = Array3::zeros((1, 0, 3));
        let message = Recorded::new(responses.view(), &ResponseMask::all(1, 0, 3)).unwrap_err().to_string();
        assert_eq!(message, "responses has shape (1, 0, 3), expected (N, R, T) with R of 1 or more");
    }

    #[test]
    fn stimuli_agree_on_the_neurons() {
        let (two, three) = (Array3::zeros((2, 1, 4)), Array3::zeros((3, 1, 4)));
        let (mask2, mask3) = (ResponseMask::all(2, 1, 4), ResponseMask::all(3, 1, 4));
        let stimuli =
            [Recorded::new(two.view(), &mask2).unwrap(), Recorded::new(three.view(), &mask3).unwrap()];
        assert_eq!(
            n_neurons(&stimuli).unwrap_err().to_string(),
            "stimulus 1 has 3 neurons, expected 2 as the first has"
        );
        assert!(matches!(n_neurons(&[]), Err(Error::NoStimulus)));
    }
}
