//! Resuming a run that was killed.

use std::{fs, path::Path, time::Duration};

use crate::harness::{Small, expect_done, json, program, small, temporary, text, timeless, tree};

/// Epochs of a saved state.
fn n_epochs(state: &Path) -> usize {
    json(state)["course"]["train_loss"].as_array().unwrap().len()
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
    // The state is saved every few seconds: use as many epochs as take longer than that on this machine.
    let mut epochs = 2000;
    loop {
        let mut child = program("fit").args(args(epochs, &broken)).spawn().unwrap();
        let state = broken.join("unfinished/linear/fit.json");
        let ended = loop {
            if state.is_file() {
                // The state of a fit that has ended stays until the run has ended.
                break n_epochs(&state) == epochs;
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
    let n_before = n_epochs(&broken.join("unfinished/linear/fit.json"));
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
