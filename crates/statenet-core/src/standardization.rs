//! Standardization of a cochleagram's bands: the mean that is subtracted and the standard deviation that is divided by.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::shape::{Dim, ShapeError, expect_shape};

/// Mean and standard deviation of each band, fitted to training stimuli and stored with the model.
///
/// Always valid: there is one mean and one deviation per band, and deviations are finite and above 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "MeansAndDeviations")]
pub struct Standardization {
    mean: Vec<f32>,
    std: Vec<f32>,
}

/// A standardization as it is stored, not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeansAndDeviations {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl TryFrom<MeansAndDeviations> for Standardization {
    type Error = crate::Error;

    fn try_from(bands: MeansAndDeviations) -> Result<Self, Self::Error> {
        Self::new(bands.mean, bands.std)
    }
}

impl Standardization {
    /// A standardization from the mean and standard deviation of each band.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the lengths differ,
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) if a mean is not finite, or a deviation is not finite and above 0.
    pub fn new(mean: Vec<f32>, std: Vec<f32>) -> crate::Result<Self> {
        expect_shape("standard deviations", &[std.len()], &[Dim::Is(mean.len())])?;
        let out_of_range =
            |quantity, got: f32, expected| crate::Error::OutOfRange { quantity, got: got.into(), expected };
        if let Some(&bad) = mean.iter().find(|m| !m.is_finite()) {
            return Err(out_of_range("mean of a band", bad, "finite"));
        }
        if let Some(&bad) = std.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
            return Err(out_of_range("standard deviation of a band", bad, "finite and above 0"));
        }
        Ok(Self { mean, std })
    }

    /// The standardization that changes nothing: means of 0, deviations of 1.
    #[must_use]
    pub fn identity(n_bands: usize) -> Self {
        Self { mean: vec![0.0; n_bands], std: vec![1.0; n_bands] }
    }

    /// Mean of each band, in the cochleagram's unit.
    #[must_use]
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// Standard deviation of each band, in the cochleagram's unit.
    #[must_use]
    pub fn std(&self) -> &[f32] {
        &self.std
    }

    /// Number of bands F.
    #[must_use]
    pub fn n_bands(&self) -> usize {
        self.mean.len()
    }

    /// `(x - mean) / std` of a cochleagram `(F, T)`.
    ///
    /// # Errors
    /// [`ShapeError`] if the number of bands differs.
    pub fn apply(&self, cochleagram: &ArrayView2<'_, f32>) -> Result<Array2<f32>, ShapeError> {
        expect_shape("cochleagram", cochleagram.shape(), &[Dim::Is(self.n_bands()), Dim::Any("T")])?;
        let mut scaled = cochleagram.to_owned();
        for ((mut band, mean), std) in scaled.outer_iter_mut().zip(&self.mean).zip(&self.std) {
            band.mapv_inplace(|x| (x - mean) / std);
        }
        Ok(scaled)
    }

    /// `std z + mean` of a scaled cochleagram `(F, T)`: as it would have been recorded.
    ///
    /// # Errors
    /// [`ShapeError`] if the number of bands differs.
    pub fn undo(&self, scaled: &ArrayView2<'_, f32>) -> Result<Array2<f32>, ShapeError> {
        expect_shape("scaled cochleagram", scaled.shape(), &[Dim::Is(self.n_bands()), Dim::Any("T")])?;
        let mut cochleagram = scaled.to_owned();
        for ((mut band, mean), std) in cochleagram.outer_iter_mut().zip(&self.mean).zip(&self.std) {
            band.mapv_inplace(|z| z * std + mean);
        }
        Ok(cochleagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_scaled_one_by_one() {
        let scale = Standardization::new(vec![1.0, 0.0], vec![2.0, 0.5]).unwrap();
        let x = ndarray::arr2(&[[1.0, 3.0], [1.0, -1.0]]);
        assert_eq!(scale.apply(&x.view()).unwrap(), ndarray::arr2(&[[0.0, 1.0], [2.0, -2.0]]));
        assert!(scale.apply(&ndarray::arr2(&[[1.0]]).view()).is_err());
        assert_eq!(scale.undo(&scale.apply(&x.view()).unwrap().view()).unwrap(), x);
        assert_eq!(Standardization::identity(2).apply(&x.view()).unwrap(), x);
    }

    #[test]
    fn serde_refuses_a_deviation_of_zero() {
        let text = r#"{"mean": [0.0], "std": [0.0]}"#;
        let message = serde_json::from_str::<Standardization>(text).unwrap_err().to_string();
        assert!(message.contains("standard deviation of a band is 0"), "{message}");
    }
}
