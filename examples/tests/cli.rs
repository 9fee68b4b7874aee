//! The programs as their users run them: what they leave, what they refuse, and what survives a kill or a full disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use serde_json::Value;
use statenet::{
    data::{read_npy_2d, write_npy_2d},
    prelude::*,
};

const MODELS: [&str; 4] = ["ridge", "linear", "ln", "statenet-gru"];

/// An example, built by `cargo test` beside the tests.
fn example(name: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(Path::parent).unwrap().join("examples");
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is not there: run `cargo test -p statenet-examples`, which builds it",
        path.display()
    );
    let mut command = Command::new(path);
    // What a user sees, whatever the shell of the tests says.
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LOG").env_remove("RUST_LIB_BACKTRACE");
    command
}

/// How a program ended.
struct Ended {
    success: bool,
    stdout: String,
    stderr: String,
}

fn run(name: &str, args: &[&str]) -> Ended {
    let output = example(name).args(args).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs a program that must succeed.
fn expect_done(name: &str, args: &[&str]) -> Ended {
    let ended = run(name, args);
    assert!(ended.success, "{name} {args:?}: {}", ended.stderr);
    ended
}

/// Runs a program that must fail with one line that says all of this.
fn expect_refused(name: &str, args: &[&str], says: &[&str]) {
    let Ended { success, stderr, .. } = run(name, args);
    assert!(!success, "{name} {args:?} succeeded");
    assert!(!stderr.contains("panicked"), "{name} {args:?}: {stderr}");
    let first = stderr.lines().next().unwrap_or_default();
    for part in says {
        assert!(first.contains(part), "{name} {args:?}: {stderr:?} does not say {part:?}");
    }
    // The parser of arguments adds usage; our own errors are one line.
    if first.starts_with("Error: ") {
        assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    } else {
        assert!(first.starts_with("error: "), "{stderr}");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Every file below a folder, by relative path.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(root, &path, files);
            } else {
                files.insert(text(path.strip_prefix(root).unwrap()).to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    if folder.is_dir() {
        add(folder, folder, &mut files);
    }
    files
}

/// Names that a write uses before it gives the final one.
fn temporary(folder: &Path) -> Vec<String> {
    let hidden = |path: &String| path.split('/').any(|part| part.starts_with('.'));
    tree(folder).into_keys().filter(hidden).collect()
}

/// A fresh folder below the target folder, for results that several tests read.
fn shared(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    folder
}

fn fit_default(out: &Path, threads: &str) -> Ended {
    let models = MODELS.join(",");
    let args = ["--neurons", "0-3", "--epochs", "3", "--model", &models, "--quiet", "--threads", threads];
    expect_done("fit", &[&args[..], &["--out", text(out)]].concat())
}

/// The results of `fit` on the simulated default, one thread.
fn default_results() -> &'static Path {
    static OUT: OnceLock<PathBuf> = OnceLock::new();
    OUT.get_or_init(|| {
        let out = shared("default");
        let ended = fit_default(&out, "1");
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""), "--quiet prints nothing");
        out
    })
}

/// A small recording on disk, and the results of `fit` on it.
struct Small {
    data: PathBuf,
    out: PathBuf,
}

fn small_recording() -> Recording {
    SimulationConfig::small().with_seed(Seed::new(4)).simulate().unwrap().recording
}

fn small() -> &'static Small {
    static SMALL: OnceLock<Small> = OnceLock::new();
    SMALL.get_or_init(|| {
        let root = shared("small");
        let (data, out) = (root.join("data"), root.join("out"));
        small_recording().write(&data).unwrap();
        let models = MODELS.join(",");
        let args = ["--data", text(&data), "--epochs", "4", "--model", &models, "--out", text(&out)];
        let ended = expect_done("fit", &args);
        for part in
            ["5 neurons, 6 stimuli (4 train, 1 validate, 1 test)", "CCnorm", "statenet-gru", "report.html"]
        {
            assert!(ended.stdout.contains(part), "{}", ended.stdout);
        }
        Small { data, out }
    })
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A number, or null where none exists; never a text such as NaN.
fn number_or_null(value: &Value, what: &str) {
    assert!(value.is_null() || value.as_f64().is_some_and(f64::is_finite), "{what}: {value}");
}

