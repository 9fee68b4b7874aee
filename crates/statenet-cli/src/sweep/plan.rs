//! `sweep plan`: the jobs, and what they will cost.

use std::time::Duration;

use anyhow::ensure;
use statenet::{
    core::Need,
    report::{Cell, Table},
    train::sweep::merge,
};

use super::{
    args::PlanArgs,
    display::in_words,
    estimate::{ESTIMATE, Estimate, How},
    folder::Sweep,
    job::Workshop,
};

/// Runs the program.
///
/// # Errors
/// If the plan or a recording is wrong, a job cannot be fitted, or the folder cannot be written.
pub(super) fn run(args: &PlanArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let printer = args.machine.printer();
    ensure!((0.0..=3600.0).contains(&args.probe), "--probe is {}, expected 0 to 3600 seconds", args.probe);
    let out = &*args.place.out;
    let sweep = Sweep::open(&args.place)?;
    if args.list {
        let names: Vec<&str> = sweep.jobs.iter().map(|job| job.name.as_str()).collect();
        printer.line(names.join("\n"));
    }
    printer.line(format_args!("{} jobs in {}", sweep.jobs.len(), out.display()));
    if args.probe > 0.0 {
        let n_workers = rayon::current_num_threads();
        let workshop = Workshop::new(&sweep, out, device);
        let merged = merge(out, &sweep.jobs);
        let estimate = Estimate::make(&workshop, &merged, n_workers, Duration::from_secs_f64(args.probe))?;
        estimate.write(out)?;
        printer.line(table(&estimate)?.trim_end());
        let memory =
            estimate.memory_of(n_workers).map(|bytes| format!(", {}", Need { bytes, multiplications: 0 }));
        printer.line(format_args!(
            "{} of work, {} with {n_workers} at a time{}; wrote {}",
            in_words(estimate.seconds_of_work),
            in_words(estimate.seconds),
            memory.unwrap_or_default(),
            out.join(ESTIMATE).display()
        ));
    }
    printer.finish()
}

fn table(estimate: &Estimate) -> anyhow::Result<String> {
    let mut table =
        Table::new(["recording", "neurons", "model", "jobs", "seconds each", "known from", "in all"]);
    for cost in &estimate.kinds {
        let how = match cost.how {
            How::Ended => "jobs that ended",
            How::Tried => "a job",
            How::Extrapolated => "some epochs",
        };
        table.push([
            cost.kind.recording.clone().into(),
            cost.kind.neurons.clone().into(),
            cost.kind.model.clone().into(),
            cost.jobs.into(),
            Cell::number(cost.seconds_each, 2),
            how.into(),
            in_words(cost.seconds_each * cost.jobs as f64).into(),
        ])?;
    }
    Ok(table.to_text())
}
