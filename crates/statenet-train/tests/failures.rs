//! Bad numbers and unusual recordings give a defined score or a typed error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::{Device, Tensor};
use fixtures::{bits, build, changed, cut, epochs, is_finite, models, prepared, ragged, raw};
use ndarray::{Axis, s};
use statenet_core::{Seed, Standardization};
use statenet_data::{Batches, Predictions, Recording, Split};
use statenet_metrics::{Evaluation, EvaluationOptions, Undefined, losses::Loss};
use statenet_models::{Memory, Mode, ModelConfig, ParamStore, ResponseModel, State, zoo};
use statenet_train::{
    Error, FitConfig, Fitter, Ridge, RidgeFit, Schedule, evaluate_with, optimizers::AdamWConfig, predict,
    score,
};

fn scores(model: &dyn ResponseModel, recording: &Recording, split: &Split) -> Evaluation {
    let options = EvaluationOptions { n_bootstrap: 20, ..EvaluationOptions::for_dt(recording.dt()) };
    evaluate_with(model, recording, split.test(), &options).unwrap()
}

fn score_of(model: &dyn ResponseModel, recording: &Recording, stimulus: usize) -> Evaluation {
    evaluate_with(model, recording, &[stimulus], &EvaluationOptions { n_bootstrap: 0, ..Default::default() })
        .unwrap()
}

fn ridge(recording: &Recording, split: &Split) -> Result<RidgeFit, Error> {
    Ridge { lags: vec![4, 9], ..Ridge::default() }.fit(recording, split, &Device::Cpu)
}

/// Fits every model for a few epochs, and ridge; each must end with finite parameters. Returns results by name.
fn all_fitted(recording: &Recording, split: &Split) -> Vec<(&'static str, Box<dyn ResponseModel>)> {
    let mut fitted = vec![("ridge", ridge(recording, split).unwrap().model)];
    for (name, config) in models(&recording.axes()) {
        let mut model = build(&config, 1);
        let history = Fitter::new(epochs(3)).fit(&mut *model, recording, split).unwrap().history;
        assert!(history.train_loss.iter().all(|l| l.is_finite()), "{name}: {history:?}");
        fitted.push((name, model));
    }
    for (name, model) in &fitted {
        assert!(is_finite(&**model), "{name}");
        for rates in predict(&**model, recording, split.test()).unwrap().into_rates() {
            assert!(rates.iter().all(|r| r.is_finite()), "{name}");
        }
    }
    fitted
}

/// The name of the stimulus in a step of an epoch, both counted from 0, with one stimulus per step.
fn stimulus_of(recording: &Recording, split: &Split, seed: u64, epoch: usize, step: usize) -> String {
    let batches = Batches::new(recording, split.train(), &Device::Cpu).unwrap();
    let batch = batches.epoch(Seed::new(seed), epoch, 1).unwrap().nth(step).unwrap().unwrap();
    recording.stimuli()[batch.stimuli[0]].name().to_owned()
}

/// A model whose rates become NaN in one training pass.
struct Poisoned {
    inner: Box<dyn ResponseModel>,
    passes: AtomicUsize,
    /// The pass with NaN, counted from 0.
    at: usize,
}

impl Poisoned {
    fn poison(&self, rates: Tensor, mode: Mode<'_>) -> statenet_models::Result<Tensor> {
        let poisoned =
            matches!(mode, Mode::Train(_)) && self.passes.fetch_add(1, Ordering::Relaxed) == self.at;
        let broken = |source| statenet_models::Error::Custom { name: "poisoned".into(), source };
        if poisoned { (rates * f64::NAN).map_err(|e| broken(e.into())) } else { Ok(rates) }
    }
}

impl ResponseModel for Poisoned {
    fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> statenet_models::Result<Tensor> {
        self.poison(self.inner.forward(cochleagram, mode)?, mode)
    }

    fn input_scaling(&self) -> statenet_models::Result<Option<Standardization>> {
        self.inner.input_scaling()
    }

    fn scale_input(&mut self, scaling: &Standardization) -> statenet_models::Result<()> {
        self.inner.scale_input(scaling)
    }

    fn forward_scaled(&self, scaled: &Tensor, mode: Mode<'_>) -> statenet_models::Result<Tensor> {
        self.poison(self.inner.forward_scaled(scaled, mode)?, mode)
    }

