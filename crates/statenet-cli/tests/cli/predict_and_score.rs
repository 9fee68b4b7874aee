//! `predict` and `score` compared with `fit`, for whole and streamed sounds and different splits.

use std::{fs, path::Path};

use serde_json::Value;
use statenet::{
    data::{read_npy_2d, write_npy_2d},
    prelude::*,
};

use crate::harness::{
    MODELS, Small, expect_done, expect_refused, expect_same_scores, expect_test_object, json, small, text,
    tree,
};

/// Largest difference between two arrays of the same shape.
fn distance(a: &ndarray::Array2<f32>, b: &ndarray::Array2<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn whole_and_streamed_predictions_agree_and_are_those_of_the_fit() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let test = read_names(&json(&out.join("summary.json")), data);
    for name in MODELS {
        let checkpoint = out.join("checkpoints").join(name);
        let predict = |to: &str, data: &Path, more: &[&str]| {
            let to = folder.path().join(name).join(to);
            let args =
                ["--checkpoint", text(&checkpoint), "--data", text(data), "--out", text(&to), "--quiet"];
            let ended = expect_done("predict", &[&args[..], more].concat());
            assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
            to
        };
        let whole = predict("whole", data, &[]);
        assert_eq!(tree(&whole).len(), 7, "every stimulus of the recording, and whose rates they are");
        for chunk in ["1", "7", "1000"] {
            let streamed = predict(chunk, data, &["--stream", chunk]);
            for file in tree(&whole).keys().filter(|file| file.ends_with(".npy")) {
                let read = |folder: &Path| read_npy_2d(folder.join(file), "rates").unwrap();
                let d = distance(&read(&whole), &read(&streamed));
                assert!(d < 1e-5, "{name}, chunks of {chunk}, {file}: {d}");
            }
        }
        for stimulus in &test {
            let file = format!("{stimulus}.npy");
            let fitted = read_npy_2d(out.join("predictions").join(name).join(&file), "rates").unwrap();
            assert_eq!(read_npy_2d(whole.join(&file), "rates").unwrap(), fitted, "{name}");
        }
        // A single cochleagram, as recorded, with another name.
        let sound = folder.path().join("my sound.npy");
        fs::copy(data.join("stimuli/sim02.npy"), &sound).unwrap();
        for more in [&[][..], &["--stream", "7"]] {
            let one = predict("one", &sound, more);
            let rates = read_npy_2d(one.join("my sound.npy"), "rates").unwrap();
            let d = distance(&rates, &read_npy_2d(whole.join("sim02.npy"), "rates").unwrap());
            assert!(d < 1e-5, "{name}: {d}");
        }
    }
}

/// Names of the test stimuli of a summary.
fn read_names(summary: &Value, data: &Path) -> Vec<String> {
    let recording = Recording::read(data).unwrap();
    let test = summary["models"][0]["split"]["test"].as_array().unwrap();
    let name = |i: &Value| recording.stimuli()[i.as_u64().unwrap() as usize].name().to_owned();
    test.iter().map(name).collect()
}

#[test]
fn scores_of_the_predictions_of_a_fit_are_those_of_its_summary() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let summary = json(&out.join("summary.json"));
    for (name, model) in MODELS.iter().zip(summary["models"].as_array().unwrap()) {
        let (predictions, to) =
            (out.join("predictions").join(name), folder.path().join(format!("{name}.json")));
        let args = ["--data", text(data), "--predictions", text(&predictions), "--out", text(&to)];
        let ended = expect_done("score", &args);
        assert!(ended.stdout.contains(name) && ended.stdout.contains("linear-0"), "{}", ended.stdout);
        let mut scores = json(&to);
        expect_test_object(&scores, 5);
        expect_further(&scores, 1);
        assert_eq!(scores.as_object_mut().unwrap().remove("warnings"), Some(Value::Array(vec![])));
        expect_same_scores(&scores, &model["test"]);
        let page = fs::read_to_string(to.with_extension("html")).unwrap();
        assert!(page.contains("<svg") && page.contains("r2_ER") && page.contains(name), "{name}");
    }
}

