//! Continuous responses: fits do not depend on their unit, and what is of spikes alone is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use candle_core::Device;
use fixtures::{build, epochs, raw};
use ndarray::Array3;
use statenet_core::{Axes, Seed};
use statenet_data::{Recording, Responses, Split, SplitPlan, Stimulus};
use statenet_metrics::losses::Loss;
use statenet_models::{ModelConfig, checkpoint, zoo};
use statenet_train::{Error, FitConfig, Fitter, Ridge, evaluate, predict};

/// The simulated recording with its responses as values of a unit around a rest, and a missing bin.
fn in_unit(unit: &str, rest: f64, scale: f64) -> (Recording, Split) {
    let spikes = raw(5);
    let stimulus = |s: &Stimulus| {
        let mut noise = Seed::new(9).stream(s.name());
        let values: Array3<f32> = s
            .responses()
            .unwrap()
            .to_nan()
            .mapv(|n| (rest + scale * (f64::from(n) + 0.1 * noise.normal())) as f32);
        let responses = Responses::from_nan_in(values, unit.parse().unwrap()).unwrap();
        Stimulus::new(s.name(), s.cochleagram().to_owned(), responses).unwrap()
    };
    let stimuli = spikes.stimuli().iter().map(stimulus).collect();
    let (about, bands) = (spikes.description().clone(), spikes.bands().to_vec());
    let recording = Recording::new(about, spikes.dt(), bands, spikes.neurons().to_vec(), stimuli).unwrap();
    let split = SplitPlan::Demo.resolve(&recording).unwrap();
    (recording, split)
}

#[test]
fn a_fit_in_one_unit_is_that_in_another() {
    let fitted = |unit: &str, rest: f64, scale: f64| {
        let (recording, split) = in_unit(unit, rest, scale);
        let mut model = build(&zoo::statenet_gru(&recording.axes()), 1);
        let fit = Fitter::new(epochs(4)).fit(&mut *model, &recording, &split).unwrap();
        let rates = predict(&*model, &recording, split.test()).unwrap();
        assert_eq!(rates.unit().unwrap().to_string(), unit);
        let undone = rates.rates()[0].mapv(|rate| (f64::from(rate) - rest) / scale);
        (fit.history.train_loss, undone)
    };
    let (losses, rates) = fitted("mV", -65.0, 1.0);
    let (in_microvolts, microvolts) = fitted("µV", -65_000.0, 1000.0);
    for (a, b) in losses.iter().zip(&in_microvolts) {
        assert!((a - b).abs() < 1e-3 * a, "{losses:?} {in_microvolts:?}");
    }
    assert!((&rates - &microvolts).iter().all(|off| off.abs() < 0.02), "{:?}", &rates - &microvolts);
    // The loss counts in deviations: a model that gives the means has 1, and one from random weights little more.
    assert!(losses.last() < losses.first() && losses[0] < 1.5, "{losses:?}");
}

#[test]
fn a_checkpoint_keeps_the_unit_and_the_scaling() {
    let (recording, split) = in_unit("mV", -65.0, 1.0);
    let folder = tempfile::tempdir().unwrap();
    for config in [zoo::ln(&recording.axes()), zoo::statenet_gru(&recording.axes())] {
        let mut model = build(&config, 1);
        let fit = Fitter::new(epochs(1)).fit(&mut *model, &recording, &split).unwrap();
        let path = folder.path().join(config.slug());
        fit.save(&path, &*model).unwrap();
        let loaded = checkpoint::load(&path, &Device::Cpu).unwrap().model;
        assert_eq!(loaded.config().axes.unwrap().response_unit.to_string(), "mV");
        let rates = |model| predict(model, &recording, split.test()).unwrap();
        assert_eq!(rates(&*loaded), rates(&*model));
        assert!(rates(&*model).rates()[0].iter().all(|rate| *rate < -50.0));
    }
}

