//! Models that hear, fitted to recordings with sound files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use ndarray::{Array2, Array3};
use statenet_core::{Hertz, Input, SampleRate, Sampling, Seed, TimeBin};
use statenet_data::{Description, Neuron, Recording, Responses, Split, Stimulus, write_wav};
use statenet_models::{
    ModelConfig, ResponseModel, SampleStream,
    front_ends::{FrontEndConfig, MelConfig},
    zoo,
};
use statenet_train::{FitConfig, Fitter, Ridge, cochleagrams, evaluate, predict};

const RATE: f64 = 16_000.0;
const HOP: usize = 80;
const N_BINS: usize = 200;

fn dt() -> TimeBin {
    TimeBin::from_millis(5.0).unwrap()
}

/// A tone of 2 kHz whose loudness wanders, and noise: one second.
fn samples(seed: u64) -> Vec<f32> {
    let mut stream = Seed::new(seed).stream("sound");
    let mut loudness = 0.0f64;
    (0..HOP * N_BINS)
        .map(|i| {
            if i % (4 * HOP) == 0 {
                loudness = 0.3 * stream.unit();
            }
            let tone = (std::f64::consts::TAU * 2000.0 * i as f64 / RATE).sin();
            (loudness * tone + 0.01 * stream.normal()) as f32
        })
        .collect()
}

/// Two neurons that answer the loudness of a bin and the one before it, with ten repeats of Gaussian noise, rectified.
fn responses(samples: &[f32], seed: u64) -> Responses {
    let power: Vec<f64> = samples
        .chunks(HOP)
        .map(|bin| bin.iter().map(|x| f64::from(x * x)).sum::<f64>() / HOP as f64)
        .collect();
    let mut stream = Seed::new(seed).stream("spikes");
    Responses::from_nan(Array3::from_shape_fn((2, 10, N_BINS), |(n, _, t)| {
        let heard = if n == 0 { power[t] } else { power[t.saturating_sub(1)] };
        (20.0 * heard.sqrt() + 0.5 * stream.normal()).max(0.0) as f32
    }))
    .unwrap()
}

/// Eight sounds in a folder, with cochleagrams that say nothing.
fn recording(folder: &Path) -> Recording {
    let stimulus = |i: u64| {
        let (name, samples) = (format!("s{i}"), samples(i));
        let path = folder.join(format!("{name}.wav"));
        write_wav(&path, &samples, SampleRate::new(RATE).unwrap()).unwrap();
        let silent = Array2::from_shape_fn((2, N_BINS), |(f, t)| ((f + t + i as usize) % 7) as f32);
        Stimulus::new(name, silent, responses(&samples, 100 + i)).unwrap().with_audio(path)
    };
    let about = Description { name: "tones".to_owned(), ..Description::default() };
    let neurons = vec![Neuron::new("a"), Neuron::new("b")];
    Recording::new(about, dt(), vec![], neurons, (0..8).map(stimulus).collect()).unwrap()
}

fn split() -> Split {
    Split::new(vec![0, 1, 2, 3, 4], vec![5], vec![6, 7]).unwrap()
}

fn mel() -> FrontEndConfig {
    FrontEndConfig::Mel(MelConfig { n_bands: 12, high_hz: Hertz::whole::<7000>(), ..MelConfig::default() })
}

/// LN behind a mel spectrogram of 12 bands, with fields of 4 bins.
fn mel_ln(recording: &Recording) -> ModelConfig {
    let sampling = Sampling::new(SampleRate::new(RATE).unwrap(), dt()).unwrap();
    let config = zoo::ln(&statenet_core::Axes::new(12, recording.n_neurons(), dt()));
    config.behind(mel(), &sampling).unwrap()
}

fn settings() -> FitConfig {
    let mut settings = FitConfig { max_epochs: 200, ..FitConfig::default() };
    settings.optimizer.learning_rate = 3e-3;
    settings
}

fn score(model: &dyn ResponseModel, recording: &Recording, split: &Split) -> f64 {
    let scores = evaluate(model, recording, split.test()).unwrap();
    scores.ccnorm_mean.unwrap()
}

