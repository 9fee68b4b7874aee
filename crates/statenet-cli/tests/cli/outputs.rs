//! Outputs never replace inputs, never mix with those of another run, and leave the files of others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use crate::harness::{
    Small, expect_done, expect_refused, json, program, run, small, temporary, text, timeless, tree,
};

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in tree(from) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Copies of a recording, a checkpoint, predictions and a sound, which programs might overwrite.
struct Inputs {
    root: tempfile::TempDir,
}

impl Inputs {
    fn new() -> Self {
        let Small { data, out } = small();
        let inputs = Self { root: tempfile::tempdir().unwrap() };
        copy(data, &inputs.at("rec"));
        copy(&out.join("checkpoints/linear"), &inputs.at("model"));
        copy(&out.join("predictions/linear"), &inputs.at("rates"));
        fs::create_dir(inputs.at("x")).unwrap();
        fs::copy(data.join("stimuli/sim01.npy"), inputs.at("x/noise.npy")).unwrap();
        fs::write(inputs.at("x/split.json"), r#"{"train": [0, 1, 2], "val": [3], "test": [4]}"#).unwrap();
        fs::write(inputs.at("x/gru.toml"), "format = 1\n").unwrap();
        inputs
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// The program is refused with both paths, and nothing has changed. Words with a slash in front are paths.
    fn refused(&self, name: &str, words: &str, says: &[&str]) {
        let before = tree(self.root.path());
        let words = words.split(' ').map(|word| match word.strip_prefix('/') {
            Some(path) => text(&self.at(path)).to_owned(),
            None => word.to_owned(),
        });
        let words: Vec<String> = words.collect();
        expect_refused(name, &words.iter().map(String::as_str).collect::<Vec<_>>(), says);
        assert!(tree(self.root.path()) == before, "{name} {words:?}");
    }
}

#[test]
fn an_output_that_is_holds_or_lies_in_an_input_is_refused() {
    let inputs = Inputs::new();
    let refused = |name: &str, words: &str, says: &[&str]| inputs.refused(name, words, says);
    refused("predict", "--checkpoint /model --data /x/noise.npy --out /x", &["x holds --data", "noise.npy"]);
    refused("predict", "--checkpoint /model --data /rec --out /rec/stimuli", &["rec/stimuli lies in --data"]);
    refused("predict", "--checkpoint /model --data /rec --out /model", &["model is --checkpoint"]);
    refused("convert", "--checkpoint /model --to published --out /model", &["model is --checkpoint"]);
    refused("convert", "--checkpoint /model --to statenet --out /x/../model/", &["is --checkpoint"]);
    refused("interpret", "--checkpoint /model --data /rec --out /rec", &["rec is --data"]);
    refused("interpret", "--data /rec --split /x/split.json --out /x", &["x holds --split", "split.json"]);
    refused("fit", "--data /rec --out /rec/results/new", &["lies in --data"]);
    refused("fit", "--data /rec --model /x/gru.toml --out /x", &["x holds --model", "gru.toml"]);
    refused("fit", "--data /rec --front-end /x/gru.toml --out /x", &["x holds --front-end"]);
    refused("fit", "--audio /x --counts /rec/counts.npz --dt 5 --out /x", &["x is --audio"]);
    refused("score", "--data /rec --predictions /rates --out /rates/sim05.npy", &["lies in --predictions"]);
    refused("score", "--data /rec --predictions /rates --out /rec/recording.json", &["lies in --data"]);
    refused(
        "score",
        "--data /rec --predictions /rates --split /x/split.json --out /x/split.json",
        &["is --split"],
    );
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(inputs.at("rec"), inputs.at("link")).unwrap();
        let (link, rec, model) = (inputs.at("link"), inputs.at("rec"), inputs.at("model"));
        let words = ["--checkpoint", text(&model), "--data", text(&rec), "--out", text(&link)];
        expect_refused("predict", &words, &["link is --data"]);
    }
}

#[test]
fn files_of_others_are_left_as_they_are() {
    let inputs = Inputs::new();
    let (model, rec, out) = (inputs.at("model"), inputs.at("rec"), inputs.at("mine"));
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.tex"), "years of work").unwrap();
    let before = tree(&out);
    let checkpoint = ["--checkpoint", text(&model), "--out", text(&out), "--data", text(&rec), "--quiet"];
    expect_refused("interpret", &checkpoint, &["mine: contains thesis.tex", "not written by interpret"]);
    expect_refused("fit", &checkpoint[2..], &["mine: contains thesis.tex", "not written by fit"]);
    let convert = ["--checkpoint", text(&model), "--to", "published", "--out", text(&out)];
    expect_refused("convert", &convert, &["mine: contains thesis.tex", "not written by convert"]);
    assert!(tree(&out) == before);
    // What predict writes has the names of sounds: it may lie beside other files.
    expect_done("predict", &checkpoint);
    expect_done("predict", &checkpoint);
    // But for a file of the same name that predict has not written.
    fs::write(out.join("noise.npy"), "a user's sound").unwrap();
    let sound = inputs.at("x/noise.npy");
    let noise = ["--checkpoint", text(&model), "--data", text(&sound), "--out", text(&out)];
    let both = tree(&out);
    expect_refused("predict", &noise, &["mine/noise.npy: was not written by predict"]);
    assert!(tree(&out) == both);
    let after = tree(&out);
    assert_eq!(after["thesis.tex"], before["thesis.tex"]);
    assert!(after.contains_key("sim00.npy"));
}

#[test]
fn a_later_run_leaves_nothing_of_an_earlier_one_beside_its_results() {
    let Small { data, out: fitted } = small();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let fit = |models: &str, out: &Path| {
        let args = ["--data", text(data), "--epochs", "1", "--quiet", "--out", text(out), "--model", models];
        expect_done("fit", &args);
    };
    fit("ridge,ln,linear", &at("twice"));
    fs::write(at("twice/checkpoints/notes.txt"), "a user's").unwrap();
    fit("linear", &at("twice"));
    fit("linear", &at("once"));
    fs::remove_file(at("twice/checkpoints/notes.txt")).unwrap();
    let (twice, once) = (tree(&at("twice")), tree(&at("once")));
    assert_eq!(twice.keys().collect::<Vec<_>>(), once.keys().collect::<Vec<_>>());
    assert!(timeless(&at("twice")) == timeless(&at("once")));
    for (path, bytes) in &once {
        assert!(path == "summary.json" || path == "report.html" || &twice[path] == bytes, "{path}");
    }

    let checkpoint = fitted.join("checkpoints/linear");
    let interpret = |neurons: &str, methods: &str, out: &Path| {
        let args = ["--checkpoint", text(&checkpoint), "--data", text(data), "--quiet", "--out", text(out)];
        let more = ["--neurons", neurons, "--methods", methods, "--dream-steps", "2"];
        expect_done("interpret", &[&args[..], &more].concat());
    };
    interpret("0-2", "gradmap,dream", &at("seen-twice"));
    interpret("1", "gradmap", &at("seen-twice"));
    interpret("1", "gradmap", &at("seen-once"));
    assert!(tree(&at("seen-twice")) == tree(&at("seen-once")));

    let predict = |sound: &str, out: &Path| {
        let sound = data.join(sound);
        let args = ["--checkpoint", text(&checkpoint), "--data", text(&sound), "--quiet", "--out", text(out)];
        expect_done("predict", &args);
    };
    predict("", &at("rates-twice"));
    fs::write(at("rates-twice/mine.npy"), "a user's").unwrap();
    predict("stimuli/sim02.npy", &at("rates-twice"));
    predict("stimuli/sim02.npy", &at("rates-once"));
    fs::remove_file(at("rates-twice/mine.npy")).unwrap();
    assert!(tree(&at("rates-twice")) == tree(&at("rates-once")));
}

#[test]
fn a_folder_in_use_is_refused_by_the_name_of_its_user_and_free_when_that_is_killed() {
    let Small { data, out: fitted } = small();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let long = ["--data", text(data), "--model", "linear", "--epochs", "10000000", "--patience", "10000000"];
    let mut child = program("fit").args(long).args(["--out", text(&out), "--quiet"]).spawn().unwrap();
    while fs::read_to_string(out.join(".lock")).map_or(true, |text| !text.ends_with('\n')) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    let owner = json(&out.join(".lock"));
    assert_eq!((owner["program"].as_str(), owner["pid"].to_string()), (Some("fit"), pid.clone()));
    let host = owner["host"].as_str().unwrap().to_owned();
    let says = ["out: is being written by fit", &format!("process {pid} on {host}"), "another --out"];
    expect_refused("fit", &["--data", text(data), "--out", text(&out)], &says);
    let checkpoint = fitted.join("checkpoints/linear");
    let words = ["--checkpoint", text(&checkpoint), "--data", text(data), "--out", text(&out)];
    expect_refused("predict", &words, &says);
    expect_refused("interpret", &words, &says);
    child.kill().unwrap();
    child.wait().unwrap();
    let args = ["--data", text(data), "--model", "ridge", "--out", text(&out), "--quiet"];
    expect_done("fit", &args);
    assert!(!temporary(&out).iter().any(|name| name == ".lock"));

    let scores = folder.path().join("scores.json");
    let lock = fs::File::create(folder.path().join(".scores.json.lock")).unwrap();
    lock.lock().unwrap();
    let predictions = fitted.join("predictions/linear");
    let args = ["--data", text(data), "--predictions", text(&predictions), "--out", text(&scores)];
    expect_refused("score", &args, &["scores.json: is being written by another process"]);
    drop(lock);
    expect_done("score", &args);
}

#[test]
fn of_three_runs_at_once_those_that_succeed_leave_whole_results() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let models = ["ridge", "linear", "ln"];
    let children: Vec<_> = models
        .iter()
        .map(|model| {
            program("fit")
                .args(["--data", text(data), "--epochs", "2", "--model", model, "--out", text(&out)])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let codes: Vec<_> = children.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
    assert!(codes.contains(&Some(0)) && codes.iter().all(|&code| code == Some(0) || code == Some(1)));
    let summary = json(&out.join("summary.json"));
    let [model] = summary["models"].as_array().unwrap().as_slice() else { panic!("{summary}") };
    let name = model["name"].as_str().unwrap();
    assert_eq!(codes[models.iter().position(|model| *model == name).unwrap()], Some(0));
    for part in ["checkpoints", "predictions"] {
        assert!(tree(&out.join(part)).keys().all(|path| path.starts_with(&format!("{name}/"))), "{part}");
    }
    assert_eq!(temporary(&out), Vec::<String>::new());
    assert!(run("fit", &["--data", text(data), "--model", "ridge", "--out", text(&out)]).success);
}
