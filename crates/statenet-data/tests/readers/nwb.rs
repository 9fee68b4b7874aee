//! NWB files, written here; and an original one where it is.

#[cfg(not(feature = "formats"))]
#[test]
fn without_the_feature_an_nwb_file_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nwb");
    super::write(&path, b"\x89HDF\r\n\x1a\n");
    let error = statenet_data::readers::nwb::units(&path).unwrap_err();
    let text = super::whole(&error);
    assert!(
        text.ends_with("HDF5 needs the feature formats: cargo install statenet-cli, or --features formats"),
        "{text}"
    );
}

#[cfg(feature = "formats")]
mod in_hdf5 {
    use std::path::{Path, PathBuf};

    use hdf5_writer::{AttributeBuilder, DatasetBuilder, H5WriteElement, Hdf5Builder, WriteOptions};
    use ndarray::array;
    use statenet_data::{
        Binning, RawRecording, RawResponse, RawSound,
        readers::nwb::{self, NwbOptions},
    };

    use crate::{whole, write, write_sound};

    /// A dataset of one axis.
    fn column<T: H5WriteElement>(path: &str, values: &[T]) -> DatasetBuilder {
        DatasetBuilder::typed_data(path, vec![values.len() as u64], values).unwrap()
    }

    fn texts(path: &str, values: &[&str]) -> DatasetBuilder {
        DatasetBuilder::vlen_string_data(path, vec![values.len() as u64], values).unwrap()
    }

    /// Three units, the second without spikes, with an index column of any width; two stimuli, b twice.
    fn parts(index: DatasetBuilder) -> Vec<DatasetBuilder> {
        vec![
            column("units/id", &[7_i32, 8, 9]),
            column("units/spike_times", &[1.012, 1.002, 3.001, 2.011, 9.0]),
            index,
            texts("units/location", &["A1", "A1", "AAF"]),
            column("units/depth", &[0.5, 0.6, 0.7]),
            column("intervals/trials/start_time", &[3.0, 1.0, 2.0, 4.0]),
            column("intervals/trials/stop_time", &[3.020, 1.020, 2.025, f64::NAN]),
            texts("intervals/trials/stimulus", &["b.wav", "b.wav", "a", "a"]),
            column("intervals/trials/correct", &[1_u8, 1, 0, 0]),
        ]
    }

    fn save(path: &Path, parts: Vec<DatasetBuilder>) {
        let builder = parts.into_iter().fold(Hdf5Builder::new(), Hdf5Builder::dataset);
        write(path, builder.into_plan().unwrap().encode(WriteOptions::default()).unwrap());
    }

    fn file(folder: &Path) -> PathBuf {
        let path = folder.join("a.nwb");
        save(&path, parts(column("units/spike_times_index", &[3_u16, 3, 5])));
        path
    }

    fn read(path: &Path, options: &NwbOptions) -> Result<RawRecording, String> {
        nwb::read(path, options).map_err(|error| whole(&error))
    }

