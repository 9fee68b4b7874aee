//! Recordings of NEMS in each layout, written here; and two original ones where they are.

use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use ndarray::array;
use statenet_data::{
    Binning, RawResponse, RawSound,
    readers::nems::{self, NemsOptions},
};

use super::{whole, write, write_sound};

/// Packs files into a `.tgz`.
pub(crate) fn pack(path: &Path, files: &[(String, Vec<u8>)]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let packed = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::default());
    let mut builder = tar::Builder::new(packed);
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap();
}

/// The description of a signal of the recording `rec`.
pub(crate) fn description(channels: &[&str], rate: f64, kind: Option<&str>) -> String {
    let mut json =
        serde_json::json!({"name": "x", "recording": "rec", "chans": channels, "fs": rate, "meta": null});
    if let Some(kind) = kind {
        json["signal_type"] = format!("<class 'nems.tools.signal.{kind}'>").into();
    }
    json.to_string()
}

/// A table as NumPy's savetxt writes it, a line a bin.
pub(crate) fn table(rows: &[Vec<f64>]) -> String {
    let line = |row: &Vec<f64>| row.iter().map(|value| format!("{value:.18e}")).collect::<Vec<_>>().join(",");
    rows.iter().map(|row| line(row) + "\n").collect()
}

/// At 10 Hz: a sound of 3 bins twice, the second time a bin shorter, and one of 2 bins once.
const EPOCHS: &str = "name,start,end\nTRIAL,0.0,1.0\nSTIM_b.wav,0.1,0.4\nSTIM_a,0.5,0.7\nSTIM_b.wav,0.7,0.9\nREFERENCE,0.5,0.7\n";

/// Ten bins of two channels: the value of bin t is t and 10 + t.
fn ramp() -> String {
    table(&(0..10).map(|t| vec![f64::from(t), f64::from(10 + t)]).collect::<Vec<_>>())
}

fn old_style(folder: &Path) {
    write(folder.join("rec/rec.resp.json"), description(&["u1", "u2"], 10.0, None));
    write(folder.join("rec/rec.resp.csv"), ramp());
    write(folder.join("rec/rec.resp.epoch.csv"), EPOCHS);
    write(folder.join("rec/rec.stim.json"), description(&["low"], 10.0, None));
    write(folder.join("rec/rec.stim.csv"), table(&vec![vec![0.5]; 10]));
}

fn counts(response: &RawResponse) -> Vec<Vec<f32>> {
    let RawResponse::Binned { values, .. } = response else { panic!("{response:?} are no counts") };
    values.outer_iter().map(|row| row.iter().map(|v| if v.is_nan() { -1.0 } else { *v }).collect()).collect()
}

#[test]
fn rasters_are_cut_by_epochs_into_ragged_repeats() {
    let folder = tempfile::tempdir().unwrap();
    old_style(folder.path());
    let raw = nems::read(folder.path(), &NemsOptions::default()).unwrap();
    assert_eq!(raw.description.name, "rec");
    let ids: Vec<&str> = raw.neurons.iter().map(statenet_data::Neuron::id).collect();
    assert_eq!(ids, ["u1", "u2"]);
    let names: Vec<&str> = raw.stimuli.iter().map(|stimulus| stimulus.name.as_str()).collect();
    assert_eq!(names, ["a", "b.wav"]);
    assert_eq!(counts(&raw.stimuli[0].responses[0]), [[5.0, 6.0]]);
    assert_eq!(counts(&raw.stimuli[1].responses[1]), [[11.0, 12.0, 13.0], [17.0, 18.0, -1.0]]);
    assert_eq!(raw.stimuli[1].metadata["epoch"], "STIM_b.wav");
    let recording = raw.bin(&Binning::default()).unwrap();
    assert_eq!((recording.dt().ms(), recording.n_bands()), (100.0, 1));
    assert_eq!(recording.stimuli()[1].responses().unwrap().values().dim(), (2, 2, 3));
}

