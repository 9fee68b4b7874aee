//! One training step on a clip of several minutes, to check that nothing recurses over time bins.

use std::{thread, time::Instant};

use statenet_benches::Fit;

use crate::{bench::Bench, steps};

/// The stack size of rayon's threads and of test threads.
const STACK: usize = 2 << 20;

/// Takes one step of StateNet-GRU on a clip of `n_bins`, in a thread with a small stack; an overflow ends the program.
pub(crate) fn measure(bench: &mut Bench, n_bins: usize) -> anyhow::Result<()> {
    let config = steps::model("statenet-gru")?;
    let run = move || {
        let mut fit = Fit::new(&config, 1, n_bins)?;
        let start = Instant::now();
        fit.step()?;
        anyhow::Ok(start.elapsed().as_secs_f64() * 1e3)
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(run)?;
    let ms = thread.join().map_err(|_| anyhow::anyhow!("the long clip's thread ended early"))??;
    bench.keep("long clip bins", 1, n_bins as f64);
    bench.keep("long clip statenet-gru", 1, ms);
    Ok(())
}