#[test]
fn ridge_and_linear_find_the_same_fields_in_the_unit() {
    let (recording, split) = in_unit("µV", -65_000.0, 1000.0);
    let ridge = Ridge { lags: vec![6], ..Ridge::default() }.fit(&recording, &split, &Device::Cpu).unwrap();
    let json =
        r#"{"format": 1, "model": {"pipeline": {"readout": {"strf": {"strf": {"full": {"lags": 6}}}}}}}"#;
    let mut linear = build(&ModelConfig::from_json(json).unwrap().for_axes(&recording.axes()), 1);
    let mut config = FitConfig { max_epochs: 200, ..FitConfig::recipe(&linear.config()) };
    config.optimizer.learning_rate = 1e-3;
    Fitter::new(config).fit(&mut *linear, &recording, &split).unwrap();
    let fields = |model: &dyn statenet_models::ResponseModel| {
        model.receptive_fields().unwrap().unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
    };
    let (ridge_fields, linear_fields) = (fields(&*ridge.model), fields(&*linear));
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let ratio = norm(&linear_fields) / norm(&ridge_fields);
    // Early stopping shrinks fields more than a penalty does, but not a hundredfold, as weights that are not in the unit would be.
    assert!((0.1..2.5).contains(&ratio), "{ratio}");
    let ccraw = |model| evaluate(model, &recording, split.test()).unwrap().cc_mean.unwrap();
    let (ridge, linear) = (ccraw(&*ridge.model), ccraw(&*linear));
    assert!((ridge - linear).abs() < 0.25, "{ridge} {linear}");
}

#[test]
fn what_does_not_fit_the_unit_is_refused_before_a_fit() {
    let (recording, split) = in_unit("mV", -65.0, 1.0);
    let refused = |config: &ModelConfig, fit: FitConfig| {
        let mut model = build(config, 1);
        Fitter::new(fit).fit(&mut *model, &recording, &split).unwrap_err()
    };
    let axes = recording.axes();
    let error = refused(&zoo::ln(&axes), FitConfig { loss: Loss::Poisson, ..epochs(1) });
    assert_eq!(
        error.to_string(),
        "loss poisson is the likelihood of spike counts, and the responses are in mV: use mse, gaussian or correlation"
    );
    let error = refused(&zoo::ln(&axes), FitConfig { loss: Loss::NegativeBinomial, ..epochs(1) });
    assert!(matches!(error, Error::LossUnit { loss: "negative_binomial", .. }), "{error}");
    let of_spikes = Axes { response_unit: "spikes/bin".parse().unwrap(), ..axes.clone() };
    let error = refused(&zoo::ln(&of_spikes), epochs(1));
    assert_eq!(
        error.to_string(),
        "the model is of responses in spikes/bin, the recording has responses in mV"
    );
    let softplus = zoo::statenet_gru(&of_spikes).for_axes(&axes);
    let error = refused(&softplus, epochs(1));
    assert!(matches!(error, Error::OutputCurve { mean, .. } if (-66.0..-60.0).contains(&mean)), "{error}");
    // A model of spikes predicts, but is not scored on potentials.
    let model = build(&zoo::ln(&of_spikes), 1);
    let error = evaluate(&*model, &recording, split.test()).unwrap_err();
    assert_eq!(error.to_string(), "predictions: responses are in spikes/bin, expected mV");
}

#[test]
fn a_curve_that_is_not_signed_may_predict_what_is_positive() {
    let (recording, split) = in_unit("dF/F", 0.5, 1.0);
    let axes = recording.axes();
    let of_spikes = Axes { response_unit: "spikes/bin".parse().unwrap(), ..axes.clone() };
    let mut model = build(&zoo::statenet_gru(&of_spikes).for_axes(&axes), 1);
    let fit = Fitter::new(epochs(4)).fit(&mut *model, &recording, &split).unwrap();
    assert!(fit.history.train_loss.iter().all(|loss| loss.is_finite() && *loss < 1.5), "{:?}", fit.history);
    let rates = predict(&*model, &recording, split.test()).unwrap();
    assert!(rates.rates()[0].iter().all(|rate| *rate >= 0.0));
}
