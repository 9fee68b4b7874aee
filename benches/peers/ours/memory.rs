//! The memory that one training step adds to a process, as reported by Linux.

use std::process::Command;

use anyhow::Context;
use statenet_benches::{Fit, N_BINS};

use crate::{
    bench::{BATCHES, Bench},
    steps,
};

/// Measures each model in its own process, since a process does not return all memory that it has used.
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

/// The peak memory during a step minus the memory before it, in bytes. A step on 20 bins runs first, so that code, threads and
/// the optimiser's moments are not counted.
pub(crate) fn of_one_step(model: &str, batch: usize) -> anyhow::Result<u64> {
    let config = steps::model(model)?;
    Fit::new(&config, 1, 20)?.step()?;
    let mut fit = Fit::new(&config, batch, N_BINS)?;
    // Resets the peak to the current memory.
    std::fs::write("/proc/self/clear_refs", "5").context("resetting the high-water mark")?;
    let before = held("VmRSS:")?;
    fit.step()?;
    Ok(held("VmHWM:")?.saturating_sub(before))
}

/// The value of a line in /proc/self/status, in bytes.
fn held(name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}
