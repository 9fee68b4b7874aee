//! Spike times that pynapple saved.

use ndarray::{Array1, array};
use statenet_data::{
    Binning,
    formats::{npy, npz},
    readers::pynapple::{self, PynappleOptions},
};

use crate::{write, write_sound};

#[test]
fn a_group_of_units_is_read_with_its_silent_ones() {
    let folder = tempfile::tempdir().unwrap();
    let at = |inside: &str| folder.path().join(inside);
    write_sound(at("audio/click.wav"), 20);
    write(at("onsets.csv"), "stimulus,onset_s\nclick,4000.0\n");
    // Seconds that f32 could not hold to a bin.
    let times: Array1<f64> = array![4000.0012, 4000.0155];
    let units: Array1<i64> = array![7, 2];
    let keys: Array1<i64> = array![2, 5, 7];
    let arrays = [
        ("t", npy::encode(times.view()).unwrap()),
        ("index", npy::encode(units.view()).unwrap()),
        ("keys", npy::encode(keys.view()).unwrap()),
    ];
    write(at("units.npz"), npz::encode(&arrays).unwrap());
    let raw = pynapple::read(at("units.npz"), &PynappleOptions::default()).unwrap();
    let recording = raw.bin(&Binning::default()).unwrap();
    assert_eq!(recording.neuron_ids(), ["2", "5", "7"]);
    let expected = array![[[0.0, 0.0, 0.0, 1.0]], [[0.0, 0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]]];
    assert_eq!(recording.stimuli()[0].responses().unwrap().values(), expected);
}
