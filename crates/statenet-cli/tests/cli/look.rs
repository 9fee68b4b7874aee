//! A recording before any model.

use std::fs;

use statenet::prelude::*;

use crate::{
    harness::{expect_done, expect_refused, json, text},
    import::lab,
};

#[test]
fn a_look_names_what_is_odd_and_measures_every_neuron() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("lab"), root.path().join("look"));
    lab(&data);
    // One unit twice, and one that is silent.
    let table = fs::read_to_string(data.join("spikes.csv")).unwrap();
    let again: String =
        table.lines().filter_map(|line| Some(format!("again,{}\n", line.strip_prefix("onset,")?))).collect();
    fs::write(data.join("spikes.csv"), format!("{table}{again}silent,s0,0,\n")).unwrap();
    let ended =
        expect_done("look", &["--data", text(&data), "--repeats", "5", "--out", text(&out), "--draw", "2"]);
    assert!(ended.stdout.contains("of 4 neurons have a ceiling"), "{}", ended.stdout);
    let looked = json(&out.join("look.json"));
    let neuron = |id: &str| {
        looked["neurons"].as_array().unwrap().iter().find(|neuron| neuron["id"] == id).unwrap().clone()
    };
    assert_eq!(neuron("silent")["is_silent"], true);
    assert!(neuron("silent")["no_ccmax"].is_string());
    assert_eq!(neuron("onset")["duplicate_of"], "again");
    assert!(neuron("onset")["snr"].as_f64().unwrap() > neuron("noise")["snr"].as_f64().unwrap());
    assert_eq!(neuron("onset")["repeats"], serde_json::json!([5, 5]));
    assert_eq!(looked["alignment"]["lag_ms"], 10.0);
    assert_eq!(looked["response_by_repeat"].as_array().unwrap().len(), 5);
    let codes: Vec<&str> = looked["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|warning| warning["code"].as_str())
        .collect();
    assert_eq!(codes, ["silent_neurons", "duplicate_neurons"]);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    for part in ["Doubts", "Alignment", "Drift over repeats", "Onset response", "again and onset"] {
        assert!(page.contains(part), "{part}");
    }
    // Straight from a recording it is the same.
    let recording = root.path().join("recording");
    expect_done("import", &["--in", text(&data), "--repeats", "5", "--out", text(&recording), "--quiet"]);
    assert_eq!(Recording::read(&recording).unwrap().n_neurons(), 4);
    let out = root.path().join("look-at-recording");
    expect_done("look", &["--data", text(&recording), "--out", text(&out), "--quiet"]);
    assert_eq!(json(&out.join("look.json"))["neurons"], looked["neurons"]);
}

#[test]
fn without_sounds_responses_are_shown_alone_and_import_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("lab"), root.path().join("look"));
    lab(&data);
    let all = root.path().join("look-with-sounds");
    expect_done("look", &["--data", text(&data), "--repeats", "5", "--out", text(&all), "--quiet"]);
    fs::remove_dir_all(data.join("audio")).unwrap();
    let args = ["--data", text(&data), "--repeats", "5", "--out", text(&out)];
    let ended = expect_done("look", &args);
    assert!(ended.stdout.contains("neurons have a ceiling; there are no sounds"), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("there is no sound for s0, s1, s2, s3, s4 and 5 more: responses"),
        "{}",
        ended.stderr
    );
    let looked = json(&out.join("look.json"));
    assert_eq!((&looked["has_sounds"], &looked["alignment"]), (&false.into(), &serde_json::Value::Null));
    assert_eq!(looked["warnings"][0]["code"], "no_sounds");
    assert_eq!((&looked["stimuli"], &looked["stimulus_memory_ms"]), (&10.into(), &serde_json::Value::Null));
    // To their last spikes stimuli are a little shorter, and rates a little higher.
    let rate = |looked: &serde_json::Value, n: usize| looked["neurons"][n]["rate_hz"].as_f64().unwrap();
    let with_sounds = json(&all.join("look.json"));
    assert_eq!(with_sounds["has_sounds"], true);
    for n in 0..2 {
        let ratio = rate(&looked, n) / rate(&with_sounds, n);
        assert!((1.0..1.3).contains(&ratio), "{ratio}");
    }
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("There are no sounds") && page.contains("PSTH"));
    assert!(!page.contains("Autocorrelation") && !page.contains("Alignment"));
    // One neuron alone, and nothing for the other programs.
    expect_done("look", &[&args[..], &["--neurons", "onset", "--quiet"]].concat());
    assert_eq!(json(&out.join("look.json"))["neurons"].as_array().unwrap().len(), 1);
    let recording = root.path().join("recording");
    let import = ["--in", text(&data), "--out", text(&recording)];
    expect_refused("import", &import, &["there is no sound and no cochleagram for s0"]);
    assert!(!recording.join("recording.json").exists());
}
