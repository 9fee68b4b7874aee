//! Mean and standard deviation of bands over training stimuli, by which models scale what they take.

use ndarray::{ArrayView1, ArrayView2, Axis};
use statenet_core::{Input, Standardization};

use crate::{
    error::{Error, Result},
    recording::Recording,
};

/// A band counts as constant if its range is no larger than this part of its largest value: eight units in the last place of f32,
/// which rounding alone makes.
const ROUNDING: f64 = 8.0 * f32::EPSILON as f64;

impl Recording {
    /// Mean and standard deviation of each band over all bins of the stimuli `train` together.
    ///
    /// Summed in f64; the variance is unbiased (n - 1). A band that is constant but for the rounding of f32 is centred, and scaled by
    /// the median deviation of the other bands (by 1 if all are constant). Everything is relative to the size of the values: no
    /// unit of the cochleagram is too small. (The reference divides a constant band by 1e-8 instead, so that it takes huge values
    /// in a test stimulus where it varies.) [`Recording::band_doubts`] names such bands.
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
        of_bands(&self.cochleagrams(train)?)
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
    let (mut means, mut deviations) = (Vec::new(), Vec::<Option<f32>>::new());
    for band in 0..first.dim().0 {
        // The sum of f(x) over all values x of the band, stimulus by stimulus.
        let sum = |f: &dyn Fn(f64) -> f64| {
            let rows = cochleagrams.iter().map(|c| c.index_axis(Axis(0), band));
            rows.fold(0.0, |sum, row| row.iter().fold(sum, |sum, &x| sum + f(f64::from(x))))
        };
        let mean = sum(&|x| x) / n;
        let deviation = (sum(&|x| (x - mean) * (x - mean)) / (n - 1.0).max(1.0)).sqrt();
        means.push(mean as f32);
        let (low, high) = range(cochleagrams.iter().map(|c| c.index_axis(Axis(0), band)));
        let constant = is_constant(low, high) || (deviation as f32) < f32::MIN_POSITIVE;
        deviations.push((!constant).then_some(deviation as f32));
    }
    let mut varying: Vec<f32> = deviations.iter().copied().flatten().collect();
    varying.sort_by(f32::total_cmp);
    let usual = varying.get(varying.len() / 2).copied().unwrap_or(1.0);
    let deviations = deviations.into_iter().map(|deviation| deviation.unwrap_or(usual)).collect();
    Standardization::new(means, deviations).map_err(|source| Error::Scale { source })
}

/// The lowest and the highest value of a band over some sounds.
pub(super) fn range<'a>(rows: impl Iterator<Item = ArrayView1<'a, f32>>) -> (f64, f64) {
    rows.fold((f64::INFINITY, f64::NEG_INFINITY), |range, row| {
        row.iter().map(|&x| f64::from(x)).fold(range, |(low, high), x| (low.min(x), high.max(x)))
    })
}

/// Whether a band of this range varies by no more than rounding does.
pub(super) fn is_constant(low: f64, high: f64) -> bool {
    high - low <= ROUNDING * low.abs().max(high.abs())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, array};
    use proptest::prelude::*;
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Neuron, Responses, Stimulus};

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
        // Band 0: 1, 2, 6: mean 3, variance (4 + 1 + 9) / 2. Band 1 is constant: scaled as the other is.
        assert_eq!(s.mean(), [3.0, 5.0]);
        assert_eq!(s.std(), [7f32.sqrt(), 7f32.sqrt()]);
        let after = s.apply(&r.stimuli()[2].cochleagram()).unwrap();
        assert_eq!(after[[1, 0]], 2.0 / 7f32.sqrt());
    }

    #[test]
    fn a_band_that_varies_in_its_last_bit_only_is_constant() {
        let r = recording(vec![array![[1.0, 3.0, 2.0], [5.0, f32::next_up(5.0), 5.0], [-2e-30, 1e-30, 0.0]]]);
        let s = r.fit_standardization(&[0]).unwrap();
        assert_eq!(s.std()[1], s.std()[0]);
        assert!(s.std()[2] < 2e-30, "{}", s.std()[2]);
    }

    #[test]
    fn one_bin_has_a_mean_and_no_deviation() {
        let s = recording(vec![array![[4.0]]]).fit_standardization(&[0]).unwrap();
        assert_eq!((s.mean(), s.std()), (&[4.0][..], &[1.0][..]));
    }

    #[test]
    fn what_cannot_be_standardized_is_named() {
        let r = recording(vec![array![[4.0]]]);
        assert!(matches!(r.fit_standardization(&[1]), Err(Error::StimulusOutOfRange { index: 1, .. })));
        let message = |error: Error| error.to_string();
        assert_eq!(
            message(r.fit_standardization(&[]).unwrap_err()),
            "recording has no training stimuli, expected at least one"
        );
        let vast = recording(vec![array![[f32::MAX, f32::MIN]]]);
        assert_eq!(message(vast.fit_standardization(&[0]).unwrap_err()), "cannot scale the cochleagrams");
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
        fn the_unit_of_a_cochleagram_changes_nothing(
            values in prop::collection::vec(-10.0..10.0f32, 24),
            power in -24i32..24,
        ) {
            let scaled = |unit: f32| {
                let r = recording(vec![Array2::from_shape_vec((2, 12), values.clone()).unwrap() * unit]);
                r.fit_standardization(&[0]).unwrap().apply(&r.stimuli()[0].cochleagram()).unwrap()
            };
            // Powers of two round nothing.
            prop_assert_eq!(scaled(1.0), scaled(2f32.powi(power * 4)));
        }

        #[test]
        fn training_bins_come_out_with_mean_0_and_deviation_1(
            values in prop::collection::vec(-10.0..10.0f32, 20),
        ) {
            let r = recording(vec![Array2::from_shape_vec((1, 20), values).unwrap()]);
            let scaling = r.fit_standardization(&[0]).unwrap();
            let x = scaling.apply(&r.stimuli()[0].cochleagram()).unwrap().mapv(f64::from);
            let mean = x.sum() / 20.0;
            let variance = x.mapv(|v| (v - mean).powi(2)).sum() / 19.0;
            prop_assert!(mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-3, "{} {}", mean, variance);
        }
    }
}
