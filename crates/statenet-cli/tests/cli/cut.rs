//! One long recording, cut into pieces: fit, predict, score and interpret on the same pieces.

use std::path::Path;

use ndarray::{Array2, Array3, Axis, concatenate};
use serde_json::json;
use statenet::{
    core::SampleRate,
    data::{Responses, Stimulus, write_wav},
    prelude::*,
};

use crate::harness::{
    expect_done, expect_refused, expect_same_neurons, json as read, small_recording, text, tree,
};

/// The small recording as one long stimulus, with noise as its sound.
fn long(root: &Path) -> Recording {
    let whole = small_recording();
    let sounds: Vec<_> = whole.stimuli().iter().map(|s| s.cochleagram()).collect();
    let counts: Vec<_> = whole.stimuli().iter().map(|s| s.responses().unwrap().values().to_owned()).collect();
    let sound: Array2<f32> = concatenate(Axis(1), &sounds).unwrap();
    let counts: Array3<f32> =
        concatenate(Axis(2), &counts.iter().map(|counts| counts.view()).collect::<Vec<_>>()).unwrap();
    let (rate, mut noise) = (8000.0, Seed::new(1).stream("sound"));
    let n_samples = (sound.ncols() as f64 * whole.dt().seconds() * rate) as usize;
    let samples: Vec<f32> = (0..n_samples).map(|_| 0.1 * noise.normal() as f32).collect();
    let path = root.join("sound.wav");
    write_wav(&path, &samples, SampleRate::new(rate).unwrap()).unwrap();
    let stimulus = Stimulus::new("long", sound, Responses::from_nan(counts).unwrap()).unwrap();
    let (about, neurons) = (whole.description().clone(), whole.neurons().to_vec());
    Recording::new(about, whole.dt(), whole.bands().to_vec(), neurons, vec![stimulus.with_audio(path)])
        .unwrap()
}

#[test]
fn a_recording_of_one_stimulus_is_fitted_predicted_scored_and_interpreted_in_pieces() {
    let root = tempfile::tempdir().unwrap();
    let recording = long(root.path());
    let data = root.path().join("data");
    recording.write(&data).unwrap();
    let seconds = recording.stimuli()[0].n_bins() as f64 * recording.dt().seconds();
    // Seven pieces and their gaps.
    let cut = format!("{:.3},0.05", seconds / 7.0 - 0.06);
    let pieces = recording.cut(&cut.parse().unwrap()).unwrap();
    assert_eq!(pieces.n_stimuli(), 7);
    let out = root.path().join("out");
    let fit = ["--data", text(&data), "--model", "ridge,ln", "--epochs", "2", "--out", text(&out)];
    expect_refused("fit", &fit, &["split demo needs at least 3 stimuli, the recording has 1"]);
    let ended = expect_done("fit", &[&fit[..], &["--cut", &cut]].concat());
    assert!(ended.stdout.contains("7 pieces"), "{}", ended.stdout);
    let summary = read(&out.join("summary.json"));
    assert_eq!(summary["dataset"]["stimuli"], 7);
    let checkpoint = out.join("checkpoints/ln");
    let training = read(&checkpoint.join("config.json"))["training"].clone();
    assert_eq!(training["cut"]["every"]["rest"], json!("drop"));
    // The pieces are predicted as by the fit, and scored the same.
    let name = pieces.stimuli()[6].name();
    assert!(out.join(format!("predictions/ln/{name}.npy")).is_file(), "{name}");
    let (predictions, scores) = (root.path().join("predictions"), root.path().join("scores.json"));
    let with_checkpoint = ["--checkpoint", text(&checkpoint), "--data", text(&data)];
    let args = ["--cut", &cut, "--quiet", "--out", text(&predictions)];
    expect_done("predict", &[&with_checkpoint[..], &args].concat());
    assert_eq!(tree(&predictions).keys().filter(|file| file.ends_with(".npy")).count(), 7);
    let args = ["--data", text(&data), "--predictions", text(&predictions), "--cut", &cut];
    expect_done("score", &[&args[..], &["--quiet", "--out", text(&scores)]].concat());
    let model = summary["models"].as_array().unwrap().iter().find(|m| m["name"] == "ln").unwrap();
    expect_same_neurons(&read(&scores)["per_neuron"], &model["test"]["per_neuron"]);
    // `interpret` cuts as the fit did, without being told.
    let maps = root.path().join("maps");
    let args = ["--methods", "gradmap", "--depth", "50", "--quiet", "--out", text(&maps)];
    expect_done("interpret", &[&with_checkpoint[..], &args].concat());
    assert_eq!(read(&maps.join("interpretation.json"))["split"], model["split"]);
    // A recording that is stored in pieces is not cut again.
    let stored = root.path().join("pieces");
    pieces.write(&stored).unwrap();
    let args =
        ["--checkpoint", text(&checkpoint), "--data", text(&stored), "--methods", "gradmap", "--depth", "50"];
    expect_done("interpret", &[&args[..], &["--quiet", "--out", text(&maps)]].concat());
    expect_refused(
        "fit",
        &[&fit[..], &["--cut", "1000"]].concat(),
        &["long", "no stimulus is as long as a piece"],
    );
    expect_refused("fit", &[&fit[..], &["--cut", "ten"]].concat(), &["SECONDS,GAP"]);
}

#[test]
fn sounds_are_cut_with_the_responses_and_survive_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let recording = long(root.path());
    let cut = "0.4,0.03,keep".parse().unwrap();
    // The sound of a piece is the piece of the sound.
    let heard = recording.heard().unwrap().cut(&cut).unwrap();
    let pieces = recording.cut(&cut).unwrap();
    assert_eq!(pieces.heard().unwrap(), heard);
    let folder = root.path().join("pieces");
    pieces.write(&folder).unwrap();
    let audio: Vec<_> = tree(&folder).into_keys().filter(|path| path.starts_with("audio/")).collect();
    assert_eq!(audio.len(), 1, "{audio:?}");
    let restored = Recording::read(&folder).unwrap();
    assert_eq!(restored.cut_by(), Some(cut));
    for (a, b) in restored.heard().unwrap().stimuli().iter().zip(heard.stimuli()) {
        assert_eq!(
            (a.name(), a.cochleagram(), a.responses().unwrap()),
            (b.name(), b.cochleagram(), b.responses().unwrap())
        );
    }
    let json = std::fs::read_to_string(folder.join("recording.json")).unwrap();
    let broken = json.replace("\"audio_bins\"", "\"audio_bin\"");
    std::fs::write(folder.join("recording.json"), broken).unwrap();
    let message = Recording::read(&folder).unwrap_err().to_string();
    assert!(message.contains("stimuli[0].audio_bins is missing"), "{message}");
}