    fn init_state(&self, batch: usize) -> statenet_models::Result<State> {
        self.inner.init_state(batch)
    }

    fn step(&self, frame: &Tensor, state: &mut State) -> statenet_models::Result<Tensor> {
        self.inner.step(frame, state)
    }

    fn config(&self) -> ModelConfig {
        self.inner.config()
    }

    fn params(&self) -> &ParamStore {
        self.inner.params()
    }

    fn n_neurons(&self) -> usize {
        self.inner.n_neurons()
    }

    fn n_bands(&self) -> usize {
        self.inner.n_bands()
    }

    fn memory(&self) -> Memory {
        self.inner.memory()
    }

    fn init_to_mean_rates(&mut self, mean_rates: &[f64]) -> statenet_models::Result<()> {
        self.inner.init_to_mean_rates(mean_rates)
    }
}

#[test]
fn a_loss_that_is_no_number_is_located_and_the_best_weights_come_back() {
    let (recording, split) = prepared(&raw(8));
    let n_steps = split.train().len();
    for (name, config) in models(&recording.axes()) {
        let inner = build(&config, 1);
        // Epoch 3, step 2.
        let mut model = Poisoned { inner, passes: AtomicUsize::new(0), at: 2 * n_steps + 1 };
        let error = Fitter::new(epochs(5)).fit(&mut model, &recording, &split).unwrap_err();
        let Error::NotFinite { what, value, epoch, step, stimuli } = &error else {
            panic!("{name}: {error}")
        };
        assert_eq!((*what, *epoch, *step), ("the loss", 3, 2), "{name}");
        assert!(value.is_nan());
        let stimulus = stimulus_of(&recording, &split, 3, 2, 1);
        assert_eq!(stimuli, std::slice::from_ref(&stimulus), "{name}");
        assert_eq!(
            error.to_string(),
            format!(
                "the loss is NaN in epoch 3, step 2, on stimulus {stimulus}: lower the learning rate or clip gradients"
            )
        );
        let mut two_epochs = build(&config, 1);
        Fitter::new(epochs(2)).fit(&mut *two_epochs, &recording, &split).unwrap();
        assert_eq!(bits(&model), bits(&*two_epochs), "{name}: best of the two epochs before");
    }
}

#[test]
fn a_huge_learning_rate_is_reported_and_leaves_the_start() {
    let (recording, split) = prepared(&raw(8));
    for (name, loss) in [("linear", Loss::Mse), ("ln", Loss::Poisson)] {
        let config = zoo::by_name(name, &recording.axes()).unwrap();
        let fit = FitConfig {
            optimizer: AdamWConfig { learning_rate: 1e38, ..AdamWConfig::default() },
            schedule: Schedule::Constant,
            loss,
            ..epochs(50)
        };
        let mut model = build(&config, 1);
        let error = Fitter::new(fit).fit(&mut *model, &recording, &split).unwrap_err();
        let Error::NotFinite { epoch, step, stimuli, .. } = &error else { panic!("{name}: {error}") };
        assert_eq!((*epoch, *step), (1, 2), "{name}: {error}");
        assert_eq!(stimuli, &[stimulus_of(&recording, &split, 3, 0, 1)], "{name}");
        assert!(is_finite(&*model), "{name}");
        let rates = predict(&*model, &recording, split.test()).unwrap().into_rates();
        assert!(rates.iter().flatten().all(|r| r.is_finite()), "{name}");
    }
}

#[test]
fn a_stimulus_of_huge_values_does_no_harm() {
    let (recording, split) = prepared(&raw(8));
    let loud = split.train()[1];
    let recording = changed(&recording, |i, sound, _| {
        if i == loud {
            sound.fill(3e38);
        }
    });
    for (name, config) in models(&recording.axes()) {
        let mut model = build(&config, 1);
        // The scale of the bands is as huge.
        let history = Fitter::new(epochs(2)).fit(&mut *model, &recording, &split).unwrap().history;
        assert!(history.train_loss.iter().all(|l| l.is_finite()), "{name}: {history:?}");
        assert!(is_finite(&*model), "{name}");
    }
}

