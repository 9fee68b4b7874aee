//! Property tests of the scores on random data: bounds, invariances, masks.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

mod random;

use ndarray::{Array2, Array3, Axis};
use proptest::{prelude::*, test_runner::RngSeed};
use statenet_core::Seed;
use statenet_metrics::{
    EvaluationOptions, Observation, Score, ValidationScore, ValidationScorer,
    ceilings::{self, SplitOptions},
    evaluate_observations, numbers, published, recorded, scores,
};

use random::{Data, Missing, mask, missing};

/// Tolerance for sums of a thousand numbers of order 1 in different orders.
const ROUNDING: f64 = 1e-9;

fn drawn(seed: u64, n: usize, r: usize, lengths: &[usize], missing: Missing) -> Data {
    let mut stream = Seed::new(seed).stream("laws");
    let mut data = Data::default();
    for (b, &t) in lengths.iter().enumerate() {
        let rate = Array2::from_shape_fn((n, t), |_| 3.0 * b as f64 + 2.0 * stream.unit());
        let of_rate = |(n, _, t): (usize, usize, usize)| rate[[n, t]] + stream.normal();
        data.responses.push(Array3::from_shape_fn((n, r, t), of_rate));
        data.masks.push(mask(&mut stream, (n, r, t), missing, 0.7));
        // The prediction is the true rate plus an error.
        data.rates.push(rate.mapv(|p| p + 0.5 * stream.normal()));
    }
    data
}

fn cc_norm(data: &Data) -> Vec<Score> {
    numbers(scores::cc_norm(&data.observations()).unwrap())
}

fn data() -> impl Strategy<Value = Data> {
    let lengths = prop::collection::vec(1_usize..40, 1..4);
    (any::<u64>(), 1_usize..4, 1_usize..6, lengths, missing())
        .prop_map(|(seed, n, r, lengths, missing)| drawn(seed, n, r, &lengths, missing))
}

