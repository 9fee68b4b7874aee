//! The canonical folder: written recordings are restored, and errors name what is wrong.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use std::{error::Error as _, fs, path::Path};

use ndarray::{Array2, Array3, array};
use proptest::prelude::*;
use serde_json::{Value, json};
use statenet_core::{Hertz, ResponseUnit, TimeBin};
use statenet_data::{
    Description, Metadata, Neuron, Recording, Responses, Smoothing, Stimulus,
    formats::{npy, npz},
};

fn metadata(value: Value) -> Metadata {
    serde_json::from_value(value).unwrap()
}

/// Units of responses, spike counts as often as others.
fn unit() -> impl Strategy<Value = ResponseUnit> {
    let other =
        prop_oneof![Just("mV"), Just("ΔF/F (%)"), Just("a.u.")].prop_map(|text| text.parse().unwrap());
    prop_oneof![Just(ResponseUnit::SpikesPerBin), other]
}

/// One stimulus of ragged data: numbers of repeats and bins, and responses that are missing, or counts up to a limit, or in another unit
/// numbers of either sign.
fn stimulus(
    index: usize,
    n_neurons: usize,
    n_bands: usize,
    unit: ResponseUnit,
) -> impl Strategy<Value = Stimulus> {
    let shape = (1usize..4, 1usize..7, prop_oneof![Just(3u32), Just(300), Just(70_000)], 0.0..1.0f64);
    shape.prop_flat_map(move |(repeats, bins, limit, present)| {
        let cell = prop::option::weighted(present.max(0.01), 0..=limit);
        let cells = prop::collection::vec(cell, n_neurons * repeats * bins);
        let sound = prop::collection::vec(-20.0..20.0f32, n_bands * bins);
        let unit = unit.clone();
        (cells, sound, any::<bool>(), prop::bool::weighted(0.3)).prop_map(
            move |(cells, sound, kind, whole)| {
                let number =
                    |c: u32| if unit.is_spikes() { c as f32 } else { 0.7 * (c as f32 - limit as f32 / 2.0) };
                let value = |c: Option<u32>| c.map_or(if whole { 0.0 } else { f32::NAN }, number);
                let counts: Vec<f32> = cells.into_iter().map(value).collect();
                let counts = Array3::from_shape_vec((n_neurons, repeats, bins), counts).unwrap();
                let sound = Array2::from_shape_vec((n_bands, bins), sound).unwrap();
                let responses = Responses::from_nan_in(counts, unit.clone()).unwrap();
                let stimulus = Stimulus::new(format!("sound {index}"), sound, responses).unwrap();
                let extra = metadata(json!({"source": format!("s{index}"), "level_db": 62.3, "note": null}));
                if kind { stimulus.with_kind("song").with_metadata(extra) } else { stimulus }
            },
        )
    })
}

