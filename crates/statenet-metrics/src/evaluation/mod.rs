//! All scores of a model on test stimuli, with intervals: the `test` object of results files.

mod any_score;
mod blocks;
mod conditions;
mod evaluator;
mod further;
mod intervals;
mod leave_out;
mod options;

pub use any_score::{intervals_over_repeats, intervals_over_sounds};
pub(crate) use blocks::NeuronBlocks;
pub use conditions::{Conditions, LeftOut, Pooling, RepeatCounts};
pub use evaluator::Evaluator;
pub use further::{FurtherIntervals, FurtherOptions, FurtherScores, further_scores};
pub use intervals::Resampled;
pub(crate) use intervals::{Plan, values_of};
pub(crate) use leave_out::with_masks;
pub use options::EvaluationOptions;

use serde::{Deserialize, Serialize};

use crate::{
    ceilings::is_weak,
    error::Result,
    observation::Observation,
    powers::PooledPowers,
    undefined::{Enough, Score, Undefined},
};

/// The scores of one neuron. An undefined score is `None`, null in JSON, with its reason in `undefined`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeuronScores {
    /// The neuron's id.
    pub id: String,
    /// Correlation of rate and PSTH, [`cc_raw`](crate::scores::cc_raw).
    pub cc: Option<f64>,
    /// Noise-corrected correlation within stimuli, [`cc_norm`](crate::scores::cc_norm).
    pub ccnorm: Option<f64>,
    /// Fraction of variance explained, [`fve`](crate::scores::fve).
    pub fve: Option<f64>,
    /// Noise ceiling of the correlation from half splits, [`cc_max_half_split`](crate::ceilings::cc_max_half_split).
    pub ccmax: Option<f64>,
    /// Signal power, (spikes/bin)^2, [`signal_power`](crate::ceilings::signal_power).
    #[serde(default)]
    pub signal_power: Option<f64>,
    /// Noise power, (spikes/bin)^2, [`noise_power`](crate::ceilings::noise_power).
    #[serde(default)]
    pub noise_power: Option<f64>,
    /// Standard error of the signal power over blocks of time, (spikes/bin)^2; `None` for fewer than two blocks.
    #[serde(default)]
    pub signal_power_se: Option<f64>,
    /// Whether the neuron has a CCnorm that its signal power hardly supports: it is not above twice its standard error. Such a CCnorm
    /// can be far above 1; it is in the mean unless [`min_signal_power`](EvaluationOptions::min_signal_power) leaves it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub weak: bool,
    /// How much data would do for a weak signal, if that can be estimated; for no signal it is in the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<Enough>,
    /// Interval of CCraw over stimuli or blocks of time, with the confidence in the options (95 % by default).
    #[serde(default)]
    pub cc_ci95: Option<[f64; 2]>,
    /// Interval of CCnorm.
    #[serde(default)]
    pub ccnorm_ci95: Option<[f64; 2]>,
    /// Interval of FVE.
    #[serde(default)]
    pub fve_ci95: Option<[f64; 2]>,
    /// Reasons of undefined scores.
    #[serde(default, skip_serializing_if = "Reasons::is_empty")]
    pub undefined: Reasons,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The reason of each undefined score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reasons {
    /// Why CCraw is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cc: Option<Undefined>,
    /// Why CCnorm is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ccnorm: Option<Undefined>,
    /// Why FVE is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fve: Option<Undefined>,
    /// Why CCmax is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ccmax: Option<Undefined>,
}

impl Reasons {
    /// Whether every score is defined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The number of neurons for which each score is defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DefinedCounts {
    /// Number of neurons with a CCraw.
    pub cc: usize,
    /// Number of neurons with a CCnorm.
    pub ccnorm: usize,
    /// Number of neurons with an FVE.
    pub fve: usize,
    /// Number of neurons with a CCmax.
    pub ccmax: usize,
}

