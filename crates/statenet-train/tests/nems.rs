//! An original recording of NEMS, from its archive to scores: it needs data from outside the repository.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

#[path = "../../statenet-core/tests/outside/mod.rs"]
mod outside;

mod needs_data {
    use candle_core::Device;
    use statenet_core::Millis;
    use statenet_data::{
        Binning, Cut, Split,
        readers::nems::{self, NemsOptions},
    };
    use statenet_metrics::Undefined;
    use statenet_train::{Ridge, evaluate};

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
            pieces.stimuli().iter().map(|s| s.n_bins()).collect::<Vec<_>>(),
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
}
