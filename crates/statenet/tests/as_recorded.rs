//! A fitted model is given sound as recorded, whatever takes it: every public entry gives the rates of the sound scaled by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use statenet::{
    candle::DType,
    data::Stimulus,
    interp::{
        Averaging, MapConfig,
        dreams::{Constraint, DreamConfig, Start, best_recorded},
        memory::with_history,
        target_maps,
    },
    models::{RealTime, Stream, in_chunks, laws},
    ndarray::Array2,
    prelude::*,
};

/// A recording whose bands lie far from 0 and differ in scale, and a model fitted to it.
fn fitted() -> (Recording, Split, Box<dyn ResponseModel>, Fit) {
    let quiet = SimulationConfig::small().simulate().unwrap().recording;
    let louder = |s: &Stimulus| {
        let x = s.cochleagram();
        let sound =
            Array2::from_shape_fn(x.dim(), |(f, t)| 70.0 + 3.0 * f as f32 + (5.0 + f as f32) * x[[f, t]]);
        Stimulus::new(s.name(), sound, s.responses().unwrap().as_ref().clone()).unwrap()
    };
    let stimuli = quiet.stimuli().iter().map(louder).collect();
    let about = quiet.description().clone();
    let recording =
        Recording::new(about, quiet.dt(), quiet.bands().to_vec(), quiet.neurons().to_vec(), stimuli).unwrap();
    let split = SplitPlan::Demo.resolve(&recording).unwrap();
    let mut model = zoo::statenet_gru(&recording.axes()).build(Seed::new(1), &Device::Cpu).unwrap();
    let settings = FitConfig { max_epochs: 8, ..FitConfig::recipe(&model.config()) };
    let fit = Fitter::new(settings).fit(&mut model, &recording, &split).unwrap();
    (recording, split, model, fit)
}

fn tensor(sound: &Array2<f32>) -> Tensor {
    let (n_bands, n_bins) = sound.dim();
    Tensor::from_iter(sound.iter().copied(), &Device::Cpu).unwrap().reshape((1, 1, n_bands, n_bins)).unwrap()
}

fn values(rates: &Tensor) -> Vec<f32> {
    rates.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn expect_close(entry: &str, got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len(), "{entry}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-4 * expected.abs().max(0.1), "{entry}: {got} {expected}");
    }
}

#[test]
fn every_entry_gives_the_rates_of_the_sound_scaled_by_hand() {
    let (recording, split, model, fit) = fitted();
    let test = split.test()[0];
    let raw = recording.stimulus(test).unwrap().cochleagram().to_owned();
    let scaling = recording.fit_standardization(split.train()).unwrap();
    assert_eq!(model.input_scaling().unwrap(), Some(scaling.clone()));
    let by_hand = tensor(&scaling.apply(&raw.view()).unwrap());
    let expected = values(&model.forward_scaled(&by_hand, Mode::Eval).unwrap());
    let sound = tensor(&raw);
    // Unscaled sound that is taken for scaled gives something else: otherwise this test would show nothing.
    let wrong = values(&model.forward_scaled(&sound, Mode::Eval).unwrap());
    assert!(wrong.iter().zip(&expected).any(|(a, b)| (a - b).abs() > 0.01 * b.abs()));

    expect_close("forward", &values(&model.forward(&sound, Mode::Eval).unwrap()), &expected);
    expect_close("in_chunks", &values(&in_chunks(&*model, &sound, 7).unwrap()), &expected);
    let mut state = model.init_state(1).unwrap();
    expect_close("chunk", &values(&model.chunk(&sound, &mut state).unwrap()), &expected);
    let n_bins = raw.ncols();
    let at = |t: usize| expected.iter().skip(t).step_by(n_bins).copied().collect::<Vec<f32>>();
    let mut state = model.init_state(1).unwrap();
    model.advance(&sound.narrow(3, 0, 5).unwrap(), &mut state).unwrap();
    let frame = sound.narrow(3, 5, 1).unwrap().squeeze(3).unwrap();
    expect_close("step", &values(&model.step(&frame, &mut state).unwrap()), &at(5));
    let mut stream = Stream::new(&model, 1).unwrap();
    expect_close("Stream", &values(&stream.push(&sound).unwrap()), &expected);
    let mut live = RealTime::new(&model).unwrap();
    let mut rates = vec![0.0; model.n_neurons()];
    for (t, frame) in raw.columns().into_iter().enumerate() {
        live.frame(&frame.to_vec(), &mut rates).unwrap();
        expect_close("RealTime", &rates, &at(t));
    }
    let frozen = model.frozen().unwrap().unwrap();
    expect_close("frozen", &values(&frozen.forward(&sound, Mode::Eval).unwrap()), &expected);

    let flat = |rates: &Array2<f32>| rates.iter().copied().collect::<Vec<f32>>();
    let predicted = predict(&model, &recording, split.test()).unwrap().into_rates();
    expect_close("predict", &flat(&predicted[0]), &expected);
    let best = fit.history.best_score();
    let scores = evaluate(&model, &recording, split.val()).unwrap();
    assert!((scores.ccnorm_mean.unwrap() - best.unwrap()).abs() < 1e-6, "evaluate: {scores:?} {best:?}");

    let folder = tempfile::tempdir().unwrap();
    fit.save(folder.path().join("model"), &model).unwrap();
    let Checkpoint { model: loaded, metadata, .. } =
        checkpoint::load(folder.path().join("model"), &Device::Cpu).unwrap();
    expect_close("checkpoint", &values(&loaded.forward(&sound, Mode::Eval).unwrap()), &expected);
    assert_eq!(
        metadata.neurons,
        recording.neurons().iter().map(statenet::data::Neuron::id).collect::<Vec<_>>()
    );
    for field in ["recording", "split", "smoothing", "recipe", "seed"] {
        assert!(metadata.training.contains_key(field), "{field}");
    }
    laws::scales_as_it_says(&loaded, &sound).unwrap();
}

