//! Neurons that are out of the means: not trained, not tested, or with a signal that is too weak.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ndarray::{Array2, Array3, Axis};
use proptest::prelude::*;
use statenet_core::{ResponseMask, Seed};
use statenet_metrics::{Evaluation, EvaluationOptions, Observation, Undefined, evaluate_observations};

const REPEATS: usize = 4;

/// Rates and responses of neurons with these amplitudes of a signal in noise of variance 1, to two stimuli; the rate is the signal.
fn population(amplitudes: &[f64], seed: u64) -> [(Array2<f64>, Array3<f64>); 2] {
    let mut stream = Seed::new(seed).stream("left out");
    [150, 90].map(|n_bins| {
        let rate = Array2::from_shape_fn((amplitudes.len(), n_bins), |_| stream.normal());
        let responses = Array3::from_shape_fn((amplitudes.len(), REPEATS, n_bins), |(n, _, t)| {
            amplitudes[n] * rate[[n, t]] + stream.normal()
        });
        (rate, responses)
    })
}

/// The scores of some of the neurons; `untested` has no recorded bin.
fn scores(
    data: &[(Array2<f64>, Array3<f64>); 2],
    neurons: &[usize],
    untested: Option<usize>,
    options: &EvaluationOptions,
) -> Evaluation {
    let ids: Vec<String> = neurons.iter().map(|n| format!("u{n}")).collect();
    let kept: Vec<_> = data
        .iter()
        .map(|(rate, responses)| {
            let (rate, responses) = (rate.select(Axis(0), neurons), responses.select(Axis(0), neurons));
            let mask = Array3::from_shape_fn(responses.dim(), |(n, _, _)| Some(neurons[n]) != untested);
            (rate, responses, ResponseMask::new(mask))
        })
        .collect();
    let observations: Vec<_> =
        kept.iter().map(|(p, y, mask)| Observation::new(p.view(), y.view(), mask).unwrap()).collect();
    evaluate_observations(&ids, &observations, options).unwrap()
}

fn options() -> EvaluationOptions {
    EvaluationOptions { n_bootstrap: 50, block_bins: 15, ..EvaluationOptions::default() }
}

/// The numbers over neurons.
fn summary(evaluation: &Evaluation) -> [Option<[f64; 2]>; 5] {
    let pair = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| [a, b]);
    [
        pair(evaluation.cc_mean, evaluation.cc_median),
        pair(evaluation.ccnorm_mean, evaluation.ccnorm_median),
        pair(evaluation.fve_mean, evaluation.fve_mean),
        evaluation.ccnorm_ci95,
        evaluation.cc_ci95,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_neuron_that_is_left_out_changes_nothing_for_the_others(seed in any::<u64>(), out in 0usize..5) {
        let amplitudes = [2.0, 1.0, 3.0, 1.5, 0.8];
        let data = population(&amplitudes, seed);
        let (all, others) =
            ((0..5).collect::<Vec<_>>(), (0..5).filter(|&n| n != out).collect::<Vec<_>>());
        let without = scores(&data, &others, None, &options());
        let ways = [
            (Undefined::NotTrained, None, EvaluationOptions { not_trained: vec![format!("u{out}")], ..options() }),
            (Undefined::NotTested, Some(out), options()),
        ];
        for (reason, untested, options) in ways {
            let with = scores(&data, &all, untested, &options);
            prop_assert_eq!(summary(&with), summary(&without));
            prop_assert_eq!(with.n_ccnorm(), 4);
            prop_assert_eq!(with.n_undefined(&reason), 1);
            let left_out = &with.per_neuron[out];
            prop_assert_eq!((left_out.cc, left_out.ccnorm, left_out.fve), (None, None, None));
            let undefined = left_out.undefined;
            prop_assert_eq!([undefined.cc, undefined.ccnorm, undefined.fve], [Some(reason); 3]);
            // The ceiling is of the responses, which an untrained neuron has.
            prop_assert_eq!(left_out.ccmax.is_some(), untested.is_none());
            let id = left_out.id.as_str();
            prop_assert!(with.left_out().unwrap().contains(id));
        }
    }

    #[test]
    fn a_least_signal_power_leaves_out_exactly_those_below(seed in any::<u64>(), minimum in 0.01f64..6.0) {
        let data = population(&[2.0, 1.0, 0.1, 0.0, 1.5], seed);
        let neurons: Vec<usize> = (0..5).collect();
        let free = scores(&data, &neurons, None, &options());
        let bounded =
            scores(&data, &neurons, None, &EvaluationOptions { min_signal_power: Some(minimum), ..options() });
        let mut kept = Vec::new();
        for (n, (free, bounded)) in free.per_neuron.iter().zip(&bounded.per_neuron).enumerate() {
            let power = free.signal_power.unwrap();
            if power < minimum {
                let reason = Some(Undefined::WeakSignal { signal_power: power, minimum });
                prop_assert_eq!([bounded.undefined.cc, bounded.undefined.ccnorm, bounded.undefined.fve], [reason; 3]);
                prop_assert!(!bounded.weak);
            } else {
                prop_assert_eq!(free, bounded);
                kept.push(n);
            }
        }
        if !kept.is_empty() {
            prop_assert_eq!(summary(&bounded), summary(&scores(&data, &kept, None, &options())));
        }
    }
}

#[test]
fn a_neuron_without_signal_is_marked_where_it_has_a_ccnorm_at_all() {
    let (mut marked, mut defined) = (0, 0);
    for seed in 0..60 {
        let evaluation = scores(&population(&[2.0, 0.0], seed), &[0, 1], None, &options());
        let [strong, silent] = [&evaluation.per_neuron[0], &evaluation.per_neuron[1]];
        assert!(!strong.weak && strong.ccnorm.is_some());
        assert!(silent.ccnorm.is_some() || !silent.weak);
        assert_eq!(evaluation.n_weak, usize::from(silent.weak));
        defined += usize::from(silent.ccnorm.is_some());
        marked += usize::from(silent.weak);
    }
    // Half of the estimates of a power of 0 are above 0; of these about 1 in 20 is above two standard errors.
    assert!(defined >= 15 && marked * 10 >= defined * 8, "{marked} of {defined}");
}

#[test]
fn one_repeat_has_no_signal_power_and_is_not_below_the_least() {
    let mask = ResponseMask::all(1, 1, 60);
    let rate = Array2::from_shape_fn((1, 60), |(_, t)| (t as f64).sin());
    let responses = Array3::from_shape_fn((1, 1, 60), |(_, _, t)| (t as f64 + 0.3).sin());
    let observations = [Observation::new(rate.view(), responses.view(), &mask).unwrap()];
    let options = EvaluationOptions { min_signal_power: Some(10.0), ..options() };
    let scores = evaluate_observations(&["u".to_owned()], &observations, &options).unwrap();
    assert!(scores.per_neuron[0].cc.is_some());
    assert_eq!(scores.per_neuron[0].undefined.ccnorm, Some(Undefined::TooFewRepeats { repeats: 1 }));
    let wrong = EvaluationOptions { min_signal_power: Some(0.0), ..options };
    assert_eq!(
        evaluate_observations(&["u".to_owned()], &observations, &wrong).unwrap_err().to_string(),
        "min_signal_power is 0, expected a finite number above 0"
    );
}