/// The scores of a model: summaries over neurons, and the scores of each neuron.
///
/// Serializes to the object in results files: `cc_mean`, `cc_median`, `ccnorm_mean`, `ccnorm_median`, `fve_mean`,
/// `ccnorm_ci95` (`[lo, hi]`), `per_neuron` (`id`, `cc`, `ccnorm`, `fve`, `ccmax`) and further fields. Means and medians
/// are over the neurons for which the score is defined; undefined numbers are null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean CCraw over neurons.
    pub cc_mean: Option<f64>,
    /// Median CCraw.
    pub cc_median: Option<f64>,
    /// Mean CCnorm.
    pub ccnorm_mean: Option<f64>,
    /// Median CCnorm.
    pub ccnorm_median: Option<f64>,
    /// Mean FVE.
    pub fve_mean: Option<f64>,
    /// Interval of the mean CCnorm, with the confidence in `options` (95 % by default).
    pub ccnorm_ci95: Option<[f64; 2]>,
    /// The scores of each neuron.
    pub per_neuron: Vec<NeuronScores>,
    /// Interval of the mean CCraw.
    #[serde(default)]
    pub cc_ci95: Option<[f64; 2]>,
    /// Interval of the mean FVE.
    #[serde(default)]
    pub fve_ci95: Option<[f64; 2]>,
    /// The units resampled for `ccnorm_ci95`.
    #[serde(default)]
    pub ccnorm_ci95_method: Resampled,
    /// The number of neurons for which each score is defined.
    #[serde(default)]
    pub n_defined: DefinedCounts,
    /// The number of neurons with a CCnorm whose signal is [weak](NeuronScores::weak).
    #[serde(default)]
    pub n_weak: usize,
    /// What the scores are of: stimuli, repeats, smoothing, pooling, neurons left out.
    #[serde(default)]
    pub conditions: Conditions,
    /// The options used.
    #[serde(default)]
    pub options: EvaluationOptions,
}

impl Evaluation {
    /// The scores of the neuron with an id.
    #[must_use]
    pub fn neuron(&self, id: &str) -> Option<&NeuronScores> {
        self.per_neuron.iter().find(|neuron| neuron.id == id)
    }

    /// Number of neurons whose CCraw is undefined for this reason, with whatever numbers.
    ///
    /// ```
    /// # use statenet_metrics::{Evaluation, Undefined};
    /// # fn show(evaluation: &Evaluation) {
    /// println!("{} neurons were not trained", evaluation.n_undefined(&Undefined::NotTrained));
    /// # }
    /// ```
    #[must_use]
    pub fn n_undefined(&self, reason: &Undefined) -> usize {
        let same = |found: &Undefined| std::mem::discriminant(found) == std::mem::discriminant(reason);
        self.per_neuron.iter().filter(|neuron| neuron.undefined.cc.as_ref().is_some_and(same)).count()
    }
}

