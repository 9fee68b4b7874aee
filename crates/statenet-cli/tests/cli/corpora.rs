//! Neurons and stimuli that are chosen, recordings that are joined, and nested folds.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use statenet::prelude::*;

use crate::harness::{expect_done, expect_refused, json as read, text};

/// A small simulated recording whose neurons have a site and a depth, and whose stimuli have a level, as a folder.
fn folder(root: &Path, name: &str, seed: u64) -> PathBuf {
    let simulated = SimulationConfig::small().with_seed(Seed::new(seed)).simulate().unwrap().recording;
    let object = |value: Value| value.as_object().unwrap().clone();
    let neurons = simulated.neurons().iter().enumerate().map(|(n, neuron)| {
        let site = if n < 3 { "A1" } else { "PEG" };
        neuron.clone().with_metadata(object(json!({ "site": site, "depth": 100 * n })))
    });
    let stimuli = simulated.stimuli().iter().enumerate().map(|(s, stimulus)| {
        stimulus.clone().with_metadata(object(json!({ "level": if s == 2 { 40 } else { 70 } })))
    });
    let about = statenet::data::Description { name: name.to_owned(), ..simulated.description().clone() };
    let recording = Recording::new(
        about,
        simulated.dt(),
        simulated.bands().to_vec(),
        neurons.collect(),
        stimuli.collect(),
    );
    let path = root.join(name);
    recording.unwrap().write(&path).unwrap();
    path
}

fn ids(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|neuron| neuron["id"].as_str().unwrap()).collect()
}

#[test]
fn neurons_and_stimuli_are_chosen_by_metadata_and_signal() {
    let root = tempfile::tempdir().unwrap();
    let data = folder(root.path(), "mine", 4);
    let names = Recording::read(&data).unwrap().neuron_ids();
    let fit = |out: &Path, more: &[&str]| {
        let args = ["--data", text(&data), "--model", "ridge", "--out", text(out)];
        expect_done("fit", &[&args[..], more].concat())
    };
    let out = root.path().join("some");
    fit(&out, &["--neurons-where", "site=A1", "--neurons-where", "depth>0", "--stimuli-where", "level>=70"]);
    let summary = read(&out.join("summary.json"));
    assert_eq!(ids(&summary["models"][0]["test"]["per_neuron"]), [names[1].as_str(), &names[2]]);
    assert_eq!(summary["dataset"]["stimuli"], 5);
    assert_eq!(
        summary["dataset"]["selected"],
        json!(["--neurons-where site=A1", "--neurons-where depth>0", "--stimuli-where level>=70"])
    );
    // `score` finds the same neurons by their ids, and fewer if asked.
    let (scores, predictions) = (root.path().join("scores.json"), out.join("predictions/ridge"));
    let args = ["--data", text(&data), "--predictions", text(&predictions), "--stimuli-where", "level>=70"];
    let of_one = ["--neurons-where", "depth=100", "--out", text(&scores)];
    expect_done("score", &[&args[..], &of_one].concat());
    assert_eq!(ids(&read(&scores)["per_neuron"]), [names[1].as_str()]);

    // The ratios that `look` shows are those by which neurons are chosen, there on all sounds.
    let looked = root.path().join("look");
    expect_done("look", &["--data", text(&data), "--out", text(&looked)]);
    let snr = |neuron: &Value| neuron["snr"].as_f64();
    let all = read(&looked.join("look.json"))["neurons"].as_array().unwrap().clone();
    let mut ratios: Vec<f64> = all.iter().filter_map(snr).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = ratios[ratios.len() / 2].to_string();
    let ended = expect_done("look", &["--data", text(&data), "--min-snr", &middle, "--out", text(&looked)]);
    let chosen = read(&looked.join("look.json"))["neurons"].as_array().unwrap().clone();
    assert_eq!(chosen.len(), ratios.len() - ratios.len() / 2);
    assert!(ended.stdout.contains("on all sounds"), "{}", ended.stdout);
    assert!(chosen.iter().all(|neuron| snr(neuron).unwrap() >= ratios[ratios.len() / 2]));

    let refused = |more: &[&str], says: &[&str]| {
        let args = ["--data", text(&data), "--model", "ridge", "--out", "never"];
        expect_refused("fit", &[&args[..], more].concat(), says);
    };
    refused(&["--neurons-where", "place=A1"], &["has the field place", "depth, id, site"]);
    refused(&["--neurons-where", "site=A2"], &["site=A2", "A1, PEG"]);
    refused(&["--neurons-where", "site"], &["--neurons-where", "FIELD=VALUE"]);
    refused(&["--stimuli-where", "loudness=3"], &["no stimulus", "level"]);
    refused(&["--min-snr", "1e6"], &["no neuron has a signal-to-noise ratio of 1000000 or more", "highest"]);
}

