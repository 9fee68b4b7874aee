//! Fits recover the receptive fields of simulated neurons, and ridge regression solves its equations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use candle_core::Device;
use fixtures::{build, changed, prepared, ragged, raw};
use ndarray::{Array1, Array2, Array3, Axis};
use statenet_core::{Input, Millis, Seed, Standardization, TimeBin};
use statenet_data::{
    Description, GroundTruth, Neuron, NeuronMix, Recording, Responses, SimulationConfig, Smoothing, Split,
    SplitPlan, Stimulus,
};
use statenet_metrics::EvaluationOptions;
use statenet_models::{ModelConfig, ResponseModel, zoo};
use statenet_train::{FitConfig, Fitter, Ridge, evaluate, evaluate_with, predict};

/// Receptive fields `(F, K)` of a Linear or LN model, lag 0 first.
fn fields(model: &dyn ResponseModel) -> Vec<Array2<f64>> {
    let weight = model.params().get("readout.strf.weight").unwrap().var.as_detached_tensor();
    let (n_neurons, _, n_bands, n_lags) = weight.dims4().unwrap();
    let values = weight.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    (0..n_neurons)
        .map(|n| {
            Array2::from_shape_fn((n_bands, n_lags), |(f, lag)| {
                f64::from(values[(n * n_bands + f) * n_lags + n_lags - 1 - lag])
            })
        })
        .collect()
}

/// The cosine of a fitted receptive field with the true one for standardised sounds.
fn agreement(field: &Array2<f64>, truth: &GroundTruth, scaling: &Standardization) -> f64 {
    let mut truth = truth.receptive_field.mapv(f64::from);
    for (mut band, &std) in truth.outer_iter_mut().zip(scaling.std()) {
        band *= f64::from(std);
    }
    let n_lags = truth.ncols().min(field.ncols());
    let cut = |m: &Array2<f64>| m.slice(ndarray::s![.., ..n_lags]).to_owned();
    let norm = |m: &Array2<f64>| m.iter().map(|x| x * x).sum::<f64>().sqrt();
    (cut(field) * cut(&truth)).sum() / (norm(field) * norm(&truth))
}

/// The cosine with the true field that each fitted field must reach, and that their mean must reach. Sounds are correlated over
/// bands and time, so that regularised fields are smoother than the true ones; early stopping at one epoch for all neurons
/// regularises less well than a penalty for each.
const RIDGE_AGREEMENT: (f64, f64) = (0.8, 0.8);
const GRADIENT_AGREEMENT: (f64, f64) = (0.55, 0.7);

fn without_memory() -> (Recording, Split, Vec<GroundTruth>) {
    let config = SimulationConfig {
        n_stimuli: 20,
        duration: Millis::whole::<3000>(),
        n_bands: 12,
        n_repeats: 60,
        neurons: NeuronMix { linear: 2, ln: 2, adaptation: 0, gain_control: 0, long_memory: 0 },
        memory: Millis::whole::<60>(),
        seed: Seed::new(21),
        ..SimulationConfig::default()
    };
    let simulation = config.simulate().unwrap();
    // Not smoothed: smoothing the responses would smear the fields in time.
    let split = SplitPlan::Demo.resolve(&simulation.recording).unwrap();
    (simulation.recording.smooth(Smoothing::None).unwrap(), split, simulation.truth)
}

fn with_lags(json_curve: &str, lags: usize, recording: &Recording) -> ModelConfig {
    let json = format!(
        r#"{{"format": 1, "model": {{"pipeline": {{"readout": {{"strf": {{
            "strf": {{"full": {{"lags": {lags}}}}}, "activation": {json_curve}}}}}}}}}}}"#
    );
    ModelConfig::from_json(&json).unwrap().for_axes(&recording.axes())
}

