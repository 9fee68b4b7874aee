//! Noise ceiling of the correlation from split halves of the repeats (Hsu, Borst and Theunissen 2004).
//!
//! ```text
//! rho_k = sum_b (T_b - 1) cov(A_bk, B_bk) / sqrt(sum_b (T_b - 1) var(A_bk) * sum_b (T_b - 1) var(B_bk))
//! rho   = mean_k rho_k
//! CCmax = sqrt(f rho / (1 + (f - 1) rho)),      f = mean_b(1 / H_b) / mean_b(1 / R_b)
//! ```
//!
//! A_bk and B_bk are the means over the H_b = floor(R_b / 2) repeats in the two halves of split k of stimulus b. The last
//! line (Spearman and Brown) extrapolates the reliability of H repeats to all R. For an even R, f = 2, and the line is
//! Hsu's sqrt(2 rho / (1 + rho)). For an odd R each split leaves out one repeat, not always the same, and f = R / H.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statenet_core::Seed;

use crate::{
    ceilings::{
        per_neuron,
        splits::{HalfSplit, half_splits},
    },
    error::{Error, Result},
    moments::mean,
    observation::Recorded,
    quantity::{Ceiling, Reliability},
    repeats::RepeatCovariance,
    responses::{NeuronRecorded, StimulusRecorded},
    undefined::{Score, Undefined, finite},
};

/// Options of the half splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitOptions {
    /// Seed of the splits. Default 0.
    pub seed: Seed,
    /// Number of splits to draw, 1 to 500,000; if there are no more distinct ones, all are used. Default 126, which covers all
    /// splits of 10 repeats and of smaller even numbers.
    pub n_splits: usize,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self { seed: Seed::new(0), n_splits: 126 }
    }
}

impl SplitOptions {
    /// The largest number of splits. No number of repeats up to 20 has more.
    const MOST: usize = 500_000;

    /// All splits of up to 20 repeats, and of 22; of other numbers 500,000 random ones.
    #[must_use]
    pub fn exhaustive() -> Self {
        Self { n_splits: Self::MOST, ..Self::default() }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        if !(1..=Self::MOST).contains(&self.n_splits) {
            let expected = "1 to 500000";
            return Err(Error::OutOfRange { option: "n_splits", got: self.n_splits as f64, expected });
        }
        Ok(())
    }
}

/// CCmax of each neuron from random half splits of its repeats: the expected correlation of the true rate with the PSTH.
///
/// Each stimulus is centred on its own mean, and covariances are pooled over stimuli before the correlation is computed:
/// the ceiling is that of the within-stimulus correlation [`cc_norm`](crate::scores::cc_norm). For a single stimulus it is
/// Hsu's. Split k of all stimuli is used together. If stimuli have different numbers of repeats, f assumes that signal and
/// noise power are the same in all. If repeats miss different bins, the (co)variance of halves is the mean over pairs of
/// repeats.
///
/// rho is averaged over splits before the extrapolation, which biases CCmax slightly downwards (Jensen's inequality). A
/// split with a constant half has no correlation and is left out.
///
/// # Errors
/// [`Error::OutOfRange`] if `n_splits` is 0, else as [`signal_power`](crate::ceilings::signal_power). Undefined
/// ([`Undefined::NoSignal`]) if rho is not above 0.
///
/// # Examples
/// ```
/// use ndarray::arr3;
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Recorded, ceilings};
///
/// let y = arr3(&[[[0., 1., 2.], [0., 2., 1.]]]);
/// let mask = ResponseMask::all(1, 2, 3);
/// let ceiling = ceilings::cc_max_half_split(&[Recorded::new(y.view(), &mask)?], &Default::default())?;
/// // One split, rho = 0.5.
/// assert!((ceiling[0]?.value() - (2.0_f64 * 0.5 / 1.5).sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cc_max_half_split(recorded: &[Recorded<'_>], options: &SplitOptions) -> Result<Vec<Score<Ceiling>>> {
    options.validate()?;
    let splits = split_table(recorded, options);
    per_neuron(recorded, |neuron| half_split_ceiling(&NeuronRecorded::of(recorded, neuron)?, &splits))
}

/// The splits for each number of repeats that occurs.
pub(crate) fn split_table(
    recorded: &[Recorded<'_>],
    options: &SplitOptions,
) -> BTreeMap<usize, Vec<HalfSplit>> {
    let mut splits = BTreeMap::new();
    for stimulus in recorded {
        for neuron in 0..stimulus.n_neurons() {
            let r = stimulus.mask().n_repeats(neuron);
            splits.entry(r).or_insert_with(|| half_splits(r, options.n_splits, options.seed));
        }
    }
    splits
}

/// One stimulus: the covariances of its repeats, its weight and its splits.
struct Part<'a> {
    covariance: RepeatCovariance,
    weight: f64,
    splits: &'a [HalfSplit],
}