#[test]
fn a_model_behind_a_front_end_is_fitted_scored_and_streamed_on_sound() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(folder.path());
    let split = split();
    let mut model = mel_ln(&recording).build(Seed::new(0), &Device::Cpu).unwrap();
    Fitter::new(settings()).fit(&mut *model, &recording, &split).unwrap();
    let of_sound = score(&*model, &recording, &split);
    assert!(of_sound > 0.8, "{of_sound}");

    // The bands have mean 0 and deviation 1 over training sounds.
    let scaling = model.input_scaling().unwrap().unwrap();
    let stored = cochleagrams(&recording, &mel()).unwrap();
    assert_eq!((stored.input(), stored.n_bands(), stored.bands().len()), (Input::Cochleagram, 12, 12));
    assert_eq!(scaling, stored.fit_standardization(split.train()).unwrap());

    // The same model on stored cochleagrams of that front end.
    let mut ln = zoo::ln(&stored.axes()).build(Seed::new(0), &Device::Cpu).unwrap();
    Fitter::new(settings()).fit(&mut *ln, &stored, &split).unwrap();
    let of_cochleagrams = score(&*ln, &stored, &split);
    assert!((of_sound - of_cochleagrams).abs() < 0.01, "{of_sound} {of_cochleagrams}");

    // Samples as they come.
    let whole = predict(&*model, &recording, &[6]).unwrap().into_rates().remove(0);
    let sound =
        statenet_data::formats::wav::decode(&std::fs::read(folder.path().join("s6.wav")).unwrap()).unwrap();
    let mut stream = SampleStream::new(&*model, 1).unwrap();
    let mut rates = Vec::new();
    for chunk in sound.samples.chunks(999) {
        let chunk = Tensor::new(chunk, &Device::Cpu).unwrap().reshape((1, 1, ())).unwrap();
        rates.extend(stream.push(&chunk).unwrap());
    }
    let rates = Tensor::cat(&rates, 2).unwrap().to_dtype(DType::F32).unwrap().flatten_all().unwrap();
    for (a, b) in rates.to_vec1::<f32>().unwrap().iter().zip(&whole) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn test_sounds_do_not_reach_the_fit() {
    let weights = |silent_tests: bool| {
        let folder = tempfile::tempdir().unwrap();
        let recording = recording(folder.path());
        if silent_tests {
            for name in ["s6.wav", "s7.wav"] {
                let rate = SampleRate::new(RATE).unwrap();
                write_wav(folder.path().join(name), &[0.0; HOP * N_BINS], rate).unwrap();
            }
        }
        let mut model = mel_ln(&recording).build(Seed::new(0), &Device::Cpu).unwrap();
        let config = FitConfig { max_epochs: 2, ..settings() };
        Fitter::new(config).fit(&mut *model, &recording, &split()).unwrap();
        let values = model.params().snapshot().unwrap();
        values.values().flat_map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(weights(false), weights(true));
}

#[test]
fn a_folder_of_sounds_and_responses_is_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let heard = recording(folder.path()).heard().unwrap();
    let path = folder.path().join("recording");
    heard.write(&path).unwrap();
    assert!(!path.join("stimuli").join("s0.npy").exists() && path.join("audio/s0.wav").exists());
    let back = Recording::read(&path).unwrap();
    assert_eq!((back.input(), back.n_bands(), back.n_stimuli()), (Input::Sound, HOP, 8));
    assert_eq!(back.stimuli()[3].cochleagram(), heard.stimuli()[3].cochleagram());
    let mut ln = zoo::ln(&back.axes()).build(Seed::new(0), &Device::Cpu).unwrap();
    let message = |error: statenet_train::Error| error.to_string();
    let expected = "recording tones holds sound, expected cochleagrams";
    assert_eq!(message(Fitter::new(settings()).fit(&mut *ln, &back, &split()).unwrap_err()), expected);
    assert_eq!(message(Ridge::for_dt(dt()).fit(&back, &split(), &Device::Cpu).err().unwrap()), expected);
    assert_eq!(message(predict(&*ln, &back, &[0]).unwrap_err()), expected);
    assert_eq!(back.fit_standardization(&[0]).unwrap_err().to_string(), expected);
    let model = mel_ln(&back).build(Seed::new(0), &Device::Cpu).unwrap();
    assert_eq!(predict(&*model, &back, &[0]).unwrap().rates()[0].dim(), (2, N_BINS));
}

#[test]
fn a_recording_without_sound_files_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(folder.path());
    let stimuli = recording.stimuli().iter().map(|s| {
        Stimulus::new(s.name(), s.cochleagram().to_owned(), s.responses().unwrap().as_ref().clone()).unwrap()
    });
    let about = Description { name: "quiet".to_owned(), ..Description::default() };
    let quiet = Recording::new(about, dt(), vec![], recording.neurons().to_vec(), stimuli.collect()).unwrap();
    let mut model = mel_ln(&quiet).build(Seed::new(0), &Device::Cpu).unwrap();
    let message = Fitter::new(settings()).fit(&mut *model, &quiet, &split()).unwrap_err().to_string();
    assert!(
        message.starts_with("recording quiet: stimulus s0 has no audio, expected a sound file"),
        "{message}"
    );
}
