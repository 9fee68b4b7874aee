//! Coherence of rate and single responses, and its integral as an information rate (Hsu, Borst and Theunissen 2004).
//!
//! With P_k and Y_kr the spectra of rate and of repeat r in segment k of time, Y_k the mean over the M_k repeats of the segment,
//!
//! ```text
//! T(f)  = sum_k mean_r |Y_kr|^2                S(f) = sum_k mean_{r != r'} Y_kr conj(Y_kr')
//! g2(f) = |sum_k conj(P_k) Y_k|^2 / (sum_k |P_k|^2 T)                           of the rate with a single response
//! c2(f) = S / T                                                                 of the mean of infinitely many repeats with a single one
//! bits/s = -sum_f log2(1 - g2(f)) df           df = 1 / (N dt), f = df .. 1 / (2 dt), the last with weight 1/2
//! ```
//!
//! Hsu et al. compute the coherence of the rate with the mean of M repeats and carry it to a single one, by
//! (1 + sqrt(1 / h2)) / (-M + M sqrt(1 / h2) + 2), h2 the coherence between the means of halves of the repeats. With spectra of signal and
//! noise this factor is (S + N / M) / (S + N), and the product is g2: here the total spectrum T is estimated directly, without halves, with any
//! number of repeats per segment. c2 is their coherence of the response, 2 / (2 - M + M sqrt(1 / h2)), with pairs of repeats
//! in place of halves.
//!
//! Segments have a Hann window, overlap by half (Welch 1967), and lose their mean. Of K independent segments g2 of an unrelated rate would be
//! 1 / K, and of one segment 1 for any rate: bits/s and both coherences are freed of this bias by the jackknife over groups of segments
//! (at most 64), as in the paper, and are refused for fewer than eight segments.

mod segments;
mod spectra;

use ndarray::ArrayView1;
use realfft::RealFftPlanner;
use serde::{Deserialize, Serialize};
use statenet_core::{Millis, TimeBin};

use crate::{
    error::{Error, Result},
    observation::Observation,
    responses::StimulusRecorded,
    scores::{Neuron, per_neuron},
    undefined::{Score, Undefined},
};

pub(crate) use spectra::StimulusSpectra;

use segments::segments;
use spectra::{Hann, Spectra};

/// Fewest segments for a coherence.
const MIN_SEGMENTS: usize = 8;

/// Options of [`coherence`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoherenceOptions {
    /// Width of a time bin.
    pub dt: TimeBin,
    /// Length of a segment in bins, at least 4: frequencies are 1 / (`segment_bins` dt) apart. Longer segments are fewer.
    pub segment_bins: usize,
}

impl CoherenceOptions {
    /// Segments of half a second, as a power of two of bins, at least 16: 128 bins of 5 ms.
    #[must_use]
    pub fn for_dt(dt: TimeBin) -> Self {
        let half_second = dt.nearest_bins(Millis::whole::<500>()) as f64;
        let power = half_second.log2().round().clamp(4.0, 30.0);
        Self { dt, segment_bins: 1 << power as u32 }
    }

    fn validate(&self) -> Result<()> {
        if self.segment_bins < 4 {
            let got = self.segment_bins as f64;
            return Err(Error::OutOfRange { option: "segment_bins", got, expected: "4 or more" });
        }
        Ok(())
    }
}

/// Coherence of a neuron's rate, and of the best rate, with single responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coherence {
    /// Frequencies in Hz.
    pub frequencies: Vec<f64>,
    /// Squared coherence of rate and single responses at each of them. Without bias it can be below 0 by noise.
    pub of_rate: Vec<f64>,
    /// Squared coherence of the responses' signal and single responses, the ceiling; empty with one repeat.
    pub of_responses: Vec<f64>,
    /// Information rate of `of_rate`, bits/s.
    pub bits_per_second: f64,
    /// Information rate of `of_responses`, bits/s; `None` with one repeat, or if noise is not above 0.
    pub ceiling_bits_per_second: Option<f64>,
    /// Number of segments.
    pub n_segments: usize,
}

