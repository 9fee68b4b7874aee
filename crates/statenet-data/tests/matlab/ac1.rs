//! The release AC-1 of CRCNS, as it is described: folders of sessions and sounds that the tests write.

use std::path::Path;

use statenet_core::ResponseUnit;
use statenet_data::{
    RawResponse, RawSound,
    formats::mat5::{self, MatArray},
    readers::ac1::{self, Ac1Options, Detrend, RepeatGating, Subset},
};

use crate::{whole, write};

fn number(x: f64) -> MatArray {
    MatArray::row(vec![x])
}

fn write_all(path: impl AsRef<Path>, variables: Vec<(&str, MatArray)>) {
    let variables: Vec<_> = variables.into_iter().map(|(name, array)| (name.to_owned(), array)).collect();
    write(path, mat5::encode(&variables));
}

/// 200 ms of a sound at 8 kHz whose samples have this value.
fn write_sound(folder: &Path, below: &str, value: f64) {
    let param = MatArray::structs(&["sf"], vec![vec![number(8000.0)]]);
    let samples = MatArray::row(vec![value; 1600]);
    write_all(folder.join("Stimuli").join(below), vec![("samples", samples), ("param", param)]);
}

/// A trace at `rate` in units of 0.1 mV, and what was presented: type, description, onset in samples, duration in ms.
fn write_session(
    path: impl AsRef<Path>,
    trace: Vec<f64>,
    rate: f64,
    site: &str,
    played: &[(&str, &str, usize, f64)],
) {
    let response = MatArray::structs(
        &["trace", "scale", "sf"],
        vec![vec![MatArray::row(trace), number(0.1), number(rate)]],
    );
    let triggers = played.iter().map(|&(kind, description, onset, ms)| {
        let param = MatArray::structs(&["duration"], vec![vec![number(ms)]]);
        vec![MatArray::char(kind), MatArray::char(description), number(onset as f64 + 1.0), param]
    });
    let trigger = MatArray::structs(&["type", "description", "time", "param"], triggers.collect());
    let recording = MatArray::structs(&["site"], vec![vec![MatArray::char(site)]]);
    let files = ["D:\\sounds\\category1\\1.mat", "D:\\sounds\\category1\\2.mat"]
        .map(|file| vec![MatArray::char(file)]);
    let param = MatArray::structs(&["stimulus"], vec![vec![MatArray::structs(&["file"], files.to_vec())]]);
    write_all(
        path,
        vec![("response", response), ("trigger", trigger), ("recording", recording), ("param", param)],
    );
}

/// A potential in mV at 4 kHz: a slow drift and an answer of its own to what begins at 1000, 3000, 5000, 7000 samples.
fn potential(t: usize) -> f64 {
    let inside = (t + 1000) % 2000;
    -70.0 + 0.0005 * t as f64 + if inside < 800 { 8.0 * (inside as f64 / 20.0).sin() } else { 0.0 }
}

fn tenths(mv: impl Fn(usize) -> f64, n: usize) -> Vec<f64> {
    (0..n).map(|t| (10.0 * mv(t)).round()).collect()
}

fn release(folder: &Path) {
    write_sound(folder, "fragments/1.mat", 0.5);
    write_sound(folder, "fragments/12.mat", 0.25);
    write_sound(folder, "category1/1.mat", 0.125);
    write_sound(folder, "category1/2.mat", 1.0);
    let wehr = folder.join("Wehr").join("20020611-mw-003");
    // The third repeat of fragment 12 has an artefact of 200 mV.
    let artefact = |t: usize| if t == 5100 { 200.0 } else { potential(t) };
    let played = [
        ("naturalsound", "fragments 12", 1000, 200.0),
        ("tone", "fragments 1", 2000, 200.0),
        ("nauralsound", "fragments 12", 3000, 200.0),
        ("natural", "fragments 12", 5000, 200.0),
        ("natural", "fragments 1", 7000, 200.0),
        ("natural", "fragments 1", 8900, 200.0),
        ("natural", "fragments 99", 7000, 200.0),
    ];
    write_session(wehr.join("file2.mat"), tenths(artefact, 9000), 4000.0, "", &played);
    write(wehr.join("file10.mat"), b"no MATLAB file");
    write(folder.join("Wehr/20020612-mw-001/notes.txt"), b"");
    // Asari's: one cell in the cortex, one in the thalamus that fires 10 ms after each onset.
    let sequences = [
        ("x", "Sequence 1: 2 1", 1000, 400.0),
        ("x", "Sequence 1: 2 1", 6000, 400.0),
        ("x", "tone", 3000, 50.0),
    ];
    let cortex = folder.join("Asari/20050812-ha1-012/1.mat");
    write_session(cortex, tenths(potential, 12_000), 10_000.0, "auditory cortex", &sequences);
    let fires = |t: usize| if t == 1100 || t == 6100 || t == 6150 { 50.0 } else { 0.1 * (t as f64).sin() };
    write_session(
        folder.join("Asari/20060101-ha4-001/1.mat"),
        tenths(fires, 12_000),
        10_000.0,
        "MGB",
        &sequences,
    );
}

