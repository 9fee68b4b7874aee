//! The lag of real responses, as an independent computation in NumPy has it (rises of mean z-scored bands and PSTHs).

mod needs_data {
    use statenet_core::Seed;
    use statenet_data::{
        Alignment, Binning, Recording,
        readers::{
            ArrayOptions, NamedArrays, mat,
            table::{self, TableOptions},
        },
    };

    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn responses_follow_the_sound_by_what_neurons_need() {
        let data = outside::folder("STATENET_DATA", "data");
        let read = |name: &str| Recording::read(data.join(name)).unwrap();
        for (recording, expected) in [(read("ns1"), 10.0), (read("songbird"), 5.0)] {
            let alignment = Alignment::of(&recording, Seed::new(0)).unwrap();
            assert_eq!(alignment.lag_ms, Some(expected), "{}", recording.name());
            assert_eq!(alignment.ci95, Some([expected, expected]), "{}", recording.name());
            let doubts = alignment.doubts(recording.name());
            assert!(alignment.clear && doubts.is_empty(), "{doubts:?}");
        }
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn sounds_that_repeat_themselves_leave_the_lag_open_and_raise_no_doubt() {
        let data = outside::folder("STATENET_DATA", "data");
        let midbrain = TableOptions { repeats: Some(5), ..TableOptions::default() };
        let midbrain =
            table::read(data.join("midbrain"), &midbrain).unwrap().bin(&Binning::default()).unwrap();
        let alignment = Alignment::of(&midbrain, Seed::new(0)).unwrap();
        assert!(!alignment.clear);
        assert_eq!(alignment.doubts("midbrain"), []);
    }

    /// The marker of a sound lies later than the sound: responses begin one bin before it. Moved four bins earlier it is right.
    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn a_marker_that_is_too_late_is_noticed() {
        let file = outside::folder("STATENET_DATA", "data").join("mouse_raw/sample_data.mat");
        let doubts = |shift_ms: f64| {
            let arrays = ArrayOptions {
                axes: Some("nt,ft".to_owned()),
                trial_bins: Some(100),
                shift_ms,
                ..ArrayOptions::default()
            };
            let options = NamedArrays { responses: Some("spk".into()), stimuli: Some("stim".into()), arrays };
            let recording = mat::read(&file, &options).unwrap().bin(&Binning::default()).unwrap();
            let alignment = Alignment::of(&recording, Seed::new(0)).unwrap();
            (alignment.lag_ms, alignment.doubts("mouse"))
        };
        let (lag, as_it_lies) = doubts(0.0);
        assert_eq!((lag, as_it_lies[0].code.as_str()), (Some(-5.0), "response_before_sound"));
        assert_eq!(doubts(20.0), (Some(15.0), Vec::new()));
    }
}
