//! Other formats: into the folder of a recording, and straight into the programs.

use std::{fs, path::Path};

use statenet::{
    core::SampleRate,
    data::{write_npy_2d, write_wav},
    prelude::*,
};

use crate::harness::{expect_done, expect_refused, json, temporary, text, tree};

/// Ten sounds of 800 ms whose noise changes its level every 50 ms, and two units of which one answers most rises after 10 ms.
pub(crate) fn lab(root: &Path) {
    let mut spikes = "unit,stimulus,repeat,time_s\n".to_owned();
    fs::create_dir_all(root.join("audio")).unwrap();
    for sound in 0..10 {
        let mut stream = Seed::new(sound).stream("sound");
        let levels: Vec<f64> = (0..16).map(|_| if stream.unit() < 0.5 { 0.01 } else { 0.5 }).collect();
        let samples: Vec<f32> =
            (0..12_800).map(|i| (levels[i / 800] * stream.normal() * 0.3) as f32).collect();
        write_wav(root.join(format!("audio/s{sound}.wav")), &samples, SampleRate::new(16_000.0).unwrap())
            .unwrap();
        for repeat in 0..5 {
            for (i, pair) in levels.windows(2).enumerate() {
                if pair[1] > pair[0] && stream.unit() < 0.8 {
                    let time = 0.05 * (i + 1) as f64 + 0.0101 + 0.002 * stream.unit();
                    spikes += &format!("onset,s{sound},{repeat},{time:.5}\n");
                }
            }
            spikes += &format!("noise,s{sound},{repeat},{:.5}\n", 0.8 * stream.unit());
        }
    }
    fs::write(root.join("spikes.csv"), spikes).unwrap();
}

#[test]
fn sounds_and_spikes_become_a_recording_that_says_how_they_lie() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("lab"), root.path().join("recording"));
    lab(&data);
    let args = ["--in", text(&data), "--repeats", "5", "--out", text(&out)];
    let ended = expect_done("import", &args);
    assert!(ended.stdout.contains("2 neurons, 10 stimuli of 8.0 s in all, 5 repeats"), "{}", ended.stdout);
    let summary = json(&out.join("import.json"));
    assert_eq!(summary["from"], "table");
    assert_eq!(
        (&summary["neurons"], &summary["stimuli"], &summary["repeats"]),
        (&2.into(), &10.into(), &5.into())
    );
    assert_eq!(summary["alignment"]["lag_ms"], 10.0);
    assert!(summary["mean_rate_hz"].as_f64().unwrap() > 1.0 && summary["snr"].is_number());
    assert_eq!(summary["warnings"], serde_json::json!([]));
    let recording = Recording::read(&out).unwrap();
    assert_eq!((recording.n_bands(), recording.n_stimuli()), (34, 10));
    assert_eq!(recording.heard().unwrap().n_bands(), 80);
    assert_eq!(temporary(&out), Vec::<String>::new());
    // The same again gives the same files, and other sounds replace them.
    let before = tree(&out);
    expect_done("import", &args);
    assert!(tree(&out) == before);
    fs::remove_file(data.join("audio/s9.wav")).unwrap();
    let table = fs::read_to_string(data.join("spikes.csv")).unwrap();
    let without: Vec<&str> = table.lines().filter(|line| !line.contains(",s9,")).collect();
    fs::write(data.join("spikes.csv"), without.join("\n")).unwrap();
    expect_done("import", &args);
    assert!(!out.join("audio/s9.wav").exists() && !out.join("responses/s9.npz").exists());
}

#[test]
fn what_is_missing_is_said_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("lab"), root.path().join("recording"));
    lab(&data);
    fs::remove_file(data.join("audio/s3.wav")).unwrap();
    let args = ["--in", text(&data), "--out", text(&out)];
    expect_refused("import", &args, &["there is no sound and no cochleagram for s3"]);
    assert!(!out.join("recording.json").exists() && !out.join("import.json").exists());
    let nothing = root.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    let args = ["--in", text(&nothing), "--out", text(&out)];
    expect_refused("import", &args, &["nothing in it says what it is", "--from"]);
    let absent = root.path().join("absent");
    let args = ["--in", text(&absent), "--out", text(&out)];
    expect_refused("import", &args, &["there is no such file or folder"]);
    let args = ["--in", text(&data), "--out", text(&data)];
    expect_refused("import", &args, &["--in"]);
}

#[test]
fn responses_before_the_sound_are_noticed_and_a_shift_mends_it() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("lab"), root.path().join("recording"));
    lab(&data);
    let early = ["--in", text(&data), "--repeats", "5", "--shift", "-30", "--out", text(&out), "--quiet"];
    let ended = expect_done("import", &early);
    assert!(ended.stderr.contains("responses rise 20 ms before the sound does"), "{}", ended.stderr);
    assert_eq!(json(&out.join("import.json"))["warnings"][0]["code"], "response_before_sound");
}