fn expect_test_object(test: &Value, n_neurons: usize) {
    let summary = ["cc_mean", "cc_median", "ccnorm_mean", "ccnorm_median", "fve_mean"];
    for field in summary {
        number_or_null(&test[field], field);
        assert!(keys(test).contains(&field), "{field}");
    }
    let interval = test["ccnorm_ci95"].as_array().unwrap();
    assert_eq!(interval.len(), 2);
    assert!(interval[0].as_f64().unwrap() <= interval[1].as_f64().unwrap());
    let neurons = test["per_neuron"].as_array().unwrap();
    assert_eq!(neurons.len(), n_neurons);
    for neuron in neurons {
        assert!(neuron["id"].is_string());
        for field in ["cc", "ccnorm", "fve", "ccmax"] {
            assert!(keys(neuron).contains(&field), "{field}");
            number_or_null(&neuron[field], field);
        }
    }
}

#[test]
fn the_summary_has_the_fields_and_types_of_the_contract() {
    let out = default_results();
    let written = fs::read_to_string(out.join("summary.json")).unwrap();
    assert!(!written.contains("NaN") && !written.contains("inf"));
    let summary: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(keys(&summary), ["dataset", "models"]);
    let dataset = &summary["dataset"];
    assert_eq!(keys(dataset), ["name", "neurons", "stimuli", "dt_ms"]);
    assert_eq!(
        dataset,
        &serde_json::json!({"name": "simulation", "neurons": 4, "stimuli": 20, "dt_ms": 5.0})
    );
    let models = summary["models"].as_array().unwrap();
    assert_eq!(models.iter().map(|m| m["name"].as_str().unwrap()).collect::<Vec<_>>(), MODELS);
    for model in models {
        let name = model["name"].as_str().unwrap();
        let fields = [
            "name",
            "config",
            "parameters",
            "seed",
            "split",
            "epochs_run",
            "best_epoch",
            "stopped",
            "seconds_fit",
            "train_loss",
            "val_score",
            "test",
            "checkpoint",
        ];
        assert_eq!(keys(model), fields);
        let config: ModelConfig = serde_json::from_value(model["config"].clone()).unwrap();
        assert_eq!(config.build(Seed::new(0), &Device::Cpu).unwrap().n_neurons(), 4);
        assert!(model["parameters"].as_u64().unwrap() > 0);
        assert_eq!(model["seed"], 0);
        // Reading a split checks that its parts are disjoint; together they are all.
        let split: Split = serde_json::from_value(model["split"].clone()).unwrap();
        let parts = [split.train(), split.val(), split.test()].concat();
        assert_eq!(parts, (0..20).collect::<Vec<_>>());
        assert_eq!((split.val(), split.test()), (&[14, 15, 16][..], &[17, 18, 19][..]));
        let epochs_run = model["epochs_run"].as_u64().unwrap();
        let best_epoch = model["best_epoch"].as_u64().unwrap();
        let lists = ["train_loss", "val_score"].map(|list| model[list].as_array().unwrap());
        for (list, what) in lists.iter().zip(["train_loss", "val_score"]) {
            list.iter().for_each(|value| number_or_null(value, what));
        }
        if name == "ridge" {
            assert_eq!((epochs_run, best_epoch, &model["stopped"]), (0, 0, &Value::from("converged")));
        } else {
            assert_eq!((epochs_run, &model["stopped"]), (3, &Value::from("max_epochs")), "{name}");
            assert!((1..=3).contains(&best_epoch), "{name}");
            assert_eq!(lists.map(Vec::len), [3, 3], "{name}");
        }
        assert!(model["seconds_fit"].as_f64().unwrap() > 0.0);
        expect_test_object(&model["test"], 4);
        assert_eq!(model["checkpoint"], format!("checkpoints/{name}"));
    }
}