#[test]
fn settings_out_of_range_are_refused_before_anything_is_done() {
    let (recording, split) = prepared(&raw(8));
    let mut model = build(&zoo::linear(&recording.axes()), 0);
    let start = bits(&*model);
    let adamw = |change: &dyn Fn(&mut AdamWConfig)| {
        let mut optimizer = AdamWConfig::default();
        change(&mut optimizer);
        FitConfig { optimizer, ..FitConfig::default() }
    };
    let plateau = |patience, factor| {
        let schedule = Schedule::Plateau { patience, factor, times: 1 };
        FitConfig { schedule, ..FitConfig::default() }
    };
    let cases = [
        (FitConfig { batch: 0, ..FitConfig::default() }, "batch size is 0, expected 1 or more"),
        (epochs(0), "number of epochs is 0, expected 1 or more"),
        (FitConfig { patience: 0, ..FitConfig::default() }, "patience is 0, expected 1 or more"),
        (adamw(&|c| c.learning_rate = 0.0), "learning rate is 0, expected above 0"),
        (adamw(&|c| c.learning_rate = f64::NAN), "learning rate is NaN, expected above 0"),
        (adamw(&|c| c.beta1 = 1.0), "beta1 is 1, expected 0 or more, below 1"),
        (adamw(&|c| c.beta2 = -0.1), "beta2 is -0.1, expected 0 or more, below 1"),
        (adamw(&|c| c.eps = 0.0), "eps is 0, expected above 0"),
        (adamw(&|c| c.weight_decay = -1.0), "weight decay is -1, expected 0 or more"),
        (FitConfig { noise: -0.1, ..epochs(1) }, "noise on sound is -0.1, expected 0 or more"),
        (FitConfig { clip: Some(0.0), ..FitConfig::default() }, "clipping norm is 0, expected above 0"),
        (plateau(1, 1.0), "plateau factor is 1, expected above 0, below 1"),
        (plateau(0, 0.5), "plateau patience is 0, expected 1 or more"),
    ];
    for (config, message) in cases {
        let error = Fitter::new(config).fit(&mut *model, &recording, &split).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    assert_eq!(bits(&*model), start);
    let of = |lags: &[usize], penalties: &[f64]| {
        let ridge = Ridge { lags: lags.to_vec(), penalties: penalties.to_vec() };
        ridge.fit(&recording, &split, &Device::Cpu).map(drop).unwrap_err().to_string()
    };
    assert_eq!(of(&[], &[1.0]), "ridge lags is [], expected 1 or more each");
    assert_eq!(of(&[3, 0], &[1.0]), "ridge lags is [3, 0], expected 1 or more each");
    assert_eq!(of(&[3], &[]), "ridge penalties is [], expected above 0 each");
    assert_eq!(of(&[3], &[1.0, -1.0]), "ridge penalties is [1.0, -1.0], expected above 0 each");
}

#[test]
fn a_silent_neuron_has_no_score_and_harms_nobody() {
    let (recording, split) = prepared(&changed(&raw(9), |_, _, counts| {
        counts.index_axis_mut(Axis(0), 2).fill(0.0);
    }));
    for (name, model) in all_fitted(&recording, &split) {
        let scores = scores(&*model, &recording, &split);
        let silent = &scores.per_neuron[2];
        assert_eq!((silent.cc, silent.ccnorm, silent.fve, silent.ccmax), (None, None, None, None), "{name}");
        assert_eq!(silent.undefined.cc, Some(Undefined::ConstantResponse), "{name}");
        assert_eq!(scores.n_defined.cc, 4, "{name}");
        assert!(scores.cc_mean.is_some_and(f64::is_finite), "{name}");
    }
}

#[test]
fn a_neuron_recorded_in_no_training_stimulus_is_predicted_as_silent_by_ridge_and_breaks_no_fit() {
    let (recording, split) = prepared(&raw(9));
    let train = split.train().to_vec();
    let recording = changed(&recording, |i, _, counts| {
        if train.contains(&i) {
            counts.index_axis_mut(Axis(0), 1).fill(f32::NAN);
        }
    });
    let fit = ridge(&recording, &split).unwrap();
    assert_eq!(
        fit.penalties.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, false, true, true, true]
    );
    assert!(fit.train_loss.is_finite());
    let rates = predict(&*fit.model, &recording, split.test()).unwrap().into_rates();
    assert!(rates[0].row(1).iter().all(|&r| r == 0.0));
    for (name, model) in all_fitted(&recording, &split) {
        let scores = scores(&*model, &recording, &split);
        let unseen = &scores.per_neuron[1];
        if name == "ridge" {
            assert_eq!(unseen.undefined.cc, Some(Undefined::ConstantRate));
        }
        for score in [unseen.cc, unseen.ccnorm, unseen.fve].into_iter().flatten() {
            assert!(score.is_finite(), "{name}");
        }
        assert_eq!(
            scores.per_neuron.iter().filter(|n| n.id != unseen.id && n.cc.is_some()).count(),
            4,
            "{name}"
        );
    }
}