#[test]
fn a_folder_and_a_tgz_are_the_same_recording() {
    let folder = tempfile::tempdir().unwrap();
    old_style(folder.path());
    let files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.path().join("rec"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|e| (format!("rec/{}", e.file_name().to_string_lossy()), std::fs::read(e.path()).unwrap()))
        .collect();
    let tgz = folder.path().join("packed/rec.tgz");
    pack(&tgz, &files);
    let (packed, unpacked) = (
        nems::read(&tgz, &NemsOptions::default()),
        nems::read(folder.path().join("rec"), &NemsOptions::default()),
    );
    // In bins, since NaN is not equal to itself.
    let in_bins = [packed, unpacked].map(|raw| raw.unwrap().bin(&Binning::default()).unwrap());
    assert_eq!(in_bins[0], in_bins[1]);
}

#[test]
fn other_signals_and_epochs_are_named_by_options() {
    let folder = tempfile::tempdir().unwrap();
    old_style(folder.path());
    let options = NemsOptions {
        responses: "stim".to_owned(),
        stimuli: "resp".to_owned(),
        prefix: "REFER".to_owned(),
        ..NemsOptions::default()
    };
    let raw = nems::read(folder.path(), &options).unwrap();
    assert_eq!((raw.stimuli.len(), raw.stimuli[0].name.as_str()), (1, "ENCE"));
    let RawSound::Cochleagram { values, .. } = &raw.stimuli[0].sound else { panic!("no cochleagram") };
    assert_eq!(values, array![[5.0, 6.0], [15.0, 16.0]]);
    // An epoch that is called as the prefix keeps its name.
    let whole = NemsOptions { prefix: "REFERENCE".to_owned(), ..options };
    assert_eq!(nems::read(folder.path(), &whole).unwrap().stimuli[0].name, "REFERENCE");
}

#[test]
fn what_does_not_repeat_in_the_stimulus_is_doubted() {
    let folder = tempfile::tempdir().unwrap();
    old_style(folder.path());
    write(folder.path().join("rec/rec.stim.csv"), ramp());
    write(folder.path().join("rec/rec.stim.json"), description(&["low", "high"], 10.0, None));
    let raw = nems::read(folder.path(), &NemsOptions::default()).unwrap();
    let warning = &raw.warnings[0];
    assert_eq!(warning.code, "stimulus_differs");
    assert!(warning.message.contains("occurrences of STIM_b.wav"), "{warning}");
}

#[test]
fn a_recording_without_stimulus_signal_says_so_and_has_its_rasters() {
    let folder = tempfile::tempdir().unwrap();
    old_style(folder.path());
    std::fs::remove_file(folder.path().join("rec/rec.stim.json")).unwrap();
    let raw = nems::read(folder.path(), &NemsOptions::default()).unwrap();
    assert!(raw.missing[0].starts_with("no stimulus signal: ") && raw.missing[0].ends_with("only resp"));
    assert_eq!(raw.stimuli[0].sound, RawSound::Missing);
    assert_eq!(counts(&raw.stimuli[0].responses[0]), [[5.0, 6.0]]);
    // Sounds of a folder, after the silence with which the epoch begins.
    write(folder.path().join("rec/rec.resp.epoch.csv"), format!("{EPOCHS}PreStimSilence,0.1,0.2\n"));
    let audio = folder.path().join("sounds");
    write_sound(audio.join("a.wav"), 200);
    write_sound(audio.join("b.wav"), 150);
    let options = NemsOptions { audio: Some(audio), ..NemsOptions::default() };
    let raw = nems::read(folder.path(), &options).unwrap();
    assert_eq!(raw.missing, Vec::<String>::new());
    assert_eq!(raw.stimuli[0].sound.seconds().unwrap(), Some(0.2));
    let RawSound::Samples(sound) = &raw.stimuli[1].sound else { panic!("no silence") };
    let is_loud: Vec<bool> = [799, 800, 1999, 2000].map(|at: usize| sound.samples[at] > 0.05).to_vec();
    assert_eq!((sound.samples.len(), is_loud), (2400, vec![false, true, true, false]));
}