#[test]
fn ridge_linear_and_ln_find_the_true_receptive_fields() {
    let (recording, split, truth) = without_memory();
    let ridge = Ridge { lags: vec![12], ..Ridge::default() }.fit(&recording, &split, &Device::Cpu).unwrap();
    let by_gradients = |curve: &str| {
        let config = with_lags(curve, 12, &recording);
        let mut model = build(&config, 0);
        let fit = FitConfig { max_epochs: 400, ..FitConfig::recipe(&config) };
        Fitter::new(fit).fit(&mut *model, &recording, &split).unwrap();
        model
    };
    let fitted = [
        ("ridge", ridge.model, RIDGE_AGREEMENT),
        ("linear", by_gradients("\"identity\""), GRADIENT_AGREEMENT),
        ("ln", by_gradients(r#"{"softplus": {}}"#), GRADIENT_AGREEMENT),
    ];
    for (name, model, (each, mean)) in &fitted {
        let (fields, scaling) = (fields(&**model), model.input_scaling().unwrap().unwrap());
        let cosines: Vec<f64> =
            fields.iter().zip(&truth).map(|(field, truth)| agreement(field, truth, &scaling)).collect();
        assert!(cosines.iter().all(|c| c > each), "{name}: {cosines:?}");
        assert!(cosines.iter().sum::<f64>() / cosines.len() as f64 > *mean, "{name}: {cosines:?}");
    }
}

#[test]
fn a_statenet_beats_ridge_on_neurons_with_memory() {
    let config = SimulationConfig {
        n_stimuli: 20,
        duration: Millis::whole::<1500>(),
        n_bands: 12,
        neurons: NeuronMix { linear: 0, ln: 0, adaptation: 2, gain_control: 2, long_memory: 2 },
        memory: Millis::whole::<60>(),
        seed: Seed::new(5),
        ..SimulationConfig::default()
    };
    let simulation = config.simulate().unwrap();
    assert!(simulation.truth.iter().all(|t| t.kind.has_state()));
    let (recording, split) = prepared(&simulation.recording);
    let ridge = Ridge::for_dt(recording.dt()).fit(&recording, &split, &Device::Cpu).unwrap();
    let json = r#"{"format": 1, "model": {"pipeline": {
        "core": {"statenet": {"encoder": {"locally_connected": {"channels": 4, "kernel": 5, "stride": 2}},
                              "backbone": {"gru": {"hidden": 24}}}},
        "readout": {"linear": {"activation": {"softplus": {}}}}}}}"#;
    let config = ModelConfig::from_json(json).unwrap().for_axes(&recording.axes());
    let mut statenet = build(&config, 1);
    let fit = FitConfig { max_epochs: 80, ..FitConfig::recipe(&config) };
    let history = Fitter::new(fit).fit(&mut *statenet, &recording, &split).unwrap().history;
    let best_ridge = ridge.val_score.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(history.best_score().unwrap() > best_ridge, "validation");
    let options = EvaluationOptions { n_bootstrap: 0, ..EvaluationOptions::for_dt(recording.dt()) };
    let ccnorm = |model: &dyn ResponseModel| {
        evaluate_with(model, &recording, split.test(), &options).unwrap().ccnorm_mean.unwrap()
    };
    let (with, without) = (ccnorm(&*statenet), ccnorm(&*ridge.model));
    assert!(with > without + 0.03, "test CCnorm: statenet {with}, ridge {without}");
}

#[test]
fn a_fit_keeps_the_epoch_with_the_best_validation_score_and_says_so() {
    let (recording, split) = prepared(&raw(3));
    for (name, config) in fixtures::models(&recording.axes()) {
        let mut model = build(&config, 2);
        let mut announced = Vec::new();
        let fitter = Fitter::new(fixtures::epochs(12)).on_epoch(|p| announced.push((p.epoch, p.val_score)));
        let history = fitter.fit(&mut *model, &recording, &split).unwrap().history;
        let expected: Vec<_> = (1..=12).zip(history.val_score.iter().copied()).collect();
        assert_eq!(announced, expected, "{name}");
        let best = history.val_score.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(history.best_score(), Some(best), "{name}");
        let options = EvaluationOptions { n_bootstrap: 0, ..EvaluationOptions::for_dt(recording.dt()) };
        let scores = evaluate_with(&*model, &recording, split.val(), &options).unwrap();
        assert!((scores.ccnorm_mean.unwrap() - best).abs() < 1e-12, "{name}: {scores:?}");
    }
}