/// CCmax of one neuron.
pub(crate) fn half_split_ceiling(
    neuron: &NeuronRecorded,
    splits: &BTreeMap<usize, Vec<HalfSplit>>,
) -> Score<Ceiling> {
    let mut parts = Vec::new();
    for StimulusRecorded { psth, repeats, .. } in neuron.stimuli() {
        let n_bins = psth.n_bins();
        let splits = splits.get(&repeats.n_repeats()).map_or(&[][..], Vec::as_slice);
        if n_bins > 1 && !splits.is_empty() {
            parts.push(Part { covariance: repeats.covariance(), weight: (n_bins - 1) as f64, splits });
        }
    }
    if parts.is_empty() {
        neuron.expect_two_repeats()?;
        return Err(Undefined::TooFewBins { bins: neuron.most_bins() });
    }
    let n_draws = parts.iter().map(|p| p.splits.len()).max().unwrap_or(0);
    let (mut rhos, mut covariances) = (Vec::with_capacity(n_draws), Vec::with_capacity(n_draws));
    for k in 0..n_draws {
        let Halves { ab, aa, bb } = pooled_halves(&parts, k);
        if aa > 0.0 && bb > 0.0 {
            rhos.push(ab / (aa * bb).sqrt());
            covariances.push(ab);
        }
    }
    if rhos.is_empty() {
        return Err(Undefined::ConstantResponse);
    }
    let rho = mean(&rhos);
    if rho <= 0.0 {
        return Err(Undefined::no_signal(mean(&covariances)));
    }
    let f = repeat_factor(&parts);
    finite(Reliability::new(rho).with_repeats_times(f).value().sqrt()).map(Ceiling::new)
}

/// Covariance and variances of the means of the two halves, pooled over stimuli.
#[derive(Default)]
struct Halves {
    ab: f64,
    aa: f64,
    bb: f64,
}

fn pooled_halves(parts: &[Part<'_>], k: usize) -> Halves {
    let (mut sum, mut weight) = (Halves::default(), 0.0);
    for part in parts {
        let HalfSplit { first, second } = &part.splits[k % part.splits.len()];
        if let Some([ab, aa, bb]) = part.covariance.of_groups(first, second) {
            sum.ab += part.weight * ab;
            sum.aa += part.weight * aa;
            sum.bb += part.weight * bb;
            weight += part.weight;
        }
    }
    if weight > 0.0 {
        sum = Halves { ab: sum.ab / weight, aa: sum.aa / weight, bb: sum.bb / weight };
    }
    sum
}

/// The factor f: noise variance in the mean over a half divided by that in the mean over all repeats.
fn repeat_factor(parts: &[Part<'_>]) -> f64 {
    let noise_left = |repeats: fn(usize) -> usize| -> f64 {
        parts.iter().map(|p| p.weight / repeats(p.covariance.n_repeats()) as f64).sum()
    };
    noise_left(|r| r / 2) / noise_left(|r| r)
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::ResponseMask;

    use super::*;

    fn ceiling(y: &Array3<f64>, options: &SplitOptions) -> Score {
        let (n, r, t) = y.dim();
        cc_max_half_split(&[Recorded::new(y.view(), &ResponseMask::all(n, r, t)).unwrap()], options).unwrap()
            [0]
        .map(f64::from)
    }

    #[test]
    fn it_finds_the_correlation_of_the_psth_with_the_true_rate() {
        // Signal variance 1/2, noise variance 4: CC of the mean of R with the truth is sqrt(0.5 / (0.5 + 4 / R)).
        let mut stream = Seed::new(3).stream("ceiling");
        for n_repeats in [4, 5, 20] {
            let y = Array3::from_shape_fn((1, n_repeats, 20_000), |(_, _, t)| {
                (0.31 * t as f64).sin() + 2.0 * stream.normal()
            });
            let truth = (0.5 / (0.5 + 4.0 / n_repeats as f64)).sqrt();
            let found = ceiling(&y, &SplitOptions::default()).unwrap();
            assert!((found - truth).abs() < 0.02, "{n_repeats} repeats: {found} for {truth}");
        }
    }

    #[test]
    fn no_common_part_is_no_signal_and_silence_is_constant() {
        let opposite = Array3::from_shape_fn((1, 2, 8), |(_, r, t)| if (r + t) % 2 == 0 { 1.0 } else { 0.0 });
        assert!(matches!(ceiling(&opposite, &SplitOptions::default()), Err(Undefined::NoSignal { .. })));
        let silent = Array3::zeros((1, 6, 8));
        assert_eq!(ceiling(&silent, &SplitOptions::default()), Err(Undefined::ConstantResponse));
    }

    #[test]
    fn no_splits_are_an_error() {
        let y = Array3::zeros((1, 2, 8));
        let mask = ResponseMask::all(1, 2, 8);
        let recorded = [Recorded::new(y.view(), &mask).unwrap()];
        let options = SplitOptions { n_splits: 0, ..SplitOptions::default() };
        let message = cc_max_half_split(&recorded, &options).unwrap_err().to_string();
        assert_eq!(message, "n_splits is 0, expected 1 to 500000");
        let all = ceiling(
            &Array3::from_shape_fn((1, 12, 9), |(_, r, t)| ((r * t) % 5) as f64),
            &SplitOptions::exhaustive(),
        );
        assert!(all.is_ok());
    }
}
