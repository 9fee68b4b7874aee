//! A recording before any model.

use std::fs;

use statenet::prelude::*;

use crate::{
    harness::{expect_done, json, text},
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
