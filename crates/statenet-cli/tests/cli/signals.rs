//! Ctrl-C and SIGTERM.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::harness::{Ended, Small, expect_done, program, small, temporary, text, timeless, tree};

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Starts a fit, waits for the end of its first epoch, sends signals and returns how it ended; `None` if it ended before.
fn interrupted(args: &[&str], signals: &[&str]) -> Option<Ended> {
    let mut command = program("fit");
    command.args(args).env("RUST_LOG", "statenet_train=debug");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("train_loss") {
        line.clear();
        if log.read_line(&mut line).unwrap() == 0 {
            child.wait().unwrap();
            return None;
        }
    }
    for name in signals {
        signal(&child, name);
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut stderr = String::new();
    log.read_to_string(&mut stderr).unwrap();
    let code = child.wait().unwrap().code();
    (code != Some(0)).then(|| Ended { success: false, code, stdout: String::new(), stderr })
}

#[test]
fn a_fit_that_is_interrupted_goes_on_where_it_was() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    for name in ["INT", "TERM"] {
        let (broken, whole) = (folder.path().join(format!("broken-{name}")), folder.path().join(name));
        let words = |epochs: &str, out: &Path| {
            let words = ["--data", text(data), "--model", "ridge,linear", "--patience", "1000000", "--quiet"];
            let more = ["--epochs", epochs, "--out", text(out)];
            words.iter().chain(&more).map(ToString::to_string).collect::<Vec<_>>()
        };
        let words = |epochs: &str, out: &Path| -> Vec<String> { words(epochs, out) };
        let mut epochs = 200;
        let ended = loop {
            let args = words(&epochs.to_string(), &broken);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            match interrupted(&args, &[name]) {
                Some(ended) => break ended,
                None => epochs *= 2,
            }
            let _finished = fs::remove_dir_all(&broken);
        };
        assert_eq!(ended.code, Some(130), "{}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with("fitting linear: interrupted; linear stopped after epoch "), "{last}");
        assert!(last.ends_with("run the same command again to go on from there"), "{last}");
        let left: Vec<String> = tree(&broken).into_keys().collect();
        assert_eq!(left, ["unfinished/linear/fit.json", "unfinished/linear/fit.safetensors"]);

        for out in [&broken, &whole] {
            let args = words(&epochs.to_string(), out);
            let output = program("fit").args(&args).env("RUST_LOG", "statenet_train=info").output().unwrap();
            let ended = Ended::of(output);
            assert!(ended.success, "{}", ended.stderr);
            assert_eq!(ended.stderr.contains("resuming a fit"), out == &broken, "{}", ended.stderr);
        }
        assert!(timeless(&broken) == timeless(&whole));
        for part in ["checkpoints", "predictions", "figures"] {
            assert!(tree(&broken.join(part)) == tree(&whole.join(part)), "{part}");
        }
        assert!(!broken.join("unfinished").exists());
    }
}

#[test]
fn a_second_signal_stops_at_once_and_leaves_earlier_results() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    let args = |epochs, model| {
        let out = text(folder.path());
        ["--data", text(data), "--model", model, "--epochs", epochs, "--patience", "1000000", "--out", out]
    };
    expect_done("fit", &args("1", "ridge"));
    let before = tree(folder.path());
    let ended = interrupted(&args("100000", "statenet-gru"), &["INT", "INT"]).unwrap();
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    let mut after = tree(folder.path());
    after.retain(|path, _| !path.starts_with("unfinished/") && !path.starts_with('.'));
    assert!(after == before);
    // What was left aside goes with the next run.
    expect_done("fit", &args("1", "ridge"));
    assert_eq!(temporary(folder.path()), Vec::<String>::new());
}

#[test]
fn programs_without_a_state_stop_without_a_trace() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = out.join("checkpoints/statenet-gru");
    let to = folder.path().join("seen");
    let mut child = program("interpret")
        .args(["--checkpoint", text(&checkpoint), "--data", text(data), "--dream-steps", "5000"])
        .args(["--out", text(&to), "--quiet"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !to.join(".lock").is_file() {
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "INT");
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    assert_eq!(stderr, "interrupted; run the same command again\n");
    assert!(!to.exists());
}
