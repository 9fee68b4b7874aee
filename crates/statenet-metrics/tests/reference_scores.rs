//! Agreement with the reference implementation: on simulated neurons (`golden/scores`), and on recorded ones, which need
//! `STATENET_FIXTURES` and `STATENET_NS1`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where its helpers fail")]

#[path = "../../statenet-core/tests/outside/mod.rs"]
mod outside;

use std::path::Path;

use candle_core::{Device, Tensor, Var};
use ndarray::{Array1, Array3, ArrayD, Axis, Ix1, Ix3, Ix4, IxDyn};
use safetensors::{Dtype, SafeTensors};
use statenet_core::{ResponseMask, Seed};
use statenet_metrics::{
    EvaluationOptions, Observation, Score,
    ceilings::{self, SplitOptions},
    evaluate_observations,
    losses::Loss,
    published::{hsu2004, reference_0_1, schoppe2016},
    recorded, scores,
};

/// Tolerance for scores that the reference computed in f64 from f32 responses.
const TOLERANCE: f64 = 1e-9;
/// Tolerance for scores on NS1, which the reference computed from f32 tensors.
const TOLERANCE_F32: f64 = 2e-5;

fn tensor(tensors: &SafeTensors<'_>, name: &str) -> ArrayD<f64> {
    let view = tensors.tensor(name).unwrap();
    let values: Vec<f64> = match view.dtype() {
        Dtype::F32 => view
            .data()
            .chunks_exact(4)
            .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())))
            .collect(),
        Dtype::F64 => {
            view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
        }
        other => panic!("{name} has dtype {other:?}"),
    };
    ArrayD::from_shape_vec(IxDyn(view.shape()), values).unwrap()
}

fn values<T: Copy + Into<f64>>(scores: &[Score<T>]) -> Vec<f64> {
    scores.iter().map(|s| s.unwrap().into()).collect()
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

#[track_caller]
fn agree<T: Copy + Into<f64>>(found: &[Score<T>], expected: &ArrayD<f64>, tolerance: f64) {
    let expected = expected.view().into_dimensionality::<Ix1>().unwrap();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in values(found).into_iter().zip(expected) {
        assert!((found - expected).abs() < tolerance, "{found} for {expected}");
    }
}

/// Scores of rates and responses, complete and with missing data. `ceiling_tolerance` is for our ceilings where a stimulus
/// ends early: our weights are T_b - 1, theirs T_b, which matters unless stimuli are long.
fn scores_agree(tensors: &SafeTensors<'_>, ceiling_tolerance: Option<f64>) {
    let rates = tensor(tensors, "pred").into_dimensionality::<Ix3>().unwrap();
    for (case, responses) in [("full", "responses"), ("missing", "responses_missing")] {
        let responses = tensor(tensors, responses).into_dimensionality::<Ix4>().unwrap();
        let masks: Vec<ResponseMask> =
            responses.axis_iter(Axis(0)).map(|y| ResponseMask::new(y.mapv(|v| !v.is_nan()))).collect();
        let observations: Vec<Observation<'_>> = (0..rates.dim().0)
            .map(|b| {
                let (rate, y) = (rates.index_axis(Axis(0), b), responses.index_axis(Axis(0), b));
                Observation::new(rate, y, &masks[b]).unwrap()
            })
            .collect();
        let recorded = recorded(&observations);
        let expected = |name: &str| tensor(tensors, &format!("{case}.{name}"));
        agree(&scores::cc_raw(&observations).unwrap(), &expected("corrcoef"), TOLERANCE);
        agree(&scores::fve(&observations).unwrap(), &expected("fve"), TOLERANCE);
        agree(&scores::mse(&observations).unwrap(), &expected("mse"), TOLERANCE);
        // The Poisson losses are those of predictions clamped to at least 1e-3.
        let raised = rates.mapv(|p| p.max(1e-3));
        let positive: Vec<Observation<'_>> = (0..rates.dim().0)
            .map(|b| Observation::of(raised.index_axis(Axis(0), b), recorded[b]).unwrap())
            .collect();
        agree(&reference_0_1::poisson(&positive).unwrap(), &expected("poisson"), TOLERANCE);
        agree(&reference_0_1::ccnorm_schoppe(&observations).unwrap(), &expected("ccnorm_schoppe"), TOLERANCE);
        agree(&reference_0_1::signal_power(&recorded).unwrap(), &expected("signal_power"), TOLERANCE);
        agree(&reference_0_1::noise_power(&recorded).unwrap(), &expected("noise_power"), TOLERANCE);
        agree(&reference_0_1::snr(&recorded).unwrap(), &expected("snr"), TOLERANCE);
        if let Some(tolerance) = if case == "full" { Some(TOLERANCE) } else { ceiling_tolerance } {
            agree(&ceilings::signal_power(&recorded).unwrap(), &expected("signal_power"), tolerance);
            agree(&ceilings::noise_power(&recorded).unwrap(), &expected("noise_power"), tolerance);
        }
        if tensors.tensor(&format!("{case}.ccnorm_hsu")).is_ok() {
            agree(&reference_0_1::ccnorm_hsu(&observations).unwrap(), &expected("ccnorm_hsu"), TOLERANCE);
        }
    }
}

fn golden() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/scores/case.safetensors")).unwrap()
}

