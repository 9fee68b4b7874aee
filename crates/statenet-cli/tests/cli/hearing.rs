//! The programs on recordings of sound: models that hear, and front ends that make cochleagrams.

use std::path::{Path, PathBuf};

use ndarray::Array3;
use statenet::{
    data::{Description, Neuron, Responses, Stimulus, read_npy_2d, write_npz, write_wav},
    prelude::*,
};

use crate::harness::{expect_done, expect_refused, json, text};

const HOP: usize = 240;
const N_BINS: usize = 120;

/// Tones of 2 kHz of a loudness that wanders, at 48 kHz.
fn samples(seed: u64) -> Vec<f32> {
    let mut stream = Seed::new(seed).stream("sound");
    let mut loudness = 0.0;
    let sample = |i: usize| {
        if i.is_multiple_of(6 * HOP) {
            loudness = 0.3 * stream.unit();
        }
        let tone = (std::f64::consts::TAU * 2000.0 * i as f64 / 48_000.0).sin();
        (loudness * tone + 0.01 * stream.normal()) as f32
    };
    (0..HOP * N_BINS).map(sample).collect()
}

/// A folder with `recording.json`, `responses` and `audio`, without `stimuli`: one neuron, six sounds.
fn recording(folder: &Path) -> PathBuf {
    let rate = SampleRate::new(48_000.0).unwrap();
    let stimulus = |i: u64| {
        let (name, samples) = (format!("s{i}"), samples(i));
        let wav = folder.join(format!("{name}.wav"));
        write_wav(&wav, &samples, rate).unwrap();
        let mut stream = Seed::new(50 + i).stream("spikes");
        let power = |bin: &[f32]| bin.iter().map(|x| f64::from(x * x)).sum::<f64>() / HOP as f64;
        let heard: Vec<f64> = samples.chunks(HOP).map(power).collect();
        let counts = Array3::from_shape_fn((1, 6, N_BINS), |(_, _, t)| {
            (10.0 * heard[t].sqrt() + 0.3 * stream.normal()).max(0.0).round() as f32
        });
        let cochleagram = ndarray::Array2::zeros((2, N_BINS));
        Stimulus::new(name, cochleagram, Responses::from_nan(counts).unwrap()).unwrap().with_audio(wav)
    };
    let about = Description { name: "tones".to_owned(), ..Description::default() };
    let dt = TimeBin::from_millis(5.0).unwrap();
    let stimuli = (0..6).map(stimulus).collect();
    let recording = Recording::new(about, dt, vec![], vec![Neuron::new("a")], stimuli).unwrap();
    let path = folder.join("recording");
    recording.heard().unwrap().write(&path).unwrap();
    path
}

#[test]
fn a_folder_of_sounds_is_fitted_predicted_scored_and_interpreted() {
    let folder = tempfile::tempdir().unwrap();
    let data = recording(folder.path());
    let out = folder.path().join("fit");
    let args = ["--data", text(&data), "--model", "ridge,ln,mel-ln", "--epochs", "4", "--quiet"];
    expect_done("fit", &[&args[..], &["--out", text(&out)]].concat());
    let summary = json(&out.join("summary.json"));
    assert_eq!(summary["models"][2]["config"]["axes"]["n_bands"], HOP);
    // Cochleagrams are those of the default front end, for a model that takes them.
    assert_eq!(summary["models"][1]["config"]["axes"]["n_bands"], 34);

    for name in ["ln", "mel-ln"] {
        let checkpoint = out.join("checkpoints").join(name);
        let rates = folder.path().join(format!("rates-{name}"));
        let args = ["--checkpoint", text(&checkpoint), "--out", text(&rates), "--quiet", "--data"];
        expect_done("predict", &[&args[..], &[text(&data)]].concat());
        let test = format!("predictions/{name}/s5.npy");
        let read = |path: &Path| read_npy_2d(path, "rates").unwrap();
        assert_eq!(read(&rates.join("s5.npy")), read(&out.join(test)), "{name}");
        let whole = read(&rates.join("s5.npy"));
        expect_done("predict", &[&args[..], &[text(&folder.path().join("s5.wav"))]].concat());
        let apart = read(&rates.join("s5.npy"));
        let worst = whole.iter().zip(&apart).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-5, "{name}: {worst}");
    }

    let checkpoint = out.join("checkpoints/mel-ln");
    let page = folder.path().join("interpret");
    let args =
        ["--checkpoint", text(&checkpoint), "--data", text(&data), "--methods", "gradmap,dream", "--quiet"];
    let more = ["--dream-steps", "5", "--out", text(&page)];
    expect_done("interpret", &[&args[..], &more].concat());
    assert!(page.join("report.html").exists());
    let neurons = json(&page.join("interpretation.json"))["neurons"].clone();
    for neuron in neurons.as_array().unwrap() {
        assert!(neuron["dream"]["samples"]["response"]["value"].is_number(), "{neuron}");
        // Half a second at the rate of the model.
        let id = neuron["id"].as_str().unwrap();
        let wav = std::fs::read(page.join(format!("sounds/{id}-samples.wav"))).unwrap();
        let sound = statenet::data::formats::wav::decode(&wav).unwrap();
        assert_eq!(sound.samples.len(), 100 * HOP);
    }
}

#[test]
fn sounds_and_counts_are_fitted_by_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = recording(folder.path());
    let read = Recording::read(&data).unwrap();
    let of_one =
        |s: &Stimulus| (s.name().to_owned(), s.responses().unwrap().values().mapv(f64::from).into_dyn());
    let counts: Vec<_> = read.stimuli().iter().map(of_one).collect();
    let arrays: Vec<_> = counts.iter().map(|(name, counts)| (name.as_str(), counts.view())).collect();
    let file = folder.path().join("counts.npz");
    write_npz(&file, &arrays).unwrap();
    let audio = data.join("audio");
    let fit = |to: &str, more: &[&str]| {
        let out = folder.path().join(to);
        let args = ["--model", "ridge", "--quiet", "--out", text(&out)];
        expect_done("fit", &[&args[..], more].concat());
        json(&out.join("summary.json"))["models"][0]["test"]["ccnorm_mean"].clone()
    };
    let by_line = fit("line", &["--audio", text(&audio), "--counts", text(&file), "--dt", "5"]);
    assert_eq!(by_line, fit("folder", &["--data", text(&data)]));
    expect_refused(
        "fit",
        &["--audio", text(&audio), "--dt", "5"],
        &["--audio needs --counts, spike counts of its sounds, or --data"],
    );
}

#[test]
fn a_front_end_is_named_or_described_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = recording(folder.path());
    let file = folder.path().join("narrow.json");
    std::fs::write(&file, r#"{"gammatone": {"n_bands": 12}}"#).unwrap();
    let out = folder.path().join("fit");
    let args =
        ["--data", text(&data), "--model", "linear", "--epochs", "2", "--quiet", "--front-end", text(&file)];
    expect_done("fit", &[&args[..], &["--out", text(&out)]].concat());
    let config = json(&out.join("checkpoints/linear/config.json"));
    assert_eq!(config["config"]["axes"]["n_bands"], 12);
    assert_eq!(config["training"]["front_end"]["gammatone"]["n_bands"], 12);
    expect_refused(
        "fit",
        &["--data", text(&data), "--front-end", "ear", "--quiet"],
        &[
            "--front-end \"ear\": expected mel, spectrogram, gammatone, gammatonegram, ozgf, sincnet, leaf or a config file",
        ],
    );
    expect_refused(
        "fit",
        &["--front-end", "mel", "--quiet", "--out", text(&out)],
        &["has no audio, expected a sound file for every stimulus"],
    );
}