#[test]
fn checkpoints_load_and_predictions_are_f32_spikes_per_bin_for_every_test_stimulus() {
    let out = default_results();
    let summary = json(&out.join("summary.json"));
    for (name, entry) in MODELS.iter().zip(summary["models"].as_array().unwrap()) {
        let Checkpoint { model, card } =
            checkpoint::load(&out.join(entry["checkpoint"].as_str().unwrap()), &Device::Cpu).unwrap();
        assert_eq!(serde_json::to_value(model.config()).unwrap(), entry["config"], "{name}");
        assert_eq!(model.params().n_trained() as u64, entry["parameters"].as_u64().unwrap(), "{name}");
        assert_eq!(card.neurons, ["linear-0", "linear-1", "ln-0", "ln-1"], "{name}");
        assert_eq!(card.input.unwrap().n_bands(), 34, "{name}");
        assert_eq!(card.training["split"], entry["split"], "{name}");
        let folder = out.join("predictions").join(name);
        let files: Vec<_> = tree(&folder).into_keys().collect();
        assert_eq!(files, ["sim17.npy", "sim18.npy", "sim19.npy"], "{name}");
        for file in files {
            let bytes = fs::read(folder.join(&file)).unwrap();
            assert!(String::from_utf8_lossy(&bytes[..80]).contains("'descr': '<f4'"), "{name}/{file}");
            let rates = read_npy_2d(&folder.join(&file), "rates").unwrap();
            assert_eq!(rates.dim(), (4, 600), "{name}/{file}");
            assert!(rates.iter().all(|r| r.is_finite()));
            // Spikes per 5 ms bin of neurons that fire at 5 to 20 a second.
            let mean = rates.mean().unwrap();
            assert!((0.005..0.3).contains(&mean), "{name}/{file}: {mean}");
        }
    }
}

#[test]
fn the_report_needs_nothing_but_itself() {
    let out = default_results();
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.trim_end().ends_with("</html>"));
    // The only addresses are names of XML namespaces, which nobody fetches.
    let without_names =
        page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "");
    for fetched in
        ["http://", "https://", "<link rel=\"stylesheet", "<script src", "@import", "url(", "<iframe"]
    {
        assert!(!without_names.contains(fetched), "{fetched}");
    }
    for name in MODELS {
        assert!(page.contains(name), "{name}");
    }
    let figures: Vec<_> = tree(&out.join("figures")).into_keys().collect();
    for figure in ["scores.svg", "prediction-best.svg", "fields-0.svg", "training-statenet-gru.svg"] {
        assert!(figures.iter().any(|f| f == figure), "{figure} of {figures:?}");
    }
    for (name, bytes) in tree(&out.join("figures")) {
        let svg = String::from_utf8(bytes).unwrap();
        assert!(svg.contains("<svg") && !svg.contains("NaN"), "{name}");
    }
    let top: Vec<_> = tree(out).into_keys().filter(|path| !path.contains('/')).collect();
    assert_eq!(top, ["report.html", "summary.json"]);
    assert!(!out.join("unfinished").exists());
}

/// The summary without the one field that differs between equal runs.
fn timeless(out: &Path) -> String {
    let mut summary = json(&out.join("summary.json"));
    for model in summary["models"].as_array_mut().unwrap() {
        model.as_object_mut().unwrap().shift_remove("seconds_fit").unwrap();
    }
    summary.to_string()
}

#[test]
fn one_thread_and_two_leave_the_same_bytes() {
    let one = default_results();
    let folder = tempfile::tempdir().unwrap();
    let two = folder.path().join("out");
    fit_default(&two, "2");
    assert!(timeless(one) == timeless(&two));
    for part in ["checkpoints", "predictions"] {
        let (one, two) = (tree(&one.join(part)), tree(&two.join(part)));
        assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
        for (path, bytes) in &one {
            assert!(bytes == &two[path], "{part}/{path}");
        }
    }
}

#[test]
fn a_second_run_replaces_the_first_and_sweeps_up_after_a_killed_one() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let fit = |model: &str| {
        let args = ["--data", text(data), "--epochs", "2", "--model", model, "--quiet", "--out", text(&out)];
        expect_done("fit", &args);
    };
    fit("linear,ln");
    let first = tree(&out);
    // What a kill in the middle of writing leaves.
    fs::write(out.join(".tmpAb12Cd"), "half a report").unwrap();
    fs::create_dir_all(out.join("checkpoints/.statenet-Ab12Cd")).unwrap();
    fs::create_dir_all(out.join("unfinished/.statenet-ended-ln")).unwrap();
    fs::write(out.join("unfinished/.statenet-ended-ln/fit.json"), "{").unwrap();
    fit("linear,ln");
    assert_eq!(temporary(&out), Vec::<String>::new());
    assert!(!out.join("checkpoints/.statenet-Ab12Cd").exists() && !out.join("unfinished").exists());
    let second = tree(&out);
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (path, bytes) in
        first.iter().filter(|(path, _)| !path.ends_with("summary.json") && *path != "report.html")
    {
        assert!(bytes == &second[path], "{path}");
    }
}

