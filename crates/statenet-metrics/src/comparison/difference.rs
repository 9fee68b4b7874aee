//! How two models differ on the same responses: intervals over sounds and neurons, and what it would take to see the difference.

use serde::{Deserialize, Serialize};

use crate::{
    clusters::Clusters,
    error::Result,
    evaluation::{EvaluationOptions, NeuronBlocks, Plan, evaluate_observations, values_of, with_masks},
    moments::mean_of,
    observation::Observation,
    resampling::levels::student_t,
};

/// The mean difference of a score, first minus second. Undefined numbers are `None`, null in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeanDifference {
    /// Mean over the neurons for which both are defined.
    pub mean: Option<f64>,
    /// Its interval over sounds and groups of neurons.
    pub ci95: Option<[f64; 2]>,
    /// Its standard error by the choice of neurons.
    pub se_neurons: Option<f64>,
    /// Its standard error by the choice of sounds, with the noise of the repeats.
    pub se_sounds: Option<f64>,
    /// Number of neurons.
    pub n: usize,
}

/// The difference of two models on the same responses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Of CCraw.
    pub cc: MeanDifference,
    /// Of CCnorm.
    pub ccnorm: MeanDifference,
    /// Of FVE.
    pub fve: MeanDifference,
    /// The intervals of each neuron's difference of CCnorm, over sounds, in the order of the neurons.
    pub ccnorm_per_neuron: Vec<Option<[f64; 2]>>,
}

/// How many times more it takes to show a difference with a power of .8 at the level of .05, if one thing alone is increased; `None` if that
/// alone would not do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Needed {
    /// Times as many groups of neurons.
    pub neurons: Option<f64>,
    /// Times as many sounds.
    pub sounds: Option<f64>,
    /// Times as many repeats of the same sounds.
    pub repeats: Option<f64>,
}

