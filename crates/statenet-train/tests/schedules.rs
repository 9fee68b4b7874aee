//! Schedules of the learning rate, averages of weights, and fits that pause.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use std::time::Duration;

use fixtures::{Bits, bits, build, epochs, models, normalized_ln, prepared, raw, small_statenet, timeless};
use statenet_data::{Recording, Split};
use statenet_models::{ModelConfig, ResponseModel};
use statenet_train::{
    Averaging, Error, FitConfig, Fitter, History, Schedule, Stopped, evaluate, optimizers::AdamWConfig,
};

fn fitted(
    fitter: Fitter<'_>,
    model: &ModelConfig,
    (recording, split): &(Recording, Split),
) -> (Box<dyn ResponseModel>, History) {
    let mut model = build(model, 7);
    let history = fitter.fit(&mut *model, recording, split).unwrap().history;
    (model, timeless(history))
}

fn of(config: &FitConfig, model: &ModelConfig, data: &(Recording, Split)) -> (Bits, History) {
    let (model, history) = fitted(Fitter::new(config.clone()), model, data);
    (bits(&*model), history)
}

#[test]
fn an_average_that_forgets_at_once_is_no_average() {
    let data = prepared(&raw(4));
    for (name, model) in models(&data.0.axes()) {
        let plain = FitConfig {
            schedule: Schedule::Plateau { patience: 1, factor: 0.3, times: 2 },
            patience: 2,
            optimizer: AdamWConfig { learning_rate: 0.05, ..AdamWConfig::default() },
            ..epochs(12)
        };
        let expected = of(&plain, &model, &data);
        for averaging in [Averaging::Ema { decay: 0.0 }, Averaging::Last { epochs: 1 }] {
            assert!(
                of(&FitConfig { averaging, ..plain.clone() }, &model, &data) == expected,
                "{name}: {averaging:?}"
            );
        }
        let averaging = Averaging::Ema { decay: 0.9 };
        assert!(of(&FitConfig { averaging, ..plain }, &model, &data) != expected, "{name}");
    }
}

#[test]
fn the_weights_that_are_validated_are_those_that_are_kept() {
    let data = prepared(&raw(4));
    for averaging in [Averaging::None, Averaging::Ema { decay: 0.95 }, Averaging::Last { epochs: 3 }] {
        for model in [small_statenet(&data.0.axes()), normalized_ln(&data.0.axes())] {
            // Noise on the sound is of training alone.
            let config = FitConfig { averaging, noise: 0.3, ..epochs(8) };
            let without = FitConfig { noise: 0.0, ..config.clone() };
            assert_ne!(of(&config, &model, &data).0, of(&without, &model, &data).0);
            let (model, history) = fitted(Fitter::new(config), &model, &data);
            let kept = evaluate(&*model, &data.0, data.1.val()).unwrap().ccnorm_mean.unwrap();
            let best = history.best_score().unwrap();
            assert!((kept - best).abs() < 1e-5, "{averaging:?}: {kept} {best}");
        }
    }
}

#[test]
fn an_average_does_not_change_the_steps() {
    let data = prepared(&raw(4));
    let model = small_statenet(&data.0.axes());
    let losses = |averaging| {
        let config = FitConfig { averaging, schedule: Schedule::Constant, patience: 100, ..epochs(6) };
        of(&config, &model, &data).1.train_loss
    };
    assert_eq!(losses(Averaging::Ema { decay: 0.99 }), losses(Averaging::None));
    assert_eq!(losses(Averaging::Last { epochs: 4 }), losses(Averaging::None));
}