/// The further scores of each neuron: numbers with an interval, or null with a reason.
fn expect_further(test: &Value, n_stimuli: usize) {
    let fields = [
        "r2_er",
        "explained_signal_power",
        "cc_ttrc",
        "coherence_bits_per_s",
        "deviance_explained",
        "bits_per_spike",
        "fano",
        "van_rossum",
        "victor_purpura",
    ];
    for field in fields {
        for neuron in test["per_neuron"].as_array().unwrap() {
            let score = &neuron[field];
            if score.is_null() {
                assert!(!neuron["undefined"][field].is_null(), "{field} of {neuron}");
                continue;
            }
            assert!(score["value"].is_f64() && neuron["undefined"][field].is_null(), "{field}: {score}");
            let end = |i: usize| score["ci95"][i].as_f64();
            assert!(end(0) <= end(1), "{field}: {score}");
            // Over sounds there is one if there are two; without either a signal, or enough segments for a coherence, can be missing.
            let counts = ["deviance_explained", "bits_per_spike", "van_rossum", "victor_purpura"];
            let expected = field == "r2_er" || (n_stimuli > 1 && counts.contains(&field));
            assert!(!expected || end(0).is_some(), "{field}: {score}");
        }
        let has = |neuron: &Value| !neuron[field].is_null();
        let n = test["per_neuron"].as_array().unwrap().iter().filter(|neuron| has(neuron)).count();
        let population = &test["population"][field];
        assert_eq!(population["n"], n, "{field}");
        assert_eq!(population["mean"].is_f64(), n > 0, "{field}: {population}");
    }
}

#[test]
fn several_models_are_scored_and_compared_in_one_run() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("both.json");
    let of = |name: &str| format!("{name}={}", text(&out.join("predictions").join(name)));
    let named: Vec<String> = MODELS.iter().map(|name| of(name)).collect();
    let mut args = vec!["--data", text(data), "--out", text(&to)];
    args.extend(named.iter().flat_map(|model| ["--predictions", model]));
    let ended = expect_done("score", &args);
    let file = json(&to);
    let models = file["models"].as_object().unwrap();
    assert_eq!(models.keys().collect::<Vec<_>>(), MODELS.iter().collect::<Vec<_>>());
    for (name, test) in models {
        expect_test_object(test, 5);
        expect_further(test, 1);
        let alone = folder.path().join("alone.json");
        let predictions = out.join("predictions").join(name);
        let args =
            ["--data", text(data), "--predictions", text(&predictions), "--out", text(&alone), "--quiet"];
        expect_done("score", &args);
        let mut alone = json(&alone);
        alone.as_object_mut().unwrap().remove("warnings");
        assert_eq!(test, &alone, "{name}");
    }
    let comparisons = file["comparisons"].as_array().unwrap();
    assert_eq!(comparisons.len(), MODELS.len() * (MODELS.len() - 1) / 2);
    let first = &comparisons[0];
    assert_eq!((first["a"].as_str(), first["b"].as_str()), (Some(MODELS[0]), Some(MODELS[1])));
    let mean = |name: &str| models[name]["ccnorm_mean"].as_f64().unwrap();
    let difference = mean(MODELS[0]) - mean(MODELS[1]);
    assert!((first["mean"].as_f64().unwrap() - difference).abs() < 1e-9, "{first}");
    assert!(first["p"].as_f64().unwrap() <= first["p_corrected"].as_f64().unwrap());
    assert!(
        first["tests"]["p_wilcoxon"].is_f64() && first["tests"]["n_clusters"].as_u64().unwrap() > 1,
        "{first}"
    );
    assert!(first["n"].as_u64().unwrap() > 1 && first["ci95"].as_array().unwrap().len() == 2);
    assert!(ended.stdout.contains(&format!("{} minus {}", MODELS[0], MODELS[1])), "{}", ended.stdout);
    let page = fs::read_to_string(to.with_extension("html")).unwrap();
    assert!(MODELS.iter().all(|name| page.contains(name)) && page.contains("Differences"));
}

