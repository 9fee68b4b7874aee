//! `fit --recipe`: searched, written down, killed on the way, and taken from a file.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use statenet::prelude::*;

use crate::harness::{Small, expect_done, expect_refused, json, program, small, text, tree};

const SEARCH: [&str; 6] = ["--recipe", "search", "--trials", "7", "--epochs", "4"];

fn args<'a>(data: &'a Path, model: &'a str, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    [&["--data", text(data), "--model", model, "--quiet", "--out", text(out)], more].concat()
}

/// A value without seconds, in which equal runs differ.
fn timeless(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let others = fields.into_iter().filter(|(name, _)| !name.starts_with("seconds"));
            others.map(|(name, value)| (name, timeless(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(timeless).collect(),
        other => other,
    }
}

/// What a run leaves: its files, those of JSON without seconds.
fn results(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let kept =
        tree(out).into_iter().filter(|(name, _)| !name.starts_with("search/") && name != "report.html");
    let without_seconds = |(name, bytes): (String, Vec<u8>)| match name.ends_with(".json") {
        true => (name, timeless(serde_json::from_slice(&bytes).unwrap()).to_string().into_bytes()),
        false => (name, bytes),
    };
    kept.map(without_seconds).collect()
}

#[test]
fn a_searched_recipe_is_used_written_down_and_not_searched_twice() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let (out, again) = (root.path().join("out"), root.path().join("again"));
    let args_of_search = args(data, "ridge,ln", &out, &SEARCH);
    expect_done("fit", &args_of_search);
    let summary = json(&out.join("summary.json"));
    assert!(summary["models"][0].get("recipe").is_none(), "ridge has none");
    let recipe = &summary["models"][1]["recipe"];
    assert_eq!(recipe["file"], "recipes/ln.json");
    let search = &recipe["search"];
    assert_eq!(
        (&search["trials"], &search["folds"], &search["epochs"], &search["fits"]),
        (&7.into(), &5.into(), &4.into(), &35.into())
    );
    assert!(search["seconds"].as_f64().unwrap() > 0.0 && search["score"].is_f64());
    let file = json(&out.join("recipes/ln.json"));
    assert_eq!(file["recipe"]["fit"], recipe["fit"]);
    // The test sound is in no fold, every other sound is in one.
    let folds: Vec<&Value> =
        file["search"]["folds"].as_array().unwrap().iter().flat_map(|f| f.as_array().unwrap()).collect();
    assert_eq!(folds.len(), 5);
    let test = json(&out.join("predictions/ln/predictions.json"))["stimuli"].to_string();
    assert!(folds.iter().all(|name| !test.contains(name.as_str().unwrap())), "{test}");
    // The fit had these settings.
    let checkpoint = checkpoint::load(out.join("checkpoints/ln"), &Device::Cpu).unwrap();
    let optimizer = &checkpoint.metadata.training["recipe"]["optimizer"];
    for field in ["learning_rate", "weight_decay"] {
        assert_eq!(optimizer[field], recipe["fit"][format!("optimizer.{field}")]);
    }
    let trials = fs::read_dir(out.join("search/ln")).unwrap().count();
    assert_eq!(trials, 7 + 3);
    assert!(!out.join("unfinished").exists());
    // Run again, the trials are there: even their seconds are the same.
    expect_done("fit", &args_of_search);
    assert_eq!(json(&out.join("recipes/ln.json")), file);
    // From the file the same fit is made again.
    let recipes = out.join("recipes");
    expect_done("fit", &args(data, "ln", &again, &["--recipe", text(&recipes), "--epochs", "4"]));
    let rates = |out: &Path| tree(&out.join("predictions/ln"));
    assert_eq!(rates(&again), rates(&out));
    // Results without recipes replace those with them.
    expect_done("fit", &args(data, "ridge", &out, &[]));
    assert!(!recipes.exists());
}

#[test]
fn a_search_that_is_killed_and_run_again_leaves_what_an_unbroken_one_does() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let (whole, broken) = (root.path().join("whole"), root.path().join("broken"));
    let of = |out| args(data, "statenet-gru", out, &SEARCH);
    expect_done("fit", &of(&whole));
    for trials in [1, 5, 9] {
        let mut child =
            program("fit").args(of(&broken)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        let done = || fs::read_dir(broken.join("search/statenet-gru")).map_or(0, Iterator::count);
        while done() < trials && child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(300), "no trial ends");
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    expect_done("fit", &of(&broken));
    assert!(results(&broken) == results(&whole), "other files after a kill");
}

#[cfg(unix)]
#[test]
fn a_search_that_is_interrupted_says_how_to_go_on() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let mut command = program("fit");
    command.args(args(data, "statenet-gru", &out, &SEARCH)).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while fs::read_dir(out.join("search/statenet-gru")).map_or(0, Iterator::count) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "the run ended without a trial");
        std::thread::sleep(Duration::from_millis(1));
    }
    crate::signals::signal(&child, "INT");
    let ended = crate::harness::Ended::of(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap();
    assert_eq!(
        last,
        "fitting statenet-gru: interrupted; the search for a recipe of statenet-gru stopped: run the same command again to go on from there"
    );
    assert!(!out.join("summary.json").exists());
}

