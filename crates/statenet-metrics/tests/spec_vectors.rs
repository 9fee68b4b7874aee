//! Scores of the reference implementation, in f64, for small given responses.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use ndarray::{Array2, Array3, s};
use statenet_core::ResponseMask;
use statenet_metrics::{
    Observation, Recorded, Score, ceilings, numbers, published::reference_0_1, recorded, scores,
};

/// The numbers are given with eight decimals.
const TOLERANCE: f64 = 1e-7;

struct Case {
    rates: Vec<Array2<f64>>,
    responses: Vec<Array3<f64>>,
    masks: Vec<ResponseMask>,
}

impl Case {
    /// B = 2, N = 2, R = 4, T = 30.
    fn complete() -> Self {
        let bin = |n: usize, b: usize, t: usize| 0.4 * t as f64 + n as f64 + 0.5 * b as f64;
        let response = |b: usize| {
            Array3::from_shape_fn((2, 4, 30), |(n, r, t)| {
                let ripple = 1.7 * t as f64 + 2.3 * r as f64 + n as f64 + b as f64;
                1.2 + bin(n, b, t).sin() + 0.6 * ripple.sin()
            })
        };
        let rate = |b: usize| Array2::from_shape_fn((2, 30), |(n, t)| 1.1 + 0.8 * (bin(n, b, t) + 0.3).sin());
        Self::of(vec![rate(0), rate(1)], vec![response(0), response(1)])
    }

    /// Missing: stimulus 1 of neuron 1, repeat 3 of stimulus 0 of neuron 0, and all neurons after bin 25.
    fn missing() -> Self {
        let mut case = Self::complete();
        case.responses[1].slice_mut(s![1, .., ..]).fill(f64::NAN);
        case.responses[0].slice_mut(s![0, 3, ..]).fill(f64::NAN);
        for y in &mut case.responses {
            y.slice_mut(s![.., .., 25..]).fill(f64::NAN);
        }
        Self::of(case.rates, case.responses)
    }

    fn of(rates: Vec<Array2<f64>>, responses: Vec<Array3<f64>>) -> Self {
        let masks = responses.iter().map(|y| ResponseMask::new(y.mapv(|v| !v.is_nan()))).collect();
        Self { rates, responses, masks }
    }

    fn observations(&self) -> Vec<Observation<'_>> {
        self.rates
            .iter()
            .zip(&self.responses)
            .zip(&self.masks)
            .map(|((rate, y), mask)| Observation::new(rate.view(), y.view(), mask).unwrap())
            .collect()
    }
}

#[track_caller]
fn agree<T: Copy + Into<f64>>(found: &[Score<T>], expected: [f64; 2]) {
    for (found, expected) in found.iter().zip(expected) {
        let found: f64 = found.unwrap().into();
        assert!((found - expected).abs() < TOLERANCE, "{found} for {expected}");
    }
}

#[test]
fn powers_agree_on_complete_data() {
    let case = Case::complete();
    let recorded = recorded(&case.observations());
    agree(&ceilings::signal_power(&recorded).unwrap(), [0.49606202, 0.47837229]);
    agree(&ceilings::noise_power(&recorded).unwrap(), [0.22982519, 0.22982845]);
    agree(&ceilings::snr(&recorded).unwrap(), [2.15843193, 2.08143202]);
    agree(&reference_0_1::signal_power(&recorded).unwrap(), [0.49606202, 0.47837229]);
    agree(&reference_0_1::snr(&recorded).unwrap(), [2.15843193, 2.08143202]);
}

#[test]
fn scores_agree_on_complete_data() {
    let case = Case::complete();
    let observations = case.observations();
    agree(&scores::cc_raw(&observations).unwrap(), [0.94775026, 0.94297656]);
    agree(&scores::fve(&observations).unwrap(), [0.84875061, 0.8411008]);
    agree(&scores::mse(&observations).unwrap(), [0.0809441, 0.08231506]);
    agree(&reference_0_1::ccnorm_schoppe(&observations).unwrap(), [0.99270757, 0.98956953]);
    agree(&reference_0_1::ccnorm_hsu(&observations).unwrap(), [0.99906939, 0.99573017]);
    agree(&reference_0_1::poisson(&observations).unwrap(), [0.76727168, 0.78038683]);
}

#[test]
fn ceilings_of_single_stimuli_agree() {
    let case = Case::complete();
    let each = |score: &dyn Fn(&[Recorded<'_>]) -> Vec<Score>| -> Vec<Score> {
        recorded(&case.observations()).iter().map(|&stimulus| score(&[stimulus])[0]).collect()
    };
    // Four repeats have three half splits; both implementations use all of them.
    let half_split =
        each(&|r| numbers(ceilings::cc_max_half_split(r, &ceilings::SplitOptions::default()).unwrap()));
    agree(&half_split, [0.94818137, 0.94908478]);
    agree(&each(&|r| numbers(ceilings::ttrc(r).unwrap())), [0.68044115, 0.68477951]);
}

#[test]
fn missing_values_agree_where_whole_repeats_and_common_bins_are_missing() {
    let case = Case::missing();
    let observations = case.observations();
    let recorded = recorded(&observations);
    // The reference uses bins with any repeat, this crate bins that both repeats of a pair have: the same bins here.
    agree(&ceilings::signal_power(&recorded).unwrap(), [0.40365908, 0.49601173]);
    agree(&reference_0_1::signal_power(&recorded).unwrap(), [0.40365908, 0.49601173]);
    agree(&scores::cc_raw(&observations).unwrap(), [0.94380904, 0.95072541]);
    agree(&scores::mse(&observations).unwrap(), [0.08352792, 0.09065415]);
    agree(&reference_0_1::ccnorm_schoppe(&observations).unwrap(), [1.01771381, 1.00459043]);
    // Neuron 1 has a single stimulus, for which the mixed form equals the centred one; neuron 0 has two, for which it does
    // not.
    let ours = numbers(scores::cc_norm(&observations).unwrap());
    assert!((ours[1].unwrap() - 1.00459043).abs() < TOLERANCE);
    assert!((ours[0].unwrap() - 1.01771381).abs() > 1e-4);
}