#[test]
fn test_sounds_do_not_choose_neurons() {
    let root = tempfile::tempdir().unwrap();
    let data = folder(root.path(), "mine", 4);
    let recording = Recording::read(&data).unwrap();
    let split = SplitPlan::Demo.resolve(&recording).unwrap();
    // Without test responses the choice is the same.
    let unheard = recording.stimuli().iter().enumerate().map(|(s, stimulus)| {
        let mut values = stimulus.responses().unwrap().to_nan();
        if split.test().contains(&s) {
            values.fill(f32::NAN);
        }
        let responses = statenet::data::Responses::from_nan(values).unwrap();
        statenet::data::Stimulus::new(stimulus.name(), stimulus.cochleagram().to_owned(), responses).unwrap()
    });
    let unheard = Recording::new(
        recording.description().clone(),
        recording.dt(),
        recording.bands().to_vec(),
        recording.neurons().to_vec(),
        unheard.collect(),
    )
    .unwrap();
    let chosen = |recording: &Recording, least| statenet::train::neurons_above_snr(recording, &split, least);
    let of_all = chosen(&recording, 0.02).unwrap();
    assert!(!of_all.is_empty() && of_all.len() < recording.n_neurons(), "{of_all:?}");
    assert_eq!(chosen(&unheard, 0.02).unwrap(), of_all);
}

#[test]
fn joined_recordings_are_fitted_scored_and_interpreted_as_one() {
    let root = tempfile::tempdir().unwrap();
    let (a, b) = (folder(root.path(), "a", 4), folder(root.path(), "b", 5));
    let both = format!("{},{}", text(&a), text(&b));
    let out = root.path().join("out");
    let args = ["--data", &both, "--model", "ridge,ln", "--epochs", "2", "--out", text(&out)];
    let ended = expect_done("fit", &args);
    assert!(ended.stdout.contains("a+b: 10 neurons, 12 stimuli"), "{}", ended.stdout);
    let summary = read(&out.join("summary.json"));
    let found = ids(&summary["models"][1]["test"]["per_neuron"]);
    assert!(found[0].starts_with("a/") && found[9].starts_with("b/"), "{found:?}");
    // Every unit is trained and tested on the sounds of its own recording, and scored.
    for neuron in summary["models"][0]["test"]["per_neuron"].as_array().unwrap() {
        assert!(neuron["cc"].is_number(), "{neuron}");
    }
    let (scores, predictions) = (root.path().join("scores.json"), out.join("predictions/ln"));
    expect_done("score", &["--data", &both, "--predictions", text(&predictions), "--out", text(&scores)]);
    assert_eq!(read(&scores)["ccnorm_mean"], summary["models"][1]["test"]["ccnorm_mean"]);
    let checkpoint = out.join("checkpoints/ln");
    let rates = root.path().join("rates");
    expect_done("predict", &["--checkpoint", text(&checkpoint), "--data", &both, "--out", text(&rates)]);
    assert_eq!(read(&rates.join("predictions.json"))["stimuli"].as_array().unwrap().len(), 12);
    let maps = root.path().join("maps");
    let args = ["--checkpoint", text(&checkpoint), "--data", &both, "--methods", "gradmap"];
    expect_done(
        "interpret",
        &[&args[..], &["--neurons-where", "recording=b", "--out", text(&maps)]].concat(),
    );
    assert!(ids(&read(&maps.join("interpretation.json"))["neurons"]).iter().all(|id| id.starts_with("b/")));

    // The same recording twice, whose sounds are the same: the units are one, with twice the repeats.
    let again = root.path().join("again");
    Recording::read(&a).unwrap().write(&again).unwrap();
    let same = format!("{},{}", text(&a), text(&again));
    let args = ["--data", &same, "--same-units", "--model", "ridge", "--out", text(&out)];
    let ended = expect_done("fit", &args);
    assert!(ended.stdout.contains("a+again: 5 neurons, 6 stimuli"), "{}", ended.stdout);

    let args = ["--data", &both, "--audio", text(root.path()), "--model", "ridge", "--out", "never"];
    expect_refused("fit", &args, &["--audio goes with one recording"]);
}