#[test]
fn a_folder_with_other_things_in_it_is_refused_and_left_as_it_was() {
    let Small { data, .. } = small();
    for name in ["thesis.tex", ".tmp-notes", ".statenet-plans"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), "years of work").unwrap();
        let args = ["--data", text(data), "--epochs", "1", "--model", "linear", "--out", text(folder.path())];
        expect_refused("fit", &args, &[name, "choose another --out"]);
        assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), [name]);
    }
}

/// Largest difference of two arrays of one shape.
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
        assert_eq!(tree(&whole).len(), 6, "every stimulus of the recording");
        for chunk in ["1", "7", "1000"] {
            let streamed = predict(chunk, data, &["--stream", chunk]);
            for file in tree(&whole).keys() {
                let read = |folder: &Path| read_npy_2d(&folder.join(file), "rates").unwrap();
                let d = distance(&read(&whole), &read(&streamed));
                assert!(d < 1e-5, "{name}, chunks of {chunk}, {file}: {d}");
            }
        }
        for stimulus in &test {
            let file = format!("{stimulus}.npy");
            let fitted = read_npy_2d(&out.join("predictions").join(name).join(&file), "rates").unwrap();
            assert_eq!(read_npy_2d(&whole.join(&file), "rates").unwrap(), fitted, "{name}");
        }
        // One cochleagram, as recorded, under any name.
        let sound = folder.path().join("my sound.npy");
        fs::copy(data.join("stimuli/sim02.npy"), &sound).unwrap();
        for more in [&[][..], &["--stream", "7"]] {
            let one = predict("one", &sound, more);
            let rates = read_npy_2d(&one.join("my sound.npy"), "rates").unwrap();
            let d = distance(&rates, &read_npy_2d(&whole.join("sim02.npy"), "rates").unwrap());
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
        let scores = json(&to);
        expect_test_object(&scores, 5);
        assert_eq!(scores, model["test"], "{name}");
    }
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
    // Fold 0 of 5 over six stimuli is 0 and 5, here by name and index.
    let list = at("split.json");
    fs::write(&list, r#"{"train": [1, 2], "val": [3, 4], "test": ["sim00", 5]}"#).unwrap();
    assert_eq!(score("list.json", &all, &["--split", text(&list)]), fold);
    assert_ne!(score("demo.json", &all, &[]), fold);
    // Some neurons: their predictions are the rows of all.
    let two = at("two");
    let rows = [3, 1];
    for stimulus in ["sim00", "sim05"] {
        let rates = read_npy_2d(&all.join(format!("{stimulus}.npy")), "rates").unwrap();
        write_npy_2d(&two.join(format!("{stimulus}.npy")), rates.select(ndarray::Axis(0), &rows).view())
            .unwrap();
    }
    let some = score("two.json", &two, &["--split", "kfold:5/0", "--neurons", "3,adaptation-0"]);
    assert!(some["per_neuron"].as_array().unwrap().len() == 2);
    let ids: Vec<_> = some["per_neuron"].as_array().unwrap().iter().map(|n| n["id"].clone()).collect();
    assert_eq!(ids[0], fold["per_neuron"][3]["id"]);
    assert_eq!(some["per_neuron"][0]["cc"], fold["per_neuron"][3]["cc"]);
    // A missing or misshapen prediction is named.
    let no = at("no.json");
    let refused = |predictions: &Path, says: &[&str]| {
        let args = ["--data", text(data), "--split", "kfold:5/0", "--out", text(&no)];
        expect_refused("score", &[&args[..], &["--predictions", text(predictions)]].concat(), says);
        assert!(!no.exists());
    };
    refused(&two, &["rate", "(2, 100)", "(5, 100)"]);
    fs::remove_file(all.join("sim05.npy")).unwrap();
    refused(&all, &["sim05.npy", "cannot read", "No such file"]);
}

