//! Five AdamW steps of the published implementation, repeated with ours: small cases of every model, which lie with
//! statenet-models, and larger ones that need `STATENET_FIXTURES`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../statenet-core/tests/outside/mod.rs"]
mod outside;

use std::{collections::HashMap, path::Path};

use candle_core::{Device, Tensor};
use candle_nn::Optimizer;
use statenet_models::{Mode, checkpoint};
use statenet_train::optimizers::{AdamW, AdamWConfig, Decayed};

/// Five steps add up differences in the order of sums.
const TOLERANCE: f32 = 1e-4;

/// A parameter whose gradient is smaller than this, relative to the largest of its tensor, moves where rounding says.
const SMALLEST_GRADIENT: f32 = 1e-5;
/// Two of each step, of parameters far above 1: those of S4 are above 1000.
const ROUNDINGS: f32 = 2.0 * 5.0;
/// As far as five steps of AdamW can move a parameter, there and back.
const FIVE_STEPS_APART: f32 = 2.0 * 5.0 * 1e-3;

fn values(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1::<f32>().unwrap()
}

/// Losses and rates of the model in a folder, and its parameters where the folder has them.
fn agrees(folder: &Path) {
    let name = folder.display();
    let model = checkpoint::load(folder, &Device::Cpu).unwrap().model;
    let io = candle_core::safetensors::load(folder.join("io.safetensors"), &Device::Cpu).unwrap();
    let config = AdamWConfig { weight_decay: 1e-2, decayed: Decayed::All, ..AdamWConfig::default() };
    let mut optimizer = AdamW::for_params(model.params(), config).unwrap();
    let mut losses = Vec::new();
    let rates = || model.forward(&io["x"], Mode::Eval).unwrap();
    for _ in 0..5 {
        let loss = (rates() - &io["target"]).unwrap().sqr().unwrap().mean_all().unwrap();
        losses.push(loss.to_scalar::<f32>().unwrap());
        optimizer.backward_step(&loss).unwrap();
    }
    let pairs = [
        ("losses", losses, values(&io["losses"])),
        ("rates", values(&rates()), values(&io["y_after_5_steps"])),
    ];
    for (what, ours, theirs) in pairs {
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < TOLERANCE, "{name}: {what} {a} {b}");
        }
    }
    let (after, gradients) = (read_as_ours(&io, "after.", folder), read_as_ours(&io, "grad.", folder));
    for (parameter, after) in &after {
        let ours = values(model.params().get(parameter).unwrap().var.as_tensor());
        let gradient = values(&gradients[parameter]);
        let smallest = SMALLEST_GRADIENT * gradient.iter().map(|g| g.abs()).fold(0.0, f32::max);
        for ((a, b), gradient) in ours.iter().zip(values(after)).zip(gradient) {
            let tolerance = if gradient.abs() > smallest { TOLERANCE } else { FIVE_STEPS_APART };
            let tolerance = tolerance + ROUNDINGS * f32::EPSILON * b.abs();
            assert!((a - b).abs() < tolerance, "{name}: {parameter} {a} {b}, gradient {gradient}");
        }
    }
}

/// The tensors whose names begin with `prefix`, under our names: written as a published checkpoint, they are read back by
/// our reader. Empty if there are none.
fn read_as_ours(io: &HashMap<String, Tensor>, prefix: &str, folder: &Path) -> HashMap<String, Tensor> {
    let chosen: HashMap<String, Tensor> =
        io.iter().filter_map(|(k, v)| Some((k.strip_prefix(prefix)?.to_owned(), v.clone()))).collect();
    if chosen.is_empty() {
        return chosen;
    }
    let copy = tempfile::tempdir().unwrap();
    let mut all = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap();
    all.extend(chosen);
    candle_core::safetensors::save(&all, copy.path().join("model.safetensors")).unwrap();
    std::fs::copy(folder.join("config.json"), copy.path().join("config.json")).unwrap();
    let model = checkpoint::load(copy.path(), &Device::Cpu).unwrap().model;
    model.params().trained().map(|p| (p.name.clone(), p.var.as_tensor().clone())).collect()
}

/// Each model in a small case, for everybody, and in a larger one of the fixtures.
macro_rules! cases {
    ($($test:ident: $folder:literal;)*) => {
        mod small {
            use std::path::PathBuf;

            $(#[test]
            fn $test() {
                let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../statenet-models/tests/golden");
                super::agrees(&golden.join("models").join($folder));
            })*
        }

        mod needs_fixtures {
            $(#[test]
            #[ignore = "needs STATENET_FIXTURES"]
            fn $test() {
                super::agrees(&super::outside::folder("STATENET_FIXTURES", "fixtures").join("models").join($folder));
            })*
        }
    };
}
cases! {
    five_steps_of_linear: "linear";
    five_steps_of_ln: "ln";
    five_steps_of_linear_separable: "linear-separable";
    five_steps_of_linear_gaussians: "linear-gaussians";
    five_steps_of_ln_ic: "ln-ic";
    five_steps_of_statenet_gru_adaptrans: "statenet-gru-adaptrans";
    five_steps_of_nrf: "nrf";
    five_steps_of_dnet: "dnet";
    five_steps_of_cnn2d: "cnn2d";
    five_steps_of_transformer: "transformer";
    five_steps_of_transformer_windowed: "transformer-windowed";
    five_steps_of_statenet_gru: "statenet-gru";
    five_steps_of_statenet_lstm: "statenet-lstm";
    five_steps_of_statenet_rnn: "statenet-rnn";
    five_steps_of_statenet_lmu: "statenet-lmu";
    five_steps_of_statenet_mamba: "statenet-mamba";
    five_steps_of_statenet_s4: "statenet-s4";
    five_steps_of_statenet_gru_fc: "statenet-gru-fc";
    five_steps_of_statenet_gru_conv: "statenet-gru-conv";
    five_steps_of_statenet_gru_sigmoid: "statenet-gru-sigmoid";
    five_steps_of_statenet_gru_doubleexp: "statenet-gru-doubleexp";
}
