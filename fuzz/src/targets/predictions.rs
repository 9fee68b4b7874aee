//! A folder of predictions, as `score` reads it beside a recording: scored or refused. What scores the recording's own PSTH is
//! the same after it is written again.

use std::{path::Path, sync::LazyLock};

use clap::Parser;
use statenet_cli::score::{self, ScoreArgs};
use statenet_data::{read_npy_2d, write_npy_2d};
use tempfile::TempDir;

use super::{examples, some_numbers_a_byte};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "predictions",
    kind: Kind::Folder,
    most_bytes: 1 << 14,
    largest_block: some_numbers_a_byte,
    seeds,
    check,
};

/// The recording on disk. Six stimuli: the last is the test part of the split.
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
    let Some(scores) = scored(&first, &scratch.path().join("first.json")) else { return false };
    for name in folder.files.keys().filter(|name| name.ends_with(".npy")) {
        if let Ok(rates) = read_npy_2d(first.join(name), "rates") {
            write_npy_2d(second.join(name), rates.view()).expect("rates can be written");
        }
    }
    for (name, bytes) in folder.files.iter().filter(|(name, _)| !name.ends_with(".npy")) {
        let file = second.join(name);
        if first.join(name).is_file() && file.parent().is_some_and(|p| std::fs::create_dir_all(p).is_ok()) {
            std::fs::write(file, bytes).expect("a scratch file can be written");
        }
    }
    let again = scored(&second, &scratch.path().join("second.json"));
    assert_eq!(again.expect("what we write we can read"), scores);
    true
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
            Some(serde_json::from_slice(&text).expect("scores are JSON"))
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
        let (psth, _) = stimulus.responses().psth();
        let file = scratch.path().join(format!("{}.npy", stimulus.name()));
        write_npy_2d(file, psth.view()).expect("rates can be written");
    }
    let all = Folder::read(scratch.path()).expect("written");
    let mut needed = all.clone();
    needed.files.retain(|name, _| name == "s5.npy");
    vec![("all".to_owned(), all.pack()), ("needed".to_owned(), needed.pack())]
}