#[test]
fn three_simulated_neurons_agree_with_the_reference() {
    scores_agree(&SafeTensors::deserialize(&golden()).unwrap(), None);
}

#[test]
fn losses_and_their_gradients_agree_with_the_reference() {
    let bytes = golden();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let on_cpu = |x: &ArrayD<f64>| {
        Tensor::from_iter(x.iter().copied(), &Device::Cpu).unwrap().reshape(x.shape()).unwrap()
    };
    let rates = tensor(&tensors, "pred");
    for (case, responses) in [("full", "responses"), ("missing", "responses_missing")] {
        let responses = tensor(&tensors, responses);
        let valid = responses.mapv(|y| f64::from(u8::from(!y.is_nan()))).sum_axis(Axis(2));
        let psth = responses.mapv(|y| if y.is_nan() { 0.0 } else { y }).sum_axis(Axis(2))
            / valid.mapv(|n| n.max(1.0));
        let mask = valid.mapv(|n| n.min(1.0));
        for loss in [Loss::Mse, Loss::Poisson] {
            let rate = Var::from_tensor(&on_cpu(&rates)).unwrap();
            let value = loss.apply(rate.as_tensor(), &on_cpu(&psth), &on_cpu(&mask), None).unwrap();
            let grads = value.backward().unwrap();
            let gradient =
                grads.get(rate.as_tensor()).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let expected = tensor(&tensors, &format!("{case}.loss.{}", loss.name()));
            assert!((value.to_scalar::<f64>().unwrap() - expected[[0]]).abs() < TOLERANCE, "{case} {loss}");
            let expected = tensor(&tensors, &format!("{case}.loss.{}.grad", loss.name()));
            for (found, expected) in gradient.iter().zip(&expected) {
                assert!((found - expected).abs() < TOLERANCE, "{case} {loss}: {found} for {expected}");
            }
        }
    }
}

mod needs_fixtures {
    use super::*;

    #[test]
    #[ignore = "needs STATENET_FIXTURES"]
    fn eight_recorded_neurons_agree_with_the_reference() {
        let file = outside::folder("STATENET_FIXTURES", "fixtures").join("scores.safetensors");
        scores_agree(&SafeTensors::deserialize(&std::fs::read(file).unwrap()).unwrap(), Some(2e-5));
    }
}

mod needs_fixtures_and_needs_ns1 {
    use std::fs::File;

    use ndarray_npy::NpzReader;

    use super::*;