/// Sounds of different lengths, one of them a single bin, from which every model must be able to learn.
#[test]
fn every_model_of_the_zoo_learns_from_ragged_sounds() {
    let (recording, split) = prepared(&ragged(4));
    for entry in zoo::taking(Input::Cochleagram) {
        let mut model = build(&(entry.config)(&recording.axes()), 1);
        let history = Fitter::new(fixtures::epochs(6)).fit(&mut *model, &recording, &split).unwrap().history;
        let losses = &history.train_loss;
        assert!(losses.iter().all(|loss| loss.is_finite()), "{}: {losses:?}", entry.name);
        assert!(losses[5] < losses[0], "{}: {losses:?}", entry.name);
    }
}

/// Solves `a x = b` by Gaussian elimination with partial pivoting.
fn solve(mut a: Array2<f64>, mut b: Array1<f64>) -> Array1<f64> {
    let n = b.len();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&i, &j| a[[i, column]].abs().total_cmp(&a[[j, column]].abs())).unwrap();
        for k in 0..n {
            a.swap([column, k], [pivot, k]);
        }
        b.swap(column, pivot);
        for row in column + 1..n {
            let factor = a[[row, column]] / a[[column, column]];
            for k in column..n {
                a[[row, k]] -= factor * a[[column, k]];
            }
            b[row] -= factor * b[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| a[[row, k]] * b[k]).sum();
        b[row] = (b[row] - known) / a[[row, row]];
    }
    b
}

/// Weights `(F lags)` and offset that minimise the penalised squared error over a neuron's recorded training bins.
fn brute_force(
    recording: &Recording,
    train: &[usize],
    neuron: usize,
    lags: usize,
    penalty: f64,
) -> (Array1<f64>, f64) {
    let n_columns = recording.n_bands() * lags;
    let (mut rows, mut targets) = (Vec::new(), Vec::new());
    for &s in train {
        let stimulus = &recording.stimuli()[s];
        let (sound, (psth, valid)) = (stimulus.cochleagram(), stimulus.responses().unwrap().psth());
        for t in (0..stimulus.n_bins()).filter(|&t| valid[[neuron, t]]) {
            let at = |f: usize, k: usize| {
                let then = (t + k).checked_sub(lags - 1);
                then.map_or(0.0, |then| f64::from(sound[[f, then]]))
            };
            rows.push(Array1::from_shape_fn(n_columns, |column| at(column / lags, column % lags)));
            targets.push(f64::from(psth[[neuron, t]]));
        }
    }
    // The offset is an unpenalised column of ones.
    let n = n_columns + 1;
    let (mut a, mut b) = (Array2::<f64>::zeros((n, n)), Array1::<f64>::zeros(n));
    for (row, y) in rows.iter().zip(&targets) {
        let x = |i: usize| if i < n_columns { row[i] } else { 1.0 };
        for i in 0..n {
            b[i] += x(i) * y;
            for j in 0..n {
                a[[i, j]] += x(i) * x(j);
            }
        }
    }
    for i in 0..n_columns {
        a[[i, i]] += penalty;
    }
    let solution = solve(a, b);
    (solution.slice(ndarray::s![..n_columns]).to_owned(), solution[n_columns])
}

/// The recording as a fit sees it.
fn scaled_and_smoothed(recording: &Recording, train: &[usize]) -> Recording {
    let scaling = recording.fit_standardization(train).unwrap();
    let arrays = recording.stimuli().iter().map(|s| scaling.apply(&s.cochleagram()).unwrap()).collect();
    let bands = recording.bands().to_vec();
    recording.smoothed().with_input(Input::Cochleagram, bands, arrays).unwrap()
}

