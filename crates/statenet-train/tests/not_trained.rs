//! Neurons without training data: fits say which, validation leaves them out, and a split without data is refused before the fit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use candle_core::Device;
use ndarray::Array3;
use statenet_core::{Seed, TimeBin};
use statenet_data::{Description, Neuron, Recording, Responses, SimulationConfig, Split, Stimulus};
use statenet_metrics::{EvaluationOptions, Undefined};
use statenet_models::zoo;
use statenet_train::{FitConfig, Fitter, Ridge, evaluate_with, not_trained};

const SPLIT: [&[usize]; 3] = [&[0, 1, 2, 3], &[4], &[5]];

/// The small simulation; `missing(stimulus, neuron)` says what was not recorded.
fn recording(missing: impl Fn(usize, usize) -> bool) -> Recording {
    let whole = SimulationConfig::small().with_seed(Seed::new(3)).simulate().unwrap().recording;
    let stimuli = whole.stimuli().iter().enumerate().map(|(s, stimulus)| {
        let responses = stimulus.responses().unwrap();
        let values = responses.values();
        let values =
            Array3::from_shape_fn(
                values.dim(),
                |(n, r, t)| {
                    if missing(s, n) { f32::NAN } else { values[[n, r, t]] }
                },
            );
        let responses = Responses::from_nan(values).unwrap();
        Stimulus::new(stimulus.name(), stimulus.cochleagram().to_owned(), responses).unwrap()
    });
    let neurons = whole.neurons().to_vec();
    Recording::new(
        whole.description().clone(),
        whole.dt(),
        whole.bands().to_vec(),
        neurons,
        stimuli.collect(),
    )
    .unwrap()
}

fn split() -> Split {
    let [train, val, test] = SPLIT.map(<[usize]>::to_vec);
    Split::new(train, val, test).unwrap()
}

fn brief() -> FitConfig {
    FitConfig { max_epochs: 2, ..FitConfig::default() }
}

#[test]
fn every_fitter_says_who_was_not_trained_and_validates_on_the_others() {
    let (late, split) = (recording(|s, n| n == 1 && s < 4), split());
    let id = late.neurons()[1].id().to_owned();
    let ridge = Ridge::default().fit(&late, &split, &Device::Cpu).unwrap();
    let mut model = zoo::linear(&late.axes()).build(Seed::new(0), &Device::Cpu).unwrap();
    let fit = Fitter::new(brief()).fit(&mut model, &late, &split).unwrap();
    assert_eq!(not_trained(&ridge.metadata), [id.as_str()]);
    assert_eq!(not_trained(&fit.metadata), [id.as_str()]);
    assert_eq!(fit.metadata.training["not_trained"], serde_json::json!([id]));
    // The validation score is that of the other neurons alone.
    let others: Vec<usize> = (0..late.n_neurons()).filter(|&n| n != 1).collect();
    let without = late.select_neurons(&others).unwrap();
    let alone = Ridge::default().fit(&without, &split, &Device::Cpu).unwrap();
    assert_eq!(alone.lags, ridge.lags);
    for (with, alone) in ridge.val_score.iter().zip(&alone.val_score) {
        assert!((with.unwrap() - alone.unwrap()).abs() < 1e-6, "{with:?} {alone:?}");
    }
    // In an evaluation it is in no mean.
    let options = EvaluationOptions {
        n_bootstrap: 0,
        not_trained: not_trained(&fit.metadata),
        ..EvaluationOptions::for_dt(late.dt())
    };
    for model in [&ridge.model, &model] {
        let scores = evaluate_with(model, &late, split.test(), &options).unwrap();
        assert_eq!(scores.per_neuron[1].undefined.ccnorm, Some(Undefined::NotTrained));
        assert!(scores.n_defined.cc < late.n_neurons());
    }
    let all = recording(|_, _| false);
    assert!(not_trained(&Ridge::default().fit(&all, &split, &Device::Cpu).unwrap().metadata).is_empty());
}

#[test]
fn a_split_without_data_is_refused_before_the_fit() {
    let refused = |missing: &dyn Fn(usize, usize) -> bool| {
        let recording = recording(missing);
        let ridge = Ridge::default().fit(&recording, &split(), &Device::Cpu).map(|_| ()).unwrap_err();
        let mut model = zoo::linear(&recording.axes()).build(Seed::new(0), &Device::Cpu).unwrap();
        let before = model.params().snapshot().unwrap();
        let gradient = Fitter::new(brief()).fit(&mut model, &recording, &split()).unwrap_err();
        for (name, value) in model.params().snapshot().unwrap() {
            let values = |t: &candle_core::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_eq!(values(&value), values(&before[&name]), "{name}");
        }
        assert_eq!(ridge.to_string(), gradient.to_string());
        ridge.to_string()
    };
    let message = refused(&|s, _| s == 4);
    assert!(message.contains("no neuron has a recorded response to any val stimulus"), "{message}");
    let message = refused(&|s, _| s < 4);
    assert!(message.contains("no neuron has a recorded response to any train stimulus"), "{message}");
    let message = refused(&|s, n| if n < 2 { s == 4 } else { s < 4 });
    assert!(message.contains("in all of the parts train and val of the split"), "{message}");
}

#[test]
fn a_checkpoint_remembers_how_the_recording_was_cut() {
    let mut noise = Seed::new(5).stream("sound");
    let bins = 900;
    let sound = ndarray::Array2::from_shape_fn((4, bins), |_| noise.normal() as f32);
    let counts = Array3::from_shape_fn((2, 3, bins), |(n, _, t)| {
        noise.poisson(f64::from(0.5 * sound[[n, t]].max(0.0) + 0.1)) as f32
    });
    let long = Stimulus::new("long", sound, Responses::from_nan(counts).unwrap()).unwrap();
    let about = Description { name: "one sound".to_owned(), ..Description::default() };
    let (dt, neurons) = (TimeBin::whole_millis::<10>(), vec![Neuron::new("a"), Neuron::new("b")]);
    let long = Recording::new(about, dt, vec![], neurons, vec![long]).unwrap();
    let cut: statenet_data::Cut = "1,0.1".parse().unwrap();
    let pieces = long.cut(&cut).unwrap();
    let split = statenet_data::SplitPlan::Demo.resolve(&pieces).unwrap();
    let fit = Ridge::for_dt(dt).fit(&pieces, &split, &Device::Cpu).unwrap();
    assert_eq!(fit.metadata.training["cut"], serde_json::to_value(&cut).unwrap());
    assert!(fit.val_score.iter().all(Option::is_some));
}