    /// The smoothing of NS1 in the reference: a Hann window of 21 ms with gain 2, [0, .5, 1, .5, 0], and zero padding.
    fn smoothed(counts: &Array3<u8>) -> Array3<f64> {
        let n_bins = counts.dim().2;
        Array3::from_shape_fn(counts.dim(), |(n, r, t)| {
            let at = |t: usize| f64::from(counts[[n, r, t]]);
            let before = if t > 0 { at(t - 1) } else { 0.0 };
            let after = if t + 1 < n_bins { at(t + 1) } else { 0.0 };
            0.5 * before + at(t) + 0.5 * after
        })
    }

    #[test]
    #[ignore = "needs STATENET_FIXTURES and STATENET_NS1"]
    fn a_statenet_on_53_neurons_scores_as_the_reference_says() {
        let trained = outside::folder("STATENET_FIXTURES", "fixtures").join("trained/ns1-statenet-gru");
        let ns1 = outside::folder("STATENET_NS1", "data/ns1");
        let bytes = std::fs::read(trained.join("io.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let rates = tensor(&tensors, "test_predictions").into_dimensionality::<Ix3>().unwrap();
        let responses: Vec<Array3<f64>> = ["nat18", "nat19", "nat20"]
            .iter()
            .map(|name| {
                let file = File::open(ns1.join(format!("responses/{name}.npz"))).unwrap();
                smoothed(&NpzReader::new(file).unwrap().by_name("counts").unwrap())
            })
            .collect();
        let mask = ResponseMask::all(53, 20, 999);
        let observations: Vec<Observation<'_>> = (0..3)
            .map(|b| Observation::new(rates.index_axis(Axis(0), b), responses[b].view(), &mask).unwrap())
            .collect();

        let json: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(trained.join("scores.json")).unwrap()).unwrap();
        let expected = |key: &str| -> ArrayD<f64> {
            json[key]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect::<Array1<f64>>()
                .into_dyn()
        };
        agree(&scores::cc_raw(&observations).unwrap(), &expected("cc"), TOLERANCE_F32);
        agree(&scores::cc_norm(&observations).unwrap(), &expected("ccnorm_centred"), TOLERANCE_F32);
        agree(&schoppe2016::cc_norm(&observations).unwrap(), &expected("ccnorm_pooled"), TOLERANCE_F32);
        agree(
            &reference_0_1::ccnorm_schoppe(&observations).unwrap(),
            &expected("ccnorm_upstream"),
            TOLERANCE_F32,
        );

        let ids: Vec<String> = (0..53).map(|n| format!("unit-{n}")).collect();
        let evaluation = evaluate_observations(&ids, &observations, &EvaluationOptions::default()).unwrap();
        let ccnorm = evaluation.ccnorm_mean.unwrap();
        assert!((ccnorm - 0.817).abs() < 5e-4, "{ccnorm}");
        let [low, high] = evaluation.ccnorm_ci95.unwrap();
        println!("CCnorm {ccnorm:.4} [{low:.4}, {high:.4}], CCraw {:?}", evaluation.cc_ci95);
        assert!(low < ccnorm && ccnorm < high && high - low < 0.2);

        // Both ceilings estimate the same quantity; their means over a population agree closely.
        let recorded = recorded(&observations);
        let half_split = values(&ceilings::cc_max_half_split(&recorded, &SplitOptions::default()).unwrap());
        let power = values(&ceilings::cc_max_signal_power(&recorded).unwrap());
        assert!((mean(&half_split) - mean(&power)).abs() < 0.01, "{} {}", mean(&half_split), mean(&power));
        let other = SplitOptions { seed: Seed::new(1), ..SplitOptions::default() };
        let other = values(&ceilings::cc_max_half_split(&recorded, &other).unwrap());
        assert!(half_split.iter().zip(&other).all(|(a, b)| (a - b).abs() < 0.02));
        let hsu = values(&hsu2004::cc_norm(&observations, &SplitOptions::default()).unwrap());
        let lexicographic = values(&reference_0_1::ccnorm_hsu(&observations).unwrap());
        println!(
            "hsu {:.4}, reference's {:.4}, ccmax {:.4}",
            mean(&hsu),
            mean(&lexicographic),
            mean(&half_split)
        );
    }
}
