//! Standardization of bands, fitted to training stimuli and applied to any.

use ndarray::{ArrayView2, Axis};
use statenet_core::{Input, ShapeError, Standardization, expect_shape};

use crate::{
    error::{Error, Place, Result},
    recording::{Recording, Stimulus},
};

/// A band with a smaller standard deviation counts as constant.
const CONSTANT_BAND: f64 = 1e-8;

impl Recording {
    /// Mean and standard deviation of each band over all bins of the stimuli `train` together.
    ///
    /// Summed in f64; the variance is unbiased (n - 1). A constant band is centred but not scaled: its deviation is set to 1.
    /// (The reference divides by 1e-8 instead, so that such a band takes huge values in a test stimulus where it varies.)
    /// A saved model keeps the standardization that it was fitted with.
    ///
    /// # Errors
    /// [`Error::Empty`] without stimuli; [`Error::Input`] for a recording of sound; [`Error::StimulusOutOfRange`]; [`Error::Scale`] if a deviation is too large
    /// for f32.
    pub fn fit_standardization(&self, train: &[usize]) -> Result<Standardization> {
        if self.input() == Input::Sound {
            let (got, expected) = (Input::Sound, Input::Cochleagram);
            return Err(Error::Input { recording: self.name().to_owned(), got, expected });
        }
        if train.is_empty() {
            return Err(Error::Empty { what: "training stimuli" });
        }
        let stimuli = train.iter().map(|&index| self.stimulus(index)).collect::<Result<Vec<_>>>()?;
        of_bands(&stimuli.iter().map(|s| s.cochleagram()).collect::<Vec<_>>())
    }

    /// Cochleagrams standardized per band by the mean and deviation of the training stimuli `train` alone.
    ///
    /// # Errors
    /// As [`fit_standardization`](Self::fit_standardization); [`Error::AlreadyStandardized`].
    pub fn standardize(&self, train: &[usize]) -> Result<Self> {
        self.standardized_with(&self.fit_standardization(train)?)
    }

    /// Cochleagrams standardized by given means and deviations, such as those of a saved model.
    ///
    /// A recording that is already standardized by the same numbers is returned unchanged.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of bands; [`Error::AlreadyStandardized`] if it was standardized by
    /// other numbers.
    pub fn standardized_with(&self, standardization: &Standardization) -> Result<Self> {
        match self.standardization() {
            Some(known) if known == standardization => return Ok(self.clone()),
            Some(_) => return Err(Error::AlreadyStandardized { recording: self.name().to_owned() }),
            None => {}
        }
        let scaled = |stimulus: &Stimulus| {
            let cochleagram = standardization.apply(&stimulus.cochleagram()).map_err(shape_error)?;
            Ok(stimulus.with_cochleagram(cochleagram))
        };
        let stimuli = self.stimuli().iter().map(scaled).collect::<Result<_>>()?;
        self.with_stimuli(stimuli).declare_standardized(standardization.clone())
    }

    /// Records that the cochleagrams are standardized.
    pub(crate) fn declare_standardized(mut self, standardization: Standardization) -> Result<Self> {
        expect_shape("mean", &[standardization.n_bands()], &[self.n_bands().into()]).map_err(shape_error)?;
        self.standardization = Some(standardization);
        Ok(self)
    }
}

