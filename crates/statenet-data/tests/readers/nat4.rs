//! A small release in the layout of NAT4, written here.

use std::path::Path;

use ndarray::array;
use statenet_data::{
    Binning, RawResponse, RawSound,
    readers::nems::nat4::{self, Cells, Nat4Options, Scaling},
};

use super::{
    nems::{description, pack, table},
    whole, write,
};

/// A population of three cells at 100 Hz: one sound for validation, two for estimation, of 20 ms each.
fn population(path: &Path) {
    let name = |part: &str| format!("A1_NAT4_ozgf.fs100.ch18/A1_NAT4_ozgf.fs100.ch18.{part}");
    let cells = ["ABC001a-01-1", "ABC001a-02-1", "DEF002b-01-1"];
    let rows = |of: &dyn Fn(i32) -> Vec<f64>| table(&(0..6).map(of).collect::<Vec<_>>()).into_bytes();
    let epochs =
        "name,start,end\nSTIM_00cat1_x.wav,0,0.02\nSTIM_cat2_y.wav,0.02,0.04\nSTIM_cat10_z.wav,0.04,0.06\n";
    let files = [
        ("resp.json", description(&cells, 100.0, None).into_bytes()),
        // The third cell was not recorded during the last sound.
        ("resp.csv", rows(&|t| vec![f64::from(t), 10.0, if t > 3 { f64::NAN } else { 0.0 }])),
        ("resp.epoch.csv", epochs.as_bytes().to_vec()),
        ("stim.json", description(&["0", "1"], 100.0, None).into_bytes()),
        ("stim.csv", rows(&|t| vec![f64::from(t).exp() - 1.0, 0.0])),
        ("stim.epoch.csv", epochs.as_bytes().to_vec()),
    ];
    pack(path, &files.map(|(part, content)| (name(part), content)));
}

/// The site of the first two cells, at 1000 Hz: two repeats of the sound for validation.
fn site(path: &Path) {
    let mut rows = vec![vec![0.0, 0.0]; 60];
    for (bin, cell) in [(0, 0), (9, 0), (10, 0), (31, 1), (39, 1)] {
        rows[bin][cell] = 1.0;
    }
    let epochs = "name,start,end\nSTIM_00cat1_x.wav,0,0.02\nSTIM_00cat1_x.wav,0.03,0.05\n";
    let files = [
        ("resp.json", description(&["ABC001a-01-1", "ABC001a-02-1"], 1000.0, None).into_bytes()),
        ("resp.csv", table(&rows).into_bytes()),
        ("resp.epoch.csv", epochs.as_bytes().to_vec()),
    ];
    pack(path, &files.map(|(part, content)| (format!("ABC001a/ABC001a.{part}"), content)));
}

fn release(folder: &Path) {
    population(&folder.join("A1_NAT4_ozgf.fs100.ch18.tgz"));
    site(&folder.join("A1_single_sites/ABC001a.tgz"));
    write(
        folder.join("A1_pred_correlation.csv"),
        "cellid,r_test,sig_auditory\nABC001a-01-1,0.5,True\nABC001a-02-1,0.1,False\nDEF002b-01-1,0.3,True\n",
    );
}

#[test]
fn estimation_comes_from_the_population_and_validation_from_the_sites() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let raw = nat4::read(folder.path(), &Nat4Options::default()).unwrap();
    assert_eq!((raw.description.name.as_str(), raw.description.area.as_str()), ("NAT4 A1", "A1"));
    let kinds: Vec<(&str, &str)> =
        raw.stimuli.iter().map(|s| (s.name.as_str(), s.kind.as_deref().unwrap())).collect();
    let expected =
        [("00cat1_x.wav", "validation"), ("cat2_y.wav", "estimation"), ("cat10_z.wav", "estimation")];
    assert_eq!(kinds, expected);
    // One cell of three has no site.
    assert_eq!(raw.missing, ["1 of 3 cells have no responses for validation: DEF002b-01-1"]);
    assert_eq!(raw.warnings.iter().map(|w| w.code.as_str()).collect::<Vec<_>>(), ["response_scales"]);
    assert_eq!(raw.neurons[0].metadata()["site"], "ABC001a");
    assert_eq!(raw.neurons[1].metadata()["auditory"], false);
    // ln(1 + x) of the stimulus is t, from 0 to 5; responses are from 0 to 10.
    let RawSound::Cochleagram { values, dt } = &raw.stimuli[1].sound else { panic!("no cochleagram") };
    assert_eq!(dt.ms(), 10.0);
    assert!((values[[0, 0]] - 0.4).abs() < 1e-6 && (values[[0, 1]] - 0.6).abs() < 1e-6);
    let RawResponse::Binned { values, .. } = &raw.stimuli[1].responses[0] else { panic!("no values") };
    assert_eq!(values, array![[0.2, 0.3]]);
    assert_eq!(raw.stimuli[2].responses[2], RawResponse::Missing);
    assert_eq!(raw.stimuli[0].responses[2], RawResponse::Missing);
    // In bins of 10 ms, validation has counts: milliseconds are summed in tens.
    let recording = raw.bin(&Binning::default()).unwrap();
    let validation = recording.stimuli()[0].responses().unwrap();
    assert_eq!(
        validation.values().slice(ndarray::s![..2, .., ..]),
        array![[[2.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]]]
    );
}

