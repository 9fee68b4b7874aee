//! A refit is a fit to training and validation stimuli, for the epochs or with the penalties that the fit before it found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use std::time::Duration;

use candle_core::Device;
use fixtures::{bits, build, changed, epochs, models, prepared, ragged, raw, timeless};
use statenet_data::Split;
use statenet_train::{Course, Error, FitConfig, Fitter, History, Ridge, Schedule, Stopped};

/// The history of a fit whose best epochs were these, one list for each learning rate.
fn history(rates: &[usize], patience: usize) -> History {
    let mut val_score = Vec::new();
    for (rate, &best) in rates.iter().enumerate() {
        for _ in 0..best {
            val_score.push(Some(0.1 + 0.01 * val_score.len() as f64));
        }
        if rate + 1 < rates.len() {
            val_score.extend(vec![Some(0.0); patience]);
        }
    }
    let train_loss = vec![1.0; val_score.len()];
    History { train_loss, val_score, best_epoch: 1, stopped: Stopped::MaxEpochs, seconds: 0.0 }
}

/// A split that trains on the training and validation stimuli of another.
fn to_both(split: &Split) -> Split {
    Split::new([split.train(), split.val()].concat(), split.test().to_vec(), vec![usize::MAX]).unwrap()
}

#[test]
fn a_refit_takes_the_steps_of_a_fit_to_both_parts() {
    let (recording, split) = prepared(&ragged(4));
    for (name, model) in models(&recording.axes()) {
        let config = FitConfig { schedule: Schedule::Constant, ..epochs(3) };
        let mut refitted = build(&model, 7);
        let first = history(&[3], 20);
        let fit = Fitter::new(config.clone()).refit(&mut *refitted, &recording, &split, &first).unwrap();
        assert_eq!((fit.history.n_epochs(), fit.history.stopped), (3, Stopped::AsPlanned), "{name}");
        assert!(fit.history.val_score.iter().all(Option::is_none), "{name}");
        let mut fitted = build(&model, 7);
        // Losses of the same steps: only what is kept at the end differs.
        let losses =
            Fitter::new(config).fit(&mut *fitted, &recording, &to_both(&split)).unwrap().history.train_loss;
        assert_eq!(fit.history.train_loss, losses, "{name}");
        assert_eq!(fit.metadata.training["refit"]["epochs"], serde_json::json!([3]), "{name}");
    }
}

#[test]
fn the_learning_rate_falls_where_it_fell_and_test_sounds_are_not_used() {
    let (recording, split) = prepared(&raw(2));
    let model = fixtures::small_statenet(&recording.axes());
    let schedule = Schedule::Plateau { patience: 2, factor: 0.3, times: 2 };
    let config = FitConfig { schedule, ..epochs(50) };
    let first = history(&[2, 3], 2);
    assert_eq!(Course::of(&first, &config).by_rate(), [2, 3]);
    let refit = |recording: &statenet_data::Recording, first: &History| {
        let mut refitted = build(&model, 7);
        let fit = Fitter::new(config.clone()).refit(&mut *refitted, recording, &split, first).unwrap();
        (bits(&*refitted), timeless(fit.history))
    };
    let (weights, fitted) = refit(&recording, &first);
    assert_eq!(fitted.n_epochs(), 5);
    // The first two epochs have the first rate; after that it is smaller than without a fall.
    let (_, constant) = refit(&recording, &history(&[5], 2));
    assert_eq!(fitted.train_loss[..2], constant.train_loss[..2]);
    assert_ne!(fitted.train_loss[2..], constant.train_loss[2..]);
    let part = |part: &[usize]| {
        let part = part.to_vec();
        changed(&recording, move |s, _, counts| {
            if part.contains(&s) {
                counts.mapv_inplace(|c| c + 1.0);
            }
        })
    };
    assert!(refit(&part(split.test()), &first).0 == weights);
    assert!(refit(&part(split.val()), &first).0 != weights);
}

#[test]
fn a_killed_refit_goes_on_and_is_not_taken_for_the_fit_before_it() {
    let (recording, split) = prepared(&raw(2));
    let model = fixtures::small_statenet(&recording.axes());
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("refit");
    let schedule = Schedule::Plateau { patience: 2, factor: 0.3, times: 2 };
    let config = FitConfig { schedule, ..epochs(50) };
    let first = history(&[2, 2], 2);
    let fitter = || Fitter::new(config.clone()).resume_in(&folder, Duration::ZERO);
    let mut whole = build(&model, 7);
    let unbroken = Fitter::new(config.clone()).refit(&mut *whole, &recording, &split, &first).unwrap();
    for _ in 0..3 {
        let mut stopped = build(&model, 7);
        let error = fitter().stop_when(|| true).refit(&mut *stopped, &recording, &split, &first).unwrap_err();
        assert!(matches!(error, Error::Interrupted { .. }), "{error}");
    }
    let mut other = build(&model, 7);
    let error = fitter().fit(&mut *other, &recording, &split).unwrap_err();
    assert!(matches!(error, Error::OtherFit { field: "refit", .. }), "{error}");
    let mut resumed = build(&model, 7);
    let mut seen = Vec::new();
    let again = fitter().on_epoch(|progress| seen.push(progress.epoch));
    let again = again.refit(&mut *resumed, &recording, &split, &first).unwrap();
    assert_eq!(seen, [4], "three epochs were done");
    assert_eq!(timeless(again.history), timeless(unbroken.history));
    assert!(bits(&*resumed) == bits(&*whole));
}

#[test]
fn ridge_is_refitted_with_what_it_chose() {
    let (recording, split) = prepared(&ragged(5));
    let ridge = Ridge { lags: vec![3, 9], penalties: vec![1.0, 100.0, 1e4] };
    let first = ridge.fit(&recording, &split, &Device::Cpu).unwrap();
    let refit = ridge.refit(&recording, &split, &first, &Device::Cpu).unwrap();
    assert_eq!(
        (refit.lags, &refit.penalties, &refit.val_score),
        (first.lags, &first.penalties, &first.val_score)
    );
    assert_eq!(refit.metadata.training["refit"]["lags"], first.lags);
    let weights = |model: &dyn statenet_models::ResponseModel, neuron: usize| {
        let weights = model.params().get("readout.strf.weight").unwrap().var.as_tensor().clone();
        weights.get(neuron).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    for (neuron, penalty) in first.penalties.iter().enumerate() {
        let chosen = Ridge { lags: vec![first.lags], penalties: vec![penalty.unwrap()] };
        let alone = chosen.fit(&recording, &to_both(&split), &Device::Cpu).unwrap();
        let (a, b) = (weights(&*refit.model, neuron), weights(&*alone.model, neuron));
        // The same sums, in the same order.
        assert_eq!(a, b, "neuron {neuron}");
    }
    assert_ne!(weights(&*refit.model, 0), weights(&*first.model, 0));
}