/// The difference of two models, with intervals that cover other neurons and other sounds at once.
///
/// Both models are scored on the same drawn sounds and neurons, so that what is common to them cancels; see
/// [`evaluate_observations`] for the draws. `clusters` are groups of neurons that were recorded together, which are drawn whole.
/// [`compare_many`](crate::compare_many) needs the scores alone, and takes the sounds as fixed.
///
/// - `first`, `second`: one observation per stimulus, with the same responses and different rates.
///
/// # Errors
/// As [`evaluate_observations`], for each of the two.
pub fn evaluate_difference(
    ids: &[String],
    first: &[Observation<'_>],
    second: &[Observation<'_>],
    clusters: &Clusters,
    options: &EvaluationOptions,
) -> Result<Difference> {
    let plain = EvaluationOptions { n_bootstrap: 0, n_splits: 1, ..options.clone() };
    let score =
        |o: &[Observation<'_>]| evaluate_observations(ids, o, &plain).map(|e| values_of(&e.per_neuron));
    let (a, b) = (score(first)?, score(second)?);
    let values: Vec<[Option<f64>; 3]> = a.iter().zip(&b).map(|(a, b)| minus(a, b)).collect();
    let n_bins: Vec<usize> = first.iter().map(|o| o.recorded().n_bins()).collect();
    let mut plan = Plan::of(&n_bins, options);
    let labels: Vec<&str> = ids.iter().map(|id| clusters.of(id)).collect();
    plan.groups = labels.iter().map(|label| labels.iter().position(|l| l == label).unwrap_or(0)).collect();
    let blocks = |o: &[Observation<'_>], neuron| NeuronBlocks::of(o, neuron, plan.unit_bins).ok();
    let intervals = plan.intervals(&values, |neuron| {
        let (a, b) = (blocks(first, neuron)?, blocks(second, neuron)?);
        let units = a.units();
        Some((units, move |counts: &[Vec<f64>]| minus(&a.score(counts), &b.score(counts))))
    });
    let of = |k: usize| {
        let defined: Vec<f64> = values.iter().filter_map(|v| v[k]).collect();
        let [se_neurons, se_sounds] = intervals.errors[k].map_or([None; 2], |e| e.map(Some));
        MeanDifference {
            mean: mean_of(&defined),
            ci95: intervals.means[k],
            se_neurons,
            se_sounds,
            n: defined.len(),
        }
    };
    let [cc, ccnorm, fve] = [of(0), of(1), of(2)];
    let ccnorm_per_neuron = intervals.per_neuron.iter().map(|n| n[1]).collect();
    Ok(Difference { cc, ccnorm, fve, ccnorm_per_neuron })
}

/// What it would take to show a mean difference of CCnorm of `difference`: neurons, sounds or repeats.
///
/// From the standard errors in `found`, and for repeats from a jackknife over the repeats of both models. With V the sum of the squared
/// errors by neurons and sounds, and V_r the part by the noise of repeats, the difference is seen if `difference` is above (t_.975 + t_.8) sqrt(V).
///
/// # Errors
/// As [`evaluate_difference`].
pub fn needed_for(
    difference: f64,
    found: &MeanDifference,
    ids: &[String],
    first: &[Observation<'_>],
    second: &[Observation<'_>],
) -> Result<Needed> {
    let (Some(neurons), Some(sounds)) = (found.se_neurons, found.se_sounds) else {
        return Ok(Needed::default());
    };
    let by_repeats = repeat_variance(ids, first, second)?;
    let quantiles = student_t(0.95, 1e9).unwrap_or(f64::NAN) + student_t(0.6, 1e9).unwrap_or(f64::NAN);
    let allowed = (difference / quantiles).powi(2);
    let (by_neurons, by_sounds) = (neurons * neurons, sounds * sounds);
    // Noise of repeats falls with their number; the rest stays.
    let times =
        |part: f64, rest: f64| (part > 0.0 && allowed > rest).then(|| (part / (allowed - rest)).max(1.0));
    Ok(Needed {
        neurons: times(by_neurons, by_sounds),
        sounds: times(by_sounds, by_neurons),
        repeats: by_repeats.and_then(|part| times(part, (by_neurons + by_sounds - part).max(0.0))),
    })
}

/// The jackknife variance over repeats of the mean difference of CCnorm; `None` for fewer than three repeats.
fn repeat_variance(
    ids: &[String],
    first: &[Observation<'_>],
    second: &[Observation<'_>],
) -> Result<Option<f64>> {
    let n_repeats = first.iter().map(|o| o.recorded().responses().dim().1).max().unwrap_or(0);
    if n_repeats < 3 {
        return Ok(None);
    }
    let plain = EvaluationOptions { n_bootstrap: 0, n_splits: 1, ..EvaluationOptions::default() };
    let score =
        |o: &[Observation<'_>]| evaluate_observations(ids, o, &plain).map(|e| values_of(&e.per_neuron));
    let mut means = Vec::with_capacity(n_repeats);
    for out in 0..n_repeats {
        let keep = |_: usize, r: usize, _: usize| r != out;
        let (a, b) = (with_masks(first, keep, &score)?, with_masks(second, keep, &score)?);
        let differences: Vec<f64> = a.iter().zip(&b).filter_map(|(a, b)| minus(a, b)[1]).collect();
        means.extend(mean_of(&differences));
    }
    let (n, m) = (means.len() as f64, mean_of(&means).unwrap_or(0.0));
    Ok((means.len() > 1).then(|| (n - 1.0) / n * means.iter().map(|v| (v - m).powi(2)).sum::<f64>()))
}

fn minus(a: &[Option<f64>; 3], b: &[Option<f64>; 3]) -> [Option<f64>; 3] {
    std::array::from_fn(|k| Some(a[k]? - b[k]?))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    type Set = (Array2<f64>, Array2<f64>, Array3<f64>);

    const NEURONS: usize = 8;
    const BINS: usize = 30;

    /// Rates of two models with errors of variance `first` and 1, and responses, to `n` stimuli.
    fn data(seed: u64, n: usize, first: f64) -> Vec<Set> {
        let mut stream = Seed::new(seed).stream("difference");
        (0..n)
            .map(|_| {
                let signal = Array2::from_shape_fn((NEURONS, BINS), |_| stream.normal());
                let a = signal.mapv(|s| s + first.sqrt() * stream.normal());
                let b = signal.mapv(|s| s + stream.normal());
                let y =
                    Array3::from_shape_fn((NEURONS, 5, BINS), |(n, _, t)| signal[[n, t]] + stream.normal());
                (a, b, y)
            })
            .collect()
    }

    fn difference<'a>(sets: &'a [Set]) -> (Difference, Needed) {
        let mask = ResponseMask::all(NEURONS, 5, BINS);
        let of = |second: bool| {
            let one = |s: &'a Set| {
                Observation::new(if second { s.1.view() } else { s.0.view() }, s.2.view(), &mask).unwrap()
            };
            sets.iter().map(one).collect::<Vec<_>>()
        };
        let ids: Vec<String> = (0..NEURONS).map(|n| n.to_string()).collect();
        let options = EvaluationOptions { n_bootstrap: 300, ..EvaluationOptions::default() };
        let (first, second) = (of(false), of(true));
        let found = evaluate_difference(&ids, &first, &second, &Clusters::none(), &options).unwrap();
        let needed = needed_for(0.1, &found.ccnorm, &ids, &first, &second).unwrap();
        (found, needed)
    }

    #[test]
    fn intervals_of_no_difference_contain_0_and_those_of_a_difference_do_not() {
        let n_sets = 150;
        let covered = (0..n_sets)
            .filter(|&seed| {
                difference(&data(seed, 10, 1.0))
                    .0
                    .ccnorm
                    .ci95
                    .is_some_and(|[low, high]| low <= 0.0 && 0.0 <= high)
            })
            .count();
        // 142 expected; three standard errors are 8.
        assert!((134..=150).contains(&covered), "{covered}");
        let (better, needed) = difference(&data(1, 10, 0.2));
        assert!(better.ccnorm.ci95.is_some_and(|[low, _]| low > 0.0), "{better:?}");
        assert_eq!((better.ccnorm.n, better.ccnorm_per_neuron.len()), (NEURONS, NEURONS));
        assert!(better.ccnorm.se_sounds.is_some_and(|se| se > 0.0));
        assert!(needed.sounds.is_none_or(|times| times >= 1.0));
    }

    #[test]
    fn a_model_does_not_differ_from_itself() {
        let sets: Vec<_> = data(2, 10, 1.0).into_iter().map(|(a, _, y)| (a.clone(), a, y)).collect();
        let (same, needed) = difference(&sets);
        assert_eq!((same.ccnorm.mean, same.ccnorm.ci95), (Some(0.0), Some([0.0, 0.0])));
        assert_eq!((needed.sounds, needed.neurons), (None, None));
    }
}