fn recording() -> impl Strategy<Value = Recording> {
    let sizes = (1usize..4, 1usize..4, 1usize..4, any::<bool>(), 0.1..50.0f64, unit());
    sizes.prop_flat_map(|(n, f, s, known, dt_ms, unit)| {
        let stimuli: Vec<_> = (0..s).map(|i| stimulus(i, n, f, unit.clone())).collect();
        stimuli.prop_map(move |stimuli| {
            let neurons = (0..n)
                .map(|i| {
                    Neuron::new(format!("u/{i}"))
                        .with_metadata(metadata(json!({"depth_um": 100 * i, "z": [1]})))
                })
                .collect();
            let bands =
                if known { (1..=f).map(|b| Hertz::new(333.3 * b as f64).unwrap()).collect() } else { vec![] };
            let about = Description {
                name: "random".into(),
                species: "ferret".into(),
                citation: known.then(|| "Harper et al. 2016".into()),
                cochleagram: if known { json!({"bands": f, "log_floor": 1e-4}) } else { Value::Null },
                metadata: metadata(json!({"lab": {"name": "x"}, "anaesthetised": true})),
                ..Description::default()
            };
            let recording =
                Recording::new(about, TimeBin::from_millis(dt_ms).unwrap(), bands, neurons, stimuli).unwrap();
            if known { recording.smooth(Smoothing::default()).unwrap() } else { recording }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn what_is_written_is_read(recording in recording()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        recording.write(&path).unwrap();
        let back = Recording::read(&path).unwrap();
        prop_assert_eq!(&back, &recording);
        let (unit, n_stimuli) = (recording.response_unit(), recording.n_stimuli());
        prop_assert_eq!(&back.axes().response_unit, unit);
        let pieces = back.cut(&"0.05,0,keep".parse().unwrap()).unwrap();
        prop_assert!(pieces.response_unit() == unit && pieces.n_stimuli() >= n_stimuli);
        let array = if unit.is_spikes() { "counts" } else { "values" };
        let bytes = fs::read(path.join("responses/sound 0.npz")).unwrap();
        prop_assert!(npz::parse(&bytes, array).is_ok(), "{}", array);
        // Keys keep their order, so that writing again gives the same bytes.
        let json = fs::read(path.join("recording.json")).unwrap();
        back.write(&path).unwrap();
        prop_assert_eq!(fs::read(path.join("recording.json")).unwrap(), json);
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

/// A folder with one recording: 1 neuron, 2 stimuli of 3 and 1 bins, 2 bands, 2 repeats.
struct Case(tempfile::TempDir);

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sound = folder.path().join("click.wav");
        fs::write(&sound, b"RIFF").unwrap();
        let stimulus = |name: &str, bins: usize| {
            let responses = Responses::from_nan(Array3::ones((1, 2, bins))).unwrap();
            Stimulus::new(name, Array2::from_elem((2, bins), bins as f32), responses)
                .unwrap()
                .with_audio(&sound)
        };
        let bands = [500.0, 1000.0].map(|hz| Hertz::new(hz).unwrap()).to_vec();
        let dt = TimeBin::from_millis(5.0).unwrap();
        let about = Description { name: "case".into(), ..Description::default() };
        let stimuli = vec![stimulus("a", 3), stimulus("b", 1)];
        let recording = Recording::new(about, dt, bands, vec![Neuron::new("u")], stimuli).unwrap();
        recording.write(folder.path().join("r")).unwrap();
        Self(folder)
    }

    fn path(&self, inside: &str) -> std::path::PathBuf {
        self.0.path().join("r").join(inside)
    }

    fn edit(self, change: impl FnOnce(&mut Value)) -> Self {
        let path = self.path("recording.json");
        let mut json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut json);
        fs::write(path, json.to_string()).unwrap();
        self
    }

    fn set(self, pointer: &str, value: Value) -> Self {
        self.edit(|json| *json.pointer_mut(pointer).unwrap() = value)
    }

    fn file(self, inside: &str, bytes: &[u8]) -> Self {
        fs::write(self.path(inside), bytes).unwrap();
        self
    }

    /// The message of the error and of its cause, without the path of the folder.
    fn fault(&self) -> String {
        let error = Recording::read(self.path("")).unwrap_err();
        let cause = error.source().map(|s| format!(": {s}")).unwrap_or_default();
        format!("{error}{cause}").replace(&format!("{}/", self.path("").display()).replace("//", "/"), "")
    }
}

fn counts(values: Array3<f32>) -> Vec<u8> {
    npy::encode(values.view()).unwrap()
}

#[test]
fn sounds_are_copied_into_the_folder() {
    let case = Case::new();
    let recording = Recording::read(case.path("")).unwrap();
    assert_eq!(recording.stimuli()[0].audio(), Some(case.path("audio/a.wav").as_path()));
    assert_eq!(fs::read(case.path("audio/b.wav")).unwrap(), b"RIFF");
}

#[test]
fn every_fault_of_the_json_names_its_field() {
    let cases = [
        ("/format", json!("nwb"), "format is nwb, expected statenet-recording"),
        ("/version", json!(2), "version is 2, expected 1"),
        ("/version", Value::Null, "version is missing, expected 1"),
        ("/name", Value::Null, "name is missing, expected a text"),
        ("/name", json!(3), "name is 3, expected a text"),
        (
            "/response_unit",
            json!("spikes/s"),
            "response_unit is spikes/s, expected spikes/bin: multiply rates per second by dt in seconds and write spikes/bin",
        ),
        ("/dt_ms", json!(0), "dt_ms is 0, expected above 0 and at most 10000"),
        ("/dt_ms", json!("5 ms"), "dt_ms is \"5 ms\", expected a number"),
        (
            "/band_centers_hz/1",
            json!(-1),
            "band_centers_hz[1] is -1, expected above 0: leave a row of 0 Hz out, here and in every stimulus",
        ),
        (
            "/band_centers_hz/1",
            json!(400),
            "band_centers_hz is 400 Hz after 500 Hz, expected increasing frequencies",
        ),
        ("/neurons", json!({}), "neurons is {}, expected a list"),
        (
            "/neurons",
            json!([{"id": "u"}, {"id": "u"}]),
            "responses/a.npz: counts has shape (1, 2, 3), expected (2, R, 3)",
        ),
        ("/neurons/0/id", Value::Null, "neurons[0].id is missing, expected a text"),
        ("/stimuli/1", json!(7), "stimuli[1] is 7, expected an object"),
        ("/stimuli/1/name", json!("a"), "stimuli is a twice, expected unique names"),
        (
            "/stimuli/1/name",
            json!("../a"),
            "stimuli[1].name is \"../a\", expected a name that can be a file name",
        ),
        (
            "/stimuli/1/stimulus",
            Value::Null,
            "stimuli[1].stimulus is missing, expected a relative path inside the folder",
        ),
        (
            "/stimuli/1/stimulus",
            json!("../a.npy"),
            "stimuli[1].stimulus is \"../a.npy\", expected a relative path inside the folder",
        ),
        (
            "/stimuli/1/responses",
            json!("/etc/a.npz"),
            "stimuli[1].responses is \"/etc/a.npz\", expected a relative path inside the folder",
        ),
        (
            "/stimuli/1/responses",
            json!("a.mat"),
            "stimuli[1].responses is \"a.mat\", expected a file .npz or .npy",
        ),
        ("/stimuli/1/bins", json!(2), "stimuli[1].bins is 2, expected 1 as in b.npy"),
        ("/stimuli/1/bins", json!(1.5), "stimuli[1].bins is 1.5, expected a whole number"),
        ("/stimuli/1/repeats", json!(0), "stimuli[1].repeats is 0, expected 2 as in b.npz"),
    ];
    for (pointer, value, message) in cases {
        let fault = Case::new().set(pointer, value).fault();
        let expected = if message.starts_with("responses/") {
            message.to_owned()
        } else {
            format!("recording.json: {message}")
        };
        assert_eq!(fault, expected, "{pointer}");
    }
}

#[test]
fn the_older_spelling_of_centre_frequencies_is_read_but_not_beside_the_present_one() {
    let case = Case::new();
    let text = fs::read_to_string(case.path("recording.json")).unwrap();
    let expected = Recording::read(case.path("")).unwrap();
    fs::write(case.path("recording.json"), text.replace("band_centers_hz", "band_centres_hz")).unwrap();
    assert_eq!(Recording::read(case.path("")).unwrap().bands(), expected.bands());
    let both = text.replace("\"band_centers_hz\"", "\"band_centres_hz\": [1.0], \"band_centers_hz\"");
    fs::write(case.path("recording.json"), both).unwrap();
    assert_eq!(
        case.fault(),
        "recording.json: band_centres_hz is there as well, expected band_centers_hz alone, its present spelling"
    );
}

#[test]
fn every_fault_of_an_array_names_its_file() {
    let b = "responses/b.npy";
    let with =
        |values: Array3<f32>| Case::new().set("/stimuli/1/responses", json!(b)).file(b, &counts(values));
    assert_eq!(
        with(Array3::zeros((1, 0, 1))).fault(),
        "responses/b.npy: counts has shape (1, 0, 1), expected (1, R, 1) with R of 1 or more"
    );
    assert_eq!(
        with(Array3::zeros((1, 2, 2))).fault(),
        "responses/b.npy: counts has shape (1, 2, 2), expected (1, R, 1)"
    );
    assert_eq!(
        with(array![[[1.0], [-2.0]]]).fault(),
        "responses/b.npy: counts[0, 1, 0] is -2, expected 0 or more spikes"
    );
    assert_eq!(
        with(Array3::zeros((1, 3, 1))).fault(),
        "recording.json: stimuli[1].repeats is 2, expected 3 as in b.npy"
    );
    let flat = npy::encode(array![1u8, 2].view()).unwrap();
    assert_eq!(
        with(Array3::zeros((1, 2, 1))).file(b, &flat).fault(),
        "responses/b.npy: cannot read counts: has shape [2], expected 3 (neurons, repeats, bins) or 2 (neurons, bins) axes"
    );
    let whole = fs::read(Case::new().path("responses/b.npz")).unwrap();
    assert_eq!(
        Case::new().file("responses/b.npz", &whole[..whole.len() / 2]).fault(),
        "responses/b.npz: cannot read counts: not an npz archive"
    );
    let bands = npy::encode(Array2::<f32>::zeros((3, 1)).view()).unwrap();
    assert_eq!(
        Case::new().file("stimuli/b.npy", &bands).fault(),
        "stimuli/b.npy: cochleagram has shape (3, 1), expected (2, 1)"
    );
    let nan = npy::encode(array![[0.0], [f32::NAN]].view()).unwrap();
    assert_eq!(
        Case::new().file("stimuli/b.npy", &nan).fault(),
        "stimuli/b.npy: cochleagram[1, 0] is NaN, expected a finite number"
    );
}

#[test]
fn every_missing_file_is_named() {
    for (file, action) in [
        ("recording.json", "read"),
        ("stimuli/b.npy", "read"),
        ("responses/b.npz", "read"),
        ("audio/b.wav", "find the sound"),
    ] {
        let case = Case::new();
        fs::remove_file(case.path(file)).unwrap();
        assert!(
            case.fault().starts_with(&format!("{file}: cannot {action}: No such file")),
            "{}",
            case.fault()
        );
    }
    let fault = Case::new().file("recording.json", b"{\"format\": ").fault();
    assert!(fault.starts_with("recording.json: cannot read as JSON: EOF while parsing"), "{fault}");
}

#[test]
fn bins_and_repeats_may_be_left_to_the_arrays_and_one_repeat_needs_no_axis() {
    let case = Case::new().edit(|json| {
        let entry = json["stimuli"][1].as_object_mut().unwrap();
        entry.retain(|key, _| !["bins", "repeats", "audio"].contains(&key.as_str()));
        entry["responses"] = json!("responses/b.npy");
    });
    let case = case.file("responses/b.npy", &npy::encode(array![[7i64]].view()).unwrap());
    let recording = Recording::read(case.path("")).unwrap();
    assert_eq!(recording.stimuli()[1].responses().unwrap().values(), array![[[7.0]]]);
}

#[test]
fn a_smoothed_recording_says_so_and_is_not_smoothed_again() {
    let case = Case::new().edit(|json| json["smoothing"] = json!({"hann": {"width_ms": 21.0}}));
    let recording = Recording::read(case.path("")).unwrap();
    assert_eq!(recording.smoothing(), Some(Smoothing::default()));
    assert_eq!(*recording.smoothed(), recording);
    let error = recording.smooth(Smoothing::None).unwrap_err().to_string();
    assert!(error.ends_with("smoothed by a Hann window of 21 ms, expected as recorded"), "{error}");
    let case = Case::new().edit(|json| json["smoothing"] = json!({"hann": {"width_ms": -1.0}}));
    assert!(case.fault().starts_with("recording.json: cannot read as JSON: "), "{}", case.fault());
}

#[test]
fn a_failed_write_leaves_the_old_recording_and_nothing_else() {
    let case = Case::new();
    let recording = Recording::read(case.path("")).unwrap();
    let before = fs::read(case.path("recording.json")).unwrap();
    fs::remove_file(case.path("audio/b.wav")).unwrap();
    let error = recording.write(case.path("")).unwrap_err();
    assert!(error.to_string().ends_with("audio/b.wav: cannot copy the sound"), "{error}");
    assert_eq!(fs::read(case.path("recording.json")).unwrap(), before);
    assert_eq!(fs::read_dir(case.0.path()).unwrap().count(), 2, "click.wav and r");
}

#[test]
fn a_folder_of_somebody_else_and_a_file_in_the_way_are_left_alone() {
    let case = Case::new();
    let recording = Recording::read(case.path("")).unwrap();
    let thesis = case.0.path().join("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("chapter1.tex"), "years of work").unwrap();
    let error = recording.write(&thesis).unwrap_err();
    assert!(
        error.to_string().ends_with("thesis: exists and was not written by statenet, choose another folder")
    );
    assert_eq!(fs::read(thesis.join("chapter1.tex")).unwrap(), b"years of work");
    let below_a_file = case.0.path().join("click.wav").join("r");
    assert!(recording.write(&below_a_file).is_err());
    assert_eq!(fs::read(case.0.path().join("click.wav")).unwrap(), b"RIFF");
}

#[test]
fn metadata_cannot_hide_our_fields() {
    let stimulus = Stimulus::new("a", array![[0.0]], Responses::from_nan(array![[[0.0]]]).unwrap()).unwrap();
    let stimulus = stimulus.with_metadata(metadata(json!({"bins": 999})));
    let dt = TimeBin::from_millis(5.0).unwrap();
    let recording =
        Recording::new(Description::default(), dt, vec![], vec![Neuron::new("u")], vec![stimulus]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = recording.write(folder.path().join("r")).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "recording.json: stimuli[0].bins is metadata, expected a key that the format does not use"
        ),
        "{error}"
    );
    assert!(!folder.path().join("r").exists());
}

proptest! {
    #[test]
    fn a_broken_json_is_an_error_or_a_recording(at in any::<prop::sample::Index>(), byte: u8) {
        thread_local!(static CASE: (Case, Vec<u8>) = {
            let case = Case::new();
            let json = fs::read(case.path("recording.json")).unwrap();
            (case, json)
        });
        CASE.with(|(case, json)| {
            let mut bytes = json.clone();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            fs::write(case.path("recording.json"), &bytes).unwrap();
            let _ = Recording::read(case.path(""));
            fs::write(case.path("recording.json"), &json[..at]).unwrap();
            assert!(Recording::read(case.path("")).is_err() || at + 1 >= json.len());
        });
    }
}

#[test]
fn a_missing_folder_is_named() {
    let error = Recording::read(Path::new("no/such/folder")).unwrap_err();
    assert_eq!(error.to_string(), "no/such/folder/recording.json: cannot read");
}

#[test]
fn a_sound_in_memory_becomes_a_file_which_its_pieces_share() {
    let folder = tempfile::tempdir().unwrap();
    let rate = statenet_core::SampleRate::new(8000.0).unwrap();
    let samples: Vec<f32> = (0..800).map(|i| (i as f32 / 200.0).sin() * 3.0).collect();
    let raw = statenet_data::RawRecording {
        neurons: vec![Neuron::new("u")],
        stimuli: vec![statenet_data::RawStimulus::new(
            "a",
            statenet_data::RawSound::Samples(statenet_data::formats::Sound { samples, rate }),
            vec![statenet_data::RawResponse::spikes([vec![0.01]])],
        )],
        ..statenet_data::RawRecording::default()
    };
    let whole = raw.bin(&statenet_data::Binning::default()).unwrap();
    let pieces = whole.cut(&"0.05".parse().unwrap()).unwrap();
    for (name, recording, n_files) in [("whole", &whole, 1), ("pieces", &pieces, 1)] {
        let path = folder.path().join(name);
        recording.write(&path).unwrap();
        assert_eq!(std::fs::read_dir(path.join("audio")).unwrap().count(), n_files, "{name}");
        let read = Recording::read(&path).unwrap().heard().unwrap();
        for (got, expected) in read.stimuli().iter().zip(recording.stimuli()) {
            assert_eq!(got.cochleagram(), expected.cochleagram(), "{name}");
        }
    }
}
