//! `interpret` on a checkpoint of `fit`: its files and their fields.

use std::fs;

use serde_json::Value;

use crate::harness::{Small, expect_done, expect_refused, json, small, text, tree};

const NUMBERS: [&str; 4] = ["best_frequency_hz", "bandwidth_octaves", "latency_ms", "separability"];

/// A `{"value", "ci95"}`, or `null`.
fn is_a_number(entry: &Value) -> bool {
    let is = |x: &Value| x.is_null() || x.is_number();
    is(&entry["value"]) && (entry["ci95"].is_null() || entry["ci95"].as_array().unwrap().iter().all(is))
}

#[test]
fn every_method_leaves_its_arrays_and_numbers() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = out.join("checkpoints/statenet-gru");
    let looked = folder.path().join("looked");
    let common = ["--checkpoint", text(&checkpoint), "--data", text(data), "--depth", "50"];
    let args = ["--neurons", "0,2", "--longest-memory", "100", "--dream-steps", "5", "--quiet"];
    expect_done("interpret", &[&common[..], &args, &["--out", text(&looked)]].concat());
    let found = json(&looked.join("interpretation.json"));
    let neurons = found["neurons"].as_array().unwrap();
    assert_eq!(neurons.len(), 2);
    let files = tree(&looked);
    assert!(files.contains_key("report.html"));
    for neuron in neurons {
        let archive = fs::read(looked.join(neuron["maps"].as_str().unwrap())).unwrap();
        for array in ["gradmap", "dstrf_mean", "dream", "forgetting"] {
            let name = format!("{array}.npy");
            assert!(archive.windows(name.len()).any(|w| w == name.as_bytes()), "{array} is not there");
        }
        let sound = fs::read(looked.join(format!("sounds/{}.wav", neuron["id"].as_str().unwrap()))).unwrap();
        assert!(sound.starts_with(b"RIFF") && sound.iter().skip(44).any(|&b| b != 0));
        for field in NUMBERS {
            assert!(is_a_number(&neuron[field]) && !neuron[field].is_null(), "{field}: {}", neuron[field]);
        }
        for way in ["gradient", "forgetting", "truncation"] {
            assert!(is_a_number(&neuron["memory_ms"][way]), "{way}");
        }
        assert_eq!(neuron["accuracy_by_history"].as_array().unwrap().len(), 8);
        // The truth is known only if the recording is simulated in the same run.
        assert!(neuron.get("agreement").is_none());
    }

    // Methods that are not selected are null, and the same command gives the same bytes.
    let again = |to: &str| {
        let out = folder.path().join(to);
        let args = ["--neurons", "2", "--methods", "gradmap", "--quiet", "--out", text(&out)];
        expect_done("interpret", &[&common[..], &args].concat());
        tree(&out)
    };
    let (one, two) = (again("one"), again("two"));
    assert_eq!(one, two);
    let text = String::from_utf8(one["interpretation.json"].clone()).unwrap();
    let found: Value = serde_json::from_str(&text).unwrap();
    let neuron = &found["neurons"][0];
    assert!(neuron["memory_ms"]["gradient"].is_null() && neuron["dream"].is_null());
    assert!(neuron["best_frequency_hz"]["value"].is_number());
}

#[test]
fn what_is_asked_for_wrongly_is_said() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = out.join("checkpoints/ln");
    let common =
        ["--checkpoint", text(&checkpoint), "--data", text(data), "--out", text(folder.path()), "--quiet"];
    let refused =
        |more: &[&str], says: &str| expect_refused("interpret", &[&common[..], more].concat(), &[says]);
    refused(&["--methods", "gradmap,dance"], "no method is called \"dance\"");
    refused(&["--neurons", "99"], "99");
    refused(&["--standardize"], "remove --standardize, which would scale twice");
}
