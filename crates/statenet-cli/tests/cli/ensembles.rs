//! `fit --ensemble` and `fit --distill`.

use std::{fs, path::Path};

use ndarray::{Array2, Axis};
use statenet::data::{read_npy_2d, write_npy_2d};

use crate::harness::{
    Small, expect_done, expect_refused, expect_test_object, json, small, small_recording, text,
};

fn rates(out: &Path, model: &str) -> Array2<f32> {
    let folder = out.join("predictions").join(model);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "npy"));
    files.sort();
    read_npy_2d(&files[0], "rates").unwrap()
}

#[test]
fn an_ensemble_gives_the_mean_of_its_members_and_is_a_checkpoint() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let run = |out: &Path, more: &[&str]| {
        let args = ["--data", text(data), "--model", "statenet-gru", "--epochs", "3", "--quiet"];
        expect_done("fit", &[&args[..], more, &["--out", text(out)]].concat());
        json(&out.join("summary.json"))
    };
    let (both, alone, second) =
        (root.path().join("both"), root.path().join("alone"), root.path().join("second"));
    let summary = run(&both, &["--ensemble", "2", "--seed", "5"]);
    let names: Vec<_> = summary["models"].as_array().unwrap().iter().map(|model| &model["name"]).collect();
    assert_eq!(names, ["statenet-gru", "statenet-gru-ensemble"]);
    let single = run(&alone, &["--seed", "5"]);
    // Options that add a model change nothing of the others.
    assert_eq!(summary["models"][0]["test"], single["models"][0]["test"]);
    run(&second, &["--seed", "6"]);
    let mean = (rates(&alone, "statenet-gru") + rates(&second, "statenet-gru")) / 2.0;
    let ensemble = rates(&both, "statenet-gru-ensemble");
    assert!(mean.iter().zip(&ensemble).all(|(a, b)| (a - b).abs() < 1e-5));
    let model = &summary["models"][1];
    expect_test_object(&model["test"], 5);
    assert_eq!(model["parameters"], 2 * summary["models"][0]["parameters"].as_u64().unwrap());
    let (checkpoint, predictions) =
        (both.join("checkpoints/statenet-gru-ensemble"), root.path().join("predictions"));
    let args =
        ["--checkpoint", text(&checkpoint), "--data", text(data), "--quiet", "--out", text(&predictions)];
    expect_done("predict", &args);
    let again: Vec<_> = fs::read_dir(&predictions).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!again.is_empty());
    let maps = root.path().join("maps");
    let args = ["--checkpoint", text(&checkpoint), "--data", text(data), "--quiet", "--out", text(&maps)];
    expect_done("interpret", &args);
}

#[test]
fn a_distilled_model_learns_from_the_ensemble_and_from_further_sounds() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let (sounds, out) = (root.path().join("sounds"), root.path().join("out"));
    fs::create_dir(&sounds).unwrap();
    let mut backwards = small_recording().stimuli()[0].cochleagram().to_owned();
    backwards.invert_axis(Axis(1));
    write_npy_2d(sounds.join("backwards.npy"), backwards.view()).unwrap();
    let args = ["--data", text(data), "--model", "ln", "--epochs", "2", "--distill", "2", "--quiet"];
    let more = ["--unlabelled", text(&sounds), "--out", text(&out)];
    expect_done("fit", &[&args[..], &more].concat());
    let summary = json(&out.join("summary.json"));
    let names: Vec<_> = summary["models"].as_array().unwrap().iter().map(|model| &model["name"]).collect();
    assert_eq!(names, ["ln", "ln-ensemble", "ln-distilled"]);
    assert_eq!(summary["models"][0]["parameters"], summary["models"][2]["parameters"]);
    assert_ne!(summary["models"][0]["test"], summary["models"][2]["test"]);
    let training = json(&out.join("checkpoints/ln-distilled/config.json"))["training"].clone();
    assert_eq!(training["distilled"]["further_sounds"], 1);
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let (empty, held_out) = (root.path().join("empty"), root.path().join("held-out"));
    for folder in [&empty, &held_out] {
        fs::create_dir(folder).unwrap();
    }
    // The test stimulus of six.
    let test = small_recording().stimuli()[5].cochleagram().to_owned();
    write_npy_2d(held_out.join("more.npy"), test.view()).unwrap();
    let out = root.path().join("out");
    let args = ["--data", text(data), "--model", "ln", "--epochs", "1", "--quiet", "--out", text(&out)];
    let refused = |more: &[&str], says: &[&str]| expect_refused("fit", &[&args[..], more].concat(), says);
    refused(&["--ensemble", "1"], &["--ensemble"]);
    refused(&["--unlabelled", text(&empty)], &["required arguments were not provided"]);
    refused(&["--distill", "2", "--unlabelled", text(&empty)], &["no cochleagram (.npy) and no sound file"]);
    refused(&["--distill", "2", "--unlabelled", text(&held_out)], &["unlabelled-more"]);
    assert!(!out.join("summary.json").exists());
}
