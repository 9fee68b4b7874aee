//! From sampled responses to means over bins.

use ndarray::ArrayViewMut1;
use statenet_core::{SampleRate, TimeBin};

use super::binning::bin_of;

/// The samples of one repeat.
pub(super) struct Trace<'a> {
    /// The samples, from the onset of the sound; NaN where missing.
    pub(super) samples: &'a [f32],
    /// Their rate.
    pub(super) rate: SampleRate,
}

impl Trace<'_> {
    /// How long the samples last, ms.
    fn lasts_ms(&self) -> f64 {
        self.samples.len() as f64 / self.rate.hz() * 1e3
    }

    /// The number of whole bins in the samples.
    pub(super) fn whole_bins(&self, dt: TimeBin) -> usize {
        bin_of(self.lasts_ms(), dt.ms()) as usize
    }

    /// The mean of the samples in each bin of width `dt`, when the samples are moved later by a shift: sample i lies at
    /// `i / rate + shift`. NaN for a bin that they do not cover as a whole, and for one of NaN alone; another NaN is left out of the mean.
    pub(super) fn means(&self, shift_ms: f64, dt: TimeBin, mut means: ArrayViewMut1<'_, f32>) {
        let mut sums = vec![(0.0_f64, 0_u32); means.len()];
        let step_ms = 1e3 / self.rate.hz();
        for (i, &sample) in self.samples.iter().enumerate() {
            let bin = bin_of(i as f64 * step_ms + shift_ms, dt.ms());
            let place = (bin >= 0.0 && !sample.is_nan()).then_some(bin as usize);
            if let Some((sum, n)) = place.and_then(|bin| sums.get_mut(bin)) {
                *sum += f64::from(sample);
                *n += 1;
            }
        }
        let first = -bin_of(-shift_ms, dt.ms());
        let end = bin_of(self.lasts_ms() + shift_ms, dt.ms());
        for (bin, (mean, (sum, n))) in means.iter_mut().zip(sums).enumerate() {
            let whole = (first..end).contains(&(bin as f64));
            *mean = if whole && n > 0 { (sum / f64::from(n)) as f32 } else { f32::NAN };
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array1;
    use proptest::prelude::*;

    use super::*;

    const N: f32 = f32::NAN;

    /// Means of samples at 1 kHz in four bins of 2 ms; -1 where missing.
    fn means(samples: &[f32], shift_ms: f64) -> Vec<f32> {
        let mut means = Array1::zeros(4);
        let trace = Trace { samples, rate: SampleRate::new(1000.0).unwrap() };
        trace.means(shift_ms, TimeBin::whole_millis::<2>(), means.view_mut());
        means.mapv(|mean| if f32::is_nan(mean) { -1.0 } else { mean }).to_vec()
    }

    #[test]
    fn a_bin_is_the_mean_of_its_samples() {
        assert_eq!(means(&[1.0, 3.0, 2.0, 2.0, 0.0, 9.0, 4.0, 4.0, 7.0], 0.0), [2.0, 2.0, 4.5, 4.0]);
    }

    #[test]
    fn a_missing_sample_is_left_out_and_a_bin_of_them_is_missing() {
        assert_eq!(means(&[N, 3.0, N, N, 5.0, 5.0, 1.0, N], 0.0), [3.0, -1.0, 5.0, 1.0]);
    }

    #[test]
    fn a_bin_that_is_covered_in_part_is_missing() {
        assert_eq!(means(&[1.0, 1.0, 2.0], 0.0), [1.0, -1.0, -1.0, -1.0]);
        // Moved later by half a bin: the first is covered in part, and so is the third.
        assert_eq!(means(&[1.0, 2.0, 4.0, 8.0], 1.0), [-1.0, 3.0, -1.0, -1.0]);
        // Moved earlier by a bin.
        assert_eq!(means(&[1.0, 1.0, 2.0, 4.0], -2.0), [3.0, -1.0, -1.0, -1.0]);
    }

    proptest! {
        #[test]
        fn a_constant_is_itself_at_any_rate_and_shift(
            rate in 200.0..5000.0f64,
            dt_ms in 5.0..20.0f64,
            shift_ms in -30.0..30.0f64,
            value in -80.0..80.0f32,
        ) {
            let (rate, dt) = (SampleRate::new(rate).unwrap(), TimeBin::from_millis(dt_ms).unwrap());
            let samples = vec![value; (rate.hz() * 0.4) as usize];
            let trace = Trace { samples: &samples, rate };
            let mut means = Array1::zeros(trace.whole_bins(dt));
            trace.means(shift_ms, dt, means.view_mut());
            let bins = shift_ms.abs() / dt_ms;
            // A shift leaves out the bins that it uncovers, at one end.
            let missing = means.iter().filter(|mean| mean.is_nan()).count() as f64;
            prop_assert!(missing <= bins.ceil() && missing >= bins.floor() - 1.0, "{missing} of {bins}");
            prop_assert!(means.iter().all(|mean| mean.is_nan() || (mean - value).abs() < 1e-4));
        }
    }
}
