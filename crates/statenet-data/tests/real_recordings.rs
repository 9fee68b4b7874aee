//! Published recordings, read where they are, which the variable says that each test needs; never part of the repository.
//!
//! Spike totals were counted with NumPy 2 from the files: `sum(np.load(f)["counts"].sum())`.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

#[path = "../../statenet-core/tests/outside/mod.rs"]
mod outside;

use statenet_data::{Recording, SplitPlan};

fn spikes(recording: &Recording) -> f64 {
    recording.stimuli().iter().map(|s| s.responses().unwrap().values().mapv(f64::from).sum()).sum()
}

mod needs_ns1 {
    use super::*;

    #[test]
    #[ignore = "needs STATENET_NS1"]
    fn ns1_is_53_neurons_and_20_sounds() {
        let recording = Recording::read(outside::folder("STATENET_NS1", "data/ns1")).unwrap();
        assert_eq!((recording.n_neurons(), recording.n_stimuli(), recording.n_bands()), (53, 20, 34));
        assert_eq!(recording.dt().ms(), 5.0);
        assert_eq!(recording.bands().len(), 34);
        assert!(recording.stimuli().iter().all(|s| s.n_bins() == 999 && s.n_repeats() == 20));
        assert!(recording.stimuli().iter().all(|s| s.responses().unwrap().mask().is_complete()));
        assert_eq!(spikes(&recording), 1_227_351.0);
        assert_eq!(recording.neurons()[0].metadata()["depth_um"], 900);
        assert_eq!(recording.stimuli()[19].kind(), Some("water"));
        let split = SplitPlan::Demo.resolve(&recording).unwrap();
        // NumPy: mean and std(ddof=1) of bands 0 and 1 over the fourteen training sounds.
        let fitted = recording.fit_standardization(split.train()).unwrap();
        for (got, expected) in [
            (fitted.mean()[0], 0.684_231_46),
            (fitted.mean()[1], 0.606_633_63),
            (fitted.std()[0], 1.788_231_35),
            (fitted.std()[1], 1.847_741_7),
        ] {
            assert!((f64::from(got) - expected).abs() < 1e-6, "{got} {expected}");
        }
        SplitPlan::Rahman.resolve(&recording).unwrap();
    }
}

mod needs_songbird {
    use super::*;

    #[test]
    #[ignore = "needs STATENET_SONGBIRD"]
    fn the_songbird_heard_songs_of_many_lengths() {
        let recording = Recording::read(outside::folder("STATENET_SONGBIRD", "data/songbird")).unwrap();
        assert_eq!((recording.n_neurons(), recording.n_stimuli(), recording.n_bands()), (1, 20, 32));
        let bins: Vec<usize> = recording.stimuli().iter().map(statenet_data::Stimulus::n_bins).collect();
        assert_eq!((bins[0], bins[1], bins.iter().sum::<usize>()), (344, 294, 7741));
        assert_eq!(spikes(&recording), 3632.0);
        let copy = tempfile::tempdir().unwrap();
        recording.write(copy.path().join("songbird")).unwrap();
        let back = Recording::read(copy.path().join("songbird")).unwrap();
        assert_eq!(back.stimuli()[3].responses().unwrap(), recording.stimuli()[3].responses().unwrap());
        assert_eq!(back.stimuli()[3].metadata(), recording.stimuli()[3].metadata());
    }
}
