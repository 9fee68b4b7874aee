//! A folder of predictions: read, written, read again, equal; and scored by `score` beside a recording, before and after.

use std::{path::Path, sync::LazyLock};

use clap::Parser;
use statenet_cli::score::{self, ScoreArgs};
use statenet_data::{Predictions, Stimulus, write_npy_2d};
use tempfile::TempDir;

use super::{examples, npy::same, some_numbers_a_byte, told};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "predictions",
    kind: Kind::Folder,
    most_bytes: 1 << 14,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

/// The test part of the split of the recording.
const SCORED: &str = "s5";

/// The recording on disk.
static RECORDING: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a scratch folder");
    examples::recording(6).write(folder.path().join("recording")).expect("a recording can be written");
    folder
});

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (first, second) = (scratch.path().join("first"), scratch.path().join("second"));
    folder.write(&first).expect("a scratch folder can be written");
    let read = match Predictions::read(&first, &[SCORED]) {
        Ok(predictions) => predictions,
        Err(error) => return told(&error),
    };
    read.write(&second, &[]).expect("what was read can be written");
    let again = Predictions::read(&second, &[SCORED]).expect("what we write we can read");
    let about = |p: &Predictions| (p.neurons().to_vec(), p.stimuli().to_vec(), p.unit().cloned(), p.dt());
    assert_eq!(about(&read), about(&again));
    for (a, b) in read.rates().iter().zip(again.rates()) {
        same(&a.clone().into_dyn(), &b.clone().into_dyn());
    }
    let scores = scored(&first, &scratch.path().join("first.json"));
    assert_eq!(scored(&second, &scratch.path().join("second.json")), scores);
    scores.is_some()
}

/// The scores, if the predictions are taken.
fn scored(predictions: &Path, out: &Path) -> Option<serde_json::Value> {
    let recording = RECORDING.path().join("recording");
    let args = ScoreArgs::try_parse_from([
        "score".as_ref(),
        "--data".as_ref(),
        recording.as_os_str(),
        "--predictions".as_ref(),
        predictions.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
        "--quiet".as_ref(),
    ]);
    match score::run(&args.expect("options of score")) {
        Ok(()) => {
            let text = std::fs::read(out).expect("scores are written");
            let mut scores: serde_json::Value = serde_json::from_slice(&text).expect("scores are JSON");
            // Warnings name the folder.
            scores
                .as_object_mut()
                .and_then(|scores| scores.remove("warnings"))
                .expect("warnings are written");
            Some(scores)
        }
        Err(error) => {
            let text = format!("{error:#}");
            assert!(!text.is_empty() && text.len() < 4000, "an error of {} bytes", text.len());
            assert!(!out.exists(), "no scores are left behind");
            None
        }
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let recording = examples::recording(6);
    for stimulus in recording.stimuli() {
        let (psth, _) = stimulus.responses().expect("in memory").psth();
        let file = scratch.path().join(format!("{}.npy", stimulus.name()));
        write_npy_2d(file, psth.view()).expect("rates can be written");
    }
    let all = Folder::read(scratch.path()).expect("written");
    let named = scratch.path().join("named");
    let psth = |stimulus: &Stimulus| stimulus.responses().expect("in memory").psth().0;
    let rates = recording.stimuli().iter().map(psth).collect();
    let predictions =
        Predictions::for_recording(&recording, &[0, 1, 2, 3, 4, 5], rates).expect("predictions");
    predictions.write(&named, &[]).expect("predictions can be written");
    let named = Folder::read(&named).expect("written");
    let mut needed = all.clone();
    needed.files.retain(|name, _| name == "s5.npy");
    vec![
        ("all".to_owned(), all.pack()),
        ("needed".to_owned(), needed.pack()),
        ("named".to_owned(), named.pack()),
    ]
}
