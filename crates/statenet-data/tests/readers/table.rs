//! Sounds and a table of spikes.

use std::path::Path;

use ndarray::array;
use statenet_data::{
    Binning, Recording, Stimulus,
    readers::table::{self, TableOptions},
};

use crate::{whole, write, write_sound};

/// Two sounds of 20 ms.
fn folder(spikes: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_sound(folder.path().join("audio/s2.wav"), 20);
    write_sound(folder.path().join("audio/s10.wav"), 20);
    write(folder.path().join("spikes.csv"), spikes);
    folder
}

fn read(folder: &Path, options: &TableOptions) -> Recording {
    table::read(folder, options).unwrap().bin(&Binning::default()).unwrap()
}

const SPIKES: &str =
    "unit,stimulus,repeat,time_s\nu10,s10,0,0.001\nu2,s2,1,0.006\nu2,s2,1,0.0075\nu2,s10,2,-0.1\n";

#[test]
fn each_unit_answers_each_sound_in_each_repeat() {
    let recording = read(folder(SPIKES).path(), &TableOptions::default());
    assert_eq!(recording.neuron_ids(), ["u2", "u10"]);
    let names: Vec<&str> = recording.stimuli().iter().map(Stimulus::name).collect();
    assert_eq!(names, ["s2", "s10"]);
    let counts = |s: usize| recording.stimuli()[s].responses().unwrap().values().to_owned();
    assert_eq!(counts(0).dim(), (2, 3, 4));
    assert_eq!(counts(0).sum(), 2.0);
    assert_eq!(counts(0)[[0, 1, 1]], 2.0);
    assert_eq!(counts(1)[[1, 0, 0]], 1.0);
    // The spike before the sound is left out.
    assert_eq!(counts(1).sum(), 1.0);
}

#[test]
fn every_form_of_a_table_gives_the_same() {
    let expected = read(folder(SPIKES).path(), &TableOptions::default());
    let mut with_bom = b"\xef\xbb\xbf".to_vec();
    with_bom.extend(SPIKES.replace('\n', "\r\n").bytes());
    let milliseconds =
        "repeat;time_ms;Unit;sound\n0;1;u10;s10.wav\n1;6;u2;s2.wav\n1; 7.5;u2;s2.wav\n2;-100;u2;s10.wav\n";
    let from_1 = SPIKES.replace(",2,-", ",3,-").replace(",1,", ",2,").replace(",0,0.001", ",1,0.001");
    let rows = r#"[{"unit":"u10","stimulus":"s10","repeat":0,"time_s":0.001},{"unit":"u2","stimulus":"s2","repeat":1,"time_s":0.006},
        {"unit":"u2","stimulus":"s2","repeat":1,"time_s":0.0075},{"unit":"u2","stimulus":"s10","repeat":2,"time_s":-0.1}]"#;
    let columns = r#"{"unit":["u10","u2","u2","u2"],"stimulus":["s10","s2","s2","s10"],"repeat":[0,1,1,2],"time_s":[0.001,0.006,0.0075,-0.1]}"#;
    let forms: [(&str, Vec<u8>); 6] = [
        ("csv", with_bom),
        ("csv", milliseconds.into()),
        ("csv", from_1.into()),
        ("tsv", SPIKES.replace(',', "\t").into()),
        ("json", rows.into()),
        ("json", columns.into()),
    ];
    for (ending, content) in forms {
        let folder = folder("");
        let path = folder.path().join(format!("other.{ending}"));
        write(&path, &content);
        let recording = read(folder.path(), &TableOptions { spikes: Some(path), ..TableOptions::default() });
        for (got, expected) in recording.stimuli().iter().zip(expected.stimuli()) {
            assert_eq!(
                got.responses().unwrap(),
                expected.responses().unwrap(),
                "{ending} {}",
                String::from_utf8_lossy(&content)
            );
        }
    }
}

#[test]
fn repeats_without_spikes_are_counted_if_one_says_so() {
    let folder = folder(SPIKES);
    let raw = table::read(folder.path(), &TableOptions::default()).unwrap();
    let doubt = raw.warnings.first().unwrap();
    assert_eq!(doubt.code, "repeats");
    assert!(doubt.message.starts_with("taken as 3 repeats of each sound, of which 3 have no row"), "{doubt}");
    let five = TableOptions { repeats: Some(5), ..TableOptions::default() };
    assert_eq!(read(folder.path(), &five).stimuli()[0].n_repeats(), 5);
    assert!(table::read(folder.path(), &five).unwrap().warnings.is_empty());
    let two = TableOptions { repeats: Some(2), ..TableOptions::default() };
    assert_eq!(
        table::read(folder.path(), &two).unwrap_err().to_string(),
        "there is a repeat 2, counted from 0, expected 2 repeats (--repeats)"
    );
    // Or by a row without a time.
    let with_row = self::folder(&format!("{SPIKES}u2,s2,4,\n"));
    assert_eq!(read(with_row.path(), &TableOptions::default()).stimuli()[0].n_repeats(), 5);
}

