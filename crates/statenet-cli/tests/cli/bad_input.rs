//! Bad input gives a one-line error and leaves no incomplete files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use statenet::data::write_npy_2d;

use crate::harness::{Small, expect_refused, small, text, tree};

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
        (&["--split", &beyond], &["stimulus index in the test part is 6", "below 6"]),
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
    // There is a file at the path of the folder.
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
    refused(&linear, data, &["--standardize", "demo"], &["remove --standardize, which would scale twice"]);
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
