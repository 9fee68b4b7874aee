//! Maps against weights, against finite differences, and against the published network's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use statenet_core::Seed;
use statenet_interp::{agreement, gradient_maps, receptive_fields};
use statenet_models::{
    Architecture, Mode, checkpoint,
    cores::CoreConfig,
    prefilters::PrefilterConfig,
    strategies::{self, Case},
};

fn last_rate(case: &Case, sound: &Tensor, neuron: usize) -> f64 {
    let rates = case.build_as(DType::F64).unwrap().forward(sound, Mode::Eval).unwrap();
    let last = rates.dim(2).unwrap() - 1;
    rates
        .narrow(1, neuron, 1)
        .unwrap()
        .narrow(2, last, 1)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1::<f64>()
        .unwrap()[0]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_map_is_the_finite_difference_of_the_rate(case in strategies::cases(), place in any::<u64>()) {
        let case = Case { batch: 1, ..case };
        let model = case.build_as(DType::F64).unwrap();
        let sound = case.cochleagram_as(DType::F64).unwrap();
        let maps = gradient_maps(&*model, &sound, &[0]).unwrap();
        let (n_bands, n_lags) = (model.n_bands(), case.n_bins);
        let (f, k) = (place as usize % n_bands, (place >> 32) as usize % n_lags);
        let values = sound.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let at = |delta: f64| {
            let mut moved = values.clone();
            moved[f * n_lags + (n_lags - 1 - k)] += delta;
            last_rate(&case, &Tensor::from_vec(moved, sound.dims(), &Device::Cpu).unwrap(), 0)
        };
        let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
        let largest = maps[0].maps.iter().fold(1e-6f64, |m, g| m.max(g.abs()));
        let got = maps[0].maps[(0, f, k)];
        prop_assert!((got - difference).abs() < 1e-5 * largest.max(1e-3), "{got} {difference}");
    }

    #[test]
    fn the_map_of_linear_and_ln_is_their_receptive_field(case in strategies::cases()) {
        let Architecture::Pipeline(pipeline) = &case.config.model else { return Ok(()) };
        prop_assume!(pipeline.core == CoreConfig::None && pipeline.prefilter == PrefilterConfig::None);
        let model = case.build_as(DType::F64).unwrap();
        let null = Tensor::zeros((1, 1, model.n_bands(), 12), DType::F64, &Device::Cpu).unwrap();
        let neurons: Vec<usize> = (0..model.n_neurons()).collect();
        let fields = receptive_fields(&*model).unwrap();
        for (maps, field) in gradient_maps(&*model, &null, &neurons).unwrap().iter().zip(&fields) {
            let cosine = agreement::cosine(maps.mean().view(), field.view()).unwrap();
            // A double exponential may fall: its slope turns the sign of the field.
            prop_assert!(cosine.abs() > 1.0 - 1e-5, "{cosine}");
        }
    }

    #[test]
    fn interpreting_leaves_the_parameters_as_they_were(case in strategies::cases()) {
        let model = case.build().unwrap();
        let before = model.params().snapshot().unwrap();
        gradient_maps(&*model, &case.cochleagram().unwrap(), &[0]).unwrap();
        for param in model.params().iter() {
            let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            prop_assert_eq!(values(param.var.as_tensor()), values(&before[&param.name]));
        }
    }
}

#[test]
fn a_model_without_a_receptive_field_says_so() {
    let axes = statenet_core::Axes::new(8, 1, statenet_core::TimeBin::from_millis(5.0).unwrap());
    let model = statenet_models::zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
    let message = receptive_fields(&*model).unwrap_err().to_string();
    assert_eq!(message, "statenet-gru-h7 has no receptive field of its own, take a gradient map");
    let null = Tensor::zeros((1, 1, 8, 4), DType::F32, &Device::Cpu).unwrap();
    let message = gradient_maps(&*model, &null, &[1]).unwrap_err().to_string();
    assert_eq!(message, "neuron 1 does not exist, there are 1");
}

#[test]
fn the_published_networks_maps_are_the_published_ones() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let fixtures = std::env::var_os("STATENET_FIXTURES").map_or_else(|| root.join("fixtures"), PathBuf::from);
    let ns1 = std::env::var_os("STATENET_NS1").map_or_else(|| root.join("data/ns1"), PathBuf::from);
    if !fixtures.is_dir() || !ns1.is_dir() {
        println!("skipped: set STATENET_FIXTURES and STATENET_NS1");
        return;
    }
    let folder = fixtures.join("trained/ns1-statenet-gru");
    let model = checkpoint::load(&folder, &Device::Cpu).unwrap().model;
    let io = candle_core::safetensors::load(folder.join("io.safetensors"), &Device::Cpu).unwrap();
    let stimulus: ndarray::Array2<f32> = ndarray_npy::read_npy(ns1.join("stimuli/nat18.npy")).unwrap();
    let part = stimulus.slice(ndarray::s![.., 400..500]);
    let column = |name: &str| io[name].reshape((34, 1)).unwrap();
    let sound = Tensor::from_iter(part.iter().copied(), &Device::Cpu).unwrap().reshape((34, 100)).unwrap();
    let sound =
        sound.broadcast_sub(&column("band_mean")).unwrap().broadcast_div(&column("band_std")).unwrap();
    let null = Tensor::zeros((34, 60), DType::F32, &Device::Cpu).unwrap();
    for (name, sound) in [("gradmap_null", null), ("gradmap_recorded", sound)] {
        let expected = io[name].to_vec3::<f32>().unwrap();
        let neurons: Vec<usize> = (0..53).collect();
        let windows = sound.unsqueeze(0).unwrap().unsqueeze(0).unwrap();
        let n_lags = sound.dim(1).unwrap();
        let largest =
            io[name].abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
        for maps in gradient_maps(&*model, &windows, &neurons).unwrap() {
            for ((_, f, k), &ours) in maps.maps.indexed_iter() {
                let theirs = expected[maps.neuron][f][n_lags - 1 - k];
                assert!(
                    (ours as f32 - theirs).abs() < 1e-4 * largest,
                    "{name} {} {f} {k}: {ours} {theirs}",
                    maps.neuron
                );
            }
        }
    }
}
