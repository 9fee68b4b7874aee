//! Runs the programs and inspects their output.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use serde_json::Value;
use statenet::prelude::*;

pub(crate) const MODELS: [&str; 4] = ["ridge", "linear", "ln", "statenet-gru"];

/// `statenet NAME`, to which options can be added.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_statenet"));
    command.arg(name);
    // The default logging, whatever the environment of the tests.
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LOG").env_remove("RUST_LIB_BACKTRACE");
    command
}

/// The result of a program.
pub(crate) struct Ended {
    pub(crate) success: bool,
    /// The exit code; `None` if a signal ended the process.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(name: &str, args: &[&str]) -> Ended {
    Ended::of(program(name).args(args).stdin(Stdio::null()).output().unwrap())
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let Output { status, stdout, stderr } = output;
        Self { success: status.success(), code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

/// Runs a program that must succeed.
pub(crate) fn expect_done(name: &str, args: &[&str]) -> Ended {
    let ended = run(name, args);
    assert!(ended.success, "{name} {args:?}: {}", ended.stderr);
    ended
}

/// Runs a program that must fail with a one-line error that contains all of these parts.
pub(crate) fn expect_refused(name: &str, args: &[&str], says: &[&str]) {
    let Ended { success, code, stderr, .. } = run(name, args);
    assert!(!success, "{name} {args:?} succeeded");
    assert!(!stderr.contains("panicked"), "{name} {args:?}: {stderr}");
    // Doubts may be said before the error.
    let stderr: String =
        stderr.lines().filter(|line| !line.starts_with("warning: ")).collect::<Vec<_>>().join("\n");
    let first = stderr.lines().next().unwrap_or_default();
    for part in says {
        assert!(first.contains(part), "{name} {args:?}: {stderr:?} does not say {part:?}");
    }
    // The argument parser prints usage after the error; all other errors are one line.
    if first.starts_with("Error: ") {
        assert_eq!(code, Some(1), "{stderr}");
        assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    } else {
        assert_eq!(code, Some(2), "{stderr}");
        assert!(first.starts_with("error: "), "{stderr}");
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Every file below a folder, by relative path.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
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

/// Whether this is a temporary name used while writing.
pub(crate) fn temporary(folder: &Path) -> Vec<String> {
    let hidden = |path: &String| path.split('/').any(|part| part.starts_with('.'));
    tree(folder).into_keys().filter(hidden).collect()
}

/// A new folder in the target folder, for results that several tests read.
pub(crate) fn shared(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    folder
}

pub(crate) fn fit_default(out: &Path, threads: &str) -> Ended {
    let models = MODELS.join(",");
    let args = ["--neurons", "0-3", "--epochs", "3", "--model", &models, "--quiet", "--threads", threads];
    expect_done("fit", &[&args[..], &["--out", text(out)]].concat())
}

/// The results of `fit` on the simulated default, one thread.
pub(crate) fn default_results() -> &'static Path {
    static OUT: OnceLock<PathBuf> = OnceLock::new();
    OUT.get_or_init(|| {
        let out = shared("default");
        let ended = fit_default(&out, "1");
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""), "--quiet prints nothing");
        out
    })
}

/// A small recording on disk, and the results of `fit` on it.
pub(crate) struct Small {
    pub(crate) data: PathBuf,
    pub(crate) out: PathBuf,
}

pub(crate) fn small_recording() -> Recording {
    SimulationConfig::small().with_seed(Seed::new(4)).simulate().unwrap().recording
}

pub(crate) fn small() -> &'static Small {
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

pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Checks that a value is a finite number or null.
pub(crate) fn number_or_null(value: &Value, what: &str) {
    assert!(value.is_null() || value.as_f64().is_some_and(f64::is_finite), "{what}: {value}");
}

pub(crate) fn expect_test_object(test: &Value, n_neurons: usize) {
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

/// That a file of `score` has the same numbers as the `test` object of a summary, which has less of each neuron.
pub(crate) fn expect_same_scores(scores: &Value, test: &Value) {
    for (field, value) in test.as_object().unwrap().iter().filter(|(field, _)| *field != "per_neuron") {
        assert_eq!(&scores[field], value, "{field}");
    }
    expect_same_neurons(&scores["per_neuron"], &test["per_neuron"]);
}

/// The same of the scores of neurons.
pub(crate) fn expect_same_neurons(scored: &Value, fitted: &Value) {
    let neurons = |of: &Value| of.as_array().unwrap().clone();
    assert_eq!(neurons(scored).len(), neurons(fitted).len());
    for (scored, fitted) in neurons(scored).iter().zip(&neurons(fitted)) {
        for (field, value) in fitted.as_object().unwrap() {
            if field != "undefined" {
                assert_eq!(&scored[field], value, "{field}");
                continue;
            }
            for (score, reason) in value.as_object().unwrap() {
                assert_eq!(&scored[field][score], reason, "{score}");
            }
        }
    }
}

/// The summary without the only field that differs between equal runs.
pub(crate) fn timeless(out: &Path) -> String {
    let mut summary = json(&out.join("summary.json"));
    for model in summary["models"].as_array_mut().unwrap() {
        model.as_object_mut().unwrap().shift_remove("seconds_fit").unwrap();
    }
    summary.to_string()
}
