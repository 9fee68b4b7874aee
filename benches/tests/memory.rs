//! How many bytes a training step takes, so that it cannot take more unnoticed: counted by the allocator, in one thread,
//! the same in every run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use statenet::prelude::{Axes, ModelConfig, TimeBin, zoo};
use statenet_benches::{Fit, N_BANDS, N_NEURONS, peak_bytes};

const BATCH: usize = 14;
const N_BINS: usize = 100;

/// Bytes that a step takes at most for each bin of each stimulus: a tenth more than was measured. An f32 number per neuron is 476 bytes.
const BOUNDS: [(&str, usize); 3] = [("cnn2d", 10_700), ("transformer", 9_200), ("dnet", 2_400)];

#[test]
fn a_training_step_takes_no_more_memory_than_it_did() {
    let axes = Axes::new(N_BANDS, N_NEURONS, TimeBin::from_millis(5.0).unwrap());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (name, most) in BOUNDS {
        let entry = zoo::ALL.iter().find(|entry| entry.name == name).unwrap();
        let config = (entry.config)(&axes);
        let bytes = pool.install(|| bytes_per_bin(&config));
        println!("{name}: {bytes} bytes for each bin of each stimulus");
        assert!(
            bytes <= most,
            "{name} takes {bytes} bytes for each bin of each stimulus, expected at most {most}"
        );
    }
}

/// What twice as many bins take beyond what these take: what does not grow with them is not counted.
fn bytes_per_bin(config: &ModelConfig) -> usize {
    let [shorter, longer] = [N_BINS, 2 * N_BINS].map(|n_bins| {
        let mut fit = Fit::new(config, BATCH, n_bins).unwrap();
        fit.step().unwrap();
        let (bytes, step) = peak_bytes(|| fit.step());
        step.unwrap();
        bytes
    });
    (longer - shorter) / (BATCH * N_BINS)
}