#[test]
fn what_interprets_a_model_takes_sound_as_recorded_and_counts_in_standard_deviations() {
    let (recording, split, model, _) = fitted();
    let raw = recording.stimulus(split.test()[0]).unwrap().cochleagram().to_owned();
    let (n_bands, n_bins) = raw.dim();
    let scaling = model.input_scaling().unwrap().unwrap();
    let expected = predict(&model, &recording, &[split.test()[0]]).unwrap().into_rates().remove(0);
    let sound = tensor(&raw);
    let target = [Target::Neuron(1)];
    let neuron: Vec<f32> = expected.row(1).to_vec();

    let history = with_history(&*model, &sound, n_bins).unwrap();
    expect_close("with_history", &history.row(1).to_vec(), &neuron);
    let fields = dstrf(&*model, &sound, &target, 4).unwrap().remove(0);
    let response: Vec<f32> = fields.response.iter().map(|&r| r as f32).collect();
    expect_close("dstrf", &response, &neuron);

    // A map is the change of the rate for a standard deviation of a band.
    let map = gradient_maps(&*model, &sound, &[1]).unwrap().remove(0).mean();
    let last = |sound: &Array2<f32>| {
        let rates = model.forward(&tensor(sound), Mode::Eval).unwrap();
        f64::from(values(&rates)[n_bins + n_bins - 1])
    };
    let largest = map.iter().fold(0.0f64, |m, g| m.max(g.abs()));
    for (f, lag) in [(0, 0), (3, 1), (n_bands - 1, 2)] {
        let step = |z: f32| {
            let mut moved = raw.clone();
            moved[[f, n_bins - 1 - lag]] += z * scaling.std()[f];
            last(&moved)
        };
        let difference = (step(0.02) - step(-0.02)) / 0.04;
        assert!((map[(f, lag)] - difference).abs() < 0.02 * largest, "{f} {lag}: {difference}");
    }
    // From the mean sound to this one, the gradients along the way add up to the difference of the rates.
    let mean = Array2::from_shape_fn((n_bands, n_bins), |(f, _)| scaling.mean()[f]);
    let averaging = Averaging::IntegratedGradients { n_points: 64, baseline: tensor(&mean) };
    let along = target_maps(&*model, &sound, &target, &MapConfig { lags: None, averaging }).unwrap();
    let along = along[0].mean();
    let z = scaling.apply(&raw.view()).unwrap();
    let sum: f64 = along.indexed_iter().map(|((f, lag), g)| g * f64::from(z[[f, n_bins - 1 - lag]])).sum();
    let difference = last(&raw) - last(&mean);
    assert!((sum - difference).abs() < 0.05 * difference.abs().max(0.01), "{sum} {difference}");

    // Dreams are sounds as recorded, within the range of recorded ones.
    let sounds: Vec<_> =
        split.train().iter().map(|&s| recording.stimulus(s).unwrap().cochleagram()).collect();
    let config = DreamConfig {
        n_bins: 30,
        steps: 40,
        starts: vec![Start::Null, Start::Sound(raw.slice(statenet::ndarray::s![.., ..30]).to_owned())],
        constraints: vec![Constraint::range_of(&sounds).unwrap()],
        ..DreamConfig::default()
    };
    for dreamt in &dream(&*model, &target, &config).unwrap()[0] {
        assert!(dreamt.sound.iter().all(|&x| x > 40.0), "not as recorded");
        let rates = values(&model.forward(&tensor(&dreamt.sound), Mode::Eval).unwrap());
        expect_close("dream", &[rates[30 + 29]], &[dreamt.response as f32]);
    }
    let best = best_recorded(&*model, &sounds, &target, &config, 10).unwrap().remove(0);
    let rates = values(&model.forward(&tensor(&best.cochleagram), Mode::Eval).unwrap());
    expect_close("best_recorded", &[rates[30 + 29]], &[best.response as f32]);
}
