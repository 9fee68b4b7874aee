//! Five AdamW steps of the published implementation, repeated with ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use candle_core::{Device, Tensor};
use candle_nn::Optimizer;
use statenet_models::{Mode, checkpoint};
use statenet_train::optimizers::{AdamW, AdamWConfig};

/// Five steps add up differences in the order of sums.
const TOLERANCE: f32 = 1e-4;

fn agrees(name: &str) {
    let fixtures = std::env::var_os("STATENET_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    if !fixtures.is_dir() {
        println!("skipped: set STATENET_FIXTURES");
        return;
    }
    let folder = fixtures.join("models").join(name);
    let model = checkpoint::load(&folder, &Device::Cpu).unwrap().model;
    let io = candle_core::safetensors::load(folder.join("io.safetensors"), &Device::Cpu).unwrap();
    let config = AdamWConfig { weight_decay: 1e-2, ..AdamWConfig::default() };
    let mut optimizer = AdamW::for_params(model.params(), config);
    let mut losses = Vec::new();
    let rates = || model.forward(&io["x"], Mode::Eval).unwrap();
    for _ in 0..5 {
        let loss = (rates() - &io["target"]).unwrap().sqr().unwrap().mean_all().unwrap();
        losses.push(loss.to_scalar::<f32>().unwrap());
        optimizer.backward_step(&loss).unwrap();
    }
    let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let pairs = [
        ("losses", losses, values(&io["losses"])),
        ("rates", values(&rates()), values(&io["y_after_5_steps"])),
    ];
    for (what, ours, theirs) in pairs {
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < TOLERANCE, "{name}: {what} {a} {b}");
        }
    }
}

macro_rules! fixture {
    ($($test:ident: $folder:literal;)*) => {$(
        #[test]
        fn $test() {
            agrees($folder);
        }
    )*};
}
fixture! {
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
