//! Every law over configs drawn from every enum, and over every model of the zoo.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use candle_core::{DType, Device};
use proptest::prelude::*;
use statenet_core::{Axes, Input, Seed, TimeBin};
use statenet_models::{
    Architecture, ModelConfig, PipelineConfig, RealTime, Registry, laws,
    laws::strategies::{self, Case},
    prefilters::PrefilterConfig,
    readouts::ReadoutConfig,
    strfs::StrfConfig,
    zoo,
};

fn holds(law: Result<(), statenet_models::Error>) -> Result<(), TestCaseError> {
    law.map_err(|e| TestCaseError::fail(e.to_string()))
}

/// Whether every parameter has a row per neuron. Positions and widths of Gaussians are stored axis by axis.
fn has_nothing_shared(config: &ModelConfig) -> bool {
    let Architecture::Pipeline(PipelineConfig {
        front_end: None,
        prefilter,
        readout: ReadoutConfig::Strf(field),
        ..
    }) = &config.model
    else {
        return false;
    };
    matches!(prefilter, PrefilterConfig::None | PrefilterConfig::IcAdaptation(_))
        && !matches!(field.strf, StrfConfig::Gaussians(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn time(case in strategies::cases(), cut in 0.0..1.0f64, chunk in 1usize..40) {
        let model = case.build().unwrap();
        let sound = case.cochleagram().unwrap();
        let t = 1 + (cut * (case.n_bins - 1) as f64) as usize;
        holds(laws::causal(&*model, &sound, t.min(case.n_bins - 1)))?;
        holds(laws::prefix_stable(&*model, &sound, t))?;
        holds(laws::streaming(&*model, &sound, &[1, chunk.min(case.n_bins), case.n_bins]))?;
        holds(laws::reset_is_new(&*model, &sound))?;
        holds(laws::forgets(&*model, &sound))?;
        holds(laws::real_time(&*model, &sound))?;
    }

    #[test]
    fn algebra(case in strategies::cases()) {
        let model = case.build().unwrap();
        let sound = case.cochleagram().unwrap();
        holds(laws::batch_independent(&*model, &sound))?;
        holds(laws::parameter_names_unique(&*model))?;
        holds(laws::pure(&*model, &sound))?;
        holds(laws::scales_as_it_says(&*model, &sound))?;
        if has_nothing_shared(&case.config) {
            for neuron in 0..model.n_neurons() {
                holds(laws::neurons_independent(&*model, &sound, neuron))?;
            }
        }
    }

    #[test]
    fn persistence(case in strategies::cases()) {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::new();
        let model = case.build().unwrap();
        let sound = case.cochleagram().unwrap();
        holds(laws::config_round_trip(&registry, &*model))?;
        holds(laws::same_seed_same_weights(&registry, &case.config, case.seed))?;
        holds(laws::checkpoint_round_trip(&registry, &*model, &sound, folder.path().join("model")))?;
        holds(laws::state_round_trip(&*model, &sound, folder.path().join("state.safetensors")))?;
    }

    #[test]
    fn gradients(case in strategies::cases()) {
        let model = case.build_as(DType::F64).unwrap();
        let sound = case.cochleagram_as(DType::F64).unwrap();
        holds(laws::gradients_match_differences(&*model, &sound, case.seed, 4))?;
    }
}

/// Those that take cochleagrams; tests/sound has those that hear.
fn of_the_zoo(check: impl Fn(&str, &ModelConfig)) {
    let axes = Axes::new(12, 3, TimeBin::from_millis(5.0).unwrap());
    for entry in zoo::taking(Input::Cochleagram) {
        check(entry.name, &(entry.config)(&axes));
    }
}

#[test]
fn every_model_of_the_zoo_obeys() {
    of_the_zoo(|name, config| {
        let case = Case { config: config.clone(), seed: Seed::new(3), batch: 2, n_bins: 60 };
        let model = case.build().unwrap();
        let sound = case.cochleagram().unwrap();
        // Longer than twice the memory of a transformer's second.
        let long = Case { batch: 1, n_bins: 420, ..case.clone() }.cochleagram().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let all = || {
            laws::causal(&*model, &sound, 31)?;
            laws::prefix_stable(&*model, &sound, 17)?;
            laws::forgets(&*model, &long)?;
            laws::streaming(&*model, &sound, &[1, 7, 64])?;
            laws::real_time(&*model, &sound)?;
            laws::batch_independent(&*model, &sound)?;
            laws::pure(&*model, &sound)?;
            laws::scales_as_it_says(&*model, &sound)?;
            laws::config_round_trip(&Registry::new(), &*model)?;
            laws::same_seed_same_weights(&Registry::new(), config, Seed::new(9))?;
            laws::checkpoint_round_trip(&Registry::new(), &*model, &sound, folder.path().join("m"))?;
            laws::state_round_trip(&*model, &sound, folder.path().join("s"))?;
            laws::every_parameter_learns(&*model, &sound, Seed::new(4))?;
            let exact = case.build_as(DType::F64)?;
            laws::gradients_match_differences(&*exact, &case.cochleagram_as(DType::F64)?, Seed::new(5), 6)
        };
        all().unwrap_or_else(|e| panic!("{name}: {e}"));
    });
}

#[test]
fn an_hour_of_sound_leaves_the_state_as_small_as_it_was() {
    of_the_zoo(|name, config| {
        let model = config.build(Seed::new(0), &Device::Cpu).unwrap();
        let sound = |seed| strategies::cochleagram(Seed::new(seed), (1, 12, 12_000), DType::F32).unwrap();
        let minute = sound(1);
        let largest = |t: &candle_core::Tensor| {
            t.abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap()
        };
        let end = |t: &candle_core::Tensor| t.narrow(2, 6_000, 6_000).unwrap();
        let apart = |a: &candle_core::Tensor, b: &candle_core::Tensor| largest(&(end(a) - end(b)).unwrap());
        let mut state = model.init_state(1).unwrap();
        let size_bytes = state.size_bytes();
        let again = |state: &mut statenet_models::State, n_minutes| {
            (0..n_minutes).map(|_| model.chunk(&minute, state).unwrap()).last().unwrap()
        };
        let second = again(&mut state, 2);
        let last = again(&mut state, 58);
        assert_eq!(state.size_bytes(), size_bytes, "{name}");
        assert!(largest(&last) <= 2.0 * largest(&second), "{name}: {}", largest(&last));

        // Where another sound is forgotten within a minute, an hour must not show either. The first weights of a
        // Legendre memory unit are chaotic: nothing is forgotten.
        let mut elsewhere = model.init_state(1).unwrap();
        model.chunk(&sound(2), &mut elsewhere).unwrap();
        let after = again(&mut elsewhere, 2);
        let forgets = apart(&second, &after) < 1e-4;
        assert!(forgets || name == "statenet-lmu", "{name}: {}", apart(&second, &after));
        assert!(!forgets || apart(&second, &last) < 1e-4, "{name}: {}", apart(&second, &last));
    });
}

/// Takes minutes: `cargo test --release -p statenet-models --test laws -- --ignored --nocapture`.
#[test]
#[ignore = "720,000 frames of every model"]
fn an_hour_of_single_frames_ends_where_an_hour_of_chunks_ends() {
    const MINUTES: usize = 60;
    const BINS: usize = 12_000;
    of_the_zoo(|name, config| {
        let model = config.build(Seed::new(0), &Device::Cpu).unwrap();
        let minute = strategies::cochleagram(Seed::new(1), (1, 12, BINS), DType::F32).unwrap();
        let frames = minute.reshape((12, BINS)).unwrap().t().unwrap().contiguous().unwrap();
        let frames = frames.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let mut live = RealTime::new(&*model).unwrap();
        let mut rates = vec![0.0; 3 * BINS];
        let (start, mut largest) = (std::time::Instant::now(), 0f32);
        for _ in 0..MINUTES {
            for (frame, rates) in frames.chunks_exact(12).zip(rates.chunks_exact_mut(3)) {
                live.frame(frame, rates).unwrap();
            }
            largest = rates.iter().fold(largest, |largest, rate| largest.max(rate.abs()));
        }
        let seconds = start.elapsed().as_secs_f64();
        let mut state = model.init_state(1).unwrap();
        let chunks = (0..MINUTES).map(|_| model.chunk(&minute, &mut state).unwrap()).last().unwrap();
        let chunks = chunks.squeeze(0).unwrap().t().unwrap().contiguous().unwrap().flatten_all().unwrap();
        let chunks = chunks.to_vec1::<f32>().unwrap();
        let apart = chunks.iter().zip(&rates).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{name}: an hour in {seconds:.1} s, last minute apart by {apart:e} of {largest}");
        assert!(largest.is_finite(), "{name}");
        // The first weights of a Legendre memory unit are chaotic: rounding grows.
        assert!(name == "statenet-lmu" || apart <= 1e-4 * largest, "{name}: {apart} of {largest}");
    });
}
