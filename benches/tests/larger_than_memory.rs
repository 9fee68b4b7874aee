//! A recording on disk is fitted and scored as one in memory, and takes no memory for its responses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Mutex, PoisonError};

use candle_core::Device;
use statenet::{
    core::Seed,
    data::Recording,
    prelude::{FitConfig, Ridge, zoo},
    train::need_of_fit,
};
use statenet_benches::{Large, LargeModel, peak_bytes};

/// The allocator counts for all threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn a_recording_on_disk_is_fitted_and_scored_as_one_in_memory() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let large = Large { n_neurons: 40, n_stimuli: 30, n_bins: 60 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording");
    large.write(&path).unwrap();
    let in_memory = Recording::read(&path).unwrap();
    let on_disk = Recording::read_within(&path, 0).unwrap();
    assert!(on_disk.is_on_disk() && !in_memory.is_on_disk());
    for model in [LargeModel::Ridge, LargeModel::StatenetGru] {
        let [here, there] = [&in_memory, &on_disk].map(|r| large.fit(r, model).unwrap().scores);
        assert_eq!(here, there, "{model:?}");
        assert!(model != LargeModel::Ridge || here.cc_mean.unwrap() > 0.2, "{:?}", here.cc_mean);
    }
    // What is said before a fit knows where responses are.
    let split = large.split().unwrap();
    let model = zoo::linear(&on_disk.axes()).build(Seed::new(0), &Device::Cpu).unwrap();
    let [here, there] =
        [&in_memory, &on_disk].map(|r| need_of_fit(&model, r, &split, &FitConfig::default()).unwrap().bytes);
    assert!(there < here, "{there} bytes on disk, {here} in memory");
    let [here, there] = [&in_memory, &on_disk].map(|r| Ridge::default().need(r, &split).unwrap().bytes);
    assert!(there < here, "{there} bytes on disk, {here} in memory");
}

#[test]
fn what_a_fit_takes_hardly_grows_with_the_responses() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let [few, many] = [50, 150].map(|n_stimuli| {
        let large = Large { n_neurons: 200, n_stimuli, n_bins: 100 };
        let path = folder.path().join(n_stimuli.to_string());
        large.write(&path).unwrap();
        let (bytes, fit) =
            peak_bytes(|| large.fit(&Recording::read_within(&path, 0).unwrap(), LargeModel::Ridge));
        fit.unwrap();
        bytes
    });
    // A stimulus takes 20 kB of counts on disk, and would take 180 kB in memory, and 80 more for its PSTH. Its cochleagram takes 14 kB.
    let of_a_stimulus = many.saturating_sub(few) / 100;
    println!("{of_a_stimulus} bytes for each further stimulus");
    assert!(of_a_stimulus < 40_000, "{of_a_stimulus} bytes for each further stimulus");
}
