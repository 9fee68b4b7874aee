//! Neurons and stimuli are found by id and name through every program, and ids never are paths.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};
use statenet::{
    data::{Description, Neuron, read_npy_2d},
    prelude::*,
};

use crate::harness::{
    Small, expect_done, expect_refused, expect_same_neurons, json, small, small_recording, text, tree,
};

/// The recording with its neurons and its stimuli in another order.
fn reordered(neurons: &[usize], stimuli: &[usize]) -> Recording {
    let chosen = small_recording().select_neurons(neurons).unwrap();
    let stimuli = stimuli.iter().map(|&s| chosen.stimuli()[s].clone()).collect();
    let (bands, neurons) = (chosen.bands().to_vec(), chosen.neurons().to_vec());
    Recording::new(chosen.description().clone(), chosen.dt(), bands, neurons, stimuli).unwrap()
}

/// A field of each neuron, by id.
fn by_id(entries: &Value, field: &str) -> BTreeMap<String, Value> {
    let entry = |e: &Value| (e["id"].as_str().unwrap().to_owned(), e[field].clone());
    entries.as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn predictions_scores_and_maps_follow_neurons_into_a_reordered_recording() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    reordered(&[3, 0, 4, 2, 1], &[5, 0, 1, 2, 3, 4]).write(at("turned")).unwrap();
    let checkpoint = out.join("checkpoints/statenet-gru");
    let common = ["--checkpoint", text(&checkpoint), "--quiet"];
    let mut results = Vec::new();
    for (name, recording) in [("a", data.as_path()), ("b", &at("turned"))] {
        let (rates, scores, page) =
            (at(&format!("{name}-rates")), at(&format!("{name}.json")), at(&format!("{name}-page")));
        expect_done("predict", &[&common[..], &["--data", text(recording), "--out", text(&rates)]].concat());
        // The test stimulus of both.
        let split = at(&format!("{name}-split.json"));
        fs::write(&split, r#"{"train": ["sim00", "sim01"], "val": ["sim02"], "test": ["sim05"]}"#).unwrap();
        let args = [
            "--data",
            text(recording),
            "--predictions",
            text(&rates),
            "--out",
            text(&scores),
            "--split",
            text(&split),
            "--quiet",
        ];
        expect_done("score", &args);
        let args = ["--data", text(recording), "--out", text(&page), "--methods", "gradmap"];
        expect_done("interpret", &[&common[..], &args].concat());
        let maps = json(&page.join("interpretation.json"));
        let split = maps["split"].clone();
        results.push((
            read_npy_2d(rates.join("sim05.npy"), "rates").unwrap(),
            {
                let mut about = json(&rates.join("predictions.json"));
                // In the order of the recording.
                assert!(about.as_object_mut().unwrap().remove("stimuli").is_some());
                about
            },
            by_id(&json(&scores)["per_neuron"], "ccnorm"),
            by_id(&maps["neurons"], "best_frequency_hz"),
            by_id(&maps["neurons"], "ccnorm"),
            split["test"].clone(),
        ));
    }
    let (a, b) = (&results[0], &results[1]);
    assert_eq!((&a.0, &a.1, &a.2, &a.3, &a.4), (&b.0, &b.1, &b.2, &b.3, &b.4));
    // The same test stimulus, at another place.
    assert_eq!((&a.5, &b.5), (&json!([5]), &json!([0])));
    let about = &a.1;
    assert_eq!((&about["format"], &about["version"]), (&json!("statenet-predictions"), &json!(1)));
    assert_eq!(about["neurons"], json!(small_recording().neuron_ids()));
    assert_eq!((&about["unit"], &about["dt_ms"]), (&json!("spikes/bin"), &json!(5.0)));
}

#[test]
fn a_model_of_some_neurons_runs_on_the_whole_recording_and_names_what_it_lacks() {
    let data = &small().data;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let ids = small_recording().neuron_ids();
    let chosen = format!("{},{}", ids[2], ids[0]);
    let args = ["--data", text(data), "--neurons", &chosen, "--model", "ln", "--epochs", "2", "--quiet"];
    expect_done("fit", &[&args[..], &["--out", text(&at("fit"))]].concat());
    let checkpoint = at("fit/checkpoints/ln");
    let checkpoint = ["--checkpoint", text(&checkpoint), "--quiet"];
    let run = |name: &str, out: &Path, more: &[&str]| {
        expect_done(name, &[&checkpoint[..], &["--data", text(data), "--out", text(out)], more].concat());
    };
    run("predict", &at("rates"), &[]);
    run("interpret", &at("page"), &["--methods", "gradmap"]);
    let args = ["--data", text(data), "--predictions", text(&at("rates")), "--quiet"].map(str::to_owned);
    let score = |more: &[&str]| {
        let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        expect_done("score", &args);
    };
    score(&["--out", text(&at("scores.json"))]);
    let scores = json(&at("scores.json"));
    let of_fit = json(&at("fit/summary.json"))["models"][0]["test"].clone();
    expect_same_neurons(&scores["per_neuron"], &of_fit["per_neuron"]);
    score(&["--neurons", &ids[0], "--out", text(&at("one.json"))]);
    let one = json(&at("one.json"))["per_neuron"].clone();
    expect_same_neurons(&one, &serde_json::json!([of_fit["per_neuron"][1]]));
    // What is missing, on either side.
    let args = ["--data", text(data), "--predictions", text(&at("rates")), "--out", text(&at("x.json"))]
        .map(str::to_owned);
    let args: Vec<&str> = args.iter().map(String::as_str).chain(["--neurons", &ids[1]]).collect();
    expect_refused("score", &args, &[&ids[1]]);
    small_recording().select_neurons(&[1, 2]).unwrap().write(at("few")).unwrap();
    let args = ["--data", text(&at("few")), "--out", text(&at("y"))].map(str::to_owned);
    let args: Vec<&str> = checkpoint.iter().copied().chain(args.iter().map(String::as_str)).collect();
    expect_refused("interpret", &args, &["none of these neurons", &ids[0]]);
}

#[test]
fn ids_never_are_paths() {
    let folder = tempfile::tempdir().unwrap();
    let small = small_recording();
    let ids = ["../../escaped", "a/b", "..", "", "CON"].map(str::to_owned);
    let neurons = ids.iter().map(Neuron::new).collect();
    let about = Description { name: "odd".into(), ..Description::default() };
    let stimuli = small.stimuli().to_vec();
    let recording = Recording::new(about, small.dt(), small.bands().to_vec(), neurons, stimuli).unwrap();
    recording.write(folder.path().join("data")).unwrap();
    let before = tree(folder.path());
    let out = folder.path().join("out/a/b");
    let data = folder.path().join("data");
    let args = ["--data", text(&data), "--model", "ln", "--epochs", "2", "--methods", "gradmap", "--quiet"];
    expect_done("interpret", &[&args[..], &["--out", text(&out)]].concat());
    let interpretation = json(&out.join("interpretation.json"));
    let maps = by_id(&interpretation["neurons"], "maps");
    assert_eq!(maps.keys().cloned().collect::<Vec<_>>(), ["", "..", "../../escaped", "CON", "a/b"]);
    for file in maps.values() {
        let file = file.as_str().unwrap();
        assert!(out.join(file).is_file() && file.matches('/').count() == 1, "{file}");
    }
    // Nothing outside the output folder.
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    assert!(tree(folder.path()) == before);
}
