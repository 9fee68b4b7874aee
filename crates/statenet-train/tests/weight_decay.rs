//! Weight decay draws weights to 0, and leaves biases, norms, output curves and time constants where the loss has them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use candle_core::Tensor;
use candle_nn::Optimizer;
use fixtures::{Bits, bits, build, epochs, models, normalized_ln, prepared, raw};
use statenet_models::{ModelConfig, ResponseModel, zoo};
use statenet_train::{
    FitConfig, Fitter,
    optimizers::{AdamW, AdamWConfig, Decayed},
};

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap()
}

/// A step whose gradients are all 0: what moves has decayed.
fn step_of_decay(model: &dyn ResponseModel, config: &AdamWConfig) {
    let zero = |p: &statenet_models::Param| (p.var.as_tensor() - p.var.detach()).unwrap();
    let sums = model.params().trained().map(|p| zero(p).sqr().unwrap().sum_all().unwrap());
    let loss = sums.reduce(|a, b| (a + b).unwrap()).unwrap();
    AdamW::for_params(model.params(), config.clone()).unwrap().backward_step(&loss).unwrap();
}

#[test]
fn weights_shrink_and_biases_norms_and_output_curves_do_not() {
    let (recording, _) = prepared(&raw(4));
    let axes = recording.axes();
    let config = AdamWConfig { learning_rate: 0.1, weight_decay: 2.0, ..AdamWConfig::default() };
    let of = |name: &str| (zoo::ALL.iter().find(|e| e.name == name).unwrap().config)(&axes);
    let cases = [
        (of("transformer"), ["core.layers.0.norm1.weight", "readout.fc.bias"], "readout.fc.weight"),
        (normalized_ln(&axes), ["readout.norm.weight", "readout.norm.bias"], "readout.strf.weight"),
        (
            of("statenet-gru"),
            ["core.encoder.biases", "core.backbone.bias_hh_l0"],
            "core.backbone.weight_hh_l0",
        ),
    ];
    for (model, spared, decayed) in cases {
        let model = build(&model, 5);
        let before = model.params().snapshot().unwrap();
        step_of_decay(&*model, &config);
        let after = |name: &str| values(model.params().get(name).unwrap().var.as_tensor());
        for name in spared {
            assert_eq!(after(name), values(&before[name]), "{name}");
        }
        for (after, before) in after(decayed).iter().zip(values(&before[decayed])) {
            assert!((after - 0.8 * before).abs() <= 1e-6 * before.abs(), "{decayed}: {before} {after}");
        }
        for param in model.params().trained().filter(|param| !param.is_weight()) {
            assert_eq!(after(&param.name), values(&before[&param.name]), "{}", param.name);
        }
    }
}

#[test]
fn all_parameters_decay_where_that_is_asked_for() {
    let (recording, _) = prepared(&raw(4));
    let model = build(&zoo::transformer(&recording.axes()), 5);
    let name = "core.layers.0.norm1.weight";
    let config = AdamWConfig {
        learning_rate: 0.1,
        weight_decay: 2.0,
        decayed: Decayed::All,
        ..AdamWConfig::default()
    };
    step_of_decay(&*model, &config);
    let gains = values(model.params().get(name).unwrap().var.as_tensor());
    assert!(gains.iter().all(|gain| (gain - 0.8).abs() < 1e-6), "{gains:?}");
}

#[test]
fn without_decay_a_fit_is_the_same_to_the_bit_whatever_would_decay() {
    let (recording, split) = prepared(&raw(4));
    let fitted = |model: &ModelConfig, decayed: Decayed, weight_decay: f64| -> Bits {
        let mut model = build(model, 7);
        let optimizer = AdamWConfig { weight_decay, decayed, ..AdamWConfig::default() };
        let config = FitConfig { optimizer, ..epochs(3) };
        Fitter::new(config).fit(&mut *model, &recording, &split).unwrap();
        bits(&*model)
    };
    for (name, model) in models(&recording.axes()) {
        assert!(fitted(&model, Decayed::Weights, 0.0) == fitted(&model, Decayed::All, 0.0), "{name}");
        assert!(fitted(&model, Decayed::Weights, 0.3) != fitted(&model, Decayed::All, 0.3), "{name}");
    }
}
