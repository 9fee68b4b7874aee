//! Benchmarks: what they leave, that it is the same however they were broken off, and models that do not suit a recording.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use serde_json::Value;

use crate::{
    harness::{expect_done, expect_refused, json, keys, program, run, small_recording, temporary, text},
    killed::{Moments, kill_after, n_kills},
};

/// A folder with a small recording.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        small_recording().write(place.at("data")).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Options of a small benchmark, without those of the output.
    fn options(&self, more: &[&str]) -> Vec<String> {
        let data = self.at("data");
        let options =
            ["--data", text(&data), "--epochs", "3", "--seeds", "2", "--split", "kfold:3", "--probe", "0.1"];
        options.iter().chain(more).map(ToString::to_string).collect()
    }

    fn words(&self, out: &str, more: &[&str]) -> Vec<String> {
        let out = self.at(out);
        self.options(&[more, &["--out", text(&out)]].concat())
    }
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Takes out the fields of time, wherever they are.
fn without_seconds(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.shift_remove("seconds");
            fields.values_mut().for_each(without_seconds);
        }
        Value::Array(values) => values.iter_mut().for_each(without_seconds),
        _ => {}
    }
}

/// The files of a benchmark, but for fields of time.
fn results(out: &Path) -> [String; 3] {
    let mut found = json(&out.join("benchmark.json"));
    without_seconds(&mut found);
    let [csv, tex] =
        ["csv", "tex"].map(|end| fs::read_to_string(out.join("benchmark").with_extension(end)).unwrap());
    [found.to_string(), csv, tex]
}

