//! Standardization of cochleagrams, fitted on training stimuli and applied anywhere.

use ndarray::{Array2, ArrayView2, Axis, Zip};
use serde::{Deserialize, Serialize};
use statenet_core::{Dim, expect_shape};

use crate::{
    error::{Error, Place, Result},
    recording::Recording,
};

/// Below this deviation a band counts as constant.
const CONSTANT_BAND: f64 = 1e-8;

/// Mean and deviation of each band, `x' = (x - mean) / std`.
///
/// Over all bins of the training stimuli together, summed in f64; the deviation is unbiased (n - 1). A band that is
/// constant there is centred and not scaled: its `std` is 1. (The reference divides by 1e-8, so that such a band
/// explodes in the first test stimulus where it moves.) A saved model keeps the one that its data was fitted with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Standardization {
    mean: Vec<f32>,
    std: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Standardization {
    /// A standardization from numbers: one mean and one deviation above 0 per band.
    ///
    /// # Errors
    /// [`Error::Shape`] if the lengths differ or are 0; [`Error::Value`] for a number out of range.
    pub fn new(mean: Vec<f32>, std: Vec<f32>) -> Result<Self> {
        let place = || Place::Argument("standardization");
        expect_shape("mean", &[mean.len()], &[Dim::Any("F")])
            .and_then(|()| expect_shape("std", &[std.len()], &[mean.len().into()]))
            .map_err(|shape| Error::Shape {
                place: place(),
                shape,
            })?;
        let bad = |array, index, got: f32, expected| {
            Err(Error::Value {
                place: place(),
                array,
                index: vec![index],
                got: got.into(),
                expected,
            })
        };
        if let Some((band, &got)) = mean.iter().enumerate().find(|(_, m)| !m.is_finite()) {
            return bad("mean", band, got, "a finite number");
        }
        if let Some((band, &got)) = std
            .iter()
            .enumerate()
            .find(|(_, s)| !(s.is_finite() && **s > 0.0))
        {
            return bad("std", band, got, "a number above 0");
        }
        Ok(Self { mean, std })
    }

    /// Mean and deviation over all bins of the stimuli `train`.
    ///
    /// # Errors
    /// [`Error::Empty`] without stimuli; [`Error::StimulusOutOfRange`].
    pub fn fit(recording: &Recording, train: &[usize]) -> Result<Self> {
        if train.is_empty() {
            return Err(Error::Empty {
                what: "training stimuli",
            });
        }
        let stimuli = train
            .iter()
            .map(|&index| recording.stimulus(index))
            .collect::<Result<Vec<_>>>()?;
        let (mut means, mut stds) = (Vec::new(), Vec::new());
        for band in 0..recording.n_bands() {
            let values = || {
                let rows = stimuli
                    .iter()
                    .map(move |s| s.cochleagram().index_axis_move(Axis(0), band));
                rows.flat_map(|row| row.to_vec()).map(f64::from)
            };
            let n = stimuli.iter().map(|s| s.n_bins()).sum::<usize>() as f64;
            let mean = values().sum::<f64>() / n;
            let variance = values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
            let std = variance.sqrt();
            means.push(mean as f32);
            stds.push(if std < CONSTANT_BAND { 1.0 } else { std as f32 });
        }
        Self::new(means, stds)
    }

    /// The mean of each band.
    #[must_use]
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The deviation of each band, above 0.
    #[must_use]
    pub fn std(&self) -> &[f32] {
        &self.std
    }

    /// Bands F.
    #[must_use]
    pub fn n_bands(&self) -> usize {
        self.mean.len()
    }

    /// A cochleagram `(F, T)`, standardized.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of bands.
    pub fn apply(&self, cochleagram: ArrayView2<'_, f32>) -> Result<Array2<f32>> {
        expect_shape(
            "cochleagram",
            cochleagram.shape(),
            &[self.n_bands().into(), Dim::Any("T")],
        )
        .map_err(|shape| Error::Shape {
            place: Place::Argument("standardization"),
            shape,
        })?;
        let mut standardized = cochleagram.as_standard_layout().into_owned();
        Zip::from(standardized.rows_mut())
            .and(&ndarray::aview1(&self.mean))
            .and(&ndarray::aview1(&self.std))
            .for_each(|mut row, &mean, &std| row.mapv_inplace(|x| (x - mean) / std));
        Ok(standardized)
    }

    pub(crate) fn expect_bands(&self, n_bands: usize) -> Result<()> {
        expect_shape("mean", &[self.mean.len()], &[n_bands.into()]).map_err(|shape| Error::Shape {
            place: Place::Argument("standardization"),
            shape,
        })
    }
}

impl TryFrom<Raw> for Standardization {
    type Error = Error;
    fn try_from(raw: Raw) -> Result<Self> {
        Self::new(raw.mean, raw.std)
    }
}

impl From<Standardization> for Raw {
    fn from(s: Standardization) -> Self {
        Self {
            mean: s.mean,
            std: s.std,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};
    use proptest::prelude::*;
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Neuron, Responses, Stimulus};