#[test]
fn programs_take_other_formats_and_convert_them_once() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("lab"), root.path().join("fit"));
    lab(&data);
    let with = |program: &str, args: &[&str]| {
        let all = [&["--data", text(&data), "--repeats", "5"], args].concat();
        expect_done(program, &all)
    };
    let fit = ["--model", "ridge", "--out", text(&out)];
    with("fit", &fit);
    let converted = |folder: &Path| {
        let mut names: Vec<_> =
            fs::read_dir(folder.join("cache")).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        names
    };
    let first = converted(&out);
    assert_eq!(first.len(), 1);
    let written = fs::metadata(first[0].join("recording.json")).unwrap().modified().unwrap();
    with("fit", &fit);
    assert_eq!(converted(&out), first);
    assert_eq!(fs::metadata(first[0].join("recording.json")).unwrap().modified().unwrap(), written);
    // Scores of the same predictions, with a cache of its own or that of the fit.
    let predictions = out.join("predictions/ridge");
    let scores = root.path().join("scores.json");
    let cache = out.join("cache");
    let score = ["--predictions", text(&predictions), "--out", text(&scores), "--cache", text(&cache)];
    with("score", &score);
    let fitted = &json(&out.join("summary.json"))["models"][0]["test"]["ccnorm_mean"];
    assert_eq!(&json(&scores)["ccnorm_mean"], fitted);
    assert_eq!(converted(&out), first);
    let rates = root.path().join("rates");
    with(
        "predict",
        &[
            "--checkpoint",
            text(&out.join("checkpoints/ridge")),
            "--out",
            text(&rates),
            "--cache",
            text(&cache),
        ],
    );
    assert!(rates.join("s9.npy").is_file());
    let maps = root.path().join("maps");
    let ridge = out.join("checkpoints/ridge");
    let interpret =
        ["--checkpoint", text(&ridge), "--out", text(&maps), "--cache", text(&cache), "--methods", "gradmap"];
    with("interpret", &interpret);
    assert!(maps.join("interpretation.json").is_file());
    assert_eq!(converted(&out), first);
    // A file that has changed is read again.
    let table = fs::read_to_string(data.join("spikes.csv")).unwrap();
    fs::write(data.join("spikes.csv"), table + "noise,s0,0,0.1\n").unwrap();
    with("fit", &fit);
    assert_eq!(converted(&out).len(), 2);
}

/// Two potentials in bins of 2.5 ms, negative, with a cochleagram of three bands, in a folder of npy files.
fn potentials(root: &Path) {
    fs::create_dir_all(root).unwrap();
    let mut stream = Seed::new(0).stream("bands");
    let bands = ndarray::Array2::from_shape_fn((3, 400), |_| stream.unit() as f32);
    let values = ndarray::Array2::from_shape_fn((2, 400), |(n, t)| -60.0 - n as f32 + (t % 4) as f32);
    write_npy_2d(root.join("bands.npy"), bands.view()).unwrap();
    write_npy_2d(root.join("values.npy"), values.view()).unwrap();
}

#[test]
fn responses_in_another_unit_may_be_negative_and_are_averaged() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("arrays"), root.path().join("recording"));
    potentials(&data);
    let arrays = ["--from", "array", "--responses", "values", "--stimuli", "bands", "--sample-rate", "400"];
    let import = [&["--in", text(&data), "--out", text(&out), "--quiet"], &arrays[..]].concat();
    expect_refused("import", &import, &["counts[0, 0, 0] is -60, expected 0 or more spikes"]);
    expect_done("import", &[&import[..], &["--unit", "mV", "--dt", "5"]].concat());
    let recording = Recording::read(&out).unwrap();
    assert_eq!((recording.dt().ms(), recording.response_unit().as_str()), (5.0, "mV"));
    let responses = recording.stimuli()[0].responses().unwrap();
    let values = responses.values();
    assert_eq!(values.dim(), (2, 1, 200));
    assert_eq!([values[[0, 0, 0]], values[[0, 0, 1]], values[[1, 0, 0]]], [-59.5, -57.5, -60.5]);
    assert_eq!(json(&out.join("import.json"))["mean_rate_hz"], serde_json::Value::Null);
    // In the bins of the file, and as counts where it is said.
    expect_done("import", &[&import[..], &["--unit", "mV"]].concat());
    assert_eq!(Recording::read(&out).unwrap().dt().ms(), 2.5);
    let wrong = [&import[..], &["--unit", "spikes/s"]].concat();
    expect_refused("import", &wrong, &["multiply rates per second by dt"]);
}

#[test]
fn a_unit_of_spike_times_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("lab"), root.path().join("recording"));
    lab(&data);
    let args = ["--in", text(&data), "--out", text(&out), "--unit", "mV"];
    expect_refused("import", &args, &["--unit mV", "format table", "expected the format mat or array"]);
    assert!(!out.join("recording.json").exists());
}

#[test]
fn doubts_about_the_alignment_of_converted_data_are_voiced_once() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("lab");
    lab(&data);
    for program in ["look", "fit"] {
        let out = root.path().join(program);
        let early =
            ["--data", text(&data), "--repeats", "5", "--shift", "-30", "--out", text(&out), "--quiet"];
        let model = if program == "fit" { ["--model", "ridge"].as_slice() } else { &[] };
        // Converted, and then from the cache.
        for _ in 0..2 {
            let ended = expect_done(program, &[&early[..], model].concat());
            let voiced = ended.stderr.matches("before the sound does").count();
            assert_eq!(voiced, 1, "{program}: {}", ended.stderr);
        }
    }
}
