//! The release NS1: a small one in the same layout, and a part of the published one.

use std::path::Path;

use statenet_core::SampleRate;
use statenet_data::{
    RawResponse, RawSound,
    formats::{mat5::MatArray, wav},
    readers::ns1::{self, Ns1Options, Units},
};

use crate::{whole, write, write_mat};

/// A unit: path, depth, isolation.
const UNITS: [(&str, f64, &str); 5] = [
    ("exp1_1x32/P01-SH.En.C.U/cluster.03.data.mat", 900.0, "Yes"),
    ("exp1_1x32/P02-SH.En.C.U/cluster.01.data.mat", 0.0, "Maybe"),
    ("exp2_4x8/P01-SH_En_C.Lsh1/cluster.05.data.mat", 600.0, "No"),
    ("exp2_4x8/P01-SH_En_C.Lsh1/cluster.06.data.mat", -200.0, "Yes"),
    ("exp3/P01/cluster.02.data.mat", 300.0, "Yes"),
];

fn number(x: f64) -> MatArray {
    MatArray::row(vec![x])
}

/// A spike file: unit `u` fires at `u + 1` ms after set `j` begins by `10 j` ms, in two repeats; the second of the first set is empty.
fn spikes(u: usize) -> MatArray {
    let repeat = |j: usize, r: usize| {
        let t = if (j, r) == (0, 1) {
            MatArray::default()
        } else {
            MatArray::row(vec![(10 * j + u) as f64 + 1.0, 4999.0])
        };
        vec![t, number(r as f64 + 1.0), number(0.0)]
    };
    let set = |j: usize| {
        let repeats = MatArray::structs(&["t", "repeat_id", "timestamp"], vec![repeat(j, 0), repeat(j, 1)]);
        vec![repeats, number(5199.99476214)]
    };
    let sets = MatArray::structs(&["repeats", "length_signal_ms"], (0..32).map(set).collect());
    MatArray::structs(&["set"], vec![vec![sets]])
}

/// Two sounds, four spike files, one of them under its other name.
fn release(folder: &Path) {
    let neurons = UNITS.map(|(path, depth, single)| {
        let noise = number(3.5);
        let n = number(if single == "Yes" { 2.0 } else { 0.0 });
        vec![MatArray::char(path), number(32.0), number(7.0), number(depth), noise, MatArray::char(single), n]
    });
    let fields = ["path", "NrOfElectrodes", "ElectrodeNumber", "depth", "NoiseRatio", "singleT", "singleN"];
    write_mat(
        folder.join("MetadataSHEnCneurons.mat"),
        "neuron",
        MatArray::structs(&fields, neurons.to_vec()),
    );
    for (u, (path, ..)) in UNITS.iter().enumerate().take(4) {
        let path = if u == 1 { path.replace(".mat", "_1.mat") } else { (*path).to_owned() };
        write_mat(folder.join("spikesandwav").join(path), "data", spikes(u));
    }
    let rate = SampleRate::new(48_828.125).unwrap();
    let sound = wav::encode_floats(&vec![1.5; 244_140], rate);
    for name in
        ["source.1.sound.0.snr.0.token.0.fw.2.frozen.1", "source.2.sound.0.snr.0.token.0.fw.1.frozen.8"]
    {
        write(folder.join("spikesandwav/SH.En.C").join(name), &sound);
    }
}

#[test]
fn a_release_with_files_missing_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let raw = ns1::read(folder.path(), &Ns1Options::default()).unwrap();
    let ids: Vec<&str> = raw.neurons.iter().map(statenet_data::Neuron::id).collect();
    assert_eq!(ids, ["exp1_1x32-P01-SH.En.C.U-cluster.03.data", "exp1_1x32-P02-SH.En.C.U-cluster.01.data"]);
    let metadata = serde_json::to_string(raw.neurons[0].metadata()).unwrap();
    assert_eq!(
        metadata,
        r#"{"area":"A1","animal":"exp1_1x32","site":"P01-SH.En.C.U","depth_um":900,"noise_ratio":3.5,"single_t":"Yes","single_n":2,"n_electrodes":32,"electrode_number":7,"source":"exp1_1x32/P01-SH.En.C.U/cluster.03.data.mat"}"#
    );
    let names: Vec<&str> = raw.stimuli.iter().map(|stimulus| stimulus.name.as_str()).collect();
    assert_eq!(names, ["nat01", "nat20"]);
    assert_eq!(raw.missing.len(), 1 + 18 + 1);
    assert_eq!(raw.missing[0], "spikesandwav/exp3/P01/cluster.02.data.mat: spikes of a unit");
    assert_eq!(
        raw.missing[1],
        "spikesandwav/SH.En.C/source.1.sound.0.snr.0.token.0.fw.2.frozen.2: the sound of nat02"
    );
    assert_eq!(
        raw.missing[19],
        "sounds of the 12 dynamic random chords (sets 21 to 32), whose spikes are left out"
    );
    let recording = raw.bin(&ns1::binning()).unwrap();
    assert_eq!((recording.n_neurons(), recording.n_stimuli(), recording.dt().ms()), (2, 2, 5.0));
    let stimulus = &recording.stimuli()[1];
    assert_eq!((stimulus.n_bins(), stimulus.n_repeats(), stimulus.kind()), (999, 2, Some("water")));
    // Set 19 begins at 190 ms; unit 1 fires 2 ms later; what comes after 4995 ms is left out.
    let responses = stimulus.responses().unwrap();
    let values = responses.values();
    assert_eq!((values[[1, 0, 38]], values.sum()), (1.0, 4.0));
    let first = recording.stimuli()[0].responses().unwrap();
    assert_eq!((first.values().sum(), first.mask().is_complete()), (2.0, true));
}