#[test]
fn a_cosine_runs_all_its_epochs_and_a_refit_has_its_rates() {
    let data = prepared(&raw(4));
    let model = small_statenet(&data.0.axes());
    let config = FitConfig { schedule: Schedule::Cosine, warm_up: 2, patience: 1, ..epochs(9) };
    let (bits_of_fit, history) = of(&config, &model, &data);
    assert_eq!((history.n_epochs(), history.stopped), (9, Stopped::AsPlanned));
    assert!(of(&FitConfig { warm_up: 0, ..config.clone() }, &model, &data).0 != bits_of_fit);
    // A refit of fewer epochs runs the first of the same schedule: its losses begin like those of one of all epochs.
    let refit = |best_epoch: usize| {
        let mut val_score = vec![Some(0.0); 9];
        val_score[best_epoch - 1] = Some(1.0);
        let first = History { val_score, best_epoch, ..history.clone() };
        let mut model = build(&model, 7);
        let fit = Fitter::new(config.clone()).refit(&mut *model, &data.0, &data.1, &first).unwrap();
        fit.history.train_loss
    };
    let (short, long) = (refit(4), refit(9));
    assert_eq!((short.len(), long.len()), (4, 9));
    assert_eq!(short, long[..4]);
}

#[test]
fn a_fit_that_pauses_ends_where_the_unbroken_one_does() {
    let data = prepared(&raw(4));
    for (name, model) in models(&data.0.axes()) {
        let config = FitConfig { averaging: Averaging::Ema { decay: 0.9 }, ..epochs(6) };
        let whole = of(&config, &model, &data);
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("fit");
        let fitter = || Fitter::new(config.clone()).resume_in(&folder, Duration::from_secs(3600));
        let first = of(&FitConfig { max_epochs: 2, ..config.clone() }, &model, &data);
        let mut seen = Vec::new();
        for pause in [2, 2, 4] {
            let watched = fitter().on_epoch(|progress| seen.push(progress.epoch)).pause_after(pause);
            let (model, history) = fitted(watched, &model, &data);
            assert_eq!((history.n_epochs(), history.stopped), (pause, Stopped::MaxEpochs), "{name}");
            // What it has so far is what a fit of so many epochs has.
            assert!(pause != 2 || (bits(&*model), history) == first, "{name}");
        }
        assert_eq!(seen, [1, 2, 3, 4], "{name}: no epoch is run twice");
        let (end, history) = fitted(fitter(), &model, &data);
        assert!((bits(&*end), history) == whole, "{name}");
        assert!(!folder.exists(), "{name}: the state is gone at the end");
        // A state of more epochs than the pause is not used.
        fitted(fitter().pause_after(4), &model, &data);
        let (early, history) = fitted(fitter().pause_after(2), &model, &data);
        assert!((bits(&*early), history) == first, "{name}");
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let data = prepared(&raw(4));
    let refused = |config: FitConfig| {
        let mut model = build(&small_statenet(&data.0.axes()), 7);
        let error = Fitter::new(config).fit(&mut *model, &data.0, &data.1).unwrap_err();
        assert!(matches!(error, Error::Setting { .. }), "{error}");
        error.to_string()
    };
    let average = |averaging| refused(FitConfig { averaging, ..epochs(2) });
    assert_eq!(
        average(Averaging::Ema { decay: 1.0 }),
        "decay of the average of weights is 1, expected 0 or more, below 1"
    );
    assert_eq!(
        average(Averaging::Last { epochs: 0 }),
        "number of epochs whose weights are averaged is 0, expected 1 or more"
    );
}

#[test]
fn settings_of_before_are_read_and_new_ones_are_written_and_read() {
    let before = r#"{"optimizer":{"learning_rate":0.001,"beta1":0.9,"beta2":0.999,"eps":1e-8,"weight_decay":0.0},
        "schedule":{"plateau":{"patience":10,"factor":0.3,"times":2}},"batch":1,"loss":"mse",
        "penalties":{"l1":0.0,"l2":0.0,"smooth_bands":0.0,"smooth_lags":0.0},"clip":1.0,"max_epochs":1000,"patience":20,"seed":0}"#;
    assert_eq!(serde_json::from_str::<FitConfig>(before).unwrap(), FitConfig::default());
    for averaging in [Averaging::None, Averaging::Ema { decay: 0.999 }, Averaging::Last { epochs: 5 }] {
        let config = FitConfig { averaging, schedule: Schedule::Cosine, warm_up: 3, ..epochs(9) };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<FitConfig>(&text).unwrap(), config, "{text}");
    }
}