#[test]
fn stimuli_of_one_bin_are_fitted_validated_and_scored() {
    // Each part has a stimulus of one bin; validation and test also have a longer one, without which there is no score.
    let recording = changed(&raw(10), |i, sound, counts| {
        if [0, 2, 4].contains(&i) {
            cut(sound, counts, 1);
        }
    });
    let split = Split::new(vec![0, 1], vec![2, 3], vec![4, 5]).unwrap();
    split.check(&recording).unwrap();
    for (name, model) in all_fitted(&recording, &split) {
        let rates = predict(&*model, &recording, split.test()).unwrap().into_rates();
        assert_eq!(rates.iter().map(ndarray::Array2::dim).collect::<Vec<_>>(), [(5, 1), (5, 100)], "{name}");
        // A single bin does not contribute to correlations within stimuli: the scores are those of the longer stimulus.
        let (both, longer) =
            (scores(&*model, &recording, &split).per_neuron, score_of(&*model, &recording, 5));
        for (both, longer) in both.iter().zip(&longer.per_neuron) {
            assert_eq!(both.ccnorm.is_some(), longer.ccnorm.is_some(), "{name}: {both:?}");
            let same = |a: Option<f64>, b: Option<f64>| a.zip(b).is_none_or(|(a, b)| (a - b).abs() < 1e-9);
            assert!(same(both.ccnorm, longer.ccnorm), "{name}: {both:?} {longer:?}");
        }
    }
    // A test part of a single bin has predictions but no scores.
    let split = Split::new(vec![0, 1], vec![2, 3], vec![4]).unwrap();
    for (name, model) in all_fitted(&recording, &split) {
        let scores = scores(&*model, &recording, &split);
        assert_eq!((scores.cc_mean, scores.ccnorm_mean, scores.fve_mean), (None, None, None), "{name}");
        assert!(
            matches!(scores.per_neuron[0].undefined.cc, Some(Undefined::TooFewBins { bins: 1 })),
            "{name}"
        );
    }
    // Batches in which the single bin is padded to the longest stimulus.
    let mut model = build(&fixtures::normalized_ln(&recording.axes()), 0);
    let config = FitConfig { batch: 2, ..epochs(2) };
    Fitter::new(config).fit(&mut *model, &recording, &split).unwrap();
    assert!(is_finite(&*model));
}

#[test]
fn with_one_repeat_validation_falls_back_on_the_raw_correlation() {
    let recording = changed(&raw(12), |_, _, counts| *counts = counts.slice(s![.., ..1, ..]).to_owned());
    let (recording, split) = prepared(&recording);
    for (name, config) in models(&recording.axes()) {
        let mut model = build(&config, 1);
        let history = Fitter::new(epochs(4)).fit(&mut *model, &recording, &split).unwrap().history;
        assert!(history.best_epoch > 0, "{name}");
        let options = EvaluationOptions { n_bootstrap: 0, ..EvaluationOptions::for_dt(recording.dt()) };
        let scores = evaluate_with(&*model, &recording, split.val(), &options).unwrap();
        assert!((history.best_score().unwrap() - scores.cc_mean.unwrap()).abs() < 1e-12, "{name}");
        assert_eq!(scores.ccnorm_mean, None, "{name}");
        assert_eq!(
            scores.per_neuron[0].undefined.ccnorm,
            Some(Undefined::TooFewRepeats { repeats: 1 }),
            "{name}"
        );
    }
    let fit = ridge(&recording, &split).unwrap();
    assert!(fit.val_score.iter().all(Option::is_some));
}