#[test]
fn names_smoothing_and_the_page_s_name_are_checked() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let (ridge, to) = (out.join("predictions/ridge"), folder.path().join("scores.json"));
    let named = format!("a={}", text(&ridge));
    let with = |to: &Path, more: &[&str]| -> Vec<String> {
        let args = ["--data", text(data), "--out", text(to), "--quiet"];
        args.iter().chain(more).map(ToString::to_string).collect()
    };
    let refused = |to: &Path, more: &[&str], words: &[&str]| {
        let args = with(to, more);
        expect_refused("score", &args.iter().map(String::as_str).collect::<Vec<_>>(), words);
    };
    refused(&to, &["--predictions", &named, "--predictions", &named], &["two models are called a"]);
    refused(&to, &["--predictions", text(&ridge), "--predictions", &named], &["NAME=DIR"]);
    refused(&folder.path().join("s.html"), &["--predictions", text(&ridge)], &["expected FILE.json"]);
    let scored = |smoothing: &str| {
        let args = with(&to, &["--predictions", text(&ridge), "--smoothing", smoothing]);
        expect_done("score", &args.iter().map(String::as_str).collect::<Vec<_>>());
        json(&to)
    };
    let (hann, same, none) = (scored("hann"), scored("21"), scored("none"));
    assert_eq!(hann, same);
    let of = |file: &Value, field: &str| file["per_neuron"][0][field].clone();
    assert_ne!(of(&hann, "cc"), of(&none, "cc"));
    assert_ne!(of(&hann, "r2_er"), of(&none, "r2_er"));
    // Scores of counts take them as recorded.
    for field in ["bits_per_spike", "fano", "van_rossum", "victor_purpura"] {
        assert_eq!(of(&hann, field), of(&none, field), "{field}");
    }
    assert_eq!(none["conditions"]["smoothing"], "none");
}

#[test]
fn any_split_and_any_neurons_can_be_scored() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (checkpoint, all) = (out.join("checkpoints/ridge"), at("all"));
    let args = ["--checkpoint", text(&checkpoint), "--data", text(data), "--out", text(&all), "--quiet"];
    expect_done("predict", &args);
    let score = |to: &str, predictions: &Path, more: &[&str]| {
        let to = at(to);
        let args = ["--data", text(data), "--predictions", text(predictions), "--out", text(&to), "--quiet"];
        expect_done("score", &[&args[..], more].concat());
        json(&to)
    };
    let fold = score("fold.json", &all, &["--split", "kfold:5/0"]);
    expect_test_object(&fold, 5);
    expect_further(&fold, 2);
    // Fold 0 of 5 over six stimuli consists of stimuli 0 and 5, here given by name and by index.
    let list = at("split.json");
    fs::write(&list, r#"{"train": [1, 2], "val": [3, 4], "test": ["sim00", 5]}"#).unwrap();
    assert_eq!(score("list.json", &all, &["--split", text(&list)]), fold);
    assert_ne!(score("demo.json", &all, &[]), fold);
    // The predictions for a selection of neurons are the corresponding rows.
    let two = at("two");
    let rows = [3, 1];
    for stimulus in ["sim00", "sim05"] {
        let rates = read_npy_2d(all.join(format!("{stimulus}.npy")), "rates").unwrap();
        write_npy_2d(two.join(format!("{stimulus}.npy")), rates.select(ndarray::Axis(0), &rows).view())
            .unwrap();
    }
    let some = score("two.json", &two, &["--split", "kfold:5/0", "--neurons", "3,adaptation-0"]);
    assert!(some["per_neuron"].as_array().unwrap().len() == 2);
    let ids: Vec<_> = some["per_neuron"].as_array().unwrap().iter().map(|n| n["id"].clone()).collect();
    assert_eq!(ids[0], fold["per_neuron"][3]["id"]);
    assert_eq!(some["per_neuron"][0]["cc"], fold["per_neuron"][3]["cc"]);
    // The error names a missing prediction, or one of the wrong shape.
    let no = at("no.json");
    let refused = |predictions: &Path, says: &[&str]| {
        let args = ["--data", text(data), "--split", "kfold:5/0", "--out", text(&no)];
        expect_refused("score", &[&args[..], &["--predictions", text(predictions)]].concat(), says);
        assert!(!no.exists());
    };
    refused(&two, &["2 rows and no ids of neurons", "a row for each of 5 neurons"]);
    fs::remove_file(all.join("sim05.npy")).unwrap();
    refused(&all, &["sim05.npy", "cannot read", "No such file"]);
}