/// Coherence spectra and information rates of each neuron.
///
/// The information is what a single response conveys about the sound, as far as the rate predicts it, if signal and noise are Gaussian: for
/// other noise it is a lower bound of what the best decoder could take from `rate`. It counts frequencies up to half the sampling rate
/// of the bins, and depends on dt and on the neuron's firing rate. It does not depend on a filter of the rate (a wrong scale, offset,
/// delay or time constant costs nothing): it asks whether the rate has the information, not whether the rate is right.
///
/// - Responses: spike counts or continuous, smoothed or not (a filter that keeps all frequencies changes nothing).
/// - One repeat suffices for the rate, not for the ceiling.
/// - Bias: without correction (frequencies) df / (K ln 2) bits/s, upwards. Of the jackknife's result less than a tenth of it is left, upwards, in a
///   simulation of 14 segments. An unrelated rate has 0 on average, and can be below.
///
/// # Errors
/// [`Error::OutOfRange`] for a segment of fewer than four bins; [`Error`] if there is no stimulus or the stimuli differ in
/// N. Undefined ([`Undefined::TooFewSegments`]) for fewer than eight segments of recorded bins, if rate or responses
/// do not vary, and ([`Undefined::NoNoise`]) if a frequency is predicted without any error, which would be infinitely many bits.
///
/// # Examples
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::{ResponseMask, Seed, TimeBin};
/// use statenet_metrics::{Observation, scores::{CoherenceOptions, coherence}};
///
/// let mut noise = Seed::new(0).stream("noise");
/// let rate = Array2::from_shape_fn((1, 20_000), |_| noise.normal());
/// let responses = Array3::from_shape_fn((1, 4, 20_000), |(_, _, t)| rate[[0, t]] + noise.normal());
/// let mask = ResponseMask::all(1, 4, 20_000);
/// let options = CoherenceOptions::for_dt(TimeBin::from_millis(5.0)?);
/// let found = coherence(&[Observation::new(rate.view(), responses.view(), &mask)?], &options)?.remove(0)?;
/// // S = N at all frequencies to 100 Hz: coherence 1/2, log2(2) = 1 bit per Hz, less the lowest half of a df.
/// assert!((found.bits_per_second - 100.0).abs() < 3.0);
/// assert!((found.ceiling_bits_per_second.unwrap_or(0.0) - 100.0).abs() < 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn coherence(
    observations: &[Observation<'_>],
    options: &CoherenceOptions,
) -> Result<Vec<Result<Coherence, Undefined>>> {
    let estimator = Estimator::new(options)?;
    per_neuron(observations, |neuron| estimator.coherence(&Neuron::of(observations, neuron)?))
}

/// The [`coherence`]'s information rate of each neuron, bits/s.
///
/// # Errors
/// As [`coherence`].
pub fn coherence_bits_per_s(
    observations: &[Observation<'_>],
    options: &CoherenceOptions,
) -> Result<Vec<Score>> {
    let estimator = Estimator::new(options)?;
    per_neuron(observations, |neuron| {
        Ok(estimator.coherence(&Neuron::of(observations, neuron)?)?.bits_per_second)
    })
}

/// The prepared transform and window.
#[derive(Clone)]
pub(crate) struct Estimator {
    hann: Hann,
    options: CoherenceOptions,
}

impl Estimator {
    pub(crate) fn new(options: &CoherenceOptions) -> Result<Self> {
        options.validate()?;
        let transform = RealFftPlanner::new().plan_fft_forward(options.segment_bins);
        Ok(Self { hann: Hann::new(transform), options: *options })
    }

    /// The coherence of one neuron.
    pub(crate) fn coherence(&self, neuron: &Neuron) -> Result<Coherence, Undefined> {
        let stimuli: Vec<_> = neuron.stimuli().map(|(stimulus, rate)| self.spectra(stimulus, rate)).collect();
        self.of_spectra(stimuli.iter())
    }

    /// The spectra of one stimulus.
    pub(crate) fn spectra(&self, stimulus: &StimulusRecorded, rate: &[f64]) -> StimulusSpectra {
        StimulusSpectra::of(&segments(stimulus, rate, self.options.segment_bins), &self.hann)
    }

    /// The information rate from the spectra of all stimuli, bits/s: that of [`of_spectra`](Self::of_spectra) without the rest of it.
    pub(crate) fn bits_per_second<'s>(
        &self,
        stimuli: impl Iterator<Item = &'s StimulusSpectra> + Clone,
    ) -> Score {
        Ok(self.sum(stimuli)?.of_rate(self.df())?.bits_per_second)
    }

    fn sum<'s>(
        &self,
        stimuli: impl Iterator<Item = &'s StimulusSpectra> + Clone,
    ) -> Result<Spectra, Undefined> {
        let n = self.options.segment_bins;
        let spectra = Spectra::of(stimuli, n / 2);
        let segments = spectra.n_segments();
        if segments < MIN_SEGMENTS {
            return Err(Undefined::TooFewSegments { segments, needed: MIN_SEGMENTS, segment_bins: n });
        }
        Ok(spectra)
    }

    /// The width of a frequency, Hz.
    fn df(&self) -> f64 {
        1.0 / (self.options.segment_bins as f64 * self.options.dt.seconds())
    }

    /// The coherence from the spectra of all stimuli.
    pub(crate) fn of_spectra<'s>(
        &self,
        stimuli: impl Iterator<Item = &'s StimulusSpectra> + Clone,
    ) -> Result<Coherence, Undefined> {
        let (spectra, n, df) = (self.sum(stimuli)?, self.options.segment_bins, self.df());
        let of_rate = spectra.of_rate(df)?;
        let of_responses = spectra.of_responses(df);
        Ok(Coherence {
            frequencies: (1..=n / 2).map(|i| i as f64 * df).collect(),
            of_rate: of_rate.coherence,
            bits_per_second: of_rate.bits_per_second,
            ceiling_bits_per_second: of_responses.as_ref().ok().map(|found| found.bits_per_second),
            of_responses: of_responses.map(|found| found.coherence).unwrap_or_default(),
            n_segments: spectra.n_segments(),
        })
    }
}