#[test]
fn times_on_one_clock_belong_to_the_sound_that_was_played() {
    let folder = folder("unit,time_s\nu,10.001\nu,12.0191\nu,12.0201\nu,15.006\n");
    write(folder.path().join("onsets.csv"), "stimulus,onset_ms\ns2,12000\ns10,15000\ns2,10000\n");
    let recording = read(folder.path(), &TableOptions::default());
    let counts = |s: usize| recording.stimuli()[s].responses().unwrap().values().to_owned();
    assert_eq!(counts(0), array![[[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]]);
    assert_eq!(counts(1), array![[[0.0, 1.0, 0.0, 0.0]]]);
}

#[test]
fn cochleagrams_serve_in_place_of_sounds() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("stimuli")).unwrap();
    statenet_data::write_npy_2d(folder.path().join("stimuli/s2.npy"), array![[0.0, 1.0, 2.0]].view())
        .unwrap();
    write(folder.path().join("spikes.csv"), "unit,stimulus,repeat,time_s\nu,s2,0,0.011\n");
    let without = table::read(folder.path(), &TableOptions::default()).unwrap_err().to_string();
    assert_eq!(without, "dt of the cochleagrams is missing, expected the width of their bins in ms (--dt)");
    let dt = Some(statenet_core::TimeBin::whole_millis::<10>());
    let recording = read(folder.path(), &TableOptions { dt, ..TableOptions::default() });
    assert_eq!(recording.dt().ms(), 10.0);
    assert_eq!(recording.stimuli()[0].cochleagram(), array![[0.0, 1.0, 2.0]]);
    assert_eq!(recording.stimuli()[0].responses().unwrap().values(), array![[[0.0, 1.0, 0.0]]]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let error = |spikes: &str| {
        let folder = folder(spikes);
        let result = table::read(folder.path(), &TableOptions::default());
        let error = result.and_then(|raw| raw.bin(&Binning::default())).unwrap_err();
        whole(&error).replace(&format!("{}/", folder.path().display()), "")
    };
    assert_eq!(
        error("unit,stimulus,repeat,time\nu,s2,0,1\n"),
        "spikes.csv: the columns are unit, stimulus, repeat, time, expected a column time_s or time_ms, the unit in its name"
    );
    assert_eq!(
        error("unit,cell,stimulus,repeat,time_s\n"),
        "spikes.csv: the columns are unit, cell, stimulus, repeat, time_s, expected one column of each kind"
    );
    assert_eq!(
        error("unit,stimulus,repeat,time_s\nu,s2,0,0.1\nu,s2,0.5,0.1\n"),
        "spikes.csv: repeat in line 3 is 0.5, expected a whole number from 0 or 1 to 1000000"
    );
    assert_eq!(
        error("unit,stimulus,repeat,time_s\nu,s2,0,nan\n"),
        "spikes.csv: time in line 2 is NaN, expected a finite time, or nothing"
    );
    assert!(
        error("unit,stimulus,repeat,time_s\nu,s2,0\n").starts_with("spikes.csv: cannot read the table: ")
    );
    assert!(
        error("unit,stimulus,repeat,time_s\nu,s2,0,0.1\nu,s2,999999,0.1\n")
            .starts_with("there is a repeat 999999 but only 2 different ones, expected numbers that count")
    );
    assert_eq!(error("unit,stimulus,repeat,time_s\n"), "recording has no spikes, expected at least one");
    assert_eq!(
        error("unit,stimulus,repeat,time_s\nu,s3,0,0.1\n"),
        "there is no sound and no cochleagram for s3, expected one for every stimulus"
    );
}

#[test]
fn sounds_that_no_row_names_are_listed() {
    let folder = folder("unit,stimulus,repeat,time_s\nu,s2,0,0.1\n");
    let raw = table::read(folder.path(), &TableOptions::default()).unwrap();
    assert_eq!(raw.missing.len(), 1);
    assert!(raw.missing[0].ends_with("names the sounds s10: they are left out"), "{:?}", raw.missing);
    assert_eq!(raw.bin_with_doubts(&Binning::default()).unwrap().1[0].code, "spikes_outside");
}

mod needs_data {
    use super::*;
    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn midbrain_is_one_unit_ten_sounds_and_five_repeats() {
        let folder = outside::folder("STATENET_DATA", "data").join("midbrain");
        let recording = read(&folder, &TableOptions { repeats: Some(5), ..TableOptions::default() });
        assert_eq!((recording.n_neurons(), recording.n_stimuli()), (1, 10));
        assert!(recording.stimuli().iter().all(|s| s.responses().unwrap().values().dim() == (1, 5, 2000)));
        // Python: sum(0 <= float(row["time_s"]) < 10 for row in csv.DictReader(open("spikes.csv")))
        let spikes: f32 = recording.stimuli().iter().map(|s| s.responses().unwrap().values().sum()).sum();
        assert_eq!(spikes, MIDBRAIN_SPIKES);
    }
    const MIDBRAIN_SPIKES: f32 = 3001.0;
}