#[test]
fn what_is_no_recording_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| whole(&nems::read(path, &NemsOptions::default()).unwrap_err());
    let empty = message(folder.path());
    assert!(empty.contains("the signal resp is missing"), "{empty}");
    old_style(folder.path());
    let path = |name: &str| folder.path().join("rec").join(name);
    write(path("rec.resp.epoch.csv"), "name,start,end\nTRIAL,0,1\n");
    assert!(
        message(folder.path())
            .ends_with("epochs is TRIAL, expected names that begin with \"STIM_\", one for each stimulus")
    );
    write(path("rec.resp.epoch.csv"), "name,start,end\nSTIM_a,0,1e12\nSTIM_a,0,1\n");
    assert!(message(folder.path()).contains("expected at most 16777216 bins"));
    write(path("rec.resp.epoch.csv"), EPOCHS);
    write(path("rec.resp.csv"), "1,2\n3\n");
    assert!(message(folder.path()).ends_with("line 2: found 1 cells, expected 2, as in the first line"));
    write(path("rec.resp.csv"), "1\n3\n");
    assert!(message(folder.path()).ends_with("chans is 2 names, expected 1 channels, as the values have"));
    write(path("rec.resp.json"), description(&["u1"], 0.0, None));
    assert!(message(folder.path()).contains("fs is 0, expected bins a second"));
    write(path("rec.resp.json"), description(&["u1"], 10.0, Some("PointProcess")));
    assert!(message(folder.path()).contains("since the values are in a .csv"));
    write(path("rec.resp.h5"), "no HDF5");
    assert!(message(folder.path()).contains("both .csv and .h5"));
}

#[cfg(not(feature = "formats"))]
#[test]
fn without_the_feature_hdf5_names_it() {
    let folder = tempfile::tempdir().unwrap();
    old_style(folder.path());
    std::fs::remove_file(folder.path().join("rec/rec.resp.csv")).unwrap();
    write(folder.path().join("rec/rec.resp.h5"), b"\x89HDF\r\n\x1a\n");
    let text = whole(&nems::read(folder.path(), &NemsOptions::default()).unwrap_err());
    assert!(
        text.ends_with("HDF5 needs the feature formats: cargo install statenet-cli, or --features formats"),
        "{text}"
    );
}

#[cfg(feature = "formats")]
pub(crate) mod in_hdf5 {
    use hdf5_writer::{DatasetBuilder, Hdf5Builder, WriteOptions};

    use super::*;

    /// A file of datasets with shapes.
    pub(crate) fn hdf5(datasets: &[(&str, &[u64], &[f64])]) -> Vec<u8> {
        let mut builder = Hdf5Builder::new();
        for (name, shape, values) in datasets {
            builder = builder.dataset(DatasetBuilder::typed_data(*name, shape.to_vec(), values).unwrap());
        }
        builder.into_plan().unwrap().encode(WriteOptions::default()).unwrap()
    }

