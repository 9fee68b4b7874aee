//! Smoothing of responses over time.
//!
//! ```text
//! y[t] = sum_k w[k] x[t + k] m[t + k] / sum_k w[k] m'[t + k] * sum_k w[k]
//! ```
//! with m the mask, and m' the mask extended by ones beyond both ends of the clip, where x is 0. A complete recording is
//! thus convolved with w under zero padding. Next to missing bins the weights of the recorded bins are scaled up to the
//! full sum; missing bins stay missing. Beyond the ends of a clip no neuron fires, but a membrane potential does not become 0: for
//! continuous responses m' is the mask, and what lies beyond the ends is missing. The window is symmetric, so that a smoothed bin depends on later bins too.

use std::borrow::Cow;

use ndarray::{ArrayView1, ArrayViewMut1, Zip};
use serde::{Deserialize, Serialize};
use statenet_core::{Millis, ResponseUnit, TimeBin};

use crate::{
    error::{Error, Result},
    recording::{Recording, Responses, Stimulus},
};

impl Recording {
    /// The same recording with every repeat of every response smoothed over time; missing bins stay missing.
    ///
    /// Fits and scores take responses that were smoothed as they are, and smooth others by the [default](Smoothing::default_of) of their
    /// unit. [`Smoothing::None`] says that they are to stay as recorded.
    ///
    /// # Errors
    /// [`Error::Smoothing`] if they were smoothed in another way already.
    pub fn smooth(&self, smoothing: Smoothing) -> Result<Self> {
        match self.smoothing() {
            Some(known) if known == smoothing => return Ok(self.clone()),
            Some(_) => return Err(Error::smoothing(self, None)),
            None => {}
        }
        let weights = smoothing.weights(self.dt());
        let smoothed = |s: &Stimulus| s.smoothed(&weights);
        let recording = self.with_stimuli(self.stimuli().iter().map(smoothed).collect());
        Ok(recording.declare_smoothed(Some(smoothing)))
    }

    /// The responses as fits and scores take them: smoothed by the [default](Smoothing::default_of) of their unit unless they were smoothed
    /// already. Continuous responses are taken as they are, which are the means over the time of a bin.
    #[must_use]
    pub fn smoothed(&self) -> Cow<'_, Self> {
        self.smooth(Smoothing::default_of(self.response_unit())).map_or(Cow::Borrowed(self), Cow::Owned)
    }
}

/// How to smooth responses over time.
///
/// A Hann window of K bins is `w[k] = 0.5 - 0.5 cos(2 pi k / (K - 1))`. K is the width in bins, rounded down, plus one if
/// that is even: 21 ms are 21 bins at a dt of 1 ms, 5 bins at 5 ms (of which 3 have weights above 0), and no smoothing at
/// 10 ms.
///
/// ```
/// use statenet_core::TimeBin;
/// use statenet_data::Smoothing;
/// let weights = Smoothing::default().weights(TimeBin::from_millis(5.0)?);
/// assert_eq!(weights.values(), [0.0, 0.25, 0.5, 0.25, 0.0]);
/// # Ok::<(), statenet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Smoothing {
    /// No smoothing.
    None,
    /// A Hann window with weights that sum to 1 (Hsu et al. 2004).
    Hann {
        /// Width between the zeros of the window, ms.
        #[serde(rename = "width_ms")]
        width: Millis,
    },
    /// A Hann window with weight 1 at its centre, as in the reference (deepSTRF 0.1.0). Its weights sum to (K - 1) / 2: 2
    /// for 21 ms in bins of 5 ms.
    HannReference {
        /// Width between the zeros of the window, ms.
        #[serde(rename = "width_ms")]
        width: Millis,
    },
}

impl Smoothing {
    /// What is usual for responses in a unit: for spike counts the [default](Self::default), for others [`Self::None`].
    #[must_use]
    pub fn default_of(unit: &ResponseUnit) -> Self {
        if unit.is_spikes() { Self::default() } else { Self::None }
    }

    /// The weights in bins of width dt, centred on the bin that is smoothed.
    #[must_use]
    pub fn weights(&self, dt: TimeBin) -> SmoothWeights {
        SmoothWeights(match *self {
            Self::None => vec![1.0],
            Self::HannReference { width } => hann(dt.bins_in(width)),
            Self::Hann { width } => {
                let window = hann(dt.bins_in(width));
                let sum: f64 = window.iter().sum();
                window.into_iter().map(|w| w / sum).collect()
            }
        })
    }
}

impl Default for Smoothing {
    /// A Hann window of 21 ms whose weights sum to 1.
    fn default() -> Self {
        Self::Hann { width: Millis::whole::<21>() }
    }
}