#[test]
fn ridge_is_the_solution_of_the_normal_equations() {
    // Neurons are recorded in different bins, and one stimulus has a single bin.
    let recording = ragged(7);
    let split = Split::new(vec![0, 1, 2, 3], vec![4], vec![5]).unwrap();
    let scaled = scaled_and_smoothed(&recording, split.train());
    // With 90 lags there are more weights than training bins: the dual form.
    let n_rows: usize = split.train().iter().map(|&s| recording.stimuli()[s].n_bins()).sum();
    assert!(90 * recording.n_bands() > n_rows && 4 * recording.n_bands() < n_rows / 2);
    for (lags, penalty) in [(1, 0.5), (3, 20.0), (4, 1e4), (90, 50.0)] {
        let fit = Ridge { lags: vec![lags], penalties: vec![penalty] };
        let fit = fit.fit(&recording, &split, &Device::Cpu).unwrap();
        let read = |name: &str| {
            let var = fit.model.params().get(name).unwrap().var.as_detached_tensor();
            var.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        let (weights, offsets) = (read("readout.strf.weight"), read("readout.strf.bias"));
        let n_columns = recording.n_bands() * lags;
        for neuron in 0..recording.n_neurons() {
            let (expected, offset) = brute_force(&scaled, split.train(), neuron, lags, penalty);
            let scale = expected.iter().fold(offset.abs(), |m, w| m.max(w.abs()));
            for (i, expected) in expected.iter().enumerate() {
                let error = (f64::from(weights[neuron * n_columns + i]) - expected).abs();
                // Weights are stored in f32.
                assert!(error < 1e-6 * scale, "lags {lags}, neuron {neuron}, weight {i}: {error} of {scale}");
            }
            assert!((f64::from(offsets[neuron]) - offset).abs() < 1e-6 * scale, "neuron {neuron}");
        }
    }
}

#[test]
fn ridge_keeps_what_scores_best_in_validation() {
    let (recording, split) = prepared(&raw(7));
    let fit = |lags: &[usize], penalties: &[f64]| {
        let ridge = Ridge { lags: lags.to_vec(), penalties: penalties.to_vec() };
        ridge.fit(&recording, &split, &Device::Cpu).unwrap()
    };
    let (lags, penalties) = ([1, 3, 8], [1.0, 30.0, 1e3, 3e4]);
    let chosen = fit(&lags, &penalties);
    let each: Vec<f64> = lags.iter().map(|&l| fit(&[l], &penalties).val_score[0].unwrap()).collect();
    // A factor of the longest window serves the shorter ones: the same numbers but for the order of sums.
    for (score, alone) in chosen.val_score.iter().zip(&each) {
        assert!((score.unwrap() - alone).abs() < 1e-12, "{score:?} {alone}");
    }
    let best = (0..3).max_by(|&i, &j| each[i].total_cmp(&each[j])).unwrap();
    assert_eq!(chosen.lags, lags[best]);
    // The penalty of each neuron is the one with the best score for this neuron.
    let options = EvaluationOptions { n_bootstrap: 0, ..EvaluationOptions::for_dt(recording.dt()) };
    let by_penalty: Vec<_> = penalties
        .iter()
        .map(|&p| {
            evaluate_with(&*fit(&[chosen.lags], &[p]).model, &recording, split.val(), &options).unwrap()
        })
        .collect();
    for neuron in 0..recording.n_neurons() {
        let score = |p: usize| by_penalty[p].per_neuron[neuron].ccnorm.unwrap_or(f64::NEG_INFINITY);
        // Among equal scores the last wins, so that a neuron without a score gets the last penalty.
        let best = (0..penalties.len()).max_by(|&i, &j| score(i).total_cmp(&score(j))).unwrap();
        assert_eq!(chosen.penalties[neuron], Some(penalties[best]), "neuron {neuron}");
    }
}

#[test]
fn ridge_does_not_depend_on_the_order_of_training_stimuli() {
    let (recording, split) = prepared(&ragged(7));
    let mut reversed = split.train().to_vec();
    reversed.reverse();
    let reversed = Split::new(reversed, split.val().to_vec(), split.test().to_vec()).unwrap();
    let ridge = Ridge { lags: vec![2, 9], ..Ridge::default() };
    let [a, b] = [&split, &reversed].map(|split| ridge.fit(&recording, split, &Device::Cpu).unwrap());
    assert_eq!((a.lags, &a.penalties), (b.lags, &b.penalties));
    let rates = |model: &dyn ResponseModel| predict(model, &recording, split.test()).unwrap().into_rates();
    for (a, b) in rates(&*a.model).iter().zip(&rates(&*b.model)) {
        let scale = a.iter().fold(0f32, |m, r| m.max(r.abs()));
        assert!((a - b).iter().all(|d| d.abs() < 1e-5 * scale));
    }
}

#[test]
fn test_stimuli_are_never_looked_at() {
    let (recording, split) = prepared(&raw(7));
    let test = split.test().to_vec();
    let other = changed(&recording, |i, sound, counts| {
        if test.contains(&i) {
            sound.fill(7.0);
            counts.index_axis_mut(Axis(0), 0).fill(50.0);
        }
    });
    let ridge = Ridge { lags: vec![4], ..Ridge::default() };
    let of_ridge = |r: &Recording| fixtures::bits(&*ridge.fit(r, &split, &Device::Cpu).unwrap().model);
    assert_eq!(of_ridge(&recording), of_ridge(&other));
    let config = zoo::ln(&recording.axes());
    let by_gradients = |r: &Recording| {
        let mut model = build(&config, 0);
        Fitter::new(fixtures::epochs(2)).fit(&mut *model, r, &split).unwrap();
        fixtures::bits(&*model)
    };
    assert_eq!(by_gradients(&recording), by_gradients(&other));
}

#[test]
fn the_ridge_of_a_neuron_does_not_depend_on_who_else_was_recorded() {
    let (recording, split) = prepared(&ragged(9));
    let ridge = Ridge { lags: vec![5], penalties: vec![100.0] };
    let weights = |r: &Recording| {
        let model = ridge.fit(r, &split, &Device::Cpu).unwrap().model;
        fields(&*model)
    };
    let all = weights(&recording);
    for (neuron, among) in all.iter().enumerate() {
        let alone = weights(&recording.select_neurons(&[neuron]).unwrap());
        let scale = among.iter().fold(0f64, |m, w| m.max(w.abs()));
        assert!((&alone[0] - among).iter().all(|d| d.abs() < 1e-5 * scale), "neuron {neuron}");
    }
}

/// Counts of one neuron that follows one band of white noise: few bins, and no correlation over bands or time.
#[test]
fn a_default_fit_to_few_bins_does_not_end_at_what_its_warm_up_found() {
    let mut noise = Seed::new(1).stream("white noise");
    let stimuli = (0..20).map(|i| {
        let sound = Array2::from_shape_fn((16, 200), |_| noise.normal() as f32);
        let counts = Array3::from_shape_fn((1, 10, 200), |(_, _, t)| {
            (f64::from(sound[[5, t]]) + 0.5 * noise.normal()).max(0.0).round() as f32
        });
        Stimulus::new(format!("noise{i:02}"), sound, Responses::from_nan(counts).unwrap()).unwrap()
    });
    let (about, dt) =
        (Description { name: "noise".to_owned(), ..Description::default() }, TimeBin::whole_millis::<5>());
    let recording = Recording::new(about, dt, vec![], vec![Neuron::new("one")], stimuli.collect()).unwrap();
    let split = SplitPlan::Demo.resolve(&recording).unwrap();
    let mut model = zoo::ln(&recording.axes()).build(Seed::new(0), &Device::Cpu).unwrap();
    Fitter::default().fit(&mut model, &recording, &split).unwrap();
    let scores = evaluate(&model, &recording, split.test()).unwrap();
    let ccnorm = scores.ccnorm_mean.unwrap();
    assert!(ccnorm > 0.7, "{ccnorm}");
}
