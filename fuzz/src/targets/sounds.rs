//! A folder of wav files beside a file of counts, without `recording.json`: read, written, read again, equal.

use ndarray::{Array2, Array3};
use statenet_core::TimeBin;
use statenet_data::{
    Recording,
    formats::{npy, npz, wav},
};

use super::{
    recording::{largest_block, round_trip},
    told,
};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "sounds",
    kind: Kind::Folder,
    most_bytes: 1 << 14,
    largest_block,
    seeds,
    sealed: None,
    check,
};

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = scratch.path().join("in");
    folder.write(&at).expect("a scratch folder can be written");
    let dt = TimeBin::from_millis(5.0).expect("a time bin");
    let taken =
        ["counts.npz", "counts.npy"].map(|counts| match Recording::from_sounds(&at, at.join(counts), dt) {
            Ok(recording) => {
                round_trip(&recording, scratch.path());
                true
            }
            Err(error) => told(&error),
        });
    taken.contains(&true)
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let sound = |n: usize| -> Vec<f32> { (0..n).map(|i| ((i % 9) as f32 - 4.0) / 8.0).collect() };
    let counts = |n: usize| npy::encode(Array3::<u8>::from_elem((2, 3, n), 1).view()).expect("a small array");
    let flat = Array3::<f32>::from_elem((2, 1, 4), 1.0);
    let one = npy::encode(Array2::<u16>::from_elem((1, 4), 2).view()).expect("a small array");
    let each = npz::encode(&[("a", counts(4)), ("b", counts(3))]).expect("a small archive");
    let of = |files: Vec<(&str, Vec<u8>)>| {
        Folder { files: files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect() }.pack()
    };
    vec![
        (
            "each".to_owned(),
            of(vec![
                ("a.wav", wav::encode(&sound(20), 1000)),
                ("b.wav", wav::encode(&sound(30), 2000)),
                ("counts.npz", each),
            ]),
        ),
        (
            "all".to_owned(),
            of(vec![
                ("a.WAV", wav::encode(&sound(20), 1000)),
                ("b.wav", wav::encode(&sound(20), 1000)),
                ("counts.npy", npy::encode(flat.view()).expect("a small array")),
            ]),
        ),
        (
            "one".to_owned(),
            of(vec![
                ("a.wav", wav::encode(&sound(20), 1000)),
                ("counts.npz", npz::encode(&[("a", one)]).expect("a small archive")),
            ]),
        ),
    ]
}