#[test]
fn a_core_is_kept_and_a_readout_fitted_to_other_neurons() {
    let root = tempfile::tempdir().unwrap();
    let (theirs, mine) = (folder(root.path(), "theirs", 4), folder(root.path(), "mine", 3));
    let first = root.path().join("first");
    let fit = |data: &Path, more: &[&str], out: &Path| {
        let args = ["--data", text(data), "--epochs", "2", "--out", text(out)];
        expect_done("fit", &[&args[..], more].concat())
    };
    fit(&theirs, &["--model", "statenet-gru"], &first);
    let core = first.join("checkpoints/statenet-gru");
    let out = root.path().join("out");
    let ended = fit(&mine, &["--model", "ridge", "--core", text(&core)], &out);
    assert!(ended.stdout.contains("statenet-gru-readout"), "{}", ended.stdout);
    let summary = read(&out.join("summary.json"));
    let model = &summary["models"][1];
    // Weights and bias of 14 hidden units to five neurons, and two numbers of each output curve.
    assert_eq!(model["parameters"], 5 * 15 + 5 * 2, "{model}");
    let tensors = |folder: &Path| safetensors_of(&folder.join("model.safetensors"));
    let fitted = out.join("checkpoints/statenet-gru-readout");
    let (before, after) = (tensors(&core), tensors(&fitted));
    for (name, bytes) in &after {
        // The scaling of bands too is that of the core's recording.
        assert_eq!(before.get(name) == Some(bytes), !name.starts_with("readout."), "{name}");
    }
    let metadata = read(&fitted.join("config.json"));
    assert_eq!(metadata["training"]["core"]["neurons"].as_array().unwrap().len(), 5, "{metadata}");

    let rates = root.path().join("rates");
    expect_done("predict", &["--checkpoint", text(&fitted), "--data", text(&mine), "--out", text(&rates)]);
    let scores = root.path().join("scores.json");
    expect_done("score", &["--data", text(&mine), "--predictions", text(&rates), "--out", text(&scores)]);
    let args = ["--data", text(&mine), "--core", text(&core), "--recipe", "search", "--out", "never"];
    expect_refused("fit", &args, &["--recipe search is of whole models"]);
    let args = ["--data", text(&mine), "--core", text(&mine), "--model", "ridge", "--out", "never"];
    expect_refused("fit", &args, &["mine"]);
}

/// The tensors of a file by name, as bytes.
fn safetensors_of(path: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let tensors = header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__");
    let data = |tensor: &serde_json::Value| {
        let at = |i: usize| 8 + length + tensor["data_offsets"][i].as_u64().unwrap() as usize;
        bytes[at(0)..at(1)].to_vec()
    };
    tensors.map(|(name, tensor)| (name.clone(), data(tensor))).collect()
}

