//! A lab's own MATLAB file, by the names of its variables.

use ndarray::{Array2, Array3, ArrayD};
use statenet_data::{
    Binning, RawSound,
    formats::mat5::{self, MatArray},
    readers::{ArrayOptions, NamedArrays, mat},
};

use crate::{whole, write, write_mat};

fn options(responses: &str, stimuli: Option<&str>, axes: Option<&str>) -> NamedArrays {
    let arrays = ArrayOptions { axes: axes.map(str::to_owned), ..ArrayOptions::default() };
    NamedArrays { responses: Some(responses.to_owned()), stimuli: stimuli.map(str::to_owned), arrays }
}

/// Counts of 2 neurons, 3 repeats, 4 bins; a cochleagram of 2 bands.
fn one_stimulus(offset: usize) -> (ArrayD<f64>, ArrayD<f64>) {
    let spikes = Array3::from_shape_fn((2, 3, 4), |(n, r, t)| (offset + n + 2 * r + t) as f64).into_dyn();
    let sound = Array2::from_shape_fn((2, 4), |(f, t)| (offset + 10 * f + t) as f64).into_dyn();
    (spikes, sound)
}

#[test]
fn without_names_the_file_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    let (spikes, sound) = one_stimulus(0);
    let variables = [
        ("spk", MatArray::numbers(&spikes)),
        ("stim", MatArray::numbers(&sound)),
        ("who", MatArray::char("f45")),
    ];
    write(&path, mat5::encode(&variables.map(|(name, array)| (name.to_owned(), array))));
    let error = mat::read(&path, &NamedArrays::default()).unwrap_err();
    assert_eq!(
        whole(&error, folder.path()),
        "FOLDER/a.mat: no variable is named for the responses (--responses), expected one of those in the file: spk (2x3x4 double), stim (2x4 double), who (1x3 char)"
    );
    let listed: Vec<String> = mat::list(&path).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(listed, ["spk (2x3x4 double)", "stim (2x4 double)", "who (1x3 char)"]);
    let fault = |options| whole(&mat::read(&path, &options).unwrap_err(), folder.path());
    assert_eq!(
        fault(options("spikes", None, None)),
        "FOLDER/a.mat: cannot read responses: variable spikes is not in the file, which holds spk (2x3x4 double), stim (2x4 double), who (1x3 char)"
    );
    assert_eq!(
        fault(options("spk", Some("who"), None)),
        "FOLDER/a.mat: cannot read stimuli: who: found 1x3 char, expected numbers"
    );
    assert_eq!(
        fault(options("spk.t", None, None)),
        "FOLDER/a.mat: cannot read responses: spk.t: found 2x3x4 double, expected a struct with the field that is named"
    );
    assert_eq!(
        fault(options("stim", None, Some("nrt"))),
        "responses has shape [2, 4], expected 3 axes, as the letters nrt say"
    );
}

#[test]
fn any_order_of_axes_gives_the_same_recording() {
    let folder = tempfile::tempdir().unwrap();
    let (spikes, sound) = one_stimulus(0);
    let binned = |spikes: MatArray, sound: MatArray, axes| {
        let path = folder.path().join("a.mat");
        write(&path, mat5::encode(&[("spk".to_owned(), spikes), ("stim".to_owned(), sound)]));
        mat::read(&path, &options("spk", Some("stim"), axes)).unwrap().bin(&Binning::default()).unwrap()
    };
    let plain = binned(MatArray::numbers(&spikes), MatArray::numbers(&sound), None);
    assert_eq!((plain.n_neurons(), plain.n_bands(), plain.stimuli()[0].n_repeats()), (2, 2, 3));
    assert_eq!(plain.stimuli()[0].responses().unwrap().values()[[1, 2, 3]], 8.0);
    assert_eq!(plain.stimuli()[0].cochleagram()[[1, 3]], 13.0);
    let turned = spikes.clone().permuted_axes(vec![2, 1, 0]);
    let sound_turned = MatArray::numbers(&sound.clone().reversed_axes());
    assert_eq!(binned(MatArray::numbers(&turned), sound_turned.clone(), Some("trn,tf")), plain);
    // A single repeat at the end is an axis that MATLAB does not keep.
    let one = spikes.index_axis(ndarray::Axis(1), 1).to_owned().into_dyn();
    let single = binned(MatArray::numbers(&one), sound_turned, Some("ntr,tf"));
    assert_eq!(single.stimuli()[0].n_repeats(), 1);
    assert_eq!(single.stimuli()[0].responses().unwrap().values()[[1, 0, 3]], 6.0);
}

