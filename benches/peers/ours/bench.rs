//! Measures times, and collects medians by name.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;

/// The batch sizes measured: one stimulus, and all training stimuli of NS1.
pub(crate) const BATCHES: [usize; 2] = [1, 14];

/// The name of a number in both programs: `step statenet-gru B14 x1`, with x the number of threads.
pub(crate) fn key(what: &str, batch: usize, threads: usize) -> String {
    format!("{what} B{batch} x{threads}")
}

/// The numbers measured in one round.
pub(crate) struct Bench {
    threads: usize,
    budget: Duration,
    values: BTreeMap<String, f64>,
}

impl Bench {
    pub(crate) fn new(threads: usize, budget: Duration) -> Self {
        Self { threads, budget, values: BTreeMap::new() }
    }

    /// Measures the median time of `run` in ms: two runs for warm-up, then as many as the time budget allows, at least 3.
    pub(crate) fn time(
        &mut self,
        what: &str,
        batch: usize,
        mut run: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        run().with_context(|| what.to_owned())?;
        run()?;
        let begun = Instant::now();
        let mut times = Vec::new();
        while times.len() < 3 || (begun.elapsed() < self.budget && times.len() < 1000) {
            let start = Instant::now();
            run()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        self.keep(what, batch, median(&mut times));
        Ok(())
    }

    /// Stores a number.
    pub(crate) fn keep(&mut self, what: &str, batch: usize, value: f64) {
        self.values.insert(key(what, batch, self.threads), value);
    }

    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.values)?;
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
    }
}

/// The median, 0 without values; sorts the values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 { 0.0 } else { f64::midpoint(values[(n - 1) / 2], values[n / 2]) }
}