#[test]
fn a_benchmark_says_its_cost_runs_and_leaves_tables_of_every_model() {
    let place = Place::new();
    let out = place.at("out");
    let models = ["--models", "ridge,ln,ln+ic,statenet-gru,mel-ln"];
    let said = expect_done("benchmark", &borrowed(&place.words("out", &models))).stdout;
    for part in [
        "30 jobs: about",
        "estimated were",
        "statenet-gru minus ln+ic",
        "6 orders of 4 models",
        "failed: mel-ln on data, 6 fits: ",
        "benchmark.tex",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let found = json(&out.join("benchmark.json"));
    let models = found["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["ln", "ln+ic", "mel-ln", "ridge", "statenet-gru"]);
    let mean = |model: &Value, score: &str| model[score]["mean"].as_f64().unwrap_or(f64::NEG_INFINITY);
    assert!(models.windows(2).all(|pair| mean(&pair[0], "ccnorm") >= mean(&pair[1], "ccnorm")), "best first");
    for model in models {
        for field in
            ["name", "parameters", "ccnorm", "cc", "fve", "per_neuron", "seconds", "ccnorm_per_clip", "rank"]
        {
            assert!(keys(model).contains(&field), "{field}");
        }
        assert_eq!(model["ccnorm"]["per_seed"].as_array().unwrap().len(), 2);
        let failed = model["name"] == "mel-ln";
        assert_eq!(model["per_neuron"].as_array().unwrap().len(), if failed { 0 } else { 5 });
        let counts = ["fits", "failed"].map(|field| model[field].as_u64().unwrap());
        assert_eq!(counts, if failed { [0, 6] } else { [6, 0] });
        assert_eq!(model["ccnorm"]["ci95"].is_null(), failed);
        assert_eq!(model["parameters"].is_null(), failed);
    }
    assert_eq!(names.last(), Some(&"mel-ln"), "what has no score comes last");
    // The recording's neurons are simulated, and it says how long their memory is.
    assert!(models[0]["per_neuron"][0]["memory_ms"].as_f64().unwrap() > 0.0);
    let page = fs::read_to_string(out.join("benchmark.html")).unwrap();
    assert!(page.contains("CCnorm, statenet-gru minus ln+ic"), "{page}");
    let compared = found["comparisons"].as_array().unwrap();
    assert_eq!(compared.len(), 3);
    for pair in compared {
        for field in ["a", "b", "mean", "ci95", "p", "p_corrected", "n"] {
            assert!(keys(pair).contains(&field), "{field}");
        }
        assert_eq!((&pair["a"], &pair["n"]), (&"statenet-gru".into(), &5.into()));
        assert!(pair["p_corrected"].as_f64().unwrap() >= pair["p"].as_f64().unwrap());
    }
    let recording = &found["recordings"][0];
    assert_eq!(
        (&recording["name"], &recording["neurons"], &recording["stimuli"]),
        (&"data".into(), &5.into(), &6.into())
    );
    assert!(found["failed"][0]["why"].as_str().unwrap().contains("audio"), "{}", found["failed"]);
    assert_eq!(found["failed"][0]["jobs"].as_array().unwrap().len(), 6);
    // A neuron's score is the mean over its fits, and a model's that over neurons.
    let mut of_job = Vec::new();
    for entry in fs::read_dir(out.join("jobs")).unwrap() {
        let job = json(&entry.unwrap().path());
        if job["job"]["model"] == "ln" && job["job"]["vary"].is_null() {
            of_job.push(job["outcome"]["done"]["test"]["per_neuron"][2]["ccnorm"].as_f64().unwrap());
        }
    }
    let ln = models.iter().find(|model| model["name"] == "ln").unwrap();
    let neuron = ln["per_neuron"][2]["ccnorm"].as_f64().unwrap();
    assert_eq!(of_job.len(), 6);
    assert!((of_job.iter().sum::<f64>() / 6.0 - neuron).abs() < 1e-12);
    let all = ln["per_neuron"].as_array().unwrap().iter().map(|neuron| neuron["ccnorm"].as_f64().unwrap());
    assert!((all.sum::<f64>() / 5.0 - mean(ln, "ccnorm")).abs() < 1e-12);
    assert!(mean(ln, "ccnorm_per_clip").is_finite());
    let table = fs::read_to_string(out.join("benchmark.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 4 * 5);
    assert!(table.starts_with("model,recording,neuron,ccnorm,cc,fve,ccnorm_per_clip\n"), "{table}");
    assert!(fs::read_to_string(out.join("benchmark.tex")).unwrap().contains("\nln+ic & "));
    let page = fs::read_to_string(out.join("benchmark.html")).unwrap();
    for part in [
        "Scores",
        "statenet-gru against the others",
        "CCnorm of ln+ic",
        "Score against parameters",
        "Learning curves",
        "What could not be fitted",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.ends_with("</html>\n") && !page.contains("NaN"));
    assert!(!page.contains("ridge on data."), "ridge regression has no epochs");
    assert!(page.contains("statenet-gru on data."));
    assert_eq!(temporary(&out), Vec::<String>::new());
    // The folder is that of a sweep.
    let status = expect_done("sweep", &["status", "--out", text(&out)]).stdout;
    assert!(status.contains("30 jobs: 24 done, 0 running, 6 failed, 0 left, 0 damaged"), "{status}");
}

#[test]
fn a_benchmark_that_is_killed_and_shared_out_is_that_of_an_unbroken_run() {
    let place = Place::new();
    let models = ["--models", "ridge,linear,statenet-gru", "--against", "ridge", "--quiet"];
    let begun = Instant::now();
    expect_done("benchmark", &borrowed(&place.words("whole", &models)));
    let whole_run = begun.elapsed();
    let expected = results(&place.at("whole"));
    let (mut killed, mut tries, mut moments) = (0, 0, Moments(5));
    while killed < n_kills(4) {
        tries += 1;
        assert!(tries < 30 * n_kills(4), "it ends before it can be killed");
        let words = place.words("broken", &models);
        killed += usize::from(kill_after(program("benchmark").args(&words), moments.of(whole_run)));
        if place.at("broken/benchmark.json").is_file() {
            assert!(results(&place.at("broken")) == expected);
            fs::remove_dir_all(place.at("broken")).unwrap();
        }
    }
    for shard in ["1/2", "0/2"] {
        let said = expect_done(
            "benchmark",
            &borrowed(&place.words("broken", &[&models[..4], &["--shard", shard]].concat())),
        );
        let is_whole = said.stdout.contains("benchmark.json");
        assert!(is_whole || said.stdout.contains("fits have no result yet"), "{}", said.stdout);
    }
    assert!(results(&place.at("broken")) == expected);
    assert_eq!(temporary(&place.at("broken")), Vec::<String>::new());
}

#[test]
fn several_recordings_are_told_apart_and_a_plan_can_be_given() {
    let place = Place::new();
    let plan = "models = ['ridge', {model = 'linear', vary = {lags = [5, 9]}}]\n[[recipes]]\nepochs = 2\n[[recordings]]\ndata = 'data'\n\
        [[recordings]]\nname = 'twin'\ndata = 'data'\n";
    fs::write(place.at("plan.toml"), plan).unwrap();
    let (plan, out) = (place.at("plan.toml"), place.at("out"));
    let args = ["--plan", text(&plan), "--out", text(&out), "--against", "ridge", "--probe", "0.1"];
    let said = expect_done("benchmark", &args).stdout;
    for part in ["all recordings", "\ntwin\n", "ridge minus linear lags=5"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let found = json(&out.join("benchmark.json"));
    let names: Vec<&Value> = found["recordings"].as_array().unwrap().iter().map(|r| &r["name"]).collect();
    assert_eq!(names, ["data", "twin"]);
    let compared: Vec<(&Value, &Value)> =
        found["comparisons"].as_array().unwrap().iter().map(|c| (&c["recording"], &c["n"])).collect();
    let expected =
        [("null", 10), ("null", 10), ("\"data\"", 5), ("\"data\"", 5), ("\"twin\"", 5), ("\"twin\"", 5)];
    let compared: Vec<(String, u64)> =
        compared.into_iter().map(|(name, n)| (name.to_string(), n.as_u64().unwrap())).collect();
    assert_eq!(compared, expected.map(|(name, n)| (name.to_owned(), n)));
    let page = fs::read_to_string(out.join("benchmark.html")).unwrap();
    for part in ["Recordings side by side", "Score against the length of the window", "Scores on twin"] {
        assert!(page.contains(part), "{part}");
    }
    for model in found["models"].as_array().unwrap() {
        let [one, two] = [&model["recordings"][0], &model["recordings"][1]];
        assert_eq!((&one["ccnorm"], &one["rank"]), (&two["ccnorm"], &two["rank"]), "the same data");
        assert_eq!(model["ccnorm"]["n"], 10);
    }
}

#[test]
fn shares_of_the_training_sounds_are_a_figure_and_are_not_compared() {
    let place = Place::new();
    let words = place.words("out", &["--models", "ridge,linear", "--against", "ridge", "--train", "0.5,1"]);
    let said = expect_done("benchmark", &borrowed(&words)).stdout;
    assert!(said.contains("24 jobs: about") && said.contains("6 orders of 2 models"), "{said}");
    let found = json(&place.at("out/benchmark.json"));
    let models = found["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), names.contains(&"linear train=0.5")), (4, true));
    assert_eq!(found["comparisons"].as_array().unwrap().len(), 1);
    let page = fs::read_to_string(place.at("out/benchmark.html")).unwrap();
    assert!(page.contains("Score against the amount of training data"));
    let [half, all] =
        ["linear train=0.5", "linear"].map(|name| models.iter().find(|m| m["name"] == name).unwrap());
    assert_ne!(half["ccnorm"]["mean"], all["ccnorm"]["mean"], "fitted to other sounds");
}

#[test]
fn wrong_options_are_refused_before_the_work_and_nothing_but_failures_is_an_error() {
    let place = Place::new();
    let data = place.at("data");
    let out = place.at("out");
    let refused = |more: &[&str], says: &[&str]| {
        let args = [&["--data", text(&data), "--out", text(&out)], more].concat();
        expect_refused("benchmark", &args, says);
    };
    refused(&["--models", "lnn"], &["--models has \"lnn\"", "statenet-gru"]);
    refused(&["--models", "ln-ic+adaptrans"], &["cannot have another adaptation"]);
    refused(&["--seeds", "0"], &["--seeds is 0"]);
    refused(&["--train", "0.5"], &["--train is [0.5], expected 1"]);
    refused(&["--train", "1,2"], &["train of the plan is 2"]);
    refused(&["--probe", "0"], &["--probe is 0"]);
    refused(&["--split", "demos"], &["splits of the plan is \"demos\""]);
    refused(&["--plan", "x.toml"], &["cannot be used with"]);
    expect_refused("benchmark", &["--data", text(&data), "--out", text(&place.at("data/x"))], &["lies in"]);
    let args = ["--data", text(&data), "--out", text(&out), "--models", "mel-ln", "--probe", "0.1"];
    let ended = run("benchmark", &args);
    assert!(!ended.success && ended.stderr.contains("all 1 fits failed"), "{}", ended.stderr);
    assert!(ended.stderr.contains("there is no model statenet-gru"), "{}", ended.stderr);
    let dry = expect_done(
        "benchmark",
        &["--data", text(&data), "--out", text(&place.at("dry")), "--models", "ridge", "--dry-run"],
    );
    assert!(dry.stdout.contains("1 jobs: about") && !place.at("dry/jobs").exists(), "{}", dry.stdout);
}