#[test]
fn validation_without_anything_to_score_is_an_error_that_says_why() {
    let (recording, split) = prepared(&raw(12));
    let val = split.val().to_vec();
    let mut model = build(&zoo::linear(&recording.axes()), 0);
    let start = bits(&*model);
    let mut reason = |fill: f32| {
        let recording = changed(&recording, |i, _, counts| {
            if val.contains(&i) {
                counts.fill(fill);
            }
        });
        let by_gradients = Fitter::new(epochs(2)).fit(&mut *model, &recording, &split).unwrap_err();
        let by_ridge = ridge(&recording, &split).map(drop).unwrap_err();
        assert_eq!(by_gradients.to_string(), by_ridge.to_string());
        by_ridge.to_string()
    };
    assert_eq!(reason(0.0), "no neuron has a validation score: the response is constant");
    let nobody = reason(f32::NAN);
    assert!(nobody.contains("no neuron has a recorded response to any val stimulus"), "{nobody}");
    assert_eq!(bits(&*model), start);
}

#[test]
fn training_without_a_single_recorded_bin_is_refused_and_leaves_the_model_as_it_was() {
    let (recording, split) = prepared(&raw(12));
    let train = split.train().to_vec();
    let recording = changed(&recording, |i, _, counts| {
        if train.contains(&i) {
            counts.fill(f32::NAN);
        }
    });
    for (name, config) in models(&recording.axes()) {
        let mut model = build(&config, 1);
        let before = bits(&*model);
        let error = Fitter::new(epochs(3)).fit(&mut *model, &recording, &split).unwrap_err().to_string();
        assert!(error.contains("no neuron has a recorded response to any train stimulus"), "{name}: {error}");
        assert_eq!(bits(&*model), before, "{name}");
    }
    assert!(ridge(&recording, &split).is_err());
}

#[test]
fn a_split_that_leaks_or_is_empty_or_points_beyond_the_recording_is_refused() {
    let (recording, split) = prepared(&raw(12));
    let message = |split: Result<Split, statenet_data::Error>| split.unwrap_err().to_string();
    assert_eq!(
        message(Split::new(vec![0, 1], vec![2], vec![1])),
        "stimulus 1 is in the train part and again in the test part, expected once"
    );
    for (empty, part) in [(0, "train"), (1, "val"), (2, "test")] {
        let mut parts = [vec![0], vec![1], vec![2]];
        parts[empty].clear();
        let [train, val, test] = parts;
        assert_eq!(
            message(Split::new(train, val, test)),
            format!("the {part} part of the split is empty, expected at least one stimulus")
        );
    }
    let same_sound = changed(&recording, |i, sound, _| {
        if i == split.test()[0] {
            sound.assign(&recording.stimuli()[split.train()[0]].cochleagram());
        }
    });
    let error = split.check(&same_sound).unwrap_err();
    assert!(matches!(error, statenet_data::Error::SimilarSounds(_)), "{error}");
    let mut model = build(&zoo::linear(&recording.axes()), 0);
    for beyond in
        [Split::new(vec![0, 6], vec![1], vec![2]).unwrap(), Split::new(vec![0], vec![6], vec![2]).unwrap()]
    {
        let errors = [
            Fitter::new(epochs(1)).fit(&mut *model, &recording, &beyond).map(drop).unwrap_err(),
            ridge(&recording, &beyond).map(drop).unwrap_err(),
        ];
        for error in errors {
            let message = error.to_string();
            assert!(message.starts_with("stimulus index"), "{message}");
            assert!(message.ends_with("is 6, expected below 6"), "{message}");
        }
    }
    let error = predict(&*model, &recording, &[9]).unwrap_err();
    assert_eq!(error.to_string(), "stimulus index is 9, expected below 6");
}

#[test]
fn a_model_for_other_bands_or_neurons_is_refused_by_number() {
    let (recording, split) = prepared(&raw(12));
    let axes = recording.axes();
    let cases = [
        (statenet_core::Axes::new(9, axes.n_neurons, axes.dt), "the model has 9 bands, the recording has 10"),
        (statenet_core::Axes::new(axes.n_bands, 2, axes.dt), "the model has 2 neurons, the recording has 5"),
    ];
    for (axes, message) in cases {
        let mut model = build(&zoo::ln(&axes), 0);
        let start = bits(&*model);
        let errors = [
            Fitter::new(epochs(1)).fit(&mut *model, &recording, &split).map(drop).unwrap_err(),
            predict(&*model, &recording, split.test()).map(drop).unwrap_err(),
            evaluate_with(&*model, &recording, split.test(), &EvaluationOptions::default())
                .map(drop)
                .unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::Mismatch { .. }), "{error}");
            assert_eq!(error.to_string(), message);
        }
        assert_eq!(bits(&*model), start);
    }
}