#[test]
fn options_fix_what_a_search_would_vary_and_ensembles_share_its_recipe() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let more =
        [&SEARCH[..4], &["--epochs", "2", "--lr", "0.002", "--batch", "2", "--ensemble", "2"]].concat();
    expect_done("fit", &args(data, "statenet-gru", &out, &more));
    let summary = json(&out.join("summary.json"));
    let recipes: Vec<&Value> =
        summary["models"].as_array().unwrap().iter().map(|model| &model["recipe"]).collect();
    assert_eq!(recipes.len(), 2);
    assert_eq!(recipes[0], recipes[1]);
    let fields = recipes[0]["fit"].as_object().unwrap();
    assert!(!fields.contains_key("optimizer.learning_rate") && !fields.contains_key("batch"));
    assert!(fields.contains_key("optimizer.weight_decay"));
    let checkpoint = checkpoint::load(out.join("checkpoints/statenet-gru"), &Device::Cpu).unwrap();
    assert_eq!(checkpoint.metadata.training["recipe"]["optimizer"]["learning_rate"], 0.002);
}

#[test]
fn the_recipes_of_others_have_names() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    for (name, decay, patience) in [("paper", 0.02, 300), ("reference", 1e-4, 10)] {
        let out = root.path().join(name);
        expect_done("fit", &args(data, "statenet-gru", &out, &["--recipe", name, "--epochs", "2"]));
        let checkpoint = checkpoint::load(out.join("checkpoints/statenet-gru"), &Device::Cpu).unwrap();
        let settings = &checkpoint.metadata.training["recipe"];
        assert_eq!(
            (&settings["optimizer"]["weight_decay"], &settings["patience"]),
            (&decay.into(), &patience.into())
        );
        assert_eq!(
            (&settings["optimizer"]["decayed"], &settings["schedule"]),
            (&"all".into(), &"constant".into())
        );
        assert_eq!(settings["max_epochs"], 2, "an option comes after the recipe");
    }
}

#[test]
fn recipes_that_do_not_fit_are_refused() {
    let Small { data, .. } = small();
    let root = tempfile::tempdir().unwrap();
    let (out, file) = (root.path().join("out"), root.path().join("my.json"));
    let refused = |more: &[&str], says: &[&str]| expect_refused("fit", &args(data, "ln", &out, more), says);
    refused(&["--trials", "3"], &["--trials is of --recipe search alone"]);
    refused(&["--recipe", "search", "--trials", "0"], &["--trials"]);
    refused(&["--recipe", text(&file)], &["my.json"]);
    let write = |recipe: &str| {
        fs::write(&file, format!(r#"{{"format": "statenet-recipe", "version": 1, "recipe": {recipe}}}"#))
            .unwrap();
    };
    write(r#"{"fit": {"optimizer.speed": 3}}"#);
    refused(&["--recipe", text(&file)], &["the recipe has 0 fields optimizer.speed"]);
    write(r#"{"model": {"dropout": 0.5}}"#);
    refused(&["--recipe", text(&file)], &["my.json: is no recipe of ln"]);
    write(r#"{"fits": {}}"#);
    refused(&["--recipe", text(&file)], &["my.json: cannot read as a recipe"]);
    // One that a person writes sets what it names.
    write(r#"{"fit": {"weight_decay": 0.5, "max_epochs": 2}}"#);
    expect_done("fit", &args(data, "ln", &out, &["--recipe", text(&file)]));
    let model = &json(&out.join("summary.json"))["models"][0];
    assert_eq!((&model["epochs_run"], &model["recipe"]["fit"]["weight_decay"]), (&2.into(), &0.5.into()));
    assert!(model["recipe"].get("search").is_none());
}
