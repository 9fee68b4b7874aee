//! A whole recording folder: read, written, read again, equal; what is written twice is the same bytes.

use std::path::Path;

use statenet_data::{Description, Recording, Stimulus, formats::wav};

use super::{examples, told, wav::largest_block as of_sound};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "recording",
    kind: Kind::Folder,
    most_bytes: 1 << 15,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// Arrays may be packed.
pub(super) fn largest_block(bytes: usize) -> usize {
    of_sound(bytes) + 2 * 8 * 1032 * bytes
}

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = |name: &str| scratch.path().join(name);
    folder.write(&at("in")).expect("a scratch folder can be written");
    match Recording::read(at("in")) {
        Ok(recording) => {
            round_trip(&recording, scratch.path());
            match recording.heard() {
                Ok(heard) => assert_eq!(heard.n_stimuli(), recording.n_stimuli()),
                Err(error) => {
                    told(&error);
                }
            }
            true
        }
        Err(error) => told(&error),
    }
}

/// Writes a recording below a folder, reads it, writes it again.
pub(super) fn round_trip(recording: &Recording, scratch: &Path) {
    let (first, second) = (scratch.join("first"), scratch.join("second"));
    recording.write(&first).expect("a recording that was read can be written");
    let again = Recording::read(&first).expect("what we write we can read");
    same(recording, &again);
    again.write(&second).expect("a recording can be written twice");
    assert_eq!(Folder::read(&first).expect("written"), Folder::read(&second).expect("written"));
}

/// Equal but for the paths of sounds.
fn same(a: &Recording, b: &Recording) {
    let about = |r: &Recording| {
        let description = Description { ..r.description().clone() };
        (
            description,
            r.response_unit().clone(),
            r.dt(),
            r.bands().to_vec(),
            r.neurons().to_vec(),
            r.input(),
            r.smoothing(),
        )
    };
    assert_eq!(about(a), about(b));
    assert_eq!(a.n_stimuli(), b.n_stimuli());
    let parts = |s: &Stimulus| {
        let (name, kind) = (s.name().to_owned(), s.kind().map(str::to_owned));
        (name, kind, s.cochleagram().to_owned(), s.responses().expect("in memory"), s.metadata().clone())
    };
    for (a, b) in a.stimuli().iter().zip(b.stimuli()) {
        assert_eq!(parts(a), parts(b));
        assert_eq!(a.audio().is_some(), b.audio().is_some());
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = scratch.path().join("plain");
    examples::recording(2).write(&at).expect("a recording can be written");
    let plain = Folder::read(&at).expect("written");

    let at = scratch.path().join("values");
    examples::potentials(2).write(&at).expect("a recording can be written");
    let values = Folder::read(&at).expect("written");

    let mut loose = plain.clone();
    let counts =
        (super::npy::TARGET.seeds)().into_iter().find(|(name, _)| name == "u1").map(|(_, bytes)| bytes);
    let sound = ndarray::Array2::<f64>::from_elem((1, 3), 0.5);
    let sound = statenet_data::formats::npy::encode(sound.view()).expect("a small array");
    loose.files = [
        ("recording.json".to_owned(), LOOSE.as_bytes().to_vec()),
        ("stimuli/a.npy".to_owned(), sound),
        ("responses/a.npy".to_owned(), counts.unwrap_or_default()),
    ]
    .into();

    let mut heard = plain.clone();
    for (name, n) in [("s0", 12), ("s1", 13)] {
        let samples: Vec<f32> = (0..n * 5).map(|i| ((i % 9) as f32 - 4.0) / 8.0).collect();
        heard.files.insert(format!("audio/{name}.wav"), wav::encode(&samples, 1000));
    }
    let json = heard.files.get("recording.json").map(|text| String::from_utf8_lossy(text).into_owned());
    let json = json.unwrap_or_default();
    let with_audio =
        json.replace("\"stimulus\": \"stimuli/s", "\"audio\": \"audio/sX.wav\", \"stimulus\": \"stimuli/s");
    let with_audio = with_audio.replacen("sX", "s0", 1).replacen("sX", "s1", 1);
    let both = Folder { files: heard.files.iter().map(|(k, v)| (k.clone(), v.clone())).collect() };
    let mut both = both;
    both.files.insert("recording.json".to_owned(), with_audio.into_bytes());
    let only: String =
        json.replace("\"stimulus\": \"stimuli/", "\"audio\": \"audio/").replace(".npy\"", ".wav\"");
    heard.files.insert("recording.json".to_owned(), only.into_bytes());
    heard.files.retain(|name, _| !name.starts_with("stimuli/"));

    vec![
        ("plain".to_owned(), plain.pack()),
        ("values".to_owned(), values.pack()),
        ("loose".to_owned(), loose.pack()),
        ("sound-only".to_owned(), heard.pack()),
        ("sound-too".to_owned(), both.pack()),
    ]
}

const LOOSE: &str = r#"{"format": "statenet-recording", "version": 1, "name": "loose", "area": "A1", "dt_ms": 2.5,
 "response_unit": "spikes/bin", "band_centres_hz": [440.0], "cochleagram": {"kind": "mel"}, "citation": "x", "licence": "CC0",
 "smoothing": {"hann": {"width_ms": 21.0}}, "place": "here",
 "neurons": [{"id": "a", "depth": 1.5}, {"id": "b"}],
 "stimuli": [{"name": "a", "kind": "noise", "stimulus": "stimuli/a.npy", "responses": "responses/a.npy", "bins": 3,
              "repeats": 1, "level_db": 70}]}
"#;