#[test]
fn membrane_potentials_of_wehr() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let raw = ac1::read(folder.path(), &Ac1Options::default()).unwrap();
    assert_eq!(
        (raw.neurons.len(), raw.neurons[0].id(), raw.response_unit.as_str()),
        (1, "20020611-mw-003", "mV")
    );
    let names: Vec<&str> = raw.stimuli.iter().map(|stimulus| stimulus.name.as_str()).collect();
    assert_eq!(names, ["fragments-12", "fragments-1"]);
    assert_eq!(
        raw.missing,
        [
            "unknown003: no file of Stimuli is \"fragments 99\"",
            "20020611-mw-003/file2.mat: 1 presentations end after the trace, or have another rate: left out",
            "20020611-mw-003/file10.mat: not a MATLAB file: starts with [6e, 6f, 20, 4d, 41, 54, 4c, 41], expected a header of 128 bytes that ends with IM or MI",
            "the sound of unknown003: left out",
        ]
    );
    assert_eq!(raw.warnings.len(), 1);
    assert!(
        raw.warnings[0].message.starts_with("1 repeats are left out: 1 with a potential beyond the limit")
    );
    let RawResponse::Trace { repeats, rate } = &raw.stimuli[0].responses[0] else { panic!("no trace") };
    assert_eq!((repeats.len(), rate.hz(), repeats[0].as_ref().unwrap().len()), (2, 4000.0, 800));
    // Without its baseline; the answer stays.
    let mean = |samples: &[f32]| samples.iter().sum::<f32>() / samples.len() as f32;
    assert!(repeats.iter().flatten().all(|repeat| mean(repeat).abs() < 3.0));
    let recording = raw.bin(&statenet_data::Binning::default()).unwrap();
    assert_eq!((recording.stimuli()[0].n_bins(), recording.stimuli()[1].n_repeats()), (40, 1));
    assert!(recording.stimuli()[0].responses().unwrap().mask().is_complete());
}

#[test]
fn every_choice_is_an_option() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let as_recorded = Ac1Options { gating: RepeatGating::NONE, detrend: None, ..Ac1Options::default() };
    let raw = ac1::read(folder.path(), &as_recorded).unwrap();
    let RawResponse::Trace { repeats, .. } = &raw.stimuli[0].responses[0] else { panic!("no trace") };
    assert_eq!(repeats.len(), 3);
    let expected: Vec<f32> = (3000..3800).map(|t| ((10.0 * potential(t)).round() * 0.1) as f32).collect();
    assert_eq!(repeats[1].as_ref(), Some(&expected));
    assert_eq!(repeats[2].as_ref().unwrap()[100], 200.0);
    let none = Ac1Options { without: vec!["20020611-mw-003".to_owned()], ..Ac1Options::default() };
    assert_eq!(
        ac1::read(folder.path(), &none).unwrap_err().to_string(),
        "recording has no neurons, expected at least one"
    );
    let wide = Detrend { median_ms: 2000.0, ..Detrend::default() };
    let slow = Ac1Options { detrend: Some(wide), gating: RepeatGating::NONE, ..Ac1Options::default() };
    assert_ne!(ac1::read(folder.path(), &slow).unwrap().stimuli[0].responses, raw.stimuli[0].responses);
}

#[test]
fn sequences_of_asari_in_cortex_and_thalamus() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let cortex = Ac1Options { subset: Subset::AsariCortex, ..Ac1Options::default() };
    let raw = ac1::read(folder.path(), &cortex).unwrap();
    assert_eq!((raw.neurons.len(), raw.neurons[0].id()), (1, "20050812-ha1-012"));
    assert_eq!(raw.neurons[0].metadata()["site"], "auditory cortex");
    let stimulus = &raw.stimuli[0];
    assert_eq!(
        (raw.stimuli.len(), stimulus.name.as_str(), &stimulus.metadata["description"]),
        (1, "sequence001", &"Sequence 1: 2 1".into())
    );
    let RawSound::Samples(sound) = &stimulus.sound else { panic!("no sound") };
    // The second file, then the first.
    assert_eq!((sound.samples.len(), sound.samples[800], sound.samples[2400]), (3200, 1.0, 0.125));
    let thalamus = Ac1Options { subset: Subset::AsariThalamus, ..Ac1Options::default() };
    let raw = ac1::read(folder.path(), &thalamus).unwrap();
    assert_eq!(
        (raw.neurons[0].id(), raw.response_unit == ResponseUnit::SpikesPerBin),
        ("20060101-ha4-001", true)
    );
    let spikes = vec![Some(vec![0.01]), Some(vec![0.01, 0.015])];
    assert_eq!(raw.stimuli[0].responses, [RawResponse::Spikes(spikes)]);
    let recording = raw.bin(&statenet_data::Binning::default()).unwrap();
    assert_eq!((recording.stimuli()[0].n_bins(), recording.description().area.as_str()), (80, "MGB"));
}

#[test]
fn a_folder_of_something_else_is_named_and_stimuli_may_lack_all_sounds() {
    let folder = tempfile::tempdir().unwrap();
    let error = ac1::read(folder.path(), &Ac1Options::default()).unwrap_err();
    assert_eq!(
        whole(&error, folder.path()),
        "FOLDER: there is no folder YYYYMMDD-mw-NNN with MATLAB files: a cell of Wehr in the release CRCNS ac-1"
    );
    release(folder.path());
    std::fs::remove_dir_all(folder.path().join("Stimuli")).unwrap();
    let raw = ac1::read(folder.path(), &Ac1Options::default()).unwrap();
    assert_eq!(raw.stimuli.len(), 3);
    assert!(raw.stimuli.iter().all(|stimulus| stimulus.sound == RawSound::Missing));
}
