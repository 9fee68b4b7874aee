//! Neurons that were not trained or not tested, weak signals, and rates in another unit: what the programs say and count.

use std::path::{Path, PathBuf};

use ndarray::Array3;
use serde_json::{Value, json};
use statenet::{
    data::{Responses, Stimulus, read_npy_2d, write_npy_2d},
    prelude::*,
};

use crate::harness::{
    expect_done, expect_refused, expect_same_scores, json as read, small_recording, text, tree,
};

/// The small recording with missing responses, as a folder: `missing(stimulus, neuron)`.
fn folder(root: &Path, name: &str, missing: impl Fn(usize, usize) -> bool) -> PathBuf {
    let whole = small_recording();
    let stimuli = whole.stimuli().iter().enumerate().map(|(s, stimulus)| {
        let responses = stimulus.responses().unwrap();
        let values = responses.values();
        let values =
            Array3::from_shape_fn(
                values.dim(),
                |(n, r, t)| {
                    if missing(s, n) { f32::NAN } else { values[[n, r, t]] }
                },
            );
        let responses = Responses::from_nan(values).unwrap();
        Stimulus::new(stimulus.name(), stimulus.cochleagram().to_owned(), responses).unwrap()
    });
    let (about, neurons) = (whole.description().clone(), whole.neurons().to_vec());
    let recording =
        Recording::new(about, whole.dt(), whole.bands().to_vec(), neurons, stimuli.collect()).unwrap();
    let path = root.join(name);
    recording.write(&path).unwrap();
    path
}

