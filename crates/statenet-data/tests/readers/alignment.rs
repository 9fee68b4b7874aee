//! The lag of real responses, as an independent computation in NumPy has it (rises of mean z-scored bands and PSTHs).

mod needs_data {
    use statenet_core::Seed;
    use statenet_data::{
        Alignment, Binning, Recording,
        readers::table::{self, TableOptions},
    };

    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn responses_follow_the_sound_by_what_neurons_need() {
        let data = outside::folder("STATENET_DATA", "data");
        let midbrain = TableOptions { repeats: Some(5), ..TableOptions::default() };
        let midbrain =
            table::read(data.join("midbrain"), &midbrain).unwrap().bin(&Binning::default()).unwrap();
        let read = |name: &str| Recording::read(data.join(name)).unwrap();
        for (recording, expected) in [(read("ns1"), 10.0), (read("songbird"), 5.0), (midbrain, 15.0)] {
            let alignment = Alignment::of(&recording, Seed::new(0)).unwrap();
            assert_eq!(alignment.lag_ms, Some(expected), "{}", recording.name());
            assert_eq!(alignment.ci95, Some([expected, expected]), "{}", recording.name());
            let doubts = alignment.doubts(recording.name());
            assert!(doubts.is_empty(), "{doubts:?}");
        }
    }
}
