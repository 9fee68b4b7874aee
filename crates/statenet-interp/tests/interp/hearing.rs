//! Maps and dreams of models that hear reach the samples.

use candle_core::{DType, Device, Tensor};
use statenet_core::{Axes, SampleRate, Sampling, Seed, TimeBin};
use statenet_interp::{
    MapConfig, Target,
    dreams::{Constraint, Direction, DreamConfig, Start, When, dream},
    gradient_maps, target_maps,
};
use statenet_models::{
    Mode, Registry, ResponseModel,
    front_ends::{FrontEndConfig, SincnetConfig},
    zoo,
};

/// LN behind band-passes, 8 kHz in bins of 40 samples, f64.
fn model() -> Box<dyn ResponseModel> {
    let sampling = Sampling::new(SampleRate::new(8000.0).unwrap(), TimeBin::whole_millis::<5>()).unwrap();
    let front_end = SincnetConfig { n_bands: 6, taps: 65, ..SincnetConfig::default() };
    let config = zoo::ln(&Axes::new(6, 2, sampling.dt()))
        .behind(FrontEndConfig::Sincnet(front_end), &sampling)
        .unwrap();
    Registry::new().build(&config, Seed::new(1), DType::F64, &Device::Cpu).unwrap()
}

/// Noise of a loudness, (1, 1, hop, T).
fn noise(loudness: f64, n_bins: usize) -> Tensor {
    let mut stream = Seed::new(3).stream("noise");
    let values: Vec<f64> = (0..40 * n_bins).map(|_| loudness * stream.normal()).collect();
    Tensor::from_vec(values, (1, 1, 40, n_bins), &Device::Cpu).unwrap()
}

#[test]
fn the_gradient_map_of_samples_is_the_difference_that_they_make() {
    let (model, sound) = (model(), noise(0.2, 6));
    let maps = gradient_maps(&*model, &sound, &[1]).unwrap();
    let rate = |sound: &Tensor| {
        let rates = model.forward(sound, Mode::Eval).unwrap();
        rates.get(0).unwrap().get(1).unwrap().get(5).unwrap().to_scalar::<f64>().unwrap()
    };
    let map = &maps[0].maps;
    for (sample, bin) in [(0, 5), (39, 5), (17, 3), (5, 0)] {
        let step = 1e-6;
        let moved = |by: f64| {
            let mut values = sound.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            values[sample * 6 + bin] += by;
            rate(&Tensor::from_vec(values, (1, 1, 40, 6), &Device::Cpu).unwrap())
        };
        let difference = (moved(step) - moved(-step)) / (2.0 * step);
        let gradient = map[[0, sample, 5 - bin]];
        assert!(
            (gradient - difference).abs() <= 1e-5 * difference.abs().max(1e-3),
            "{sample} {bin}: {gradient} {difference}"
        );
    }
    let whole = target_maps(&*model, &sound, &[Target::Neuron(0)], &MapConfig::default()).unwrap();
    assert_eq!(whole[0].maps.dim().1, 40);
}

#[test]
fn a_dream_of_samples_is_as_loud_as_asked_for_and_answered_more_than_its_start() {
    let config = DreamConfig {
        when: When::All,
        n_bins: 20,
        starts: vec![Start::Noise(0.1)],
        steps: 30,
        step_size: 0.01,
        constraints: vec![Constraint::Energy(0.1)],
        ..DreamConfig::default()
    };
    let model = model();
    let run =
        |config: &DreamConfig| dream(&*model, &[Target::Neuron(1)], config).unwrap().remove(0).remove(0);
    let up = run(&config);
    assert!(up.response > up.response_by_step[0], "{} {}", up.response, up.response_by_step[0]);
    let samples = up.samples();
    assert_eq!(samples.len(), 800);
    assert_eq!((samples[1], samples[40]), (up.sound[[1, 0]], up.sound[[0, 1]]));
    let power = samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / 800.0;
    assert!((power.sqrt() - 0.1).abs() < 1e-4, "{power}");
    let down = run(&DreamConfig { direction: Direction::Minimize, ..config.clone() });
    assert!(down.response < down.response_by_step[0]);
    assert_eq!(up, run(&config));
}
