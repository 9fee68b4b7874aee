//! Streams single frames through StateNet-GRU with 119 neurons, and measures the time and the allocations of each.

use std::time::Instant;

use candle_core::Device;
use statenet::{models::RealTime, prelude::Seed};
use statenet_benches::{N_BANDS, allocations, normal};

use crate::{bench::Bench, steps};

pub(crate) fn measure(bench: &mut Bench, n_frames: usize) -> anyhow::Result<()> {
    let model = steps::model("statenet-gru")?.build(Seed::new(0), &Device::Cpu)?;
    let frame = normal("frame", &[N_BANDS])?.to_vec1::<f32>()?;
    let mut real_time = RealTime::new(&*model)?;
    let mut rates = vec![0.0; model.n_neurons()];
    let cost = stream(n_frames, || Ok(real_time.frame(&frame, &mut rates)?))?;
    cost.keep(bench, "frame statenet-gru");
    Ok(())
}

/// The cost of frames: times in microseconds, and the number of allocations for each.
struct Cost {
    sorted: Vec<f64>,
    allocations: f64,
}

impl Cost {
    fn keep(&self, bench: &mut Bench, what: &str) {
        for (name, share) in [("median", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
            let at = (self.sorted.len().saturating_sub(1) as f64 * share).round() as usize;
            bench.keep(&format!("{what} {name}"), 1, self.sorted.get(at).copied().unwrap_or_default());
        }
        bench.keep(&format!("{what} allocations"), 1, self.allocations);
    }
}

/// Runs `frame` many times after a warm-up, and measures every run.
fn stream(n_frames: usize, mut frame: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Cost> {
    for _ in 0..n_frames / 10 {
        frame()?;
    }
    let mut times = vec![0.0; n_frames];
    let before = allocations();
    for time in &mut times {
        let start = Instant::now();
        frame()?;
        *time = start.elapsed().as_secs_f64() * 1e6;
    }
    let per_frame = (allocations() - before) as f64 / n_frames as f64;
    times.sort_by(f64::total_cmp);
    Ok(Cost { sorted: times, allocations: per_frame })
}
