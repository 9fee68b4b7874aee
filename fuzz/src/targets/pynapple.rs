//! Spike times that pynapple saved, with a table of onsets and a sound.

use ndarray::array;
use statenet_data::{
    formats::{npy, npz},
    readers::pynapple::{self, PynappleOptions},
};

use super::{
    phy::{expect_trains, played},
    recording::largest_block,
    told,
};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "pynapple",
    kind: Kind::Folder,
    most_bytes: 1 << 13,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// The file of the units.
const FILE: &str = "units.npz";

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    folder.write(scratch.path()).expect("a scratch folder can be written");
    let file = scratch.path().join(FILE);
    let is_one = pynapple::is_one(&file);
    match pynapple::read(&file, &PynappleOptions::default()) {
        Ok(raw) => {
            assert!(is_one, "what can be read is recognised");
            expect_trains(&raw);
            true
        }
        Err(error) => told(&error),
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let units = |keys: bool| {
        let mut arrays = vec![
            ("t", npy::encode(array![1.001_f64, 1.0179, 2.006, 7.5].view()).expect("a small array")),
            ("index", npy::encode(array![3_i64, 3, 5, 5].view()).expect("a small array")),
        ];
        if keys {
            arrays.push(("keys", npy::encode(array![3_i64, 5, 8].view()).expect("a small array")));
        }
        let mut files = played();
        files.push((FILE, npz::encode(&arrays).expect("a small archive")));
        Folder { files: files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect() }.pack()
    };
    vec![("keys".to_owned(), units(true)), ("plain".to_owned(), units(false))]
}