#[test]
fn values_can_stay_as_stored_and_cells_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let options = Nat4Options { scaling: Scaling::Stored, cells: Cells::Auditory, ..Nat4Options::default() };
    let raw = nat4::read(folder.path(), &options).unwrap();
    let ids: Vec<&str> = raw.neurons.iter().map(statenet_data::Neuron::id).collect();
    assert_eq!(ids, ["ABC001a-01-1", "DEF002b-01-1"]);
    let RawResponse::Binned { values, .. } = &raw.stimuli[1].responses[0] else { panic!("no values") };
    assert_eq!(values, array![[2.0, 3.0]]);
    assert_eq!(raw.stimuli[1].responses.len(), 2);
}

#[test]
fn what_lacks_is_named_and_the_rest_read() {
    let folder = tempfile::tempdir().unwrap();
    population(&folder.path().join("A1_NAT4_ozgf.fs100.ch18.tgz"));
    let raw = nat4::read(folder.path(), &Nat4Options::default()).unwrap();
    assert_eq!(raw.missing.len(), 3);
    assert!(
        raw.missing[0]
            .ends_with("A1_single_sites: the archives of the sites, with the responses for validation")
    );
    assert!(raw.missing[1].ends_with("A1_pred_correlation.csv: which cells are auditory"));
    // Without responses there are no sounds for validation; the others become a recording.
    assert_eq!(raw.missing[2], "no responses to 00cat1_x.wav: they are left out");
    let recording = raw.bin(&Binning::default()).unwrap();
    assert_eq!((recording.n_stimuli(), recording.n_neurons()), (2, 3));
}

#[test]
fn of_two_areas_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    population(&folder.path().join("PEG_NAT4_ozgf.fs100.ch18.tgz"));
    let message = |area: Option<&str>| {
        let options = Nat4Options { area: area.map(str::to_owned), ..Nat4Options::default() };
        nat4::read(folder.path(), &options).map_err(|error| whole(&error))
    };
    let both = message(None).unwrap_err();
    assert!(both.ends_with("the area is A1 and PEG, expected one of them (--areas)"), "{both}");
    assert_eq!(message(Some("peg")).unwrap().description.area, "PEG");
    assert!(message(Some("AC")).unwrap_err().contains("there is no A1_NAT4_ozgf.fs100.ch18.tgz or PEG_"));
}

#[cfg(feature = "formats")]
#[test]
fn sites_with_spike_times_give_the_same_counts_as_rasters() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let of_rasters = nat4::read(folder.path(), &Nat4Options::default()).unwrap();
    let in_hdf5 = super::nems::in_hdf5::hdf5(&[
        ("ABC001a-01-1", &[3], &[0.0, 0.009_9, 0.010_4]),
        ("ABC001a-02-1", &[2], &[0.031, 0.039_999]),
    ]);
    let epochs = "name,start,end\nSTIM_00cat1_x.wav,0,0.02\nSTIM_00cat1_x.wav,0.03,0.05\n";
    let files = [
        (
            "resp.json",
            description(&["ABC001a-01-1", "ABC001a-02-1"], 1000.0, Some("PointProcess")).into_bytes(),
        ),
        ("resp.h5", in_hdf5),
        ("resp.epoch.csv", epochs.as_bytes().to_vec()),
    ];
    let site = folder.path().join("A1_single_sites/ABC001a.tgz");
    pack(&site, &files.map(|(part, content)| (format!("ABC001a/ABC001a.{part}"), content)));
    let of_spikes = nat4::read(folder.path(), &Nat4Options::default()).unwrap();
    let counts = |raw: statenet_data::RawRecording| {
        raw.bin(&Binning::default()).unwrap().stimuli()[0].responses().unwrap().clone()
    };
    assert_eq!(counts(of_spikes), counts(of_rasters));
}