#[test]
fn a_killed_run_ends_where_the_unbroken_one_does() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    let (broken, whole) = (folder.path().join("broken"), folder.path().join("whole"));
    let args = |epochs: usize, out: &Path| {
        let (epochs, patience) = (epochs.to_string(), "1000000".to_owned());
        let words = ["--data", text(data), "--model", "linear", "--batch", "4", "--lr", "1e-3", "--quiet"];
        let more = ["--epochs", &epochs, "--patience", &patience, "--out", text(out)];
        words.iter().chain(&more).map(ToString::to_string).collect::<Vec<_>>()
    };
    // The state is saved every few seconds: as many epochs as take longer than that, here, now.
    let mut epochs = 2000;
    loop {
        let mut child = example("fit").args(args(epochs, &broken)).spawn().unwrap();
        let state = broken.join("unfinished/linear/fit.json");
        let ended = loop {
            if state.is_file() {
                break false;
            }
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        child.kill().unwrap();
        child.wait().unwrap();
        if !ended {
            break;
        }
        fs::remove_dir_all(&broken).unwrap();
        epochs *= 2;
    }
    assert!(!broken.join("summary.json").exists() && !broken.join("checkpoints").exists());
    let course = json(&broken.join("unfinished/linear/fit.json"))["course"]["train_loss"].clone();
    let n_before = course.as_array().unwrap().len();
    assert!(0 < n_before && n_before < epochs);

    let rerun = args(epochs, &broken);
    expect_done("fit", &rerun.iter().map(String::as_str).collect::<Vec<_>>());
    let unbroken = args(epochs, &whole);
    expect_done("fit", &unbroken.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(timeless(&broken) == timeless(&whole));
    for part in ["checkpoints", "predictions"] {
        assert!(tree(&broken.join(part)) == tree(&whole.join(part)), "{part}");
    }
    assert!(!broken.join("unfinished").exists());
    assert_eq!(temporary(&broken), Vec::<String>::new());
}

/// A copy of the small recording with one file changed.
fn spoiled(folder: &Path, name: &str, file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> PathBuf {
    let to = folder.join(name);
    for (path, bytes) in tree(&small().data) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let path = to.join(file);
    fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
    to
}

fn with_text(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn bad_recordings_are_refused_by_file_and_field_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let spoil = |name: &str, file: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>| spoiled(at, name, file, change);
    let out = at.join("out");
    let refused = |data: &Path, says: &[&str]| {
        expect_refused("fit", &["--data", text(data), "--epochs", "1", "--out", text(&out)], says);
        assert!(tree(&out).is_empty(), "{:?}", tree(&out).keys());
    };
    refused(&at.join("nowhere"), &["nowhere/recording.json", "cannot read", "No such file"]);
    let json = "recording.json";
    refused(&spoil("a", json, &|b| b[..b.len() / 2].to_vec()), &["a/recording.json", "JSON", "line"]);
    refused(&spoil("b", json, &|b| with_text(b, "\"dt_ms\": 5.0", "\"dt_ms\": -5.0")), &["dt_ms is -5"]);
    refused(
        &spoil("c", json, &|b| with_text(b, "\"dt_ms\": 5.0,", "")),
        &["c/recording.json", "dt_ms is missing"],
    );
    refused(
        &spoil("d", json, &|b| with_text(b, "\"bins\": 100", "\"bins\": 99")),
        &["d/recording.json", "stimuli[0].bins is 99", "100"],
    );
    refused(
        &spoil("e", json, &|b| with_text(b, "\"id\": \"ln-0\"", "\"id\": \"linear-0\"")),
        &["e/recording.json", "neurons is linear-0 twice"],
    );
    refused(
        &spoil("f", "stimuli/sim03.npy", &|b| b[..b.len() - 5].to_vec()),
        &["f/stimuli/sim03.npy", "cannot read cochleagram", "truncated"],
    );
    let other_bands = at.join("bands.npy");
    write_npy_2d(&other_bands, ndarray::Array2::zeros((9, 100)).view()).unwrap();
    refused(
        &spoil("g", "stimuli/sim02.npy", &|_| fs::read(&other_bands).unwrap()),
        &["g/stimuli/sim02.npy", "(9, 100)", "(10, 100)"],
    );
    refused(&spoil("h", "responses/sim01.npz", &|b| b[..40].to_vec()), &["h/responses/sim01.npz"]);
    refused(&spoil("i", "responses/sim01.npz", &|_| Vec::new()), &["i/responses/sim01.npz"]);
}

#[test]
fn bad_arguments_are_refused_by_name_and_leave_nothing() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let out = at.join("out");
    let file = |name: &str, text: &str| {
        let path = at.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wide = file(
        "wide.json",
        r#"{"format": 1, "model": {"pipeline": {"core": {"statenet": {"encoder": {"locally_connected": {"kernel": 40}}}},
            "readout": {"linear": {}}}}}"#,
    );
    let typo = file("typo.toml", "format = 1\n[model.pipeline.readout.strf]\nlag = 9\n");
    let leak = file("leak.json", r#"{"train": [0, 1, 2], "val": [3], "test": ["sim02"]}"#);
    let empty = file("empty.json", r#"{"train": [0, 1, 2], "val": [], "test": [4]}"#);
    let beyond = file("beyond.json", r#"{"train": [0, 1, 2], "val": [3], "test": [6]}"#);
    let cases: [(&[&str], &[&str]); 20] = [
        (&["--model", "statnet"], &["--model", "statnet", "statenet-gru", "ridge"]),
        (&["--model", ","], &["--model"]),
        (&["--model", "ln,ln"], &["two models are called ln"]),
        (&["--model", &wide], &["model.pipeline.core.statenet.encoder.kernel is 40", "1 to 10"]),
        (&["--model", &typo], &["typo.toml", "lag"]),
        (&["--model", "absent.json"], &["absent.json", "No such file"]),
        (&["--split", &leak], &["sim02", "train", "test"]),
        (&["--split", &empty], &["val part of the split is empty"]),
        (&["--split", &beyond], &["stimulus index 6 in the test part", "below 6"]),
        (&["--split", "kfold:7/0"], &["kfold:7/0", "at least 7 stimuli", "6"]),
        (&["--split", "rahman"], &["rahman", "20 stimuli", "6"]),
        (&["--split", "halves"], &["--split", "halves", "kfold:K/I"]),
        (&["--neurons", "0,unit-9"], &["unit-9", "below 5"]),
        (&["--neurons", "0-9"], &["0-9", "below 5"]),
        (&["--threads", "0"], &["--threads is 0"]),
        (&["--device", "tpu"], &["--device", "tpu"]),
        (&["--epochs", "0"], &["number of epochs is 0"]),
        (&["--batch", "0"], &["batch size is 0"]),
        (&["--lr", "-1"], &["learning rate is -1"]),
        (&["--loss", "hinge"], &["--loss", "hinge"]),
    ];
    for (args, says) in cases {
        let lr: Vec<String> = if args[0] == "--lr" {
            vec![format!("--lr={}", args[1])]
        } else {
            args.iter().map(ToString::to_string).collect()
        };
        let model: &[&str] = if args.contains(&"--model") { &[] } else { &["--model", "linear"] };
        let fixed = ["--data", text(data), "--out", text(&out)];
        let all: Vec<&str> =
            fixed.iter().chain(model).copied().chain(lr.iter().map(String::as_str)).collect();
        expect_refused("fit", &all, says);
        assert!(tree(&out).is_empty(), "{args:?}: {:?}", tree(&out).keys());
    }
    if !cfg!(feature = "cuda") {
        let args = ["--data", text(data), "--out", text(&out), "--device", "cuda:0"];
        expect_refused("fit", &args, &["cuda:0", "feature cuda"]);
        assert!(tree(&out).is_empty());
    }
    // A file stands where the folder would be.
    let occupied = file("occupied", "");
    expect_refused("fit", &["--data", text(data), "--out", &occupied], &["occupied"]);
}

#[test]
fn predict_refuses_what_a_checkpoint_cannot_hear() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let to = at.join("rates");
    let (linear, statenet) = (out.join("checkpoints/linear"), out.join("checkpoints/statenet-gru"));
    let refused = |checkpoint: &Path, data: &Path, more: &[&str], says: &[&str]| {
        let args = ["--checkpoint", text(checkpoint), "--data", text(data), "--out", text(&to)];
        expect_refused("predict", &[&args[..], more].concat(), says);
        assert!(tree(&to).is_empty());
    };
    let slow = spoiled(at, "slow", "recording.json", |b| with_text(b, "\"dt_ms\": 5.0", "\"dt_ms\": 10.0"));
    refused(&linear, &slow, &[], &["dt is 10 ms", "expected 5 ms"]);
    let wide = at.join("wide.npy");
    write_npy_2d(&wide, ndarray::Array2::zeros((12, 30)).view()).unwrap();
    refused(&linear, &wide, &[], &["wide.npy", "(12, 30)", "(10, T)"]);
    let cut = at.join("cut.npy");
    let bytes = fs::read(data.join("stimuli/sim00.npy")).unwrap();
    fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
    refused(&linear, &cut, &[], &["cut.npy", "truncated"]);
    let nan = at.join("nan.npy");
    write_npy_2d(&nan, ndarray::Array2::from_elem((10, 3), f32::NAN).view()).unwrap();
    refused(&linear, &nan, &[], &["nan.npy", "cochleagram[0, 0] is NaN"]);
    refused(&linear, &at.join("nowhere.npy"), &[], &["nowhere.npy", "No such file"]);
    refused(&linear, data, &["--stream", "0"], &["chunk size is 0"]);
    refused(&linear, data, &["--standardize", "demo"], &["--standardize would scale them twice"]);
    refused(&at.join("nothing"), data, &[], &["nothing/config.json", "cannot read", "No such file"]);

    let copy = |name: &str, from: &Path| {
        let to = at.join(name);
        fs::create_dir_all(&to).unwrap();
        for (file, bytes) in tree(from) {
            fs::write(to.join(file), bytes).unwrap();
        }
        to
    };
    let swapped = copy("swapped", &linear);
    fs::copy(statenet.join("model.safetensors"), swapped.join("model.safetensors")).unwrap();
    refused(
        &swapped,
        data,
        &[],
        &["swapped/model.safetensors", "parameters of another model", "readout.strf.weight is missing"],
    );
    let torn = copy("torn", &linear);
    let bytes = fs::read(torn.join("model.safetensors")).unwrap();
    fs::write(torn.join("model.safetensors"), &bytes[..bytes.len() / 2]).unwrap();
    refused(&torn, data, &[], &["torn/model.safetensors", "cannot understand as safetensors"]);
    let newer = copy("newer", &linear);
    let config = fs::read(newer.join("config.json")).unwrap();
    fs::write(newer.join("config.json"), with_text(config, "\"format\": 1", "\"format\": 2")).unwrap();
    refused(&newer, data, &[], &["format is 2", "expected 1"]);
    let half = copy("half", &linear);
    let config = fs::read(half.join("config.json")).unwrap();
    fs::write(half.join("config.json"), &config[..config.len() / 2]).unwrap();
    refused(&half, data, &[], &["half/config.json", "not a model config"]);
}

/// A file system of a few pages, unmounted when dropped.
struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    /// `None`, and a word about it, where this user may not mount.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs", text(folder.path())])
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            Some(Self(folder))
        } else {
            println!("skipped: mounting a tmpfs needs root");
            None
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        let done = Command::new("mount").args(["-o", &options, text(self.path())]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_leaves_the_older_checkpoint_and_nothing_half_written() {
    let Some(disk) = TinyDisk::mount("64k") else { return };
    let axes = small_recording().axes();
    let model = |seed| zoo::linear(&axes).build(Seed::new(seed), &Device::Cpu).unwrap();
    let place = disk.path().join("model");
    checkpoint::save(&place, &*model(1), &Card::default()).unwrap();
    let older = tree(disk.path());
    // Fill what is left.
    let filler = disk.path().join("filler");
    let mut size = 64 * 1024;
    while fs::write(&filler, vec![0u8; size]).is_err() {
        size -= 4096;
    }
    let error = checkpoint::save(&place, &*model(2), &Card::default()).unwrap_err();
    assert!(matches!(error, statenet::models::Error::Write(_)), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        error.to_string().contains("config.json: cannot write") && cause.contains("No space left"),
        "{error}: {cause}"
    );
    fs::remove_file(&filler).unwrap();
    assert!(tree(disk.path()) == older, "the older checkpoint is whole and nothing else is there");
    checkpoint::save(&place, &*model(2), &Card::default()).unwrap();
    assert!(tree(disk.path()) != older);
}

#[test]
fn a_fit_onto_a_full_disk_says_so_and_goes_through_once_there_is_room() {
    let Some(disk) = TinyDisk::mount("96k") else { return };
    let out = disk.path().join("out");
    let Small { data, .. } = small();
    let args =
        ["--data", text(data), "--epochs", "1", "--model", "ridge,linear", "--quiet", "--out", text(&out)];
    expect_refused("fit", &args, &["cannot", "No space left"]);
    assert_eq!(temporary(&out), Vec::<String>::new());
    let left = tree(&out);
    assert!(!left.contains_key("summary.json") && !left.contains_key("report.html"), "{:?}", left.keys());
    // What is there is whole.
    for path in left.keys() {
        if let Some(folder) = path.strip_suffix("/config.json") {
            checkpoint::load(&out.join(folder), &Device::Cpu).unwrap();
        }
    }
    disk.resize("8m");
    expect_done("fit", &args);
    assert!(out.join("summary.json").is_file() && out.join("report.html").is_file());
}