/// A Hann window of `bins` bins, or one more if that is even, with zeros at both ends.
fn hann(bins: usize) -> Vec<f64> {
    let k = if bins < 1 { 1 } else { bins + usize::from(bins.is_multiple_of(2)) };
    if k == 1 {
        return vec![1.0];
    }
    // The form 0.5 + 0.5 cos(pi - ..) gives 0, 0.5 and 1 exactly; mirrored indices make the window exactly symmetric.
    let angle = |i: usize| std::f64::consts::PI * (1.0 - 2.0 * i as f64 / (k - 1) as f64);
    (0..k).map(|i| 0.5 + 0.5 * libm::cos(angle(i.min(k - 1 - i)))).collect()
}

/// Smoothing weights per bin: an odd number of them, symmetric.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothWeights(Vec<f64>);

impl SmoothWeights {
    /// The weights, first to last.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The responses with every repeat smoothed; missing bins stay missing.
    #[must_use]
    pub fn smooth(&self, responses: &Responses) -> Responses {
        let mut values = responses.values().to_owned();
        if self.0 != [1.0] {
            let is_spikes = responses.unit().is_spikes();
            let mut sums = vec![0.0; responses.n_bins()];
            Zip::from(values.rows_mut())
                .and(responses.values().rows())
                .and(responses.mask().view().rows())
                .for_each(|to, from, mask| match from.to_slice() {
                    Some(from) if is_spikes && mask.iter().all(|&valid| valid) => {
                        self.smooth_complete(to, from, &mut sums);
                    }
                    _ => self.smooth_repeat(to, from, mask, responses.unit()),
                });
        }
        responses.with_values(values)
    }

    /// Counts of which none is missing, with the same sums in the same order, side by side for all bins.
    fn smooth_complete(&self, to: ArrayViewMut1<'_, f32>, from: &[f32], sums: &mut [f64]) {
        let half = self.0.len() / 2;
        sums.fill(0.0);
        for (k, &weight) in self.0.iter().enumerate() {
            // Bin t takes from bin t + k - half.
            let values = from.get(k.saturating_sub(half)..).unwrap_or_default();
            let bins = sums.get_mut(half.saturating_sub(k)..).unwrap_or_default();
            bins.iter_mut().zip(values).for_each(|(sum, &value)| *sum += weight * f64::from(value));
        }
        to.into_iter().zip(sums).for_each(|(to, sum)| *to = *sum as f32);
    }

