//! The formats that are read, and how one is recognised.

use std::path::Path;

use clap::ValueEnum;

/// A format of recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Sounds in a folder and spike times in a table
    Table,
    /// A folder of Kilosort and phy, with a table of onsets
    Phy,
    /// CRCNS aa-1 or aa-2, or a folder of stimI.wav and spikeI
    Aa1,
    /// The release NS1 (OSF ayw2p)
    Ns1,
    /// A recording of NEMS, packed or unpacked, or the release NAT4
    Nems,
    /// A file of Neurodata Without Borders
    Nwb,
    /// A file of point process data (JSON), or a folder of them
    Pprox,
    /// Variables of a MATLAB file
    Mat,
    /// Arrays of NumPy (npy, npz), or spike times that pynapple saved
    Array,
}

impl Format {
    /// The format of a file or folder, by what is in it; `None` for the folder of a recording, or if nothing is known.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let has = |name: &str| path.join(name).exists();
        if has("recording.json") {
            return None;
        }
        if path.is_file() {
            let ending = path.extension()?.to_str()?.to_lowercase();
            return match ending.as_str() {
                "npz" | "npy" => Some(Self::Array),
                "nwb" => Some(Self::Nwb),
                "pprox" => Some(Self::Pprox),
                "mat" => Some(Self::Mat),
                "tgz" | "gz" => Some(Self::Nems),
                _ => None,
            };
        }
        let any_file = |is_one: fn(&str) -> bool| {
            std::fs::read_dir(path).is_ok_and(|entries| {
                entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(is_one))
            })
        };
        if has("MetadataSHEnCneurons.mat") {
            Some(Self::Ns1)
        } else if any_file(|name| name.ends_with(".resp.json") || name.contains("_NAT4_")) {
            Some(Self::Nems)
        } else if any_file(|name| name.ends_with(".pprox")) {
            Some(Self::Pprox)
        } else if has("spike_times.npy") {
            Some(Self::Phy)
        } else if ["csv", "tsv", "json", "parquet"].iter().any(|ending| has(&format!("spikes.{ending}"))) {
            Some(Self::Table)
        } else if any_file(|name| name.ends_with("_cells"))
            || (has("spike1") && any_file(|name| name.starts_with("stim")))
        {
            Some(Self::Aa1)
        } else {
            None
        }
    }
}
