//! Recordings whose responses stay on disk: they are those of the same recording in memory, and a file that changes is an error.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use std::{fs, path::Path};

use candle_core::Device;
use ndarray::{Array2, Array3};
use proptest::prelude::*;
use statenet_core::{Seed, TimeBin};
use statenet_data::{
    Alignment, Batches, Description, Error, Neuron, Part, Recording, Responses, Smoothing, Split, Stimulus,
    formats::{npy, npz},
    quality,
};

/// Three neurons and stimuli of these lengths with two repeats of counts up to `most`; `share` of the cells are missing.
fn recording(lengths: &[usize], unit: &str, most: u32, share: f64, seed: u64) -> Recording {
    let mut noise = Seed::new(seed).stream("responses");
    let stimuli = lengths.iter().enumerate().map(|(s, &bins)| {
        let values = Array3::from_shape_fn((3, 2, bins), |(n, _, _)| {
            let missing = noise.uniform(0.0, 1.0) < share || (n == 1 && s == 0 && share > 0.0);
            if missing { f32::NAN } else { (noise.uniform(0.0, 1.0) * f64::from(most)).round() as f32 }
        });
        let sound = Array2::from_shape_fn((4, bins), |(f, t)| ((7 * f + 3 * t + s) as f32).sin());
        let responses = Responses::from_nan_in(values, unit.parse().unwrap()).unwrap();
        Stimulus::new(format!("s{s}"), sound, responses).unwrap()
    });
    let neurons = ["a", "b", "c"].map(Neuron::new).to_vec();
    let about = Description { name: "mine".to_owned(), ..Description::default() };
    Recording::new(about, TimeBin::whole_millis::<5>(), vec![], neurons, stimuli.collect()).unwrap()
}

/// The recording as read from a folder, in memory and on disk.
fn both(recording: &Recording, folder: &Path) -> (Recording, Recording) {
    recording.write(folder).unwrap();
    let (here, there) =
        (Recording::read_within(folder, u64::MAX).unwrap(), Recording::read_within(folder, 0).unwrap());
    assert!(!here.is_on_disk() && there.is_on_disk());
    (here, there)
}

/// Equal, and of the same shape before anything is read.
fn assert_same(here: &Recording, there: &Recording) {
    assert_eq!(here, there);
    for (here, there) in here.stimuli().iter().zip(there.stimuli()) {
        let of = |s: &Stimulus| {
            (s.n_neurons(), s.n_repeats(), s.n_bins(), s.n_values(), s.response_unit().clone())
        };
        assert_eq!(of(here), of(there));
        let repeats = |s: &Stimulus| (0..=s.n_neurons()).map(|n| s.n_repeats_of(n)).collect::<Vec<_>>();
        assert_eq!(repeats(here), repeats(there));
    }
}

/// Stimuli, cochleagrams, targets and mask of a batch.
type Content = (Vec<usize>, Vec<f32>, Vec<f32>, Vec<f32>);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_done_to_a_recording_is_the_same_on_disk(
        lengths in prop::collection::vec(1usize..30, 1..5),
        counts in any::<bool>(),
        most in prop_oneof![Just(3u32), Just(300), Just(70_000)],
        share in prop_oneof![Just(0.0), Just(0.3), Just(1.0)],
        seed in 0u64..1000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let unit = if counts { "spikes/bin" } else { "mV" };
        let at = folder.path().join("recording");
        let (here, there) = both(&recording(&lengths, unit, most, share, seed), &at);
        assert_same(&here, &there);
        assert_same(&here.smoothed(), &there.smoothed());
        let chosen = [2, 0];
        let select = |r: &Recording| r.select_neurons(&chosen).unwrap();
        assert_same(&select(&here), &select(&there));
        let twice = |r: &Recording| select(r).smoothed().select_neurons(&[1]).unwrap();
        assert_same(&twice(&here), &twice(&there));
        let cut = "0.02,0.005,keep".parse().unwrap();
        assert_same(&here.smoothed().cut(&cut).unwrap(), &there.smoothed().cut(&cut).unwrap());
        assert_same(&select(&here).cut(&cut).unwrap().smoothed(), &select(&there).cut(&cut).unwrap().smoothed());
        let again = folder.path().join("again");
        there.write(&again).unwrap();
        assert_same(&here, &Recording::read_within(&again, u64::MAX).unwrap());
        prop_assert_eq!(here.doubts().unwrap(), there.doubts().unwrap());
        prop_assert_eq!(quality(&here).unwrap(), quality(&there).unwrap());
        let seed = Seed::new(0);
        prop_assert_eq!(Alignment::of(&here, seed).unwrap(), Alignment::of(&there, seed).unwrap());
        let all: Vec<usize> = (0..lengths.len()).collect();
        let of = |r: &Recording| -> Vec<Content> {
            let batches = Batches::new(&r.smoothed(), &all, &Device::Cpu).unwrap();
            let values = |t: &candle_core::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let batches = batches.epoch(seed, 1, 2).unwrap().map(Result::unwrap);
            batches.map(|b| (b.stimuli, values(&b.cochleagrams), values(&b.targets), values(&b.mask))).collect()
        };
        prop_assert_eq!(of(&here), of(&there));
    }
}

