//! `sweep plan`: the jobs, and what they will cost.

use std::{path::Path, time::Duration};

use anyhow::ensure;
use statenet::{
    core::Need,
    prelude::*,
    report::{Cell, Table},
    train::sweep::merge,
};

use super::{
    args::PlanArgs,
    display::in_words,
    estimate::{ESTIMATE, Estimate, How, Wrong},
    folder::Sweep,
    job::Workshop,
};
use crate::shared::Printer;

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
        let budget = Duration::from_secs_f64(args.probe);
        let estimate = estimated(&sweep, out, device, budget, Wrong::Refuse)?;
        printer.line(table(&estimate)?.trim_end());
        printer.line(format_args!("{}; wrote {}", sum(&estimate), out.join(ESTIMATE).display()));
    }
    printer.finish()
}

/// The estimate of a sweep, which is kept in its folder. Each kind of job of which none has ended is tried for so long.
fn estimated(
    sweep: &Sweep,
    out: &Path,
    device: Device,
    budget: Duration,
    wrong: Wrong,
) -> anyhow::Result<Estimate> {
    let n_workers = rayon::current_num_threads();
    let workshop = Workshop::new(sweep, out, device);
    let merged = merge(out, &sweep.jobs);
    let estimate = Estimate::make(&workshop, &merged, n_workers, budget, wrong)?;
    estimate.write(out)?;
    Ok(estimate)
}

/// Prints what the jobs of a sweep will cost: from the estimate in its folder or, where there is none of all kinds of jobs, from a new one,
/// in which a job that cannot be fitted costs nothing.
///
/// # Errors
/// If the folder cannot be written, or the user interrupts the program.
pub(crate) fn announce_cost(
    sweep: &Sweep,
    out: &Path,
    device: &Device,
    budget: Duration,
    printer: &Printer,
) -> anyhow::Result<()> {
    let known = Estimate::read(out).filter(|known| known.seconds_of_jobs(&sweep.jobs).is_some());
    let estimate = match known {
        Some(known) => {
            Estimate::tidy(out)?;
            known
        }
        None => {
            let made = estimated(sweep, out, device.clone(), budget, Wrong::Record)?;
            printer.line(table(&made)?.trim_end());
            made
        }
    };
    printer.line(format_args!("{} jobs: {}", sweep.jobs.len(), sum(&estimate)));
    Ok(())
}

/// All jobs in words.
fn sum(estimate: &Estimate) -> String {
    let n_workers = estimate.workers;
    let memory =
        estimate.memory_of(n_workers).map(|bytes| format!(", {}", Need { bytes, multiplications: 0 }));
    format!(
        "about {} of work, {} with {n_workers} at a time{}",
        in_words(estimate.seconds_of_work),
        in_words(estimate.seconds),
        memory.unwrap_or_default()
    )
}

fn table(estimate: &Estimate) -> anyhow::Result<String> {
    let mut table =
        Table::new(["recording", "neurons", "model", "jobs", "seconds each", "known from", "in all"]);
    for cost in &estimate.kinds {
        let how = match cost.how {
            How::Ended => "jobs that ended",
            How::Tried => "a job",
            How::Extrapolated => "some epochs",
            How::Refused => "cannot be fitted",
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
