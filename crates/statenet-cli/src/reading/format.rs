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
    /// The release ac-1 of CRCNS
    Ac1,
    /// A recording of NEMS, packed or unpacked, or the release NAT4
    Nems,
    /// A file of Neurodata Without Borders
    Nwb,
    /// A file of point process data (JSON), or a folder of them
    Pprox,
    /// Variables of a MATLAB file
    Mat,
    /// Arrays of NumPy (npy, npz) or of an HDF5 file, or spike times that pynapple saved
    Array,
}

impl Format {
    /// The name that `--from` takes.
    #[must_use]
    pub fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

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
                "npz" | "npy" | "h5" | "hdf5" => Some(Self::Array),
                "nwb" => Some(Self::Nwb),
                "pprox" => Some(Self::Pprox),
                "mat" => Some(Self::Mat),
                "tgz" | "gz" => Some(Self::Nems),
                _ => None,
            };
        }
        let any_file = |is_one: fn(&str) -> bool| any_file(path, is_one);
        if has("MetadataSHEnCneurons.mat") {
            Some(Self::Ns1)
        } else if any_file(|name| name.ends_with(".resp.json") || is_of_nat4(name)) {
            Some(Self::Nems)
        } else if any_file(|name| name.ends_with(".pprox")) {
            Some(Self::Pprox)
        } else if any_file(is_ac1_session) {
            Some(Self::Ac1)
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

/// Whether a folder has an entry of such a name; false for what is no folder.
pub(super) fn any_file(folder: &Path, is_one: fn(&str) -> bool) -> bool {
    std::fs::read_dir(folder)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(is_one)))
}

/// Whether a file is called as the archives of NAT4.
pub(super) fn is_of_nat4(name: &str) -> bool {
    name.contains("_NAT4_")
}

/// Whether a folder is called as the sessions of ac-1: `YYYYMMDD-mw-NNN`, `YYYYMMDD-ha1-NNN`.
fn is_ac1_session(name: &str) -> bool {
    let mut parts = name.split('-');
    let is_day =
        parts.next().is_some_and(|day| day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()));
    is_day && parts.next().is_some_and(|who| who == "mw" || who.starts_with("ha"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_recognised_by_what_is_there() {
        let folder = |inside: &[&str]| {
            let folder = tempfile::tempdir().unwrap();
            for path in inside.iter().map(|name| folder.path().join(name)) {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, b"").unwrap();
            }
            Format::of(folder.path())
        };
        assert_eq!(folder(&["recording.json", "spikes.csv"]), None);
        assert_eq!(folder(&["notes.txt"]), None);
        assert_eq!(folder(&["spikes.tsv", "audio/a.wav"]), Some(Format::Table));
        assert_eq!(folder(&["spike_times.npy", "spikes.csv"]), Some(Format::Phy));
        assert_eq!(folder(&["spike1", "stim1.wav"]), Some(Format::Aa1));
        assert_eq!(folder(&["all_cells/u/conspecific/stim1"]), Some(Format::Aa1));
        assert_eq!(folder(&["MetadataSHEnCneurons.mat"]), Some(Format::Ns1));
        assert_eq!(folder(&["20020924-mw-004/a.mat", "Stimuli/x/1.mat"]), Some(Format::Ac1));
        assert_eq!(folder(&["x.resp.json", "x.resp.csv"]), Some(Format::Nems));
        assert_eq!(folder(&["a.pprox"]), Some(Format::Pprox));
    }
}
