//! Folders of Kilosort and phy: arrays of spikes, groups, the sample rate, onsets, a sound.

use ndarray::array;
use statenet_data::{
    RawRecording, RawResponse,
    formats::{npy, wav},
    readers::phy::{self, PhyOptions},
};

use super::{recording::largest_block, told};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "phy",
    kind: Kind::Folder,
    most_bytes: 1 << 13,
    largest_block,
    seeds,
    sealed: None,
    check,
};

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    folder.write(scratch.path()).expect("a scratch folder can be written");
    match phy::read(scratch.path(), &PhyOptions::default()) {
        Ok(raw) => {
            expect_trains(&raw);
            true
        }
        Err(error) => told(&error),
    }
}

/// Every neuron has a response to every stimulus, and every spike lies in its sound.
pub(super) fn expect_trains(raw: &RawRecording) {
    for stimulus in &raw.stimuli {
        assert_eq!(stimulus.responses.len(), raw.neurons.len());
        let lasts = stimulus.sound.seconds().ok().flatten().or(stimulus.seconds);
        for response in &stimulus.responses {
            let RawResponse::Spikes(repeats) = response else { panic!("{response:?} is no spike train") };
            for &time in repeats.iter().flatten().flatten() {
                assert!(time >= 0.0 && lasts.is_none_or(|lasts| time < lasts), "a spike at {time} s");
            }
        }
    }
}

/// Onsets of a sound of 20 ms, and the sound.
pub(super) fn played() -> Vec<(&'static str, Vec<u8>)> {
    let onsets = "stimulus,onset_s\nclick.wav,2\nclick,1\n";
    vec![("onsets.csv", onsets.as_bytes().to_vec()), ("audio/click.wav", wav::encode(&[0.1; 160], 8000))]
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let of = |files: Vec<(&str, Vec<u8>)>| {
        Folder { files: files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect() }.pack()
    };
    let times = array![[30_030_u64], [30_537], [60_180], [60_180]];
    let clusters = array![9_i32, 3, 3, 12];
    let mut judged = played();
    judged.extend([
        ("spike_times.npy", npy::encode(times.view()).expect("a small array")),
        ("spike_clusters.npy", npy::encode(clusters.view()).expect("a small array")),
        ("cluster_group.tsv", b"cluster_id\tgroup\n3\tgood\n9\tnoise\n12\tgood\n".to_vec()),
        ("params.py", b"dat_path = 'x.dat'\nsample_rate = 30000.\nhp_filtered = False\n".to_vec()),
    ]);
    let flat = array![100_i64, 8_100];
    let labelled = vec![
        ("onsets.csv", b"stimulus,onset_ms\nsilence,10\nsilence,1010\n".to_vec()),
        ("spike_times.npy", npy::encode(flat.view()).expect("a small array")),
        ("spike_clusters.npy", npy::encode(array![0_u32, 0].view()).expect("a small array")),
        ("cluster_info.tsv", b"id\tamp\tKSLabel\tgroup\n0\t1.0\tgood\t\n".to_vec()),
        ("params.py", b"sample_rate=8000 # Hz\n".to_vec()),
    ];
    vec![("judged".to_owned(), of(judged)), ("labelled".to_owned(), of(labelled))]
}
