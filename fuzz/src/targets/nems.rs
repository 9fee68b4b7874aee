//! Folders of NEMS signals: read, in bins, written, read again, equal.

use statenet_data::{
    Binning, RawResponse,
    readers::nems::{self, NemsOptions, nat4},
};

use super::{
    hdf5::{numbers, write},
    recording::round_trip,
    told,
};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "nems",
    kind: Kind::Folder,
    most_bytes: 1 << 14,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// Responses of occurrences of different lengths are counts, at most 2^24 of them in a block.
fn largest_block(bytes: usize) -> usize {
    (1 << 27) + 24 * 1032 * bytes
}

/// Larger recordings are read, but not written.
const MOST_COUNTS: usize = 1 << 18;

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = scratch.path().join("in");
    folder.write(&at).expect("a scratch folder can be written");
    if let Err(error) = nat4::read(&at, &nat4::Nat4Options::default()) {
        told(&error);
    }
    let raw = match nems::read(&at, &NemsOptions::default()) {
        Ok(raw) => raw,
        Err(error) => return told(&error),
    };
    assert!(raw.stimuli.iter().all(|stimulus| stimulus.responses.len() == raw.neurons.len()));
    let n_counts: f64 = raw
        .stimuli
        .iter()
        .map(|stimulus| {
            let repeats = stimulus.responses.iter().map(RawResponse::n_repeats).max().unwrap_or(0);
            let bins = stimulus.sound.seconds().ok().flatten().unwrap_or(0.0) * 1e3;
            repeats as f64 * bins * stimulus.responses.len() as f64
        })
        .sum();
    if n_counts > MOST_COUNTS as f64 {
        return true;
    }
    match raw.bin(&Binning::default()) {
        Ok(recording) => round_trip(&recording, scratch.path()),
        Err(error) => {
            told(&error);
        }
    }
    true
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let description = |channels: &str, kind: &str| {
        format!(r#"{{"name": "x", "recording": "r", "chans": {channels}, "fs": 10, {kind} "meta": null}}"#)
    };
    let epochs = "name,start,end\nTRIAL,0,1\nSTIM_a,0.1,0.3\nSTIM_b,0.4,0.6\nSTIM_a,0.7,0.8\n";
    let of = |files: Vec<(&str, Vec<u8>)>| {
        Folder { files: files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect() }.pack()
    };
    let old = of(vec![
        ("r.resp.json", description(r#"["u1", "u2"]"#, "").into_bytes()),
        ("r.resp.csv", "0,1\n1.0e+00,nan\n".repeat(5).into_bytes()),
        ("r.resp.epoch.csv", epochs.as_bytes().to_vec()),
        ("r.stim.json", description(r#"["f"]"#, "").into_bytes()),
        ("r.stim.csv", "0.5\n".repeat(10).into_bytes()),
    ]);
    let spikes = write(vec![numbers("u1", &[3], &[0.11, 0.2, 0.75])]);
    let tiles = write(vec![numbers("STIM_a", &[1, 2], &[0.5, 1.0]), numbers("STIM_b", &[1, 2], &[0.0, 1.0])]);
    let new = of(vec![
        ("r.resp.json", description(r#"["u1"]"#, r#""signal_type": "PointProcess","#).into_bytes()),
        ("r.resp.h5", spikes),
        ("r.resp.epoch.csv", epochs.as_bytes().to_vec()),
        ("r.stim.json", description(r#"["f"]"#, r#""signal_type": "TiledSignal","#).into_bytes()),
        ("r.stim.h5", tiles),
    ]);
    vec![("old-style".to_owned(), old), ("new-style".to_owned(), new)]
}