    #[test]
    fn index_columns_of_every_width_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.nwb");
        let name = "units/spike_times_index";
        for index in [
            column(name, &[3_u8, 3, 5]),
            column(name, &[3_u16, 3, 5]),
            column(name, &[3_u32, 3, 5]),
            column(name, &[3_u64, 3, 5]),
            column(name, &[3_i64, 3, 5]),
        ] {
            save(&path, parts(index));
            let units = nwb::units(&path).unwrap();
            let trains: Vec<&[f64]> = units.iter().map(|unit| unit.spike_times.as_slice()).collect();
            assert_eq!(trains, [&[1.002, 1.012, 3.001][..], &[], &[2.011, 9.0]]);
            assert_eq!((units[2].neuron.id(), &units[2].neuron.metadata()["location"]), ("9", &"AAF".into()));
            assert_eq!(units[0].neuron.metadata()["depth"], 0.5);
        }
        for wrong in [[3_u8, 2, 5], [3, 3, 6]] {
            save(&path, parts(column(name, &wrong)));
            let text = whole(&nwb::units(&path).unwrap_err());
            assert!(
                text.contains("units/spike_times_index holds")
                    && text.contains("expected ends that increase"),
                "{text}"
            );
        }
    }

    #[test]
    fn trials_of_one_stimulus_are_repeats_in_the_order_of_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        write_sound(folder.path().join("audio/a.wav"), 15);
        write_sound(folder.path().join("audio/b.wav"), 15);
        let options = NwbOptions { audio: Some(folder.path().join("audio")), ..NwbOptions::default() };
        let raw = read(&path, &options).unwrap();
        assert!(raw.missing.is_empty(), "{:?}", raw.missing);
        assert_eq!(raw.warnings[0].code, "intervals_left_out");
        let recording = raw.bin(&Binning::default()).unwrap();
        let names: Vec<&str> = recording.stimuli().iter().map(statenet_data::Stimulus::name).collect();
        assert_eq!(names, ["a", "b.wav"]);
        let responses = recording.stimuli()[1].responses().unwrap();
        let b = responses.values();
        assert_eq!(b.slice(ndarray::s![0, .., ..]), array![[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
        assert_eq!(recording.stimuli()[0].responses().unwrap().values()[[2, 0, 2]], 1.0);
        // Spikes from 10 ms before the onset, to be moved later by as much.
        let shifted = NwbOptions { shift_ms: 10.0, ..options };
        let binning = Binning { shift_ms: 10.0, ..Binning::default() };
        let late = read(&path, &shifted).unwrap().bin(&binning).unwrap();
        let responses = late.stimuli()[1].responses().unwrap();
        let b = responses.values();
        assert_eq!(b.slice(ndarray::s![0, .., ..]), array![[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]);
    }

    #[test]
    fn without_sounds_there_are_spike_trains_as_long_as_the_shortest_interval() {
        let folder = tempfile::tempdir().unwrap();
        let raw = read(&file(folder.path()), &NwbOptions::default()).unwrap();
        assert_eq!(raw.missing, ["no sounds for a, b.wav: name a folder of them (--audio)"]);
        let b = &raw.stimuli[1];
        assert!((b.seconds.unwrap() - 0.02).abs() < 1e-9 && b.sound == RawSound::Missing);
        let RawResponse::Spikes(spikes) = &b.responses[0] else { panic!("no spikes") };
        assert_eq!(spikes[0].as_ref().unwrap().len(), 2);
    }

    #[test]
    fn sounds_of_the_file_are_cut_from_a_series_over_all_of_it_or_called_as_the_stimulus() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.nwb");
        let index = || column("units/spike_times_index", &[3_u16, 3, 5]);
        // Ten seconds at 1 kHz from second 0.5: sample i is i / 1000.
        let samples: Vec<f32> = (0..10_000_u16).map(|i| f32::from(i) / 1e3).collect();
        let series = |name: &str, samples: &[f32], start: f64, scale: f64| {
            let at = |part: &str| format!("stimulus/presentation/{name}/{part}");
            let conversion = AttributeBuilder::scalar("conversion", scale).unwrap();
            let rate = AttributeBuilder::scalar("rate", 1000.0_f64).unwrap();
            let start = DatasetBuilder::typed_data(at("starting_time"), vec![], &[start]).unwrap();
            [column(&at("data"), samples).attribute(conversion), start.attribute(rate)]
        };
        let mut with_one = parts(index());
        with_one.extend(series("played", &samples, 0.5, 2.0));
        save(&path, with_one);
        let raw = read(&path, &NwbOptions::default()).unwrap();
        assert!(raw.missing.is_empty(), "{:?}", raw.missing);
        // Stimulus a begins at 2 s, which is sample 1500.
        let RawSound::Samples(sound) = &raw.stimuli[0].sound else { panic!("no sound") };
        assert_eq!((sound.samples.len(), sound.samples[0]), (25, 3.0));
        // One series a stimulus, whatever its time.
        let mut with_two = parts(index());
        with_two.extend(series("a", &samples[..25], 0.0, 1.0));
        with_two.extend(series("b", &samples[..30], 0.0, 1.0));
        save(&path, with_two);
        let raw = read(&path, &NwbOptions::default()).unwrap();
        let lengths: Vec<Option<f64>> = raw.stimuli.iter().map(|s| s.sound.seconds().unwrap()).collect();
        assert_eq!(lengths, [Some(0.025), Some(0.03)]);
    }

    #[test]
    fn tables_and_columns_are_named_where_they_are_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.nwb");
        let mut two_tables = parts(column("units/spike_times_index", &[3_u16, 3, 5]));
        two_tables.extend([
            column("intervals/sounds/start_time", &[0.0, 1.0]),
            column("intervals/sounds/stop_time", &[1.0, 1.02]),
            column("intervals/sounds/stimulus_onset", &[0.5, 1.0]),
            column("intervals/sounds/level", &[60.0, 70.0]),
            texts("intervals/sounds/tags", &["x", "y", "z"]),
            column("intervals/sounds/tags_index", &[2_u8, 3]),
        ]);
        save(&path, two_tables);
        let options = |table: &str, stimulus: Option<&str>, onset: Option<&str>| NwbOptions {
            table: Some(table.to_owned()),
            stimulus: stimulus.map(str::to_owned),
            onset: onset.map(str::to_owned),
            ..NwbOptions::default()
        };
        let names = |options: &NwbOptions| {
            read(&path, options).map(|raw| raw.stimuli.iter().map(|s| s.name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(&options("sounds", Some("level"), None)).unwrap(), ["60", "70"]);
        assert_eq!(names(&options("intervals/sounds", Some("tags"), None)).unwrap(), ["x,y", "z"]);
        let raw = read(&path, &options("sounds", Some("level"), None)).unwrap();
        assert_eq!(raw.warnings[0].code, "onset_column");
        let raw = read(&path, &options("sounds", Some("level"), Some("stimulus_onset"))).unwrap();
        assert!(raw.warnings.is_empty() && raw.stimuli[0].seconds == Some(0.5));
        // The only table with a column of stimuli, where there are no trials.
        let mut others = parts(column("units/spike_times_index", &[3_u16, 3, 5]));
        others.retain(|part| part.shape() != [4]);
        others.extend([
            column("intervals/played/start_time", &[0.0]),
            column("intervals/played/stop_time", &[1.0]),
            texts("intervals/played/stimulus", &["p"]),
        ]);
        let other = folder.path().join("b.nwb");
        save(&other, others);
        assert_eq!(read(&other, &NwbOptions::default()).unwrap().stimuli[0].name, "p");
        let none = names(&options("nothing", None, None)).unwrap_err();
        assert!(
            none.contains("intervals holds") && none.contains("sounds") && none.contains("trials"),
            "{none}"
        );
        let no_stimulus = names(&options("sounds", None, None)).unwrap_err();
        assert!(no_stimulus.contains("expected one column called stimulus"), "{no_stimulus}");
        let no_column = names(&options("sounds", Some("sound"), None)).unwrap_err();
        assert!(no_column.ends_with("expected the column that is named"), "{no_column}");
    }

    mod needs_data {
        use super::*;
        use crate::outside;

        #[test]
        #[ignore = "needs STATENET_DATA"]
        fn a_file_of_pynapple_has_the_spikes_that_h5py_reads() {
            let path = outside::folder("STATENET_DATA", "data").join("formats/A8604-211122.nwb");
            let units = nwb::units(&path).unwrap();
            let expected = [
                ("6", 11_020, 0.030333, 1087.352833, 6_196_915.002_245),
                ("191", 4_690, 0.874333, 1087.258, 2_825_367.068_651),
                ("206", 5_644, 0.028133, 1087.221833, 3_261_870.894_303),
            ];
            for (unit, (id, n, first, last, sum)) in units.iter().zip(expected) {
                let times = &unit.spike_times;
                assert_eq!((unit.neuron.id(), times.len()), (id, n));
                assert_eq!((times.first(), times.last()), (Some(&first), Some(&last)));
                assert!((times.iter().sum::<f64>() - sum).abs() < 1e-3);
            }
            assert_eq!(units.len(), 3);
            // It has no trials; its only epoch is the whole session.
            let none = read(&path, &NwbOptions::default()).unwrap_err();
            assert!(none.contains("intervals holds epochs, expected a table of the intervals"), "{none}");
            let options = NwbOptions {
                table: Some("epochs".to_owned()),
                stimulus: Some("tags".to_owned()),
                ..NwbOptions::default()
            };
            let raw = read(&path, &options).unwrap();
            assert_eq!(
                (raw.description.name.as_str(), raw.stimuli[0].name.as_str()),
                ("A8604-211122", "wake")
            );
            let counts: Vec<usize> = raw.stimuli[0]
                .responses
                .iter()
                .map(|response| match response {
                    RawResponse::Spikes(repeats) => repeats[0].as_ref().unwrap().len(),
                    _ => 0,
                })
                .collect();
            assert_eq!(counts, [11_020, 4_690, 5_644]);
        }
    }
}
