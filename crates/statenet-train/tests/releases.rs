//! Original files, from what lies there to cochleagrams and scores: they need data from outside the repository.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

#[path = "../../statenet-core/tests/outside/mod.rs"]
mod outside;

mod needs_data {
    use candle_core::Device;
    use statenet_core::Hertz;
    use statenet_core::Millis;
    use statenet_data::{
        Binning, Cut, Recording, Split, SplitPlan,
        readers::{
            aa1::{self, Aa1Options},
            nems::{self, NemsOptions},
            ns1::{self, Ns1Options, Units},
            table::{self, TableOptions},
        },
    };
    use statenet_metrics::Undefined;
    use statenet_models::front_ends::{FrontEndConfig, MelConfig};
    use statenet_train::{Ridge, cochleagrams, evaluate};

    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn a_ridge_on_pieces_of_one_sound_predicts_the_units_that_respond() {
        let path = outside::folder("STATENET_DATA", "data").join("nems_raw/por026c.tgz");
        let raw = nems::read(path, &NemsOptions::default()).unwrap();
        let whole = raw.bin(&Binning::default()).unwrap();
        // One sound of 7 s: seven pieces that begin every second, the first 120 ms of which, but the first's, are dropped: as long as the
        // ridge remembers.
        let cut = Cut::At {
            times: (1..7).map(|second| Millis::new(1e3 * f64::from(second)).unwrap()).collect(),
            gap: Millis::new(120.0).unwrap(),
        };
        let pieces = whole.cut(&cut).unwrap();
        assert_eq!(
            pieces.stimuli().iter().map(statenet_data::Stimulus::n_bins).collect::<Vec<_>>(),
            [100, 88, 88, 88, 88, 88, 88]
        );
        let split = Split::new(vec![0, 1, 2, 3], vec![4], vec![5, 6]).unwrap();
        let ridge = Ridge { lags: vec![12], ..Ridge::default() };
        let fit = ridge.fit(&pieces, &split, &Device::Cpu).unwrap();
        let scores = evaluate(&*fit.model, &pieces, split.test()).unwrap();
        for id in ["por026c-a1", "por026c-b1", "por026c-c1"] {
            let ccnorm = scores.neuron(id).unwrap().ccnorm.unwrap();
            assert!((0.3..0.9).contains(&ccnorm), "{id}: {ccnorm}");
        }
        let silent = scores.neuron("por026c-b2").unwrap().undefined.ccnorm;
        assert!(matches!(silent, Some(Undefined::NoSignal { .. })), "{silent:?}");
    }

    /// The largest difference of two recordings' cochleagrams, for the stimuli of the first.
    fn largest_difference(got: &Recording, expected: &Recording) -> f32 {
        let of = |stimulus: &statenet_data::Stimulus, other: &statenet_data::Stimulus| {
            let difference = &stimulus.cochleagram() - &other.cochleagram();
            difference.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()))
        };
        let other = |name: &str| expected.stimuli().iter().find(|stimulus| stimulus.name() == name).unwrap();
        got.stimuli().iter().map(|stimulus| of(stimulus, other(stimulus.name()))).fold(0.0, f32::max)
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn the_cochleagrams_of_ns1_come_from_its_sounds() {
        let data = outside::folder("STATENET_DATA", "data");
        let options = Ns1Options { units: Units::All, ..Ns1Options::default() };
        let raw = ns1::read(data.join("ns1_raw"), &options).unwrap();
        let mel = FrontEndConfig::Mel(MelConfig::default());
        let got = cochleagrams(&raw.bin(&ns1::binning()).unwrap(), &mel).unwrap();
        assert_eq!(got.n_stimuli(), 3);
        let difference = largest_difference(&got, &Recording::read(data.join("ns1")).unwrap());
        assert!(difference < 1e-3, "{difference}");
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn the_songbird_is_the_same_from_its_files_as_from_its_recording() {
        let data = outside::folder("STATENET_DATA", "data");
        let raw = aa1::read(data.join("songbird_raw"), &Aa1Options::default()).unwrap();
        let hz = |hz: f64| Hertz::new(hz).unwrap();
        let mel = MelConfig { n_bands: 32, low_hz: hz(250.0), high_hz: hz(8000.0), ..MelConfig::default() };
        let got = cochleagrams(&raw.bin(&Binning::default()).unwrap(), &FrontEndConfig::Mel(mel)).unwrap();
        let expected = Recording::read(data.join("songbird")).unwrap();
        for (got, expected) in got.stimuli().iter().zip(expected.stimuli()) {
            assert_eq!(got.responses().unwrap(), expected.responses().unwrap());
            let difference = &got.cochleagram() - &expected.cochleagram();
            let largest = difference.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
            assert!(largest < 1e-4, "{}: {largest}", got.name());
        }
        let ccnorm = ridge(&got, &SplitPlan::Demo.resolve(&got).unwrap());
        assert!((0.55..0.65).contains(&ccnorm), "{ccnorm}");
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn a_ridge_predicts_a_lab_s_own_unit() {
        let data = outside::folder("STATENET_DATA", "data");
        let options = TableOptions { repeats: Some(5), ..TableOptions::default() };
        let raw = table::read(data.join("midbrain"), &options).unwrap();
        let mel = FrontEndConfig::Mel(MelConfig::default());
        let recording = cochleagrams(&raw.bin(&Binning::default()).unwrap(), &mel).unwrap();
        let split = SplitPlan::Demo.resolve(&recording).unwrap();
        let names: Vec<&str> = split.test().iter().map(|&s| recording.stimuli()[s].name()).collect();
        assert_eq!(names, ["blocks09", "blocks10"]);
        let ccnorm = ridge(&recording, &split);
        assert!(ccnorm > 0.55, "{ccnorm}");
    }

    /// The mean CCnorm of a ridge of 20 lags.
    fn ridge(recording: &Recording, split: &Split) -> f64 {
        let ridge = Ridge { lags: vec![20], ..Ridge::default() };
        let smoothed = recording.smoothed().into_owned();
        let fit = ridge.fit(&smoothed, split, &Device::Cpu).unwrap();
        evaluate(&*fit.model, &smoothed, split.test()).unwrap().ccnorm_mean.unwrap()
    }
}
