//! What one training step adds to the memory of a process, as the kernel counts it (Linux).

use std::process::Command;

use anyhow::Context;
use statenet_benches::N_BINS;

use crate::{
    bench::{BATCHES, Bench},
    steps::{self, Fit},
};

/// Measures each model in a process of its own, because a process keeps what it once had.
pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    for (name, _) in steps::models()? {
        for batch in BATCHES {
            let run =
                Command::new(&program).args(["memory", &name, "--batch", &batch.to_string()]).output()?;
            let text = String::from_utf8_lossy(&run.stdout);
            match text.trim().parse::<f64>() {
                Ok(bytes) => bench.keep(&format!("memory {name}"), batch, bytes),
                Err(_) => eprintln!("memory of {name}: {}", String::from_utf8_lossy(&run.stderr).trim()),
            }
        }
    }
    Ok(())
}

/// Bytes between what the process holds before a step and the most that it holds during it. A step on 20 bins comes
/// first, so that code, threads and the optimiser's moments are not counted.
pub(crate) fn of_one_step(model: &str, batch: usize) -> anyhow::Result<u64> {
    let config = steps::model(model)?;
    Fit::new(&config, 1, 20)?.step()?;
    let mut fit = Fit::new(&config, batch, N_BINS)?;
    // Sets the high-water mark to what is held now.
    std::fs::write("/proc/self/clear_refs", "5").context("resetting the high-water mark")?;
    let before = held("VmRSS:")?;
    fit.step()?;
    Ok(held("VmHWM:")?.saturating_sub(before))
}

/// A line of /proc/self/status, in bytes.
fn held(name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}