    fn smooth_repeat(
        &self,
        mut to: ArrayViewMut1<'_, f32>,
        from: ArrayView1<'_, f32>,
        mask: ArrayView1<'_, bool>,
        unit: &ResponseUnit,
    ) {
        let half = self.0.len() / 2;
        let gain: f64 = self.0.iter().sum();
        for (bin, to) in to.iter_mut().enumerate() {
            if mask.get(bin) != Some(&true) {
                continue;
            }
            let (mut sum, mut missing) = (0.0, 0.0);
            for (k, &weight) in self.0.iter().enumerate() {
                let at = (bin + k).checked_sub(half);
                match at.and_then(|at| Some((from.get(at)?, mask.get(at)?))) {
                    Some((&value, true)) => sum += weight * f64::from(value),
                    Some((_, false)) => missing += weight,
                    None if unit.is_spikes() => {}
                    None => missing += weight,
                }
            }
            *to = if missing == 0.0 { sum as f32 } else { (sum * gain / (gain - missing)) as f32 };
        }
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::{Array3, array};
    use proptest::prelude::*;

    use super::*;

    fn dt(ms: f64) -> TimeBin {
        TimeBin::from_millis(ms).unwrap()
    }

    fn width(ms: f64) -> Millis {
        Millis::new(ms).unwrap()
    }

    #[test]
    fn the_reference_has_these_gains() {
        let reference = Smoothing::HannReference { width: width(21.0) };
        let gain = |ms: f64| reference.weights(dt(ms)).0.iter().sum::<f64>();
        assert_eq!(reference.weights(dt(5.0)).0, [0.0, 0.5, 1.0, 0.5, 0.0]);
        assert_eq!(reference.weights(dt(10.0)).0, [0.0, 1.0, 0.0]);
        assert_eq!(reference.weights(dt(30.0)).0, [1.0]);
        assert_abs_diff_eq!(gain(1.0), 10.0, epsilon = 1e-12);
    }

    #[test]
    fn a_clip_is_padded_with_silence() {
        let responses = Responses::from_nan(array![[[4.0, 0.0, 0.0, 8.0]]]).unwrap();
        let smooth = Smoothing::default().weights(dt(5.0)).smooth(&responses);
        assert_eq!(smooth.values(), array![[[2.0, 1.0, 2.0, 4.0]]]);
    }

    #[test]
    fn beside_a_missing_bin_the_recorded_ones_carry_the_weight() {
        let responses = Responses::from_nan(array![[[0.0, 3.0, f32::NAN, 6.0, 6.0]]]).unwrap();
        let smooth = Smoothing::default().weights(dt(5.0)).smooth(&responses);
        let values = smooth.to_nan();
        assert!(values[[0, 0, 2]].is_nan());
        assert_eq!(values[[0, 0, 1]], 2.0); // (.25 * 0 + .5 * 3) / .75
        assert_eq!(values[[0, 0, 3]], 6.0); // (.5 * 6 + .25 * 6) / .75
        assert_eq!(values[[0, 0, 4]], 4.5); // the end of the clip is silence, not missing
    }

    #[test]
    fn beyond_the_ends_a_continuous_response_is_missing() {
        let responses =
            Responses::from_nan_in(array![[[-60.0, -60.0, -64.0]]], "mV".parse().unwrap()).unwrap();
        let smooth = Smoothing::default().weights(dt(5.0)).smooth(&responses);
        // The last bin: (.25 * -60 + .5 * -64) / .75.
        let expected = array![[[-60.0, -61.0, -188.0 / 3.0]]];
        assert!((&smooth.values() - &expected).iter().all(|off| off.abs() < 1e-5), "{smooth:?}");
    }

    #[test]
    fn one_bin_is_smoothed_into_half_of_itself() {
        let responses = Responses::from_nan(array![[[2.0]]]).unwrap();
        assert_eq!(Smoothing::default().weights(dt(5.0)).smooth(&responses).values(), array![[[1.0]]]);
        assert_eq!(Smoothing::None.weights(dt(5.0)).smooth(&responses), responses);
    }

    #[test]
    fn configs_are_short_and_strict() {
        assert_eq!(serde_json::to_string(&Smoothing::default()).unwrap(), r#"{"hann":{"width_ms":21.0}}"#);
        assert_eq!(serde_json::from_str::<Smoothing>(r#""none""#).unwrap(), Smoothing::None);
        assert!(serde_json::from_str::<Smoothing>(r#"{"hann":{"width_ms":-1.0}}"#).is_err());
        assert!(serde_json::from_str::<Smoothing>(r#"{"hann":{"width_ms":1.0,"gain":2}}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_hann_of_any_width_has_gain_one_and_is_symmetric(ms in 0.0..200.0f64, dt_ms in 0.5..20.0f64) {
            let weights = Smoothing::Hann { width: width(ms) }.weights(dt(dt_ms)).0;
            prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!(weights.len() % 2 == 1);
            prop_assert!(weights.iter().eq(weights.iter().rev()));
        }

        #[test]
        fn complete_counts_are_smoothed_as_others_are(
            counts in prop::collection::vec(0u8..6, 1..40),
            ms in 0.0..120.0f64,
        ) {
            let weights = Smoothing::Hann { width: width(ms) }.weights(dt(5.0));
            let n = counts.len();
            let values = Array3::from_shape_fn((1, 1, n), |(_, _, t)| f32::from(counts[t]));
            let responses = Responses::from_nan(values.clone()).unwrap();
            let mut expected = ndarray::Array1::zeros(n);
            let mask = ndarray::Array1::from_elem(n, true);
            let row = values.index_axis(ndarray::Axis(0), 0);
            let row = row.index_axis(ndarray::Axis(0), 0);
            weights.smooth_repeat(expected.view_mut(), row, mask.view(), responses.unit());
            let smooth = weights.smooth(&responses);
            let smooth = smooth.values().index_axis_move(ndarray::Axis(0), 0).index_axis_move(ndarray::Axis(0), 0);
            prop_assert_eq!(smooth, expected);
        }

        #[test]
        fn smoothing_is_linear_and_keeps_constants_inside(
            cells in prop::collection::vec((0u8..6, 0u8..6, prop::bool::weighted(0.8)), 40),
            ms in 0.0..60.0f64,
        ) {
            let weights = Smoothing::Hann { width: width(ms) }.weights(dt(5.0));
            let smooth = |value: &dyn Fn(&(u8, u8, bool)) -> f32| {
                let values: Vec<f32> = cells.iter().map(|c| if c.2 { value(c) } else { f32::NAN }).collect();
                let array = Array3::from_shape_vec((2, 2, 10), values).unwrap();
                weights.smooth(&Responses::from_nan(array).unwrap())
            };
            let (a, b) = (smooth(&|c| f32::from(c.0)), smooth(&|c| f32::from(c.1)));
            let both = smooth(&|c| f32::from(c.0) + 3.0 * f32::from(c.1));
            prop_assert_eq!(both.mask(), a.mask());
            for ((a, b), both) in a.values().iter().zip(b.values()).zip(both.values()) {
                prop_assert!((a + 3.0 * b - both).abs() < 1e-4, "{} {} {}", a, b, both);
            }
            let constant = smooth(&|_| 2.0);
            let half = weights.values().len() / 2;
            for ((_, _, bin), &value) in constant.to_nan().indexed_iter() {
                if bin >= half && bin + half < 10 && !value.is_nan() {
                    prop_assert!((value - 2.0).abs() < 1e-5);
                }
            }
        }
    }
}