/// Coherence of two series of the same length without repeats: that of a rate and one response.
///
/// # Errors
/// As [`coherence`]; [`Error::Shape`] if the lengths differ.
pub fn coherence_of(
    rate: ArrayView1<'_, f64>,
    response: ArrayView1<'_, f64>,
    options: &CoherenceOptions,
) -> Result<Result<Coherence, Undefined>> {
    let mask = statenet_core::ResponseMask::all(1, 1, response.len());
    let (rate, response) = (rate.insert_axis(ndarray::Axis(0)), response.insert_axis(ndarray::Axis(0)));
    let observation = Observation::new(rate, response.insert_axis(ndarray::Axis(0)), &mask)?;
    Ok(coherence(&[observation], options)?.pop().unwrap_or(Err(Undefined::NoData)))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, Array3};
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    fn options() -> CoherenceOptions {
        CoherenceOptions::for_dt(TimeBin::whole_millis::<5>())
    }

    /// Rate: white noise; responses: gain times rate plus white noise of variance 1.
    fn simulated(gain: f64, n_repeats: usize, n_bins: usize, seed: u64) -> Result<Coherence, Undefined> {
        let mut stream = Seed::new(seed).stream("coherence");
        let rate = Array2::from_shape_fn((1, n_bins), |_| stream.normal());
        let y =
            Array3::from_shape_fn((1, n_repeats, n_bins), |(_, _, t)| gain * rate[[0, t]] + stream.normal());
        let mask = ResponseMask::all(1, n_repeats, n_bins);
        coherence(&[Observation::new(rate.view(), y.view(), &mask).unwrap()], &options()).unwrap().remove(0)
    }

    #[test]
    fn half_a_second_is_a_power_of_two() {
        assert_eq!(options().segment_bins, 128);
        let slow = CoherenceOptions::for_dt(TimeBin::whole_millis::<100>());
        assert_eq!(slow.segment_bins, 16);
    }

    #[test]
    fn bits_have_no_bias_that_200_simulations_could_see_or_a_small_one() {
        // True bits: 63.5 / 64 of 100 Hz times log2(1 + gain^2); 14 segments.
        for (gain, allowed) in [(0.0, 1.0), (0.5, 1.5), (1.0, 2.5)] {
            let truth = 100.0 * (63.5 / 64.0) * (1.0_f64 + gain * gain).log2();
            let found: Vec<f64> =
                (0..200).map(|s| simulated(gain, 3, 999, s).unwrap().bits_per_second).collect();
            let mean = crate::moments::mean(&found);
            let se = (found.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / 199.0 / 200.0).sqrt();
            assert!((mean - truth).abs() < 3.0 * se + allowed, "gain {gain}: {mean} +- {se} for {truth}");
        }
    }

    #[test]
    fn the_ceiling_is_that_of_a_single_response_whatever_the_number_of_repeats() {
        for n_repeats in [2, 10] {
            let found = simulated(1.0, n_repeats, 20_000, 7).unwrap();
            let ceiling = found.ceiling_bits_per_second.unwrap();
            assert!((ceiling - 99.2).abs() < 4.0, "{ceiling}");
            assert!((crate::moments::mean(&found.of_responses) - 0.5).abs() < 0.02);
            assert!((crate::moments::mean(&found.of_rate) - 0.5).abs() < 0.02);
        }
        assert_eq!(simulated(1.0, 1, 20_000, 7).unwrap().ceiling_bits_per_second, None);
    }

    #[test]
    fn one_segment_says_nothing() {
        let reason = simulated(0.0, 2, 128, 1).unwrap_err();
        assert_eq!(reason.to_string(), "number of segments of 128 bins is 1, expected at least 8");
    }

    #[test]
    fn a_delay_and_a_filter_cost_nothing_and_a_perfect_copy_is_refused() {
        let mut stream = Seed::new(3).stream("filter");
        let y = Array1::from_shape_fn(4000, |_| stream.normal());
        let of = |rate: &Array1<f64>| coherence_of(rate.view(), y.view(), &options()).unwrap();
        assert!(matches!(of(&y), Err(Undefined::NoNoise { .. })));
        let delayed =
            Array1::from_shape_fn(
                4000,
                |t| if t < 2 { 0.0 } else { -3.0 * y[t - 2] + 0.5 * stream.normal() },
            );
        let coherence = of(&delayed).unwrap().of_rate;
        // Signal 9, noise 1/4; the delay of 2 of 128 bins costs a little.
        assert!((crate::moments::mean(&coherence) - 9.0 / 9.25).abs() < 0.02);
        assert_eq!(of(&Array1::ones(4000)), Err(Undefined::ConstantRate));
    }
}