#[test]
fn other_units_and_other_lengths_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let all = Ns1Options { units: Units::All, seconds: None };
    let raw = ns1::read(folder.path(), &all).unwrap();
    assert_eq!((raw.neurons.len(), raw.neurons[3].metadata()["depth_um"].as_i64()), (4, Some(-200)));
    assert_eq!(raw.bin(&ns1::binning()).unwrap().stimuli()[0].n_bins(), 999);
    let spikes =
        ns1::read_spikes(folder.path(), &Ns1Options { units: Units::All, ..Ns1Options::default() }).unwrap();
    let counts = spikes.binned_responses(&ns1::binning()).unwrap();
    assert_eq!((counts.len(), counts[7].values().dim(), counts[7].values().sum()), (20, (4, 2, 999), 8.0));
    assert!(spikes.stimuli.iter().all(|stimulus| stimulus.sound == RawSound::Missing));
}

#[test]
fn without_sounds_all_stimuli_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    std::fs::remove_dir_all(folder.path().join("spikesandwav/SH.En.C")).unwrap();
    let raw = ns1::read(folder.path(), &Ns1Options::default()).unwrap();
    assert_eq!(raw.stimuli.len(), 20);
    let error = raw.bin(&ns1::binning()).unwrap_err().to_string();
    assert!(error.starts_with("there is no sound and no cochleagram for nat01, nat02"), "{error}");
}

#[test]
fn damaged_and_foreign_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let fault = || whole(&ns1::read(path, &Ns1Options::default()).unwrap_err(), path);
    assert_eq!(
        fault(),
        "FOLDER: there is no MetadataSHEnCneurons.mat: the folder of the NS1 release (OSF ayw2p) holds this file and the folder spikesandwav"
    );
    release(path);
    let spike_file = path.join("spikesandwav").join(UNITS[0].0);
    let bytes = std::fs::read(&spike_file).unwrap();
    write(&spike_file, &bytes[..bytes.len() - 20]);
    write_mat(
        path.join("spikesandwav").join(UNITS[4].0),
        "data",
        MatArray::structs(&["sets"], vec![vec![number(1.0)]]),
    );
    let raw = ns1::read(path, &Ns1Options::default()).unwrap();
    assert_eq!(raw.neurons.len(), 1);
    assert!(
        raw.missing[0].starts_with("spikesandwav/exp1_1x32/P01-SH.En.C.U/cluster.03.data.mat: byte"),
        "{:?}",
        raw.missing
    );
    assert_eq!(
        raw.missing[1],
        "spikesandwav/exp3/P01/cluster.02.data.mat: data holds a struct with the fields sets, expected set(1..32).repeats(1..R).t, spike times in ms of each repeat"
    );
    std::fs::remove_dir_all(path.join("spikesandwav")).unwrap();
    assert_eq!(
        fault(),
        "FOLDER: there is no spike file of a unit (spikesandwav/EXPERIMENT/SITE/cluster.NN.data.mat)"
    );
    for outside in ["../../secret.mat", "/etc/passwd", ""] {
        let neurons = MatArray::structs(&["path"], vec![vec![MatArray::char(outside)]]);
        write_mat(path.join("MetadataSHEnCneurons.mat"), "neuron", neurons);
        let expected = format!(
            "FOLDER/MetadataSHEnCneurons.mat: cannot read the units: the path of unit 1: found {outside:?}, expected a file below spikesandwav"
        );
        assert_eq!(fault(), expected);
    }
}

/// How long a release of full size takes: printed, with the bar beside it, when asked for.
mod speed {
    use std::time::Instant;

    use super::*;