/// Mean and standard deviation of each band over all bins of some cochleagrams `(F, T)` of the same F, as
/// [`Recording::fit_standardization`] has them.
///
/// # Errors
/// [`Error::Empty`] without cochleagrams; [`Error::Scale`] if a deviation is too large for f32.
pub fn of_bands(cochleagrams: &[ArrayView2<'_, f32>]) -> Result<Standardization> {
    let Some(first) = cochleagrams.first() else { return Err(Error::Empty { what: "training stimuli" }) };
    let n = cochleagrams.iter().map(|c| c.dim().1).sum::<usize>() as f64;
    let (mut means, mut deviations) = (Vec::new(), Vec::new());
    for band in 0..first.dim().0 {
        // The sum of f(x) over all values x of the band, stimulus by stimulus.
        let sum = |f: &dyn Fn(f64) -> f64| {
            let rows = cochleagrams.iter().map(|c| c.index_axis(Axis(0), band));
            rows.fold(0.0, |sum, row| row.iter().fold(sum, |sum, &x| sum + f(f64::from(x))))
        };
        let mean = sum(&|x| x) / n;
        let deviation = (sum(&|x| (x - mean) * (x - mean)) / (n - 1.0).max(1.0)).sqrt();
        means.push(mean as f32);
        deviations.push(if deviation < CONSTANT_BAND { 1.0 } else { deviation as f32 });
    }
    Standardization::new(means, deviations).map_err(|source| Error::Scale { source })
}

fn shape_error(shape: ShapeError) -> Error {
    Error::Shape { place: Place::Argument("standardization"), shape }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, array};
    use proptest::prelude::*;
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Neuron, Responses};

    fn recording(cochleagrams: Vec<Array2<f32>>) -> Recording {
        let stimulus = |(i, c): (usize, Array2<f32>)| {
            let silent = Responses::from_nan(Array3::zeros((1, 1, c.dim().1))).unwrap();
            Stimulus::new(format!("s{i}"), c, silent).unwrap()
        };
        let stimuli = cochleagrams.into_iter().enumerate().map(stimulus).collect();
        let dt = TimeBin::whole_millis::<5>();
        Recording::new(Description::default(), dt, vec![], vec![Neuron::new("u")], stimuli).unwrap()
    }

    #[test]
    fn mean_and_deviation_are_over_all_bins_of_the_training_stimuli() {
        let r = recording(vec![array![[1.0, 2.0], [5.0, 5.0]], array![[6.0], [5.0]], array![[100.0], [7.0]]]);
        let s = r.fit_standardization(&[0, 1]).unwrap();
        // Band 0: 1, 2, 6: mean 3, variance (4 + 1 + 9) / 2. Band 1 is constant: centred, not scaled.
        assert_eq!(s.mean(), [3.0, 5.0]);
        assert_eq!(s.std(), [7f32.sqrt(), 1.0]);
        let after = r.standardize(&[0, 1]).unwrap();
        assert_eq!(after.stimuli()[2].cochleagram()[[1, 0]], 2.0);
        assert_eq!(after.standardization(), Some(&s));
        assert_eq!(after.standardized_with(&s).unwrap(), after);
        let error = after.standardize(&[0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "recording  is already standardized, expected cochleagrams as recorded"
        );
    }

    #[test]
    fn one_bin_has_a_mean_and_no_deviation() {
        let s = recording(vec![array![[4.0]]]).fit_standardization(&[0]).unwrap();
        assert_eq!((s.mean(), s.std()), (&[4.0][..], &[1.0][..]));
    }

    #[test]
    fn what_cannot_be_standardized_is_named() {
        let r = recording(vec![array![[4.0]]]);
        assert!(matches!(r.standardize(&[1]), Err(Error::StimulusOutOfRange { index: 1, .. })));
        let message = |error: Error| error.to_string();
        assert_eq!(
            message(r.standardize(&[]).unwrap_err()),
            "recording has no training stimuli, expected at least one"
        );
        let two = Standardization::new(vec![0.0; 2], vec![1.0; 2]).unwrap();
        assert_eq!(
            message(r.standardized_with(&two).unwrap_err()),
            "standardization: cochleagram has shape (1, 1), expected (2, T)"
        );
        let vast = recording(vec![array![[f32::MAX, f32::MIN]]]);
        assert_eq!(message(vast.standardize(&[0]).unwrap_err()), "cannot standardize the cochleagrams");
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
                r.fit_standardization(&[0, 2]).unwrap()
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
