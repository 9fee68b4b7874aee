//! Writes folders for the published implementation to load, each with a sound and the expected rates.

use std::{collections::HashMap, path::Path};

use anyhow::Context;
use candle_core::{DType, Device, Tensor};
use serde_json::json;
use statenet::{
    models::{
        Architecture,
        activations::ActivationConfig,
        checkpoint::{Nested, save_published},
        cores::{CoreConfig, Positions},
        encoders::{EncoderConfig, PlacesConfig},
        readouts::ReadoutConfig,
        strfs::{GaussiansConfig, SeparableConfig, StrfConfig},
    },
    prelude::*,
};

const N_BANDS: usize = 34;
const N_NEURONS: usize = 3;

/// Writes a folder for each model that the published package supports: the model, `io.safetensors` (`x`, `y`) and
/// `nested.json`.
pub(crate) fn write(out: &Path) -> anyhow::Result<()> {
    let axes = Axes::new(N_BANDS, N_NEURONS, TimeBin::from_millis(5.0)?);
    for (name, config) in models(&axes) {
        let model = config.build(Seed::new(1), &Device::Cpu).with_context(|| name.clone())?;
        let folder = out.join(&name);
        let nested = match save_published(&folder, &*model, &CheckpointMetadata::default()) {
            Ok(nested) => nested,
            Err(refused) => {
                println!("{name}: not written, {refused}");
                continue;
            }
        };
        let sound = Tensor::rand(0f32, 1.0, (2, 1, N_BANDS, 120), &Device::Cpu)?;
        let rates = model.forward(&sound, Mode::Eval)?;
        let io = HashMap::from([("x".to_owned(), sound), ("y".to_owned(), rates)]);
        candle_core::safetensors::save(&io, folder.join("io.safetensors"))?;
        let decays = prefilter_decays(&*model)?;
        let said: Vec<String> = nested.into_iter().map(spoken).collect();
        let text = json!({"parts": said, "decays": decays}).to_string();
        std::fs::write(folder.join("nested.json"), text).context("nested.json")?;
    }
    Ok(())
}

/// The models of the zoo, and models with parts that no model of the zoo has.
fn models(axes: &Axes) -> Vec<(String, ModelConfig)> {
    let mut models: Vec<_> =
        zoo::taking(Input::Cochleagram).map(|e| (e.name.to_owned(), (e.config)(axes))).collect();
    let mut add =
        |name: &str, mut config: ModelConfig, change: &dyn Fn(&mut CoreConfig, &mut ReadoutConfig)| {
            if let Architecture::Pipeline(pipeline) = &mut config.model {
                change(&mut pipeline.core, &mut pipeline.readout);
            }
            models.push((name.to_owned(), config));
        };
    for (name, encoder) in [
        ("statenet-gru-dense", EncoderConfig::Dense(PlacesConfig::default())),
        ("statenet-gru-convolution", EncoderConfig::Convolution(PlacesConfig::default())),
    ] {
        add(name, zoo::statenet_gru(axes), &|core, _| {
            if let CoreConfig::Statenet(statenet) = core {
                statenet.encoder = encoder.clone();
            }
        });
    }
    for (name, strf) in [
        ("ln-separable", StrfConfig::Separable(SeparableConfig { lags: 9, rank: 1 })),
        ("ln-gaussians", StrfConfig::Gaussians(GaussiansConfig { lags: 9, n_gaussians: 3 })),
    ] {
        add(name, zoo::ln(axes), &|_, readout| {
            if let ReadoutConfig::Strf(field) = readout {
                field.strf = strf.clone();
            }
        });
    }
    for (name, curve) in [
        ("ln-sigmoid", ActivationConfig::Sigmoid(Default::default())),
        ("ln-double-exponential", ActivationConfig::DoubleExponential(Default::default())),
    ] {
        add(name, zoo::ln(axes), &|_, readout| {
            if let ReadoutConfig::Strf(field) = readout {
                field.activation = curve.clone();
            }
        });
    }
    add("transformer-windowed", zoo::transformer(axes), &|core, _| {
        if let CoreConfig::Transformer(transformer) = core {
            transformer.positions = Positions::Sinusoidal;
            transformer.window = Some(16);
        }
    });
    models
}

/// The decays that the published package needs to create a prefilter; loading the folder replaces their values.
fn prefilter_decays(model: &dyn ResponseModel) -> anyhow::Result<Vec<f32>> {
    match model.params().get("prefilter.a") {
        Some(decays) => Ok(decays.var.to_dtype(DType::F32)?.to_vec1()?),
        None => Ok(vec![0.9; N_BANDS]),
    }
}

fn spoken(part: Nested) -> String {
    match part {
        Nested::Adaptrans => "adaptrans".to_owned(),
        Nested::IcAdaptation => "ic".to_owned(),
        Nested::Separable => "separable".to_owned(),
        Nested::Gaussians(n) => format!("gaussians {n}"),
        Nested::Softplus(_) => "softplus".to_owned(),
        Nested::Sigmoid(_) => "sigmoid".to_owned(),
        Nested::DoubleExponential(_) => "double-exponential".to_owned(),
        Nested::Identity => "identity".to_owned(),
    }
}