/// Scores predictions against recorded responses: CCraw, CCnorm, FVE and CCmax of each neuron, and intervals of the means.
///
/// - `ids`: one unique id per neuron, in the order of the arrays.
/// - `observations`: one per test stimulus.
///
/// Intervals are from a bootstrap. It draws sounds with replacement, with the responses of all neurons and repeats to them: whole stimuli
/// if there are ten or more, else contiguous blocks of time within each stimulus (stimuli of a single block, shorter than 1.5 times
/// `block_bins`, as a whole among each other). Those of a neuron, `per_neuron[].ccnorm_ci95`, cover other sounds of the same kind and, because each block
/// has its own noise, the noise of the responses. Those of the means, `ccnorm_ci95`, cover the choice of neurons as well. They do not
/// cover variation of the fit (other training data or seeds), other kinds of sound, or that neurons recorded together can be alike. The bias of
/// scores of few and noisy bins, as the draws show it, is taken off the interval of a mean, not off the mean.
///
/// The ends are expanded percentiles (Hesterberg 2015). In simulations with ten stimuli or more, nominal 95 % intervals cover 93 to 97 %.
/// Less, down to 90 %: if one or two stimuli have most of the power, and with fewer than about ten neurons or blocks. With one neuron only sounds are
/// drawn, with one block only neurons; with one of each there is no interval. A neuron whose score is undefined in the data is never drawn; one
/// whose score is undefined in a draw is left out of that draw's mean, and has no interval if it is in half of them.
///
/// A neuron without any recorded bin was [not tested](Undefined::NotTested). CCraw, CCnorm and FVE are undefined for it, for
/// neurons that were [not trained](EvaluationOptions::not_trained) and for those below the [least signal
/// power](EvaluationOptions::min_signal_power), so that no mean and no interval has them; CCmax and the powers, which are of the responses
/// alone, stay.
///
/// # Errors
/// [`Error::NoStimulus`](crate::Error::NoStimulus); [`Error::NeuronCount`](crate::Error::NeuronCount); [`Error::Count`](crate::Error::Count) or [`Error::DuplicateId`](crate::Error::DuplicateId) if `ids` is not one unique id
/// per neuron; [`Error::OutOfRange`](crate::Error::OutOfRange) for an option. An undefined score is not an error.
///
/// # Examples
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{EvaluationOptions, Observation, evaluate_observations};
///
/// let rate = Array2::from_shape_fn((1, 400), |(_, t)| (0.1 * t as f64).sin() + 1.0);
/// let responses = Array3::from_shape_fn((1, 4, 400), |(_, r, t)| rate[[0, t]] + ((t * (r + 3)) % 7) as f64);
/// let mask = ResponseMask::all(1, 4, 400);
/// let observations = [Observation::new(rate.view(), responses.view(), &mask)?];
/// let scores = evaluate_observations(&["unit-1".into()], &observations, &EvaluationOptions::default())?;
/// assert_eq!(scores.per_neuron[0].id, "unit-1");
/// assert!(scores.ccnorm_ci95.is_some_and(|[lo, hi]| lo < hi));
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn evaluate_observations(
    ids: &[String],
    observations: &[Observation<'_>],
    options: &EvaluationOptions,
) -> Result<Evaluation> {
    let mut evaluator = Evaluator::new(options)?;
    evaluator.add(ids, observations)?;
    evaluator.finish()
}

/// The scores of one neuron with the reasons of undefined ones.
struct Scored {
    cc: Score,
    ccnorm: Score,
    fve: Score,
    ccmax: Score,
    powers: Result<PooledPowers, Undefined>,
    signal_power_se: Option<f64>,
}

impl Scored {
    /// Leaves the neuron out of the means if it was not trained or not tested, or if its signal is below the least one.
    fn left_out(self, is_untrained: bool, is_tested: bool, min_signal_power: Option<f64>) -> Self {
        let weak = || {
            let (minimum, signal_power) = (min_signal_power?, self.powers.as_ref().ok()?.signal);
            (signal_power < minimum).then_some(Undefined::WeakSignal { signal_power, minimum })
        };
        let reason = match (is_untrained, is_tested) {
            (true, _) => Some(Undefined::NotTrained),
            (false, false) => Some(Undefined::NotTested),
            (false, true) => weak(),
        };
        let ccmax = if is_tested { self.ccmax } else { Err(Undefined::NotTested) };
        match reason {
            Some(reason) => Self { cc: Err(reason), ccnorm: Err(reason), fve: Err(reason), ccmax, ..self },
            None => self,
        }
    }

    fn named(self, id: &str, enough: impl Fn() -> Option<Enough>) -> NeuronScores {
        let powers = self.powers.ok();
        let weak = |p: &PooledPowers| self.ccnorm.is_ok() && is_weak(p.signal, self.signal_power_se);
        let weak = powers.as_ref().is_some_and(weak);
        let reason = |score: Score| score.err().map(|reason| reason.with_enough(&enough));
        NeuronScores {
            id: id.to_owned(),
            cc: self.cc.ok(),
            ccnorm: self.ccnorm.ok(),
            fve: self.fve.ok(),
            ccmax: self.ccmax.ok(),
            signal_power: powers.map(|p| p.signal).filter(|p| p.is_finite()),
            noise_power: powers.map(|p| p.noise).filter(|p| p.is_finite()),
            signal_power_se: self.signal_power_se,
            weak,
            enough: if weak { enough() } else { None },
            cc_ci95: None,
            ccnorm_ci95: None,
            fve_ci95: None,
            undefined: Reasons {
                cc: reason(self.cc),
                ccnorm: reason(self.ccnorm),
                fve: reason(self.fve),
                ccmax: reason(self.ccmax),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    fn ids(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("unit-{i}")).collect()
    }

    /// Neuron n: a sine with noise of variance n, the last neuron silent; rates right but for the noise.
    fn population(n: usize, r: usize, t: usize) -> (Array2<f64>, Array3<f64>) {
        let mut stream = Seed::new(8).stream("population");
        let rate = Array2::from_shape_fn((n, t), |(n, t)| (0.2 * t as f64 + n as f64).sin());
        let y = Array3::from_shape_fn((n, r, t), |(i, _, t)| {
            let noise = (i as f64).sqrt() * stream.normal();
            if i + 1 == n { 0.0 } else { rate[[i, t]] + noise }
        });
        (rate, y)
    }

    fn of(rate: &Array2<f64>, y: &Array3<f64>, options: &EvaluationOptions) -> Evaluation {
        let (n, r, t) = y.dim();
        let mask = ResponseMask::all(n, r, t);
        evaluate_observations(&ids(n), &[Observation::new(rate.view(), y.view(), &mask).unwrap()], options)
            .unwrap()
    }

    #[test]
    fn the_object_has_the_promised_keys_first_and_no_nan() {
        let (rate, y) = population(3, 4, 300);
        let evaluation = of(&rate, &y, &EvaluationOptions::default());
        let json = serde_json::to_value(&evaluation).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().take(7).collect();
        let promised =
            ["cc_mean", "cc_median", "ccnorm_mean", "ccnorm_median", "fve_mean", "ccnorm_ci95", "per_neuron"];
        assert_eq!(keys, promised);
        let silent = &json["per_neuron"][2];
        let keys: Vec<&String> = silent.as_object().unwrap().keys().take(5).collect();
        assert_eq!(keys, ["id", "cc", "ccnorm", "fve", "ccmax"]);
        assert!(silent["ccnorm"].is_null() && silent["ccmax"].is_null());
        assert_eq!(silent["undefined"]["ccnorm"], "constant_response");
        assert_eq!(evaluation.n_defined, DefinedCounts { cc: 2, ccnorm: 2, fve: 2, ccmax: 2 });
        let mean =
            (evaluation.per_neuron[0].ccnorm.unwrap() + evaluation.per_neuron[1].ccnorm.unwrap()) / 2.0;
        assert!((evaluation.ccnorm_mean.unwrap() - mean).abs() < 1e-15);
        assert!((evaluation.neuron("unit-0").unwrap().ccmax.unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn it_is_read_back_also_without_our_own_keys() {
        let (rate, y) = population(3, 4, 300);
        let evaluation =
            of(&rate, &y, &EvaluationOptions { n_bootstrap: 50, ..EvaluationOptions::default() });
        let read: Evaluation = serde_json::from_str(&serde_json::to_string(&evaluation).unwrap()).unwrap();
        assert_eq!(read.n_defined, evaluation.n_defined);
        assert_eq!(read.per_neuron[2].undefined, evaluation.per_neuron[2].undefined);
        let bare = r#"{"cc_mean": 0.5, "cc_median": 0.5, "ccnorm_mean": null, "ccnorm_median": null,
            "fve_mean": 0.1, "ccnorm_ci95": null,
            "per_neuron": [{"id": "a", "cc": 0.5, "ccnorm": null, "fve": 0.1, "ccmax": null}]}"#;
        let read: Evaluation = serde_json::from_str(bare).unwrap();
        assert_eq!((read.ccnorm_mean, read.per_neuron[0].cc), (None, Some(0.5)));
    }

    #[test]
    fn one_repeat_leaves_cc_and_fve_with_intervals() {
        let (rate, y) = population(3, 1, 300);
        let evaluation = of(&rate, &y, &EvaluationOptions::default());
        assert_eq!((evaluation.ccnorm_mean, evaluation.ccnorm_ci95), (None, None));
        assert_eq!(evaluation.per_neuron[0].undefined.ccnorm, Some(Undefined::TooFewRepeats { repeats: 1 }));
        assert!(evaluation.cc_ci95.is_some() && evaluation.fve_ci95.is_some());
    }

    #[test]
    fn one_thread_and_three_give_the_same_bits() {
        let (rate, y) = population(4, 5, 300);
        let with = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| of(&rate, &y, &EvaluationOptions::default()))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn with_one_block_neurons_alone_are_resampled_and_one_neuron_has_no_interval() {
        let options = EvaluationOptions { block_bins: 300, ..EvaluationOptions::default() };
        let (rate, y) = population(4, 5, 300);
        let several = of(&rate, &y, &options);
        assert_eq!(several.ccnorm_ci95_method, Resampled::Neurons);
        let (first, y) =
            (rate.slice(ndarray::s![..1, ..]).to_owned(), y.slice(ndarray::s![..1, .., ..]).to_owned());
        let one = of(&first, &y, &options);
        assert_eq!((one.ccnorm_ci95, one.ccnorm_ci95_method), (None, Resampled::Nothing));
        let blocks = of(&first, &y, &EvaluationOptions { block_bins: 30, ..options });
        assert_eq!(blocks.ccnorm_ci95_method, Resampled::Blocks);
        assert!(blocks.ccnorm_ci95.is_some());
    }

    #[test]
    fn wrong_calls_say_what_would_be_right() {
        let (rate, y) = population(2, 2, 10);
        let mask = ResponseMask::all(2, 2, 10);
        let observations = [Observation::new(rate.view(), y.view(), &mask).unwrap()];
        let options = EvaluationOptions::default();
        let message = |ids: &[&str], options: &EvaluationOptions| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            evaluate_observations(&ids, &observations, options).unwrap_err().to_string()
        };
        assert_eq!(message(&["a"], &options), "ids has 1 entries, expected 2, one per neuron");
        assert_eq!(message(&["a", "a"], &options), "neuron id \"a\" occurs twice, expected unique ids");
        let wrong = EvaluationOptions { confidence: 1.0, ..options };
        assert_eq!(message(&["a", "b"], &wrong), "confidence is 1, expected above 0 and below 1");
    }
}
