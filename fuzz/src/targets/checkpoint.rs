//! Checkpoint folders of ours: loaded, saved, loaded again, equal; what was loaded runs.

use candle_core::{DType, Device, Tensor};
use serde_json::json;
use statenet_core::{Input, SampleRate, Sampling};
use statenet_models::{Checkpoint, CheckpointMetadata, Mode, ResponseModel, checkpoint, zoo};

use super::{examples, told};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "checkpoint",
    kind: Kind::Folder,
    most_bytes: 1 << 16,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// A model has more than the numbers of its file: values before they are loaded, and fixed filters, of which the Fourier transform of the
/// longest window that a front end allows, 4,096 samples, is the largest: 134 MB.
pub(super) fn largest_block(bytes: usize) -> usize {
    (1 << 28) + 64 * bytes
}

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = |name: &str| scratch.path().join(name);
    folder.write(&at("in")).expect("a scratch folder can be written");
    match checkpoint::load(at("in"), &Device::Cpu) {
        Ok(loaded) => {
            checkpoint::save(at("again"), &*loaded.model, &loaded.metadata)
                .expect("what was loaded can be saved");
            let again = checkpoint::load(at("again"), &Device::Cpu).expect("what we save we can load");
            same(&loaded, &again);
            run(&*loaded.model);
            true
        }
        Err(error) => told(&error),
    }
}

/// Equal configs, metadata and, bit for bit, parameters.
pub(super) fn same(a: &Checkpoint, b: &Checkpoint) {
    assert_eq!(a.model.config(), b.model.config());
    assert_eq!(a.metadata, b.metadata);
    let bits = |model: &dyn ResponseModel| -> Vec<(String, Vec<usize>, Vec<u32>)> {
        let bits = model.params().iter().map(|param| {
            let values =
                param.var.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("parameters are f32");
            (param.name.clone(), param.var.dims().to_vec(), values.into_iter().map(f32::to_bits).collect())
        });
        bits.collect()
    };
    assert_eq!(bits(&*a.model), bits(&*b.model));
}

/// A loaded model gives as many rates as it says.
pub(super) fn run(model: &dyn ResponseModel) {
    let frames = Tensor::zeros((1, 1, model.n_bands(), 3), DType::F32, &Device::Cpu).expect("a few frames");
    match model.forward(&frames, Mode::Eval) {
        Ok(rates) => assert_eq!(rates.dims(), [1, model.n_neurons(), 3]),
        Err(error) => panic!("{} was loaded and does not run: {error}", model.config().slug()),
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let rate = SampleRate::new(4000.0).expect("a rate");
    let sampling = Sampling::new(rate, examples::dt()).expect("a whole number of samples a bin");
    let mut seeds = Vec::new();
    for entry in zoo::ALL {
        let axes = match entry.input {
            Input::Cochleagram => examples::axes(),
            Input::Sound => sampling.axes(examples::N_NEURONS),
        };
        let Ok(model) = small((entry.config)(&axes)).build(statenet_core::Seed::new(0), &Device::Cpu) else {
            continue;
        };
        let metadata = CheckpointMetadata {
            neurons: vec!["u0".to_owned(), "u1".to_owned()],
            training: [("seed".to_owned(), json!(7))].into(),
        };
        let at = scratch.path().join(entry.name);
        checkpoint::save(&at, &*model, &metadata).expect("a model can be saved");
        let packed = Folder::read(&at).expect("saved").pack();
        if packed.len() <= 1 << 15 {
            seeds.push((entry.name.to_owned(), packed));
        }
    }
    seeds
}

/// The same model with small sizes, where that leaves it valid.
pub(super) fn small(config: statenet_models::ModelConfig) -> statenet_models::ModelConfig {
    fn shrink(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Number(n) if n.as_u64().is_some_and(|n| n > 8) => *value = json!(6),
            serde_json::Value::Array(list) => list.iter_mut().for_each(shrink),
            serde_json::Value::Object(map) => {
                map.iter_mut().filter(|(key, _)| *key != "axes").for_each(|(_, value)| shrink(value));
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(&config).expect("a config is JSON");
    shrink(&mut value);
    match statenet_models::ModelConfig::from_json(&value.to_string()) {
        Ok(small) if small.validate().is_ok() => small,
        _ => config,
    }
}
