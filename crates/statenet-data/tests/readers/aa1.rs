//! Releases of CRCNS aa-1 and aa-2, and a single unit in their layout.

use statenet_data::{
    Binning,
    readers::aa1::{self, Aa1Options},
};

use crate::{write, write_sound};

/// A release aa-1 in miniature: two areas, two classes, three units, of which one lacks a class, one spikes and one sound.
fn release() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |inside: &str| folder.path().join(inside);
    write_sound(at("all_stims/conspecific/aaaa.wav"), 20);
    write_sound(at("all_stims/flatrip/bbbb.wav"), 15);
    for (unit, class, number, sound, spikes) in [
        ("MLd_cells/bird1_1_A", "conspecific", 1, "aaaa.wav", "1 6\n-3 7 19.5\n"),
        ("MLd_cells/bird1_1_A", "flatrip", 1, "bbbb.wav", "\n14.9\n"),
        ("MLd_cells/bird2_1_B", "flatrip", 7, "bbbb.wav", "3\n3\n3\n"),
        ("Field_L_cells/bird3_2_A", "conspecific", 2, "aaaa.wav", "5\n"),
        ("Field_L_cells/bird3_2_A", "conspecific", 3, "cccc.wav", "5\n"),
        ("Field_L_cells/bird3_2_A", "flatrip", 2, "bbbb.wav", ""),
    ] {
        write(at(&format!("{unit}/{class}/stim{number}")), format!("{sound}\n"));
        write(at(&format!("{unit}/{class}/spike{number}")), spikes);
    }
    std::fs::remove_file(at("Field_L_cells/bird3_2_A/flatrip/spike2")).unwrap();
    folder
}

#[test]
fn a_release_is_read_as_far_as_it_goes() {
    let folder = release();
    let raw = aa1::read(folder.path(), &Aa1Options::default()).unwrap();
    let missing: Vec<String> =
        raw.missing.iter().map(|line| line.replace(&format!("{}/", folder.path().display()), "")).collect();
    assert_eq!(
        missing,
        [
            "MLd_cells/bird2_1_B: unit bird2_1_B has no conspecific",
            "the spikes Field_L_cells/bird3_2_A/flatrip/spike2",
            "the sound conspecific/cccc.wav, which 1 units heard: it is left out",
        ]
    );
    let recording = raw.bin(&Binning::default()).unwrap();
    assert_eq!(recording.neuron_ids(), ["bird1_1_A", "bird2_1_B", "bird3_2_A"]);
    assert_eq!(recording.neurons()[2].metadata()["area"], "Field_L");
    assert_eq!(recording.neurons()[2].metadata()["animal"], "bird3");
    let [song, ripple] = recording.stimuli() else { panic!("two stimuli") };
    assert_eq!((song.name(), song.kind(), song.n_bins()), ("aaaa", Some("conspecific"), 4));
    let counts =
        |repeat: usize| song.responses().unwrap().values().slice(ndarray::s![0, repeat, ..]).to_vec();
    assert_eq!([counts(0), counts(1)], [[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]]);
    let repeats = |s: &statenet_data::Stimulus| [0, 1, 2].map(|n| s.n_repeats_of(n));
    assert_eq!([repeats(song), repeats(ripple)], [[2, 0, 1], [2, 3, 0]]);
}

#[test]
fn areas_and_classes_can_be_chosen() {
    let folder = release();
    let options = |areas: &[&str], classes: &[&str]| Aa1Options {
        areas: areas.iter().map(ToString::to_string).collect(),
        classes: classes.iter().map(ToString::to_string).collect(),
    };
    let chosen = aa1::read(folder.path(), &options(&["L"], &["conspecific"])).unwrap();
    assert_eq!((chosen.neurons.len(), chosen.stimuli.len()), (1, 1));
    let none = aa1::read(folder.path(), &options(&["OV"], &[])).unwrap_err().to_string();
    assert_eq!(none, "recording has no units in these areas, expected at least one");
}

#[test]
fn areas_of_aa2_come_from_its_table() {
    let folder = tempfile::tempdir().unwrap();
    let at = |inside: &str| folder.path().join(inside);
    write_sound(at("all_stims/aaaa.wav"), 20);
    write(at("all_cells/b1/songrip/stim1"), "aaaa.wav");
    write(at("all_cells/b1/songrip/spike1"), "1\n2\n");
    write(at("cell_regions.csv"), "cell,region\nb1,L2a\n");
    let options = Aa1Options { areas: vec!["Field_L".to_owned()], ..Aa1Options::default() };
    let raw = aa1::read(folder.path(), &options).unwrap();
    assert_eq!(raw.neurons[0].metadata()["area"], "L2a");
    assert_eq!(raw.stimuli[0].kind.as_deref(), Some("songrip"));
}

#[test]
fn another_folder_is_refused_with_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let error = aa1::read(folder.path(), &Aa1Options::default()).unwrap_err().to_string();
    assert!(error.ends_with("a release of CRCNS aa-1 or aa-2"), "{error}");
}

mod needs_data {
    use statenet_data::Recording;

    use super::*;
    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn the_songbird_of_strflab_has_the_counts_of_its_recording() {
        let data = outside::folder("STATENET_DATA", "data");
        let raw = aa1::read(data.join("songbird_raw"), &Aa1Options::default()).unwrap();
        assert_eq!(raw.missing, Vec::<String>::new());
        let recording = raw.bin(&Binning::default()).unwrap();
        let expected = Recording::read(data.join("songbird")).unwrap();
        assert_eq!(recording.n_stimuli(), 20);
        for (got, expected) in recording.stimuli().iter().zip(expected.stimuli()) {
            assert_eq!(
                got.responses().unwrap(),
                expected.responses().unwrap(),
                "{} and {}",
                got.name(),
                expected.name()
            );
        }
    }
}