fn codes(scores: &Value) -> Vec<&str> {
    scores["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect()
}

#[test]
fn a_neuron_without_training_or_test_data_is_in_no_mean_of_any_model() {
    let root = tempfile::tempdir().unwrap();
    // Of five neurons one is recorded only after the training stimuli, one only before the test stimulus.
    let data = folder(root.path(), "late", |s, n| (n == 3 && s < 4) || (n == 1 && s == 5));
    let out = root.path().join("out");
    let args =
        ["--data", text(&data), "--epochs", "2", "--model", "ridge,ln,statenet-gru", "--out", text(&out)];
    let ended = expect_done("fit", &args);
    let ids: Vec<String> = small_recording().neurons().iter().map(|n| n.id().to_owned()).collect();
    let says = [
        format!("1 of 5 neurons without training data, in no mean: {}", ids[3]),
        format!("1 of 5 neurons without test data, in no mean: {}", ids[1]),
    ];
    for says in says {
        assert!(ended.stdout.contains(&says), "{says}: {}", ended.stdout);
    }
    let summary = read(&out.join("summary.json"));
    for model in summary["models"].as_array().unwrap() {
        let test = &model["test"];
        assert_eq!(test["per_neuron"][3]["undefined"]["ccnorm"], "not_trained", "{}", model["name"]);
        assert_eq!(test["per_neuron"][1]["undefined"]["cc"], "not_tested", "{}", model["name"]);
        for neuron in [1, 3] {
            for score in ["cc", "ccnorm", "fve"] {
                assert!(test["per_neuron"][neuron][score].is_null(), "{}", model["name"]);
            }
        }
        assert_eq!(test["n_defined"]["cc"], 3, "{}", model["name"]);
        let name = model["name"].as_str().unwrap();
        let checkpoint = read(&out.join("checkpoints").join(name).join("config.json"));
        assert_eq!(checkpoint["training"]["not_trained"], json!([ids[3]]), "{name}");
    }
    // `score` knows it from the predictions.
    let (to, predictions) = (root.path().join("scores.json"), out.join("predictions/ln"));
    let args = ["--data", text(&data), "--predictions", text(&predictions), "--quiet", "--out", text(&to)];
    expect_done("score", &args);
    let scores = read(&to);
    expect_same_scores(&scores, &summary["models"][1]["test"]);
    // Of a neuron that is left out the further scores are too, for the same reason; what responses alone have, stays.
    for (neuron, reason) in [(3, "not_trained"), (1, "not_tested")] {
        let neuron = &scores["per_neuron"][neuron];
        assert!(neuron["r2_er"].is_null() && neuron["van_rossum"].is_null());
        assert_eq!(neuron["undefined"]["r2_er"], reason);
        assert_eq!(neuron["fano"].is_null(), reason == "not_tested", "{neuron}");
    }
    // `interpret` knows it from the checkpoint.
    let maps = root.path().join("maps");
    let checkpoint = out.join("checkpoints/ln");
    let args = ["--checkpoint", text(&checkpoint), "--data", text(&data), "--methods", "gradmap"];
    let ended = expect_done("interpret", &[&args[..], &["--out", text(&maps)]].concat());
    assert!(ended.stdout.contains("not trained"), "{}", ended.stdout);
    let neurons = read(&maps.join("interpretation.json"))["neurons"].clone();
    let untrained: Vec<&Value> = neurons
        .as_array()
        .unwrap()
        .iter()
        .filter(|n| n["undefined"]["ccnorm"] == "not_trained")
        .map(|n| &n["id"])
        .collect();
    assert_eq!(untrained, [&json!(ids[3])]);
}

#[test]
fn a_part_without_data_is_refused_before_the_first_fit() {
    let root = tempfile::tempdir().unwrap();
    type Chosen = fn(usize) -> bool;
    let parts: [(&str, Chosen); 3] = [("train", |s| s < 4), ("val", |s| s == 4), ("test", |s| s == 5)];
    for (part, missing) in parts {
        let data = folder(root.path(), part, |s, _| missing(s));
        let out = root.path().join(format!("out-{part}"));
        let args = ["--data", text(&data), "--model", "ridge,ln", "--out", text(&out)];
        let says = ["no neuron has a recorded response", &format!("any {part} stimulus"), "another split"];
        expect_refused("fit", &args, &says);
        assert!(!out.join("checkpoints").exists());
    }
}

#[test]
fn a_least_signal_power_leaves_neurons_out_and_is_reported() {
    let root = tempfile::tempdir().unwrap();
    let data = folder(root.path(), "data", |_, _| false);
    let out = root.path().join("out");
    let fit = |more: &[&str]| {
        let args = ["--data", text(&data), "--model", "ridge", "--out", text(&out)];
        let ended = expect_done("fit", &[&args[..], more].concat());
        (read(&out.join("summary.json"))["models"][0]["test"].clone(), ended.stdout)
    };
    let (free, printed) = fit(&[]);
    assert!(free["options"].get("min_signal_power").is_none());
    for column in ["Median", "Neurons", "Weak", "5/5"] {
        assert!(printed.contains(column), "{column}: {printed}");
    }
    let mut powers: Vec<f64> =
        (0..5).map(|n| free["per_neuron"][n]["signal_power"].as_f64().unwrap()).collect();
    powers.sort_by(f64::total_cmp);
    let minimum = f64::midpoint(powers[1], powers[2]).to_string();
    let (bounded, printed) = fit(&["--min-signal-power", &minimum]);
    assert_eq!(bounded["options"]["min_signal_power"].as_f64(), minimum.parse().ok());
    assert_eq!(bounded["n_defined"]["ccnorm"], 3);
    assert!(printed.contains(&format!("2 of 5 neurons with a signal power below {minimum}")), "{printed}");
    let reasons = bounded["per_neuron"].as_array().unwrap();
    let weak = reasons.iter().filter(|n| n["undefined"]["ccnorm"].get("weak_signal").is_some()).count();
    assert_eq!(weak, 2);
    let (to, predictions) = (root.path().join("scores.json"), out.join("predictions/ridge"));
    let args = ["--data", text(&data), "--predictions", text(&predictions), "--out", text(&to)];
    expect_done("score", &[&args[..], &["--min-signal-power", &minimum]].concat());
    expect_same_scores(&read(&to), &bounded);
    for wrong in ["0", "-1", "NaN"] {
        let option = format!("--min-signal-power={wrong}");
        expect_refused("score", &[&args[..], &[&option]].concat(), &["min_signal_power", "above 0"]);
    }
}

#[test]
fn predictions_in_spikes_per_second_raise_a_doubt() {
    let root = tempfile::tempdir().unwrap();
    let data = folder(root.path(), "data", |_, _| false);
    let out = root.path().join("out");
    expect_done("fit", &["--data", text(&data), "--model", "ridge", "--quiet", "--out", text(&out)]);
    let (per_bin, per_second) = (out.join("predictions/ridge"), root.path().join("per-second"));
    let rate = 1000.0 / small_recording().dt().ms() as f32;
    for file in tree(&per_bin).keys().filter(|file| file.ends_with(".npy")) {
        let rates = read_npy_2d(per_bin.join(file), "rates").unwrap();
        write_npy_2d(per_second.join(file), rates.mapv(|r| r * rate).view()).unwrap();
    }
    let score = |predictions: &Path| {
        let to = root.path().join("scores.json");
        let args = ["--data", text(&data), "--predictions", text(predictions), "--quiet", "--out", text(&to)];
        (expect_done("score", &args).stderr, read(&to))
    };
    let (stderr, scores) = score(&per_bin);
    assert!(
        !stderr.contains("spikes per second") && !codes(&scores).contains(&"rates_per_second"),
        "{stderr}"
    );
    let (stderr, scores) = score(&per_second);
    assert!(stderr.contains("are they spikes per second?"), "{stderr}");
    assert!(codes(&scores).contains(&"rates_per_second"), "{scores}");
}