#[test]
fn cells_and_fields_of_structs_are_stimuli() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mat");
    let (first, first_sound) = one_stimulus(0);
    let (second, second_sound) = one_stimulus(5);
    let longer = ndarray::concatenate(ndarray::Axis(2), &[second.view(), second.view()]).unwrap();
    let longer_sound =
        ndarray::concatenate(ndarray::Axis(1), &[second_sound.view(), second_sound.view()]).unwrap();
    let spikes = vec![MatArray::numbers(&first), MatArray::numbers(&longer)];
    let sounds = vec![MatArray::numbers(&first_sound), MatArray::numbers(&longer_sound)];
    let of_cells = [
        ("spk".to_owned(), MatArray::cells(spikes.clone())),
        ("stim".to_owned(), MatArray::cells(sounds.clone())),
    ];
    write(&path, mat5::encode(&of_cells));
    let cells = mat::read(&path, &options("spk", Some("stim"), Some("nrt"))).unwrap();
    assert_eq!(cells.bin(&Binning::default()).unwrap().stimuli()[1].n_bins(), 8);
    let pairs = spikes.into_iter().zip(sounds).map(|(spikes, sound)| vec![spikes, sound]);
    let trials = MatArray::structs(&["psth", "sound"], pairs.collect());
    write_mat(&path, "data", MatArray::structs(&["trials"], vec![vec![trials]]));
    let fields = mat::read(&path, &options("data.trials.psth", Some("data.trials.sound"), None)).unwrap();
    assert_eq!(fields, cells);
    let alone = mat::read(&path, &options("data.trials.psth", None, None)).unwrap();
    assert!(alone.stimuli.iter().all(|stimulus| stimulus.sound == RawSound::Missing));
    assert_eq!(alone.binned_responses(&Binning::default()).unwrap()[1].values().dim(), (2, 3, 8));
}

/// Numbers of numpy, of what scipy 1.17.1 reads.
mod needs_data {
    use std::collections::BTreeMap;

    use super::*;
    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn the_mouse_heard_23_sounds_some_45_times() {
        let file = outside::folder("STATENET_DATA", "data").join("mouse_raw/sample_data.mat");
        let mut options = options("spk", Some("stim"), None);
        options.arrays.trial_bins = Some(100);
        let recording = mat::read(&file, &options).unwrap().bin(&Binning::default()).unwrap();
        assert_eq!((recording.n_neurons(), recording.n_stimuli(), recording.n_bands()), (16, 23, 23));
        let mut repeats = BTreeMap::new();
        for stimulus in recording.stimuli() {
            *repeats.entry(stimulus.n_repeats()).or_insert(0) += 1;
            assert_eq!(stimulus.n_bins(), 100);
        }
        assert_eq!(repeats, BTreeMap::from([(45, 19), (46, 3), (47, 1)]));
        let of_first: Vec<f32> = recording.stimuli()[0]
            .responses()
            .unwrap()
            .values()
            .sum_axis(ndarray::Axis(2))
            .sum_axis(ndarray::Axis(1))
            .to_vec();
        assert_eq!(
            of_first,
            [
                64.0, 82.0, 70.0, 66.0, 83.0, 90.0, 96.0, 105.0, 75.0, 121.0, 85.0, 88.0, 125.0, 96.0, 82.0,
                119.0
            ]
        );
        // Moved by four bins before it is cut, only the first trial lacks bins.
        options.arrays.shift_ms = 20.0;
        let moved = mat::read(&file, &options).unwrap().bin(&Binning::default()).unwrap();
        let missing: usize = moved
            .stimuli()
            .iter()
            .map(|s| s.responses().unwrap().mask().view().iter().filter(|&&known| !known).count())
            .sum();
        assert_eq!(missing, 16 * 4);
        let total = |r: &statenet_data::Recording| {
            r.stimuli().iter().map(|s| s.responses().unwrap().values().mapv(f64::from).sum()).sum::<f64>()
        };
        assert_eq!((total(&recording), total(&moved)), (38307.0, 38307.0));
    }
}
