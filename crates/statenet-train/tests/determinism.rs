//! Two fits with the same seed give the same weights bit for bit, whatever the number of threads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use candle_core::Device;
use fixtures::{Bits, bits, build, epochs, models, prepared, ragged, raw, timeless};
use statenet_data::{Recording, Split};
use statenet_metrics::{EvaluationOptions, losses::Loss};
use statenet_models::ModelConfig;
use statenet_train::{FitConfig, FitJob, Fitter, History, Ridge, evaluate_with, fit_many};

type Fitted = (Bits, History, String);

fn with_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(work)
}

/// Parameters, history and scores of a fit.
fn fit(model: &ModelConfig, config: &FitConfig, recording: &Recording, split: &Split) -> Fitted {
    let mut model = build(model, 11);
    let history = Fitter::new(config.clone()).fit(&mut *model, recording, split).unwrap().history;
    let options = EvaluationOptions { n_bootstrap: 20, ..EvaluationOptions::for_dt(recording.dt()) };
    let scores = evaluate_with(&*model, recording, split.test(), &options).unwrap();
    (bits(&*model), timeless(history), serde_json::to_string(&scores).unwrap())
}

#[test]
fn a_gradient_fit_gives_the_same_bytes_with_one_thread_and_with_two() {
    let (recording, split) = prepared(&ragged(1));
    for (name, model) in models(&recording.axes()) {
        for batch in [1, 3] {
            for loss in [Loss::Mse, Loss::Poisson] {
                if loss == Loss::Poisson && name == "linear" {
                    continue; // its rates may be negative
                }
                let config = FitConfig { batch, loss, ..epochs(4) };
                let one = with_threads(1, || fit(&model, &config, &recording, &split));
                let again = with_threads(1, || fit(&model, &config, &recording, &split));
                let two = with_threads(2, || fit(&model, &config, &recording, &split));
                assert!(one == again, "{name}, batch {batch}, {loss}: two fits differ");
                assert!(one == two, "{name}, batch {batch}, {loss}: one and two threads differ");
            }
        }
    }
}

#[test]
fn another_seed_of_the_order_gives_another_fit() {
    let (recording, split) = prepared(&raw(1));
    let model = fixtures::small_statenet(&recording.axes());
    let one = fit(&model, &epochs(2), &recording, &split);
    let other =
        fit(&model, &FitConfig { seed: statenet_core::Seed::new(4), ..epochs(2) }, &recording, &split);
    assert_ne!(one.0, other.0);
}

#[test]
fn ridge_gives_the_same_bytes_with_one_thread_and_with_two() {
    let (recording, split) = prepared(&ragged(2));
    // The longest window has more weights than there are bins.
    let ridge = Ridge { lags: vec![3, 9, 90], ..Ridge::default() };
    let fit = || {
        let fit = ridge.fit(&recording, &split, &Device::Cpu).unwrap();
        let scores = (fit.train_loss.to_bits(), fit.val_score, fit.lags, fit.penalties);
        (bits(&*fit.model), scores)
    };
    let one = with_threads(1, fit);
    assert_eq!(one, with_threads(1, fit));
    assert_eq!(one, with_threads(2, fit));
}

#[test]
fn the_neurons_of_a_linear_fit_do_not_depend_on_who_else_was_recorded() {
    let (recording, split) = prepared(&raw(5));
    // Without clipping, which uses the norm over all neurons, neurons share only the number of epochs.
    let config = FitConfig { clip: None, ..epochs(3) };
    let fields = |recording: &Recording| {
        let mut model = build(&statenet_models::zoo::linear(&recording.axes()), 0);
        let history = Fitter::new(config.clone()).fit(&mut *model, recording, &split).unwrap().history;
        assert_eq!(history.best_epoch, 3, "{history:?}");
        let weight = model.params().get("readout.strf.weight").unwrap().var.as_detached_tensor();
        weight.flatten_from(1).unwrap().to_vec2::<f32>().unwrap()
    };
    let all = fields(&recording);
    let two = fields(&recording.select_neurons(&[4, 1]).unwrap());
    // The loss is a mean over neurons: the gradients for five neurons differ from those for two by a factor, which AdamW
    // cancels up to its epsilon and rounding.
    for (alone, among) in two.iter().zip([&all[4], &all[1]]) {
        let scale = among.iter().fold(0f32, |m, w| m.max(w.abs()));
        let worst = alone.iter().zip(among).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
        assert!(worst < 1e-3 * scale, "{worst} of {scale}");
    }
}

#[test]
fn many_fits_side_by_side_are_the_fits_one_by_one() {
    let (recording, split) = prepared(&ragged(1));
    let config = fixtures::small_statenet(&recording.axes());
    let fit = |seed| FitConfig { seed: statenet_core::Seed::new(seed), batch: 3, ..epochs(3) };
    let mut one_by_one: Vec<_> = (0..5).map(|seed| build(&config, seed)).collect();
    let alone: Vec<_> = one_by_one
        .iter_mut()
        .zip(0..)
        .map(|(model, seed)| Fitter::new(fit(seed)).fit(model, &recording, &split).unwrap())
        .collect();
    let mut side_by_side: Vec<_> = (0..5).map(|seed| build(&config, seed)).collect();
    let jobs: Vec<_> = side_by_side
        .iter_mut()
        .zip(0..)
        .map(|(model, seed)| FitJob { model, recording: &recording, split: &split, config: fit(seed) })
        .collect();
    let many = with_threads(2, || fit_many(jobs));
    for ((a, b), (one, other)) in alone.into_iter().zip(many).zip(one_by_one.iter().zip(&side_by_side)) {
        let (a, b) = (a, b.unwrap());
        assert_eq!(a.metadata, b.metadata);
        assert_eq!(timeless(a.history), timeless(b.history));
        assert!(bits(&**one) == bits(&**other), "weights differ");
    }
}

#[test]
fn a_failing_fit_leaves_the_others_alone() {
    let (recording, split) = prepared(&raw(1));
    let config = fixtures::small_statenet(&recording.axes());
    let mut models: Vec<_> = (0..2).map(|seed| build(&config, seed)).collect();
    let jobs = models.iter_mut().zip([0, 2]).map(|(model, max_epochs)| FitJob {
        model,
        recording: &recording,
        split: &split,
        config: FitConfig { max_epochs, ..epochs(2) },
    });
    let fits = fit_many(jobs.collect());
    assert!(fits[0].is_err());
    assert_eq!(fits[1].as_ref().unwrap().history.n_epochs(), 2);
    assert!(fit_many(Vec::new()).is_empty());
}