    /// Spike times and tiles; the times of u1 lie at, just before and just after the edges of bins.
    fn new_style(folder: &Path) {
        let at = |name: &str| folder.join(format!("rec/rec.{name}"));
        write(at("resp.json"), description(&["u2", "u1"], 10.0, Some("PointProcess")));
        let u1 = [0.1, 0.2, 0.299_999, 0.4, 0.55, 0.7, 0.899_999];
        write(at("resp.h5"), hdf5(&[("u1", &[7], &u1), ("u2", &[1], &[0.05])]));
        write(at("resp.epoch.csv"), EPOCHS);
        write(at("stim.json"), description(&["low", "high"], 10.0, Some("TiledSignal")));
        let tile = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        write(at("stim.h5"), hdf5(&[("STIM_b.wav", &[2, 3], &tile), ("STIM_a", &[2, 2], &tile[..4])]));
        write(at("meta.json"), r#"{"source": "here"}"#);
    }

    #[test]
    fn spikes_and_tiles_are_read() {
        let folder = tempfile::tempdir().unwrap();
        new_style(folder.path());
        let raw = nems::read(folder.path(), &NemsOptions::default()).unwrap();
        assert_eq!(raw.description.metadata["nems"]["source"], "here");
        assert_eq!(raw.neurons[1].id(), "u1");
        // One length: spike times from the onset.
        let RawResponse::Spikes(spikes) = &raw.stimuli[0].responses[1] else { panic!("no spikes") };
        assert!((spikes[0].as_ref().unwrap()[0] - 0.05).abs() < 1e-12);
        // Two lengths: counts, missing where the shorter has ended.
        assert_eq!(counts(&raw.stimuli[1].responses[1]), [[1.0, 2.0, 0.0], [1.0, 1.0, -1.0]]);
        let RawSound::Cochleagram { values, .. } = &raw.stimuli[1].sound else { panic!("no tile") };
        assert_eq!(values, array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let recording = raw.bin(&Binning::default()).unwrap();
        assert_eq!(recording.stimuli()[0].responses().unwrap().values(), array![[[0.0, 0.0]], [[1.0, 0.0]]]);
    }

    #[test]
    fn a_shift_takes_spikes_from_before_the_onset() {
        let folder = tempfile::tempdir().unwrap();
        new_style(folder.path());
        let options = NemsOptions { shift_ms: 100.0, ..NemsOptions::default() };
        let raw = nems::read(folder.path(), &options).unwrap();
        let shift = Binning { shift_ms: 100.0, ..Binning::default() };
        let recording = raw.bin(&shift).unwrap();
        // u1 fires at .4 and .55, the sound is from .5 to .7.
        assert_eq!(recording.stimuli()[0].responses().unwrap().values(), array![[[0.0, 0.0]], [[1.0, 1.0]]]);
    }

    #[test]
    fn rasters_in_hdf5_are_channels_by_bins() {
        let folder = tempfile::tempdir().unwrap();
        new_style(folder.path());
        let at = |name: &str| folder.path().join(format!("rec/rec.{name}"));
        write(at("resp.json"), description(&["u1", "u2"], 10.0, Some("RasterizedSignal")));
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        write(at("resp.h5"), hdf5(&[("array", &[2, 10], &values)]));
        let raw = nems::read(folder.path(), &NemsOptions::default()).unwrap();
        assert_eq!(counts(&raw.stimuli[0].responses[1]), [[15.0, 16.0]]);
    }

    #[test]
    fn stimuli_without_a_tile_are_named() {
        let folder = tempfile::tempdir().unwrap();
        new_style(folder.path());
        write(folder.path().join("rec/rec.stim.h5"), hdf5(&[("STIM_a", &[2, 2], &[0.0; 4])]));
        let raw = nems::read(folder.path(), &NemsOptions::default()).unwrap();
        assert!(raw.missing[0].ends_with("has no tiles for STIM_b.wav"), "{:?}", raw.missing);
        assert!(raw.bin(&Binning::default()).is_err());
    }

    #[test]
    fn damaged_files_are_named_with_the_path_inside() {
        let folder = tempfile::tempdir().unwrap();
        new_style(folder.path());
        let at = |name: &str| folder.path().join(format!("rec/rec.{name}"));
        let message = || whole(&nems::read(folder.path(), &NemsOptions::default()).unwrap_err());
        write(at("resp.h5"), hdf5(&[("u1", &[1], &[0.05])]));
        let text = message();
        assert!(
            text.contains("rec.resp.h5: cannot read the signal: u2: cannot be read from the HDF5 file"),
            "{text}"
        );
        write(at("resp.h5"), hdf5(&[("u1", &[1], &[f64::NAN]), ("u2", &[1], &[0.0])]));
        assert!(message().contains("u1 holds a time that is infinite or NaN, expected times in seconds"));
        write(at("resp.h5"), "nothing");
        assert!(message().contains("cannot be read from the HDF5 file"));
    }
}

mod needs_data {
    use super::*;
    use crate::outside;

    #[cfg(feature = "formats")]
    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn por026c_has_the_counts_that_numpy_and_h5py_give() {
        let path = outside::folder("STATENET_DATA", "data").join("nems_raw/por026c.tgz");
        let raw = nems::read(path, &NemsOptions::default()).unwrap();
        assert_eq!(raw.description.metadata["nems"]["source"], "svdavid/NEUS642");
        assert!(raw.missing.is_empty() && raw.warnings.is_empty(), "{:?} {:?}", raw.missing, raw.warnings);
        let recording = raw.bin(&Binning::default()).unwrap();
        let stimulus = &recording.stimuli()[0];
        assert_eq!((recording.n_stimuli(), stimulus.name(), recording.dt().ms()), (1, "por026c_all", 10.0));
        let responses = stimulus.responses().unwrap();
        let counts = responses.values();
        assert_eq!(counts.dim(), (5, 20, 700));
        // Spikes of each unit, of its first five repeats, and the sum of the bins that they lie in.
        let expected = [
            (1530.0, [117.0, 120.0, 75.0, 95.0, 78.0], 545_334.0),
            (696.0, [56.0, 42.0, 39.0, 43.0, 32.0], 239_381.0),
            (59.0, [0.0, 3.0, 0.0, 0.0, 9.0], 23_378.0),
            (1417.0, [124.0, 77.0, 56.0, 80.0, 92.0], 511_856.0),
            (656.0, [40.0, 36.0, 14.0, 36.0, 33.0], 253_663.0),
        ];
        for (of_unit, (spikes, first, bins)) in counts.outer_iter().zip(expected) {
            assert_eq!(of_unit.sum(), spikes);
            assert_eq!(of_unit.sum_axis(ndarray::Axis(1)).to_vec()[..5], first);
            let places = of_unit.indexed_iter().map(|((_, bin), &count)| bin as f64 * f64::from(count));
            assert_eq!(places.sum::<f64>(), bins);
        }
        let bands = stimulus.cochleagram();
        assert_eq!(bands.dim(), (2, 700));
        assert!(
            (bands[[0, 100]] - 0.008_801_07).abs() < 1e-7 && (bands[[1, 100]] - 0.010_271_14).abs() < 1e-7
        );
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn eno052d_has_rasters_and_no_stimulus_signal() {
        let path = outside::folder("STATENET_DATA", "data").join("nems_raw/eno052d-a1.tgz");
        let raw = nems::read(path, &NemsOptions::default()).unwrap();
        assert!(raw.missing[0].starts_with("no stimulus signal"), "{:?}", raw.missing);
        assert!(raw.warnings.is_empty(), "{:?}", raw.warnings);
        let sums: Vec<(&str, (usize, usize), f32)> = raw
            .stimuli
            .iter()
            .map(|stimulus| {
                let RawResponse::Binned { values, dt } = &stimulus.responses[0] else { panic!("no raster") };
                assert_eq!(dt.ms(), 100.0);
                (stimulus.name.as_str(), values.dim(), values.sum())
            })
            .collect();
        assert_eq!(
            sums,
            [("ferretmixed41.wav", (120, 55), 1661.0), ("ferretmixed42.wav", (120, 55), 3287.0)]
        );
        let error = raw.bin(&Binning::default()).unwrap_err().to_string();
        assert!(error.starts_with("there is no sound and no cochleagram for ferretmixed41.wav"), "{error}");
    }
}
