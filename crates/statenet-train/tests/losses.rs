//! Fits with losses that learn a number of each neuron, and with penalties.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use fixtures::{build, epochs, prepared, raw, small_statenet};
use statenet_data::{Recording, Split};
use statenet_metrics::losses::{Loss, penalties::Penalties};
use statenet_models::{ModelConfig, ResponseModel, zoo};
use statenet_train::{Error, Fit, FitConfig, Fitter};

fn fitted(
    model: &ModelConfig,
    config: FitConfig,
    data: &(Recording, Split),
) -> (Box<dyn ResponseModel>, Fit) {
    let mut model = build(model, 7);
    let fit = Fitter::new(config).fit(&mut *model, &data.0, &data.1).unwrap();
    (model, fit)
}

fn with_loss(loss: Loss, max_epochs: usize) -> FitConfig {
    FitConfig { loss, ..epochs(max_epochs) }
}

fn numbers(fit: &Fit, name: &str) -> Vec<f64> {
    fit.metadata.training[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn every_loss_falls() {
    let data = prepared(&raw(4));
    for loss in Loss::ALL {
        let (_, fit) = fitted(&small_statenet(&data.0.axes()), with_loss(loss, 8), &data);
        let losses = &fit.history.train_loss;
        assert!(losses.iter().all(|l| l.is_finite()) && losses.last() < losses.first(), "{loss}: {losses:?}");
        let learned = ["log_variance", "log_dispersion"].map(|name| fit.metadata.training.contains_key(name));
        assert_eq!(learned, [loss == Loss::Gaussian, loss == Loss::NegativeBinomial], "{loss}");
    }
}

#[test]
fn the_variance_falls_as_a_model_learns_and_the_dispersion_moves() {
    let data = prepared(&raw(4));
    let model = zoo::ln(&data.0.axes());
    let of = |loss, name, n| {
        let config = FitConfig { patience: 100, ..with_loss(loss, n) };
        numbers(&fitted(&model, config, &data).1, name)
    };
    let (early, late) = (of(Loss::Gaussian, "log_variance", 1), of(Loss::Gaussian, "log_variance", 40));
    assert_eq!(late.len(), data.0.n_neurons());
    // Noise falls as the model learns: the mean over neurons, since that of a single one may rise.
    let sum = |of_neurons: &[f64]| of_neurons.iter().sum::<f64>();
    assert!(sum(&late) < sum(&early), "{early:?} {late:?}");
    let early = of(Loss::NegativeBinomial, "log_dispersion", 1);
    let late = of(Loss::NegativeBinomial, "log_dispersion", 40);
    assert!(early.iter().zip(&late).all(|(early, late)| late != early && late.is_finite()));
}

fn weights(model: &dyn ResponseModel) -> Vec<Vec<f64>> {
    let field = model.params().iter().find(|p| p.name.ends_with("strf.weight")).unwrap();
    let (outputs, channels, bands, lags) = field.var.dims4().unwrap();
    let flat = field.var.reshape((outputs * channels * bands, lags)).unwrap();
    flat.to_vec2::<f32>().unwrap().into_iter().map(|row| row.into_iter().map(f64::from).collect()).collect()
}

#[test]
fn penalties_make_weights_small_and_fields_smooth() {
    let data = prepared(&raw(4));
    let model = zoo::ln(&data.0.axes());
    let with = |penalties| {
        let config = FitConfig { penalties, ..epochs(10) };
        weights(&*fitted(&model, config, &data).0)
    };
    let power = |rows: &[Vec<f64>]| rows.iter().flatten().map(|w| w * w).sum::<f64>();
    let roughness = |rows: &[Vec<f64>]| {
        let steps = rows.iter().flat_map(|row| row.windows(2).map(|w| (w[1] - w[0]).powi(2)));
        steps.sum::<f64>() / power(rows)
    };
    let plain = with(Penalties::default());
    for penalties in
        [Penalties { l1: 1.0, ..Penalties::default() }, Penalties { l2: 10.0, ..Penalties::default() }]
    {
        let small = with(penalties);
        assert!(power(&small) < 0.7 * power(&plain), "{penalties:?}: {} of {}", power(&small), power(&plain));
    }
    let smooth = with(Penalties { smooth_lags: 10.0, ..Penalties::default() });
    assert!(roughness(&smooth) < 0.7 * roughness(&plain), "{} of {}", roughness(&smooth), roughness(&plain));
}

#[test]
fn smoothness_needs_a_receptive_field_and_penalties_are_not_negative() {
    let data = prepared(&raw(4));
    let refused = |model: &ModelConfig, penalties| {
        let mut model = build(model, 7);
        let fitter = Fitter::new(FitConfig { penalties, ..epochs(1) });
        let error = fitter.fit(&mut *model, &data.0, &data.1).unwrap_err();
        assert!(matches!(error, Error::Setting { .. }), "{error}");
        error.to_string()
    };
    let smooth = Penalties { smooth_bands: 1.0, ..Penalties::default() };
    let message = refused(&small_statenet(&data.0.axes()), smooth);
    assert!(message.contains("0 for a model without receptive fields"), "{message}");
    let negative = Penalties { l1: -1.0, ..Penalties::default() };
    assert_eq!(refused(&zoo::ln(&data.0.axes()), negative), "l1 is -1, expected 0 or more");
}
