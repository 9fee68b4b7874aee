//! Model configs and front ends in JSON and TOML: parsed, written, parsed again, equal. A small config that is valid is built and
//! run.

use candle_core::{DType, Device, Tensor};
use serde_json::Value;
use statenet_core::{Input, SampleRate, Sampling, Seed};
use statenet_models::{Mode, ModelConfig, front_ends::FrontEndConfig, zoo};

use super::{examples, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "model_config",
    kind: Kind::Text,
    most_bytes: 1 << 13,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// Building a model takes what its sizes say; those of the configs that are built are small.
fn largest_block(_bytes: usize) -> usize {
    1 << 28
}

fn check(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let taken = [ModelConfig::from_json(text), ModelConfig::from_toml(text)].map(|parsed| match parsed {
        Ok(config) => {
            round_trip(&config);
            true
        }
        Err(error) => told(&error),
    });
    front_end(bytes) || taken.contains(&true)
}

fn round_trip(config: &ModelConfig) {
    let json = serde_json::to_string(config).expect("a config can be written");
    assert_eq!(&ModelConfig::from_json(&json).expect("what we write we can read"), config);
    // TOML has no null and no whole numbers beyond 63 bits.
    if let Ok(toml) = toml::to_string(config)
        && !json.contains("null")
    {
        assert_eq!(&ModelConfig::from_toml(&toml).expect("what we write we can read"), config);
    }
    assert_eq!(config.hash().len(), 8);
    let _slug = config.slug();
    match config.validate() {
        Ok(()) if is_small(&serde_json::to_value(config).expect("a config is JSON")) => run(config),
        Ok(()) => {}
        Err(error) => {
            told(&error);
        }
    }
}

/// Whether no size in a config is beyond some tens.
fn is_small(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.as_u64().is_none_or(|n| n <= 40),
        Value::Array(list) => list.iter().all(is_small),
        Value::Object(map) => map.values().all(is_small),
        _ => true,
    }
}

/// Builds a valid config and runs it over a few frames: the rates are as many as the axes say.
fn run(config: &ModelConfig) {
    let model = match config.build(Seed::new(0), &Device::Cpu) {
        Ok(model) => model,
        // A model of the user's own.
        Err(error) => {
            told(&error);
            return;
        }
    };
    let axes = config.axes().expect("a valid config has axes");
    let frames = Tensor::zeros((1, 1, axes.n_bands, 3), DType::F32, &Device::Cpu).expect("a few frames");
    match model.forward(&frames, Mode::Eval) {
        Ok(rates) => assert_eq!(rates.dims(), [1, axes.n_neurons, 3]),
        Err(error) => panic!("{} is valid and does not run: {error}", config.slug()),
    }
}

/// The same bytes as the file of a front end.
fn front_end(bytes: &[u8]) -> bool {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let taken = ["front-end.json", "front-end.toml"].map(|name| {
        let path = scratch.path().join(name);
        std::fs::write(&path, bytes).expect("a scratch file can be written");
        match FrontEndConfig::read(&path) {
            Ok(config) => {
                let json = serde_json::to_string(&config).expect("a config can be written");
                std::fs::write(scratch.path().join("again.json"), &json).expect("a scratch file");
                let again = FrontEndConfig::read(scratch.path().join("again.json"));
                assert_eq!(again.expect("what we write we can read"), config);
                if let Err(error) = config.band_centers(&sampling()) {
                    told(&error);
                }
                true
            }
            Err(error) => told(&error),
        }
    });
    taken.contains(&true)
}

fn sampling() -> Sampling {
    let rate = SampleRate::new(4000.0).expect("a rate");
    Sampling::new(rate, examples::dt()).expect("a whole number of samples a bin")
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for entry in zoo::ALL {
        let axes = match entry.input {
            Input::Cochleagram => examples::axes(),
            Input::Sound => sampling().axes(examples::N_NEURONS),
        };
        let config = (entry.config)(&axes);
        let json = serde_json::to_string_pretty(&config).expect("a config can be written");
        if let Ok(toml) = toml::to_string(&config) {
            seeds.push((format!("{}.toml", entry.name), toml.into_bytes()));
        }
        seeds.push((format!("{}.json", entry.name), json.into_bytes()));
    }
    for name in ["mel", "gammatone", "sincnet", "leaf"] {
        seeds.push((format!("front-end-{name}.json"), format!("{{\"{name}\": {{}}}}").into_bytes()));
    }
    seeds
}
