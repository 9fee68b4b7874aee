//! Folders of sorted units.

use ndarray::{Array1, Array2, array};
use statenet_data::{
    Binning,
    formats::npy,
    readers::phy::{self, PhyOptions},
};

use crate::{whole, write, write_sound};

/// Three clusters, one of them noise; a sound of 20 ms, played at 1 and at 2 s.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |inside: &str| folder.path().join(inside);
    write_sound(at("audio/click.wav"), 20);
    // 30 kHz: 1.001 s, 1.0179 s, 2.006 s; the first is of the noise.
    let times: Array2<u64> = array![[30_030], [30_537], [60_180], [60_180]];
    write(at("spike_times.npy"), npy::encode(times.view()).unwrap());
    let clusters: Array1<i32> = array![9, 3, 3, 12];
    write(at("spike_clusters.npy"), npy::encode(clusters.view()).unwrap());
    write(at("cluster_group.tsv"), "cluster_id\tgroup\n3\tgood\n9\tnoise\n12\tmua\n");
    write(at("params.py"), "dat_path = r'raw.bin'\nn_channels_dat = 4\nsample_rate = 30000.  # Hz\n");
    write(at("onsets.csv"), "stimulus,onset_s\nclick.wav,1.0\nclick.wav,2.0\n");
    folder
}

#[test]
fn good_units_are_read_unless_others_are_named() {
    let folder = folder();
    let raw = phy::read(folder.path(), &PhyOptions::default()).unwrap();
    assert_eq!(raw.missing.len(), 1);
    assert!(raw.missing[0].starts_with("2 of 3 units"), "{:?}", raw.missing);
    let recording = raw.bin(&Binning::default()).unwrap();
    assert_eq!(recording.neuron_ids(), ["3"]);
    let expected = array![[[0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]]];
    assert_eq!(recording.stimuli()[0].responses().unwrap().values(), expected);
    let groups = vec!["good".to_owned(), "mua".to_owned()];
    let both = phy::read(folder.path(), &PhyOptions { groups, ..PhyOptions::default() }).unwrap();
    assert_eq!(both.neurons[1].metadata()["group"], "mua");
}

#[test]
fn what_is_missing_is_named() {
    let error = |change: &dyn Fn(&std::path::Path)| {
        let folder = folder();
        change(folder.path());
        let read = phy::read(folder.path(), &PhyOptions::default());
        whole(&read.and_then(|raw| raw.bin(&Binning::default())).unwrap_err())
    };
    let without = |name: &'static str| error(&|folder| std::fs::remove_file(folder.join(name)).unwrap());
    assert!(
        without("spike_times.npy").ends_with("there is no spike_times.npy, as Kilosort and phy write it")
    );
    assert!(without("onsets.csv").contains("onsets.csv, a table of stimulus and onset_s"));
    assert_eq!(
        without("params.py"),
        "sample rate of spike_times.npy is missing in params.py, expected sample_rate = HZ in params.py, or the rate given \
         (--sample-rate)"
    );
    assert!(without("cluster_group.tsv").contains("which say which units are good"));
    assert!(without("audio/click.wav").starts_with("there is no sound and no cochleagram for click,"));
    let short = error(&|folder| {
        write(folder.join("spike_clusters.npy"), npy::encode(array![1i32].view()).unwrap());
    });
    assert!(
        short.contains("spike_clusters.npy: cannot read spike_clusters: has shape [1], expected as many"),
        "{short}"
    );
}

#[test]
fn labels_of_kilosort_serve_where_nobody_judged() {
    let folder = folder();
    std::fs::remove_file(folder.path().join("cluster_group.tsv")).unwrap();
    write(
        folder.path().join("cluster_info.tsv"),
        "id\tamp\tKSLabel\tgroup\n3\t1.0\tmua\tgood\n9\t2.0\tgood\t\n12\t1.0\tgood\tnoise\n",
    );
    let raw = phy::read(folder.path(), &PhyOptions::default()).unwrap();
    let ids: Vec<&str> = raw.neurons.iter().map(statenet_data::Neuron::id).collect();
    assert_eq!(ids, ["3", "9"]);
}
