//! Maps against those of the published implementation: small cases of every model, which lie with statenet-models, and a
//! network that it fitted, which needs `STATENET_FIXTURES` and `STATENET_NS1`.

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use statenet_interp::{GradientMaps, Target, gradient_maps, null_maps};
use statenet_models::checkpoint;

use crate::outside;

/// Relative to the largest entry of the neurons' maps: both are in f32.
const TOLERANCE: f32 = 1e-4;

/// Our maps, by lag, and theirs, (N, F, T), oldest bin first.
fn agree(name: &str, ours: &[GradientMaps], theirs: &Tensor) {
    let expected = theirs.to_vec3::<f32>().unwrap();
    let n_lags = theirs.dim(2).unwrap();
    let largest = theirs.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
    assert_eq!(ours.len(), expected.len(), "{name}");
    for (neuron, maps) in ours.iter().enumerate() {
        for ((_, f, k), &ours) in maps.maps.indexed_iter() {
            let theirs = expected[neuron][f][n_lags - 1 - k];
            let difference = (ours as f32 - theirs).abs();
            assert!(difference < TOLERANCE * largest, "{name} {neuron} {f} {k}: {ours} {theirs}");
        }
    }
}

#[test]
fn the_maps_of_every_small_model_are_the_published_ones() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../statenet-models/tests/golden/models");
    let mut n_models = 0;
    for folder in std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).filter(|f| f.is_dir())
    {
        let model = checkpoint::load(&folder, &Device::Cpu).unwrap().model;
        let io = candle_core::safetensors::load(folder.join("io.safetensors"), &Device::Cpu).unwrap();
        let neurons: Vec<usize> = (0..model.n_neurons()).collect();
        let ours = gradient_maps(&*model, &io["x"].narrow(0, 0, 1).unwrap(), &neurons).unwrap();
        agree(&folder.display().to_string(), &ours, &io["gradmap"]);
        n_models += 1;
    }
    assert!(n_models >= 22, "{n_models} models");
}

mod needs_fixtures_and_needs_ns1 {
    use super::*;

    #[test]
    #[ignore = "needs STATENET_FIXTURES and STATENET_NS1"]
    fn the_published_networks_maps_are_the_published_ones() {
        let ns1 = outside::folder("STATENET_NS1", "data/ns1");
        let folder = outside::folder("STATENET_FIXTURES", "fixtures").join("trained/ns1-statenet-gru");
        let model = checkpoint::load(&folder, &Device::Cpu).unwrap().model;
        let io = candle_core::safetensors::load(folder.join("io.safetensors"), &Device::Cpu).unwrap();
        let stimulus: ndarray::Array2<f32> = ndarray_npy::read_npy(ns1.join("stimuli/nat18.npy")).unwrap();
        let part = stimulus.slice(ndarray::s![.., 400..500]);
        let column = |name: &str| io[name].reshape((34, 1)).unwrap();
        let sound =
            Tensor::from_iter(part.iter().copied(), &Device::Cpu).unwrap().reshape((34, 100)).unwrap();
        let sound =
            sound.broadcast_sub(&column("band_mean")).unwrap().broadcast_div(&column("band_std")).unwrap();
        let null = Tensor::zeros((34, 60), DType::F32, &Device::Cpu).unwrap();
        for (name, sound) in [("gradmap_null", null), ("gradmap_recorded", sound)] {
            let neurons: Vec<usize> = (0..53).collect();
            let windows = sound.unsqueeze(0).unwrap().unsqueeze(0).unwrap();
            let n_lags = sound.dim(1).unwrap();
            let mut ours = vec![gradient_maps(&*model, &windows, &neurons).unwrap()];
            if name == "gradmap_null" {
                ours.push(null_maps(&*model, n_lags, &Target::neurons(0..53)).unwrap());
            }
            for ours in ours {
                agree(name, &ours, &io[name]);
            }
        }
    }
}