fn same(a: &[Score], b: &[Score]) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        match (a, b) {
            // With a tiny signal power the score is large and less accurate.
            (Ok(a), Ok(b)) => {
                prop_assert!((a - b).abs() <= ROUNDING * (1.0 + a.powi(4)), "{} and {}", a, b);
            }
            (a, b) => {
                prop_assert_eq!(
                    a.err().as_ref().map(std::mem::discriminant),
                    b.err().as_ref().map(std::mem::discriminant)
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(3), ..ProptestConfig::default() })]

    #[test]
    fn correlations_and_explained_variance_are_bounded(data in data()) {
        let observations = data.observations();
        for cc in numbers(scores::cc_raw(&observations).unwrap()).into_iter().flatten() {
            prop_assert!((-1.0..=1.0).contains(&cc));
        }
        for fve in scores::fve(&observations).unwrap().into_iter().flatten() {
            prop_assert!(fve <= 1.0);
        }
        for r in numbers(ceilings::ttrc(&recorded(&observations)).unwrap()).into_iter().flatten() {
            prop_assert!((-1.0..=1.0).contains(&r));
        }
    }

    #[test]
    fn cc_norm_ignores_scale_and_an_offset_per_stimulus(data in data(), scale in 0.01_f64..100.0, offset in -50.0_f64..50.0) {
        let changed = data.with_rates(|b, p| scale * p + offset * b as f64 - 3.0);
        same(&cc_norm(&data), &cc_norm(&changed))?;
        let negated = data.with_rates(|_, p| -p);
        let expected: Vec<Score> = cc_norm(&data).into_iter().map(|s| s.map(|s| -s)).collect();
        same(&expected, &cc_norm(&negated))?;
    }

    #[test]
    fn cc_raw_ignores_scale_and_one_offset(data in data(), scale in 0.01_f64..100.0, offset in -50.0_f64..50.0) {
        let changed = data.with_rates(|_, p| scale * p + offset);
        let cc_raw = |data: &Data| numbers(scores::cc_raw(&data.observations()).unwrap());
        same(&cc_raw(&data), &cc_raw(&changed))?;
    }

    #[test]
    fn the_order_of_repeats_and_neurons_does_not_matter(data in data(), seed in any::<u64>()) {
        let (n, r, _) = data.responses[0].dim();
        let (mut neurons, mut repeats): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (0..r).collect());
        let mut stream = Seed::new(seed).stream("order");
        stream.shuffle(&mut neurons);
        stream.shuffle(&mut repeats);
        let reordered = data.reordered(&neurons, &repeats);
        type Of = fn(&[Observation<'_>]) -> Vec<Score>;
        let all: [Of; 5] = [
            |o| numbers(scores::cc_norm(o).unwrap()),
            |o| numbers(scores::cc_raw(o).unwrap()),
            |o| scores::fve(o).unwrap(),
            |o| ceilings::signal_power(&recorded(o)).unwrap(),
            |o| numbers(ceilings::ttrc(&recorded(o)).unwrap()),
        ];
        for score in all {
            let before = score(&data.observations());
            let expected: Vec<Score> = neurons.iter().map(|&n| before[n]).collect();
            same(&expected, &score(&reordered.observations()))?;
        }
    }

    #[test]
    fn values_under_a_mask_never_matter(data in data()) {
        let mut hidden = data.clone();
        for (b, mask) in data.masks.iter().enumerate() {
            let any = mask.any_repeat();
            ndarray::Zip::from(&mut hidden.responses[b]).and(mask.view()).for_each(|y, &v| if !v { *y = f64::NAN });
            ndarray::Zip::from(&mut hidden.rates[b]).and(&any).for_each(|p, &v| if !v { *p = f64::NAN });
        }
        let ids: Vec<String> = (0..data.rates[0].nrows()).map(|n| n.to_string()).collect();
        let options = EvaluationOptions { n_bootstrap: 20, block_bins: 5, ..EvaluationOptions::default() };
        let (a, b) = (data.observations(), hidden.observations());
        // Equal bit for bit, since masked values are never read.
        prop_assert_eq!(evaluate_observations(&ids, &a, &options).unwrap(), evaluate_observations(&ids, &b, &options).unwrap());
        prop_assert_eq!(scores::mse(&a).unwrap(), scores::mse(&b).unwrap());
        prop_assert_eq!(scores::log_likelihood(&a).unwrap(), scores::log_likelihood(&b).unwrap());
        prop_assert_eq!(published::schoppe2016::cc_norm(&a).unwrap(), published::schoppe2016::cc_norm(&b).unwrap());
        prop_assert_eq!(
            published::reference_0_1::ccnorm_schoppe(&a).unwrap(),
            published::reference_0_1::ccnorm_schoppe(&b).unwrap()
        );
    }

    #[test]
    fn an_evaluation_never_holds_nan_and_has_a_reason_for_every_null(data in data()) {
        let ids: Vec<String> = (0..data.rates[0].nrows()).map(|n| n.to_string()).collect();
        let options = EvaluationOptions { n_bootstrap: 20, block_bins: 5, ..EvaluationOptions::default() };
        let evaluation = evaluate_observations(&ids, &data.observations(), &options).unwrap();
        for n in &evaluation.per_neuron {
            let scores = [(n.cc, n.undefined.cc), (n.ccnorm, n.undefined.ccnorm), (n.fve, n.undefined.fve),
                (n.ccmax, n.undefined.ccmax)];
            for (score, reason) in scores {
                prop_assert!(score.is_some() != reason.is_some());
                prop_assert!(score.is_none_or(f64::is_finite));
            }
        }
        for [low, high] in [evaluation.ccnorm_ci95, evaluation.cc_ci95, evaluation.fve_ci95].into_iter().flatten() {
            prop_assert!(low.is_finite() && high.is_finite() && low <= high);
        }
    }

    #[test]
    fn signal_power_of_complete_data_has_the_closed_form(seed in any::<u64>(), r in 2_usize..8, t in 2_usize..60) {
        let data = drawn(seed, 1, r, &[t], Missing::Nothing);
        let y = data.responses[0].index_axis(Axis(0), 0);
        let variance = |x: ndarray::ArrayView1<'_, f64>| x.var(1.0);
        let total = y.rows().into_iter().map(variance).sum::<f64>() / r as f64;
        let of_mean = variance(y.mean_axis(Axis(0)).unwrap().view());
        let closed = (r as f64 * of_mean - total) / (r as f64 - 1.0);
        let found = ceilings::signal_power(&recorded(&data.observations())).unwrap()[0].unwrap();
        prop_assert!((found - closed).abs() < ROUNDING);
        let noise = ceilings::noise_power(&recorded(&data.observations())).unwrap()[0].unwrap();
        prop_assert!((noise - (total - closed)).abs() < ROUNDING);
    }

    #[test]
    fn a_perfect_prediction_without_noise_scores_1(
        seed in any::<u64>(),
        r in 2_usize..5,
        lengths in prop::collection::vec(3_usize..30, 1..4),
        missing in missing(),
    ) {
        let mut data = drawn(seed, 1, r, &lengths, missing);
        for (rate, y) in data.rates.iter().zip(&mut data.responses) {
            y.indexed_iter_mut().for_each(|((n, _, t), y)| *y = rate[[n, t]]);
        }
        let observations = data.observations();
        for cc in numbers(scores::cc_raw(&observations).unwrap()).into_iter().flatten() {
            prop_assert!((cc - 1.0).abs() < ROUNDING);
        }
        for fve in scores::fve(&observations).unwrap().into_iter().flatten() {
            prop_assert!((fve - 1.0).abs() < ROUNDING);
        }
        // If repeats miss different bins, signal power and PSTH come from different bins.
        if !matches!(missing, Missing::Anything) {
            for cc_norm in cc_norm(&data).into_iter().flatten() {
                prop_assert!((cc_norm - 1.0).abs() < ROUNDING);
            }
            let ceiling = ceilings::cc_max_half_split(&recorded(&observations), &SplitOptions::default()).unwrap();
            for ceiling in numbers(ceiling).into_iter().flatten() {
                prop_assert!((ceiling - 1.0).abs() < ROUNDING);
            }
        }
    }

    #[test]
    fn a_validation_scorer_is_the_score(data in data()) {
        let observations = data.observations();
        let recorded = recorded(&observations);
        let scorer = ValidationScorer::new(ValidationScore::CcNorm, &recorded).unwrap();
        prop_assert_eq!(scorer.per_neuron(&data.rates).unwrap(), cc_norm(&data));
        let scorer = ValidationScorer::new(ValidationScore::CcRaw, &recorded).unwrap();
        prop_assert_eq!(scorer.per_neuron(&data.rates).unwrap(), numbers(scores::cc_raw(&observations).unwrap()));
    }

    #[test]
    fn without_an_interval_asked_for_there_is_none_and_nothing_else_changes(data in data()) {
        let ids: Vec<String> = (0..data.rates[0].nrows()).map(|n| n.to_string()).collect();
        let options = EvaluationOptions { n_bootstrap: 0, ..EvaluationOptions::default() };
        let without = evaluate_observations(&ids, &data.observations(), &options).unwrap();
        prop_assert_eq!(without.ccnorm_ci95, None);
        let options = EvaluationOptions { n_bootstrap: 5, ..options };
        let mut with = evaluate_observations(&ids, &data.observations(), &options).unwrap().per_neuron;
        for neuron in &mut with {
            (neuron.cc_ci95, neuron.ccnorm_ci95, neuron.fve_ci95) = (None, None, None);
        }
        prop_assert_eq!(without.per_neuron, with);
    }
}