#[test]
fn predictions_of_another_shape_are_refused() {
    let (recording, split) = prepared(&ragged(12));
    let model = build(&zoo::linear(&recording.axes()), 0);
    let rates = predict(&*model, &recording, split.test()).unwrap().into_rates();
    let options = EvaluationOptions::default();
    let names: Vec<String> = split.test().iter().map(|&s| recording.stimuli()[s].name().to_owned()).collect();
    let of = |n: usize, rates: &[ndarray::Array2<f32>]| {
        let predictions =
            Predictions::new(Vec::<String>::new(), names[..n].to_vec(), rates.to_vec()).unwrap();
        let error = score(&predictions, &recording, split.test(), &options).unwrap_err();
        std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string)
    };
    let n_bins = rates[0].ncols();
    let short = rates[0].slice(s![.., 1..]).to_owned();
    assert!(of(1, &[short]).contains(&format!("rate has shape (5, {}), expected (5, {n_bins})", n_bins - 1)));
    let few = rates[0].slice(s![..4, ..]).to_owned();
    assert!(of(1, &[few]).contains("4 rows and no ids of neurons, expected a row for each of 5 neurons"));
    assert!(of(0, &[]).contains("0 rows"));
}

#[test]
fn predictions_follow_neurons_by_id() {
    let (recording, split) = prepared(&raw(12));
    let mut model = build(&zoo::linear(&recording.axes()), 0);
    Fitter::new(epochs(2)).fit(&mut *model, &recording, &split).unwrap();
    let options = EvaluationOptions { n_bootstrap: 0, ..EvaluationOptions::for_dt(recording.dt()) };
    let ids = recording.neuron_ids();
    let expected = evaluate_with(&*model, &recording, split.test(), &options).unwrap();

    // The same neurons in another order, and others beside them.
    let turned: Vec<usize> = (0..ids.len()).rev().collect();
    let reordered = recording.select_neurons(&turned).unwrap();
    assert_eq!(evaluate_with(&*model, &reordered, split.test(), &options).unwrap(), expected);
    let rates = predict(&*model, &reordered, split.test()).unwrap();
    assert_eq!(rates.neurons(), ids);
    let scores = score(&rates, &reordered, split.test(), &options).unwrap();
    for (neuron, of_all) in scores.per_neuron.iter().rev().zip(&expected.per_neuron) {
        assert_eq!((&neuron.id, neuron.cc), (&of_all.id, of_all.cc));
    }

    // A model of some of the neurons runs on all, and on them only.
    let some = recording.select_neurons(&[3, 1]).unwrap();
    let mut of_some = build(&zoo::linear(&some.axes()), 0);
    Fitter::new(epochs(2)).fit(&mut *of_some, &recording, &split).unwrap();
    let all = evaluate_with(&*of_some, &recording, split.test(), &options).unwrap();
    assert_eq!(all, evaluate_with(&*of_some, &some, split.test(), &options).unwrap());
    assert_eq!(all.per_neuron.iter().map(|n| &n.id).collect::<Vec<_>>(), [&ids[3], &ids[1]]);

    let error = predict(&*model, &some, split.test()).unwrap_err().to_string();
    let missing = ids.iter().filter(|id| ![&ids[3], &ids[1]].contains(id)).cloned().collect::<Vec<_>>();
    assert!(error.contains(&missing.join(", ")), "{error}");
}

#[test]
fn predictions_that_are_no_numbers_have_no_score_and_say_so() {
    let (recording, split) = prepared(&raw(12));
    let mut model = build(&zoo::linear(&recording.axes()), 0);
    Fitter::new(epochs(2)).fit(&mut *model, &recording, &split).unwrap();
    let mut rates = predict(&*model, &recording, split.test()).unwrap().into_rates();
    rates[0][[3, 7]] = f32::NAN;
    let rates = Predictions::for_recording(&recording, split.test(), rates).unwrap();
    let options = EvaluationOptions { n_bootstrap: 10, ..EvaluationOptions::for_dt(recording.dt()) };
    let scores = score(&rates, &recording, split.test(), &options).unwrap();
    assert!(matches!(scores.per_neuron[3].undefined.cc, Some(Undefined::NotFinite(_))));
    assert_eq!(scores.n_defined.cc, 4);
    let text = serde_json::to_string(&scores).unwrap();
    assert!(!text.contains("NaN") && serde_json::from_str::<Evaluation>(&text).unwrap() == scores);
}