    #[test]
    #[ignore = "writes a release of 100 MB; run with --release"]
    fn a_release_of_119_units_and_20_sounds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let times = |u: usize, j: usize, r: usize| {
            MatArray::row((0..60).map(|k| (k * 83 + u + j * 3 + r * 7) as f64 + 0.37).collect())
        };
        let mut units = Vec::new();
        for u in 0..119 {
            let set = |j: usize| {
                let repeats = (0..if j < 20 { 20 } else { 5 })
                    .map(|r| vec![times(u, j, r), number(r as f64), number(0.0)]);
                vec![
                    MatArray::structs(&["t", "repeat_id", "timestamp"], repeats.collect()),
                    number(5199.99476214),
                ]
            };
            let sets = MatArray::structs(&["repeats", "length_signal_ms"], (0..32).map(set).collect());
            let file = format!("exp1/P{:02}/cluster.{u:03}.data.mat", u / 12);
            write_mat(
                path.join("spikesandwav").join(&file),
                "data",
                MatArray::structs(&["set"], vec![vec![sets]]),
            );
            units.push(vec![MatArray::char(&file), number(500.0), MatArray::char("Yes")]);
        }
        let neurons = MatArray::structs(&["path", "depth", "singleT"], units);
        write_mat(path.join("MetadataSHEnCneurons.mat"), "neuron", neurons);
        let samples: Vec<f32> = (0..244_140).map(|i| (i as f32 * 0.1).sin()).collect();
        let sound = wav::encode_floats(&samples, SampleRate::new(48_828.125).unwrap());
        for k in 1..=20 {
            let (source, fw, frozen) = if k <= 12 { (1, 2, k) } else { (2, 1, k - 12) };
            let name = format!("source.{source}.sound.0.snr.0.token.0.fw.{fw}.frozen.{frozen}");
            write(path.join("spikesandwav/SH.En.C").join(name), &sound);
        }
        let start = Instant::now();
        let raw = ns1::read(path, &Ns1Options::default()).unwrap();
        let read = start.elapsed().as_secs_f64();
        let recording = raw.bin(&ns1::binning()).unwrap();
        assert_eq!((recording.n_neurons(), recording.n_stimuli()), (119, 20));
        println!("read in {read:.2} s, in bins after {:.2} s (bar 20 s)", start.elapsed().as_secs_f64());
    }
}

/// Against the recording that was made of the whole release by other code.
mod needs_data {
    use statenet_data::Recording;

    use super::*;
    use crate::outside;

    /// The published part, and the rows of its units in the recording.
    fn both(options: &Ns1Options) -> (statenet_data::RawRecording, Recording, Vec<usize>) {
        let data = outside::folder("STATENET_DATA", "data");
        let raw = ns1::read_spikes(data.join("ns1_raw"), options).unwrap();
        let recording = Recording::read(data.join("ns1")).unwrap();
        let ids = recording.neuron_ids();
        let row = |neuron: &statenet_data::Neuron| ids.iter().position(|id| id == neuron.id()).unwrap();
        let rows = raw.neurons.iter().map(row).collect();
        (raw, recording, rows)
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn counts_of_all_sounds_are_those_of_the_recording() {
        let (raw, recording, rows) = both(&Ns1Options::default());
        assert_eq!((rows.len(), raw.missing.len()), (6, 73 - 6));
        let counts = raw.binned_responses(&ns1::binning()).unwrap();
        assert_eq!(counts.len(), 20);
        for (counts, stimulus) in counts.iter().zip(recording.stimuli()) {
            let expected = stimulus.responses().unwrap().values().select(ndarray::Axis(0), &rows);
            assert_eq!(counts.values(), expected, "{}", stimulus.name());
            assert!(counts.mask().is_complete());
        }
        let all = ns1::read_spikes(
            outside::folder("STATENET_DATA", "data").join("ns1_raw"),
            &Ns1Options { units: Units::All, ..Ns1Options::default() },
        );
        assert_eq!(all.unwrap().missing.len(), 119 - 6);
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn the_three_sounds_and_their_counts_are_those_of_the_recording() {
        let (_, recording, rows) = both(&Ns1Options::default());
        let data = outside::folder("STATENET_DATA", "data");
        let raw = ns1::read(data.join("ns1_raw"), &Ns1Options::default()).unwrap();
        let read = raw.bin(&ns1::binning()).unwrap();
        let names: Vec<&str> = read.stimuli().iter().map(statenet_data::Stimulus::name).collect();
        assert_eq!(names, ["nat01", "nat04", "nat20"]);
        for stimulus in read.stimuli() {
            let expected = recording.stimuli().iter().find(|other| other.name() == stimulus.name()).unwrap();
            assert_eq!(stimulus.n_bins(), expected.n_bins());
            assert_eq!(stimulus.kind(), expected.kind());
            let counts = expected.responses().unwrap().values().select(ndarray::Axis(0), &rows);
            assert_eq!(stimulus.responses().unwrap().values(), counts, "{}", stimulus.name());
            assert_eq!(stimulus.metadata()["source"], expected.metadata()["source"]);
        }
        for (neuron, row) in read.neurons().iter().zip(rows) {
            let expected = recording.neurons()[row].metadata();
            assert_eq!(neuron.metadata()["depth_um"], expected["depth_um"]);
            assert_eq!(neuron.metadata()["noise_ratio"], expected["noise_ratio"]);
            assert_eq!(neuron.metadata()["single_t"], expected["single_unit"]);
        }
        let RawResponse::Spikes(repeats) = &raw.stimuli[0].responses[0] else { panic!("no spikes") };
        assert_eq!(repeats.len(), 20);
    }
}