#[test]
fn nested_folds_test_every_sound_once() {
    let root = tempfile::tempdir().unwrap();
    let data = folder(root.path(), "mine", 4);
    let mut tested = Vec::new();
    for fold in 0..3 {
        let out = root.path().join(format!("fold{fold}"));
        let split = format!("nested:3/2:{fold}");
        let args = ["--data", text(&data), "--model", "ridge", "--split", &split, "--out", text(&out)];
        expect_done("fit", &args);
        let split = &read(&out.join("summary.json"))["models"][0]["split"];
        assert_eq!(
            (split["val"].as_array().unwrap().len(), split["train"].as_array().unwrap().len()),
            (2, 2)
        );
        tested.extend(split["test"].as_array().unwrap().iter().map(|s| s.as_u64().unwrap()));
    }
    tested.sort_unstable();
    assert_eq!(tested, (0..6).collect::<Vec<u64>>());
    let args = ["--data", text(&data), "--split", "nested:3/2", "--out", "never"];
    expect_refused("fit", &args, &["nested:3/2", "nested:K/J:I"]);
}

#[test]
fn crops_and_a_refit_are_named_where_they_count() {
    let root = tempfile::tempdir().unwrap();
    let data = folder(root.path(), "mine", 4);
    let fit = |name: &str, more: &[&str]| {
        let out = root.path().join(name);
        let args = ["--data", text(&data), "--model", "ridge,ln", "--epochs", "6", "--out", text(&out)];
        let ended = expect_done("fit", &[&args[..], more].concat());
        (read(&out.join("summary.json")), ended.stdout, out)
    };
    let (plain, stdout, _) = fit("plain", &[]);
    assert!(plain["models"][1].get("refit").is_none() && !stdout.contains("refit"), "{stdout}");
    let (refitted, stdout, out) = fit("refitted", &["--refit"]);
    let tables = stdout.lines().filter(|line| line.contains("ln (refit)")).count();
    assert!(tables >= 2 && stdout.contains("ridge (refit)"), "{stdout}");
    assert!(!stdout.lines().any(|line| line.contains("ln ") && !line.contains("refit")), "{stdout}");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("ln (refit)") && page.contains("training and validation stimuli together"));
    for (model, before) in [(0, "ridge"), (1, "ln")] {
        let (new, old) = (&refitted["models"][model], &plain["models"][model]);
        assert_eq!((&new["name"], &new["val_score"]), (&json!(before), &old["val_score"]));
        assert_eq!(new["refit"]["stimuli"], json!([0, 1, 2, 3, 4]));
        assert_ne!(new["test"]["cc_mean"], old["test"]["cc_mean"]);
    }
    let epochs = refitted["models"][1]["refit"]["epochs"].as_array().unwrap();
    assert_eq!(
        epochs.iter().map(|n| n.as_u64().unwrap()).sum::<u64>(),
        plain["models"][1]["best_epoch"].as_u64().unwrap()
    );
    let checkpoint = read(&out.join("checkpoints/ln/config.json"));
    assert_eq!(&checkpoint["training"]["refit"]["epochs"], &json!(epochs));
    assert!(!out.join("unfinished").exists());

    let (cropped, _, out) = fit("cropped", &["--crop", "200ms,100ms"]);
    assert_ne!(cropped["models"][1]["train_loss"], plain["models"][1]["train_loss"]);
    assert_eq!(cropped["models"][0]["test"], plain["models"][0]["test"], "a closed form has no crops");
    let recipe = &read(&out.join("checkpoints/ln/config.json"))["training"]["recipe"];
    assert_eq!(recipe["crop"], json!({ "length": 40, "warm_up": 20 }));
    // Longer than every stimulus: whole ones.
    let (whole, _, _) = fit("whole", &["--crop", "100000,7"]);
    assert_eq!(whole["models"][1]["train_loss"], plain["models"][1]["train_loss"]);
    let args = ["--data", text(&data), "--crop", "1.5", "--out", "never"];
    expect_refused("fit", &args, &["--crop", "2s,500ms"]);
}