    fn recording(cochleagrams: Vec<Array2<f32>>) -> Recording {
        let stimuli = cochleagrams
            .into_iter()
            .enumerate()
            .map(|(i, c)| {
                let silent = Responses::from_nan(Array3::zeros((1, 1, c.dim().1))).unwrap();
                Stimulus::new(format!("s{i}"), c, silent).unwrap()
            })
            .collect();
        let dt = TimeBin::from_millis(5.0).unwrap();
        Recording::new(
            Description::default(),
            dt,
            vec![],
            vec![Neuron::new("u")],
            stimuli,
        )
        .unwrap()
    }

    #[test]
    fn mean_and_deviation_are_over_all_bins_of_the_training_stimuli() {
        let r = recording(vec![
            array![[1.0, 2.0], [5.0, 5.0]],
            array![[6.0], [5.0]],
            array![[100.0], [7.0]],
        ]);
        let s = Standardization::fit(&r, &[0, 1]).unwrap();
        // Band 0: 1, 2, 6: mean 3, variance (4 + 1 + 9) / 2. Band 1 is constant: centred, not scaled.
        assert_eq!(s.mean(), [3.0, 5.0]);
        assert_eq!(s.std(), [7f32.sqrt(), 1.0]);
        let after = r.standardize(&[0, 1]).unwrap();
        assert_eq!(after.stimuli()[2].cochleagram()[[1, 0]], 2.0);
        assert_eq!(after.standardization(), Some(&s));
        assert_eq!(after.standardized_with(&s).unwrap(), after);
        let error = after.standardize(&[0]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is standardized already, expected the cochleagrams as recorded")
        );
    }

    #[test]
    fn one_bin_has_a_mean_and_no_deviation() {
        let s = Standardization::fit(&recording(vec![array![[4.0]]]), &[0]).unwrap();
        assert_eq!((s.mean(), s.std()), (&[4.0][..], &[1.0][..]));
    }

    #[test]
    fn wrong_numbers_are_named() {
        let message = |mean: &[f32], std: &[f32]| {
            Standardization::new(mean.to_vec(), std.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            message(&[], &[]),
            "standardization: mean has shape (0), expected (F)"
        );
        assert_eq!(
            message(&[0.0], &[1.0, 1.0]),
            "standardization: std has shape (2), expected (1)"
        );
        assert_eq!(
            message(&[0.0], &[0.0]),
            "standardization: std[0] is 0, expected a number above 0"
        );
        assert_eq!(
            message(&[f32::NAN], &[1.0]),
            "standardization: mean[0] is NaN, expected a finite number"
        );
        let r = recording(vec![array![[4.0]]]);
        assert!(matches!(
            r.standardize(&[1]),
            Err(Error::StimulusOutOfRange { index: 1, .. })
        ));
        assert_eq!(
            r.standardize(&[]).unwrap_err().to_string(),
            "recording has no training stimuli, expected at least one"
        );
        let two = Standardization::new(vec![0.0; 2], vec![1.0; 2]).unwrap();
        assert_eq!(
            r.standardized_with(&two).unwrap_err().to_string(),
            "standardization: cochleagram has shape (1, 1), expected (2, T)"
        );
    }

    #[test]
    fn serde_checks_what_it_reads() {
        let s = Standardization::new(vec![0.1, 2.0], vec![1.5, 0.3]).unwrap();
        let text = serde_json::to_string(&s).unwrap();
        assert_eq!(serde_json::from_str::<Standardization>(&text).unwrap(), s);
        let error = serde_json::from_str::<Standardization>(r#"{"mean":[0.0],"std":[0.0]}"#).unwrap_err();
        assert!(error.to_string().contains("std[0] is 0"), "{error}");
    }

    proptest! {
        #[test]
        fn test_stimuli_never_change_it(
            train in prop::collection::vec(-10.0..10.0f32, 12),
            tests in prop::collection::vec(-1e6..1e6f32, 2 * 6),
        ) {
            let at = |values: &[f32]| Array2::from_shape_vec((2, 3), values.to_vec()).unwrap();
            let fit = |test: &[f32]| {
                let r = recording(vec![at(&train[..6]), at(test), at(&train[6..])]);
                Standardization::fit(&r, &[0, 2]).unwrap()
            };
            prop_assert_eq!(fit(&tests[..6]), fit(&tests[6..]));
        }

        #[test]
        fn training_bins_come_out_with_mean_0_and_deviation_1(
            values in prop::collection::vec(-10.0..10.0f32, 20),
        ) {
            let r = recording(vec![Array2::from_shape_vec((1, 20), values).unwrap()]);
            let x = r.standardize(&[0]).unwrap().stimuli()[0].cochleagram().mapv(f64::from);
            let mean = x.sum() / 20.0;
            let variance = x.mapv(|v| (v - mean).powi(2)).sum() / 19.0;
            prop_assert!(mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-3, "{} {}", mean, variance);
        }
    }
}