#[test]
fn counts_are_written_in_the_smallest_type_that_has_them() {
    let folder = tempfile::tempdir().unwrap();
    for (most, missing, element) in [
        (255, 0.0, npy::ElementType::U8),
        (256, 0.0, npy::ElementType::U16),
        (65_535, 0.0, npy::ElementType::U16),
        (65_536, 0.0, npy::ElementType::F32),
        (255, 0.5, npy::ElementType::F32),
    ] {
        let of = recording(&[40], "spikes/bin", most, missing, 1);
        // The largest count is there.
        let mut values = of.stimuli()[0].responses().unwrap().to_nan();
        values[[0, 0, 0]] = most as f32;
        let stimulus =
            Stimulus::new("s", Array2::zeros((1, 40)), Responses::from_nan(values).unwrap()).unwrap();
        let neurons = of.neurons().to_vec();
        let of = Recording::new(of.description().clone(), of.dt(), vec![], neurons, vec![stimulus]).unwrap();
        let (here, there) = both(&of, &folder.path().join("recording"));
        assert_same(&of, &here);
        assert_same(&of, &there);
        let file = fs::read(folder.path().join("recording/responses/s.npz")).unwrap();
        assert_eq!(npz::parse(&file, "counts").unwrap().0, element, "{most}");
    }
}

#[test]
fn a_file_that_changes_or_vanishes_while_it_is_used_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_, there) = both(&recording(&[30, 20, 10], "spikes/bin", 3, 0.0, 2), &folder.path().join("r"));
    let file = folder.path().join("r/responses/s0.npz");
    let bytes = fs::read(&file).unwrap();
    let message = |recording: &Recording| {
        let error = recording.stimuli()[0].responses().unwrap_err();
        assert!(matches!(error, Error::FileChanged { .. } | Error::Io { .. }), "{error:?}");
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    };
    let changed = "r/responses/s0.npz: has changed since the recording was read: read the recording again";
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..cut]).unwrap();
        assert_eq!(message(&there), changed, "{cut} of {} bytes", bytes.len());
    }
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        fs::write(&file, &other).unwrap();
        assert_eq!(message(&there), changed, "byte {at}");
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(message(&there), "r/responses/s0.npz: cannot read");
    // Whatever reads the responses passes it on; what does not, works.
    let split = Split::new(vec![0], vec![1], vec![2]).unwrap();
    assert_eq!(split.has_data(Part::Train, &there).unwrap(), [true; 3]);
    assert!(quality(&there).is_err());
    assert!(there.write(folder.path().join("copy")).is_err() && !folder.path().join("copy").exists());
    let smoothed = there.smooth(Smoothing::default()).unwrap();
    let batches = Batches::new(&smoothed, &[0, 1], &Device::Cpu).unwrap();
    let results: Vec<bool> = batches.in_order(1).unwrap().map(|batch| batch.is_ok()).collect();
    assert_eq!(results, [false, true]);
    fs::write(&file, &bytes).unwrap();
    assert!(there.stimuli()[0].responses().is_ok());
}

#[test]
fn what_is_wrong_in_a_file_is_found_when_the_recording_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("r");
    let write = |values: Array3<f32>| {
        recording(&[2], "spikes/bin", 3, 0.0, 2).write(&at).unwrap();
        let npy = npy::encode(values.view()).unwrap();
        fs::write(at.join("responses/s0.npz"), npz::encode(&[("counts", npy)]).unwrap()).unwrap();
        let error = |most| Recording::read_within(&at, most).unwrap_err().to_string();
        assert_eq!(error(0), error(u64::MAX));
        error(0).replace(&format!("{}/", at.display()), "")
    };
    let mut values = Array3::zeros((3, 2, 2));
    values[[1, 0, 1]] = -1.0;
    assert_eq!(write(values.clone()), "responses/s0.npz: counts[1, 0, 1] is -1, expected 0 or more spikes");
    values[[1, 0, 1]] = f32::INFINITY;
    assert_eq!(write(values), "responses/s0.npz: counts[1, 0, 1] is inf, expected 0 or more spikes");
    let shape = write(Array3::zeros((3, 2, 3)));
    assert_eq!(shape, "responses/s0.npz: counts has shape (3, 2, 3), expected (3, R, 2)");
}
