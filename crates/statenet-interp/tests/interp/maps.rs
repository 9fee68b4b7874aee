//! Gradient maps compared with weights and with finite differences.

use crate::small::{N_BANDS, N_NEURONS, by_name, of_zoo, sound};
use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use statenet_core::{Input, Seed};
use statenet_interp::{
    Averaging, MapConfig, Target, agreement, gradient_maps, null_maps, receptive_fields, target_maps,
};
use statenet_models::{
    Architecture, Memory, Mode, ModelConfig, ParamStore, ResponseModel, State,
    cores::CoreConfig,
    laws::strategies::{self, Case},
    prefilters::PrefilterConfig,
    zoo,
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
        // Maps are per standard deviation of a band, and per unit of a sample.
        let scaling = model.input_scaling().unwrap().filter(|_| model.config().input() == Input::Cochleagram);
        let unit = scaling.map_or(1.0, |scaling| f64::from(scaling.std()[f]));
        let difference = unit * (at(1e-5) - at(-1e-5)) / 2e-5;
        let largest = maps[0].maps.iter().fold(1e-6f64, |m, g| m.max(g.abs()));
        let got = maps[0].maps[(0, f, k)];
        prop_assert!((got - difference).abs() < 1e-5 * largest.max(1e-3), "{got} {difference}");
    }

    #[test]
    fn the_map_of_linear_and_ln_is_their_receptive_field(case in strategies::cases()) {
        let Architecture::Pipeline(pipeline) = &case.config.model else { return Ok(()) };
        // Silence lies on the kinks of a front end.
        prop_assume!(pipeline.core == CoreConfig::None && pipeline.prefilter == PrefilterConfig::None);
        prop_assume!(pipeline.front_end.is_none());
        let model = case.build_as(DType::F64).unwrap();
        let fields = receptive_fields(&*model).unwrap();
        for (maps, field) in null_maps(&*model, 12, &Target::neurons(0..model.n_neurons())).unwrap().iter().zip(&fields) {
            let cosine = agreement::cosine(maps.mean().view(), field.view()).unwrap();
            // A double exponential may fall, and its negative slope then flips the sign of the field.
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

/// One target of each kind; a hidden unit only if the model has one of the known state tensors.
fn targets(model: &dyn ResponseModel) -> Vec<Target> {
    let mut targets = vec![
        Target::Neuron(1),
        Target::Population(vec![0, 2]),
        Target::Contrast { raised: vec![2], lowered: vec![0, 1] },
    ];
    let remembers = |name: &&str| model.init_state(1).unwrap().iter().any(|(there, _)| there == *name);
    let hidden = ["core.backbone.h", "core.leak.z", "core.backbone.s"];
    let hidden = hidden.into_iter().find(remembers);
    targets.extend(hidden.map(|entry| Target::Hidden { entry: entry.to_owned(), unit: 2 }));
    targets
}

/// The responses of targets at the last bin of a sound, computed by streaming, which the tested code does not use here.
fn answers(model: &dyn ResponseModel, sound: &Tensor, targets: &[Target]) -> Vec<f64> {
    let mut state = model.init_state(1).unwrap();
    let rates = model.chunk(sound, &mut state).unwrap();
    let last = rates.dim(2).unwrap() - 1;
    let rates: Vec<f64> = rates.narrow(2, last, 1).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    let mean = |of: &[usize]| of.iter().map(|&n| rates[n]).sum::<f64>() / of.len() as f64;
    let answer = |target: &Target| match target {
        Target::Neuron(n) => rates[*n],
        Target::Population(of) => mean(of),
        Target::Contrast { raised, lowered } => mean(raised) - mean(lowered),
        Target::Hidden { entry, unit } => {
            let (_, tensor) = state.iter().find(|(name, _)| name == entry).unwrap();
            tensor.flatten_all().unwrap().to_vec1::<f64>().unwrap()[*unit]
        }
    };
    targets.iter().map(answer).collect()
}

#[test]
fn every_target_of_every_model_of_the_zoo_has_the_map_of_its_finite_differences() {
    const N_BINS: usize = 14;
    const N_LAGS: usize = 9;
    for entry in zoo::taking(Input::Cochleagram) {
        let model = of_zoo(entry);
        let targets = targets(&*model);
        let sound = sound(3, 1, N_BINS);
        let config = MapConfig { lags: Some(N_LAGS), ..MapConfig::default() };
        let maps = target_maps(&*model, &sound, &targets, &config).unwrap();
        let values = sound.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        for (f, k) in [(0, 0), (3, 1), (7, 2), (2, 5), (5, N_LAGS - 1)] {
            let at = |delta: f64| {
                let mut moved = values.clone();
                moved[f * N_BINS + (N_BINS - 1 - k)] += delta;
                answers(&*model, &Tensor::from_vec(moved, sound.dims(), &Device::Cpu).unwrap(), &targets)
            };
            let (up, down) = (at(1e-6), at(-1e-6));
            for ((maps, up), down) in maps.iter().zip(up).zip(down) {
                let largest = maps.maps.iter().fold(0f64, |m, g| m.max(g.abs()));
                let (got, difference) = (maps.maps[(0, f, k)], (up - down) / 2e-6);
                let (name, target) = (entry.name, &maps.target);
                assert!(largest > 0.0, "{name} {target:?}: a map of zeros");
                let error = (got - difference).abs();
                assert!(error < 1e-5 * largest + 1e-9, "{name} {target:?} {f} {k}: {got} {difference}");
            }
        }
    }
}

#[test]
fn the_null_map_of_every_model_of_the_zoo_is_the_mean_slope_of_both_sides() {
    const N_LAGS: usize = 6;
    for entry in zoo::taking(Input::Cochleagram) {
        let model = of_zoo(entry);
        let targets = Target::neurons([2]);
        let maps = &null_maps(&*model, N_LAGS, &targets).unwrap()[0];
        assert!(!maps.is_flat(), "{}", entry.name);
        let largest = maps.maps.iter().fold(0f64, |m, g| m.max(g.abs()));
        // Changing a single band and lag moves the rectifiers that see it off their kinks, and no others.
        let moved = |f: usize, k: usize, delta: f64| {
            let mut values = vec![0f64; N_BANDS * N_LAGS];
            values[f * N_LAGS + (N_LAGS - 1 - k)] = delta;
            let sound = Tensor::from_vec(values, (1, 1, N_BANDS, N_LAGS), &Device::Cpu).unwrap();
            answers(&*model, &sound, &targets)[0]
        };
        for (f, k) in [(0, 0), (4, 1), (6, 3)] {
            let difference = (moved(f, k, 1e-6) - moved(f, k, -1e-6)) / 2e-6;
            let got = maps.maps[(0, f, k)];
            assert!((got - difference).abs() < 1e-4 * largest, "{} {f} {k}: {got} {difference}", entry.name);
        }
    }
}

#[test]
fn bins_before_the_lags_change_no_map() {
    for entry in zoo::taking(Input::Cochleagram) {
        let model = of_zoo(entry);
        let windows = sound(5, 2, 12);
        let targets = Target::neurons(0..N_NEURONS);
        let whole = target_maps(&*model, &windows, &targets, &MapConfig::default()).unwrap();
        let config = MapConfig { lags: Some(5), ..MapConfig::default() };
        for (whole, part) in whole.iter().zip(target_maps(&*model, &windows, &targets, &config).unwrap()) {
            let whole = whole.maps.slice(ndarray::s![.., .., ..5]);
            for (a, b) in whole.iter().zip(&part.maps) {
                assert!((a - b).abs() < 1e-10, "{}: {a} {b}", entry.name);
            }
        }
    }
}

#[test]
fn integrated_gradients_sum_to_the_difference_of_the_responses() {
    let model = by_name("statenet-gru");
    let windows = sound(6, 2, 10);
    let from = windows.narrow(0, 0, 1).unwrap().affine(0.0, 0.3).unwrap();
    let targets = [Target::Contrast { raised: vec![0], lowered: vec![1] }];
    let averaging = Averaging::IntegratedGradients { n_points: 256, baseline: from.clone() };
    let maps = target_maps(&*model, &windows, &targets, &MapConfig { lags: None, averaging }).unwrap();
    for (b, map) in maps[0].maps.outer_iter().enumerate() {
        let window = windows.narrow(0, b, 1).unwrap();
        let moved = (&window - &from).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let account: f64 = map.indexed_iter().map(|((f, k), g)| g * moved[f * 10 + (9 - k)]).sum();
        let at = |sound: &Tensor| answers(&*model, sound, &targets)[0];
        let difference = at(&window) - at(&from);
        assert!((account - difference).abs() < 1e-5 * difference.abs().max(0.1), "{account} {difference}");
    }
}

#[test]
fn smooth_grad_is_reproducible_and_of_a_linear_model_it_is_the_map() {
    let model = by_name("linear");
    let windows = sound(6, 1, 40);
    let maps = |seed, model: &dyn ResponseModel| {
        let averaging = Averaging::SmoothGrad { n_pairs: 2, deviation: 0.5, seed: Seed::new(seed) };
        target_maps(model, &windows, &[Target::Neuron(0)], &MapConfig { lags: None, averaging })
            .unwrap()
            .remove(0)
    };
    let point = gradient_maps(&*model, &windows, &[0]).unwrap();
    let cosine = agreement::cosine(maps(1, &*model).mean().view(), point[0].mean().view()).unwrap();
    assert!(cosine > 1.0 - 1e-12);
    let network = by_name("statenet-gru");
    assert_eq!(maps(1, &*network), maps(1, &*network));
    assert_ne!(maps(1, &*network), maps(2, &*network));
}

/// A user's model: a network of the zoo that is run twice and summed, using only the trait's default methods.
struct Twice {
    model: Box<dyn ResponseModel>,
    /// Whether rates of the streaming form keep their graph.
    streams: bool,
}

impl ResponseModel for Twice {
    fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> statenet_models::Result<Tensor> {
        let (a, b) = (self.model.forward(cochleagram, mode)?, self.model.forward(cochleagram, mode)?);
        Ok((a + b).unwrap())
    }

    fn init_state(&self, batch: usize) -> statenet_models::Result<State> {
        self.model.init_state(batch)
    }

    fn step(&self, frame: &Tensor, state: &mut State) -> statenet_models::Result<Tensor> {
        let a = self.model.step(frame, &mut state.clone())?;
        let both = (a + self.model.step(frame, state)?).unwrap();
        Ok(if self.streams { both } else { both.detach() })
    }

    fn config(&self) -> ModelConfig {
        self.model.config()
    }

    fn params(&self) -> &ParamStore {
        self.model.params()
    }

    fn n_neurons(&self) -> usize {
        self.model.n_neurons()
    }

    fn n_bands(&self) -> usize {
        self.model.n_bands()
    }

    fn memory(&self) -> Memory {
        self.model.memory()
    }
}

#[test]
fn parameters_that_are_frozen_or_serve_twice_change_no_map() {
    for entry in zoo::taking(Input::Cochleagram) {
        let model = of_zoo(entry);
        let windows = sound(9, 2, 8);
        let maps = |model: &dyn ResponseModel| gradient_maps(model, &windows, &[1]).unwrap().remove(0).maps;
        let (own, frozen) = (maps(&*model), maps(&*model.frozen().unwrap().unwrap()));
        assert_eq!(own, frozen, "{}", entry.name);
        let twice = maps(&Twice { model: of_zoo(entry), streams: true });
        for (a, b) in own.iter().zip(&twice) {
            assert!((2.0 * a - b).abs() < 1e-10, "{}: {a} {b}", entry.name);
        }
    }
}

#[test]
fn a_model_whose_stream_has_no_graph_has_the_maps_of_its_whole_pass() {
    let windows = sound(9, 2, 12);
    let config = MapConfig { lags: Some(5), ..MapConfig::default() };
    let targets = [Target::Neuron(1), Target::Population(vec![0, 1])];
    let maps = |streams| {
        let model = Twice { model: by_name("statenet-gru"), streams };
        target_maps(&model, &windows, &targets, &config).unwrap()
    };
    for (streamed, whole) in maps(true).iter().zip(&maps(false)) {
        assert!(!whole.is_flat());
        for (a, b) in streamed.maps.iter().zip(&whole.maps) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }
    let model = Twice { model: by_name("statenet-gru"), streams: false };
    let hidden = Target::Hidden { entry: "core.backbone.h".into(), unit: 0 };
    let error = target_maps(&model, &windows, &[hidden], &config);
    assert!(error.is_err() || !error.unwrap()[0].is_flat());
}

#[test]
fn lags_that_a_window_does_not_have_are_refused() {
    let model = by_name("linear");
    let window = Tensor::zeros((1, 1, N_BANDS, 4), DType::F64, &Device::Cpu).unwrap();
    let config = MapConfig { lags: Some(5), ..MapConfig::default() };
    let error = target_maps(&*model, &window, &[Target::Neuron(0)], &config).unwrap_err();
    assert_eq!(error.to_string(), "lags is 5, expected 1 to 4");
    let baseline = window.narrow(3, 0, 3).unwrap();
    let averaging = Averaging::IntegratedGradients { n_points: 1, baseline };
    let error = target_maps(&*model, &window, &[Target::Neuron(0)], &MapConfig { lags: None, averaging });
    assert_eq!(error.unwrap_err().to_string(), "baseline has shape (1, 1, 8, 3), expected (1, 1, 8, 4)");
}

#[test]
fn a_model_without_a_receptive_field_says_so() {
    let axes = statenet_core::Axes::new(8, 1, statenet_core::TimeBin::from_millis(5.0).unwrap());
    let model = statenet_models::zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
    let message = receptive_fields(&*model).unwrap_err().to_string();
    assert_eq!(message, "statenet-gru-h7 has no receptive field among its parameters, use a gradient map");
    let null = Tensor::zeros((1, 1, 8, 4), DType::F32, &Device::Cpu).unwrap();
    let message = gradient_maps(&*model, &null, &[1]).unwrap_err().to_string();
    assert_eq!(message, "neuron is 1, expected an index below 1");
}
