//! The steps of `benchmark`: list the fits, estimate their cost, run them as a sweep, compare.

use std::path::Path;

use anyhow::bail;
use statenet::{core::atomic, train::sweep::merge};

use super::{
    args::BenchmarkArgs, collect::collect, estimates::Neurons, files, fits::ModelFits, page::page,
    scores::Benchmark, tables,
};
use crate::{
    shared::{Lock, Printer, comparison_notes, write_json},
    sweep::{HowToRun, Sweep, announce_cost, read_all, run_jobs},
};

/// Runs the program.
///
/// # Errors
/// If the plan or a recording is wrong, the folder cannot be written, or every fit failed.
pub fn run(args: &BenchmarkArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let printer = args.machine.printer();
    let out: &Path = &args.out;
    let budget = args.budget()?;
    let sweep = Sweep::of_plan(&args.plan()?, args.plan.as_deref(), out)?;
    announce_cost(&sweep, out, &device, budget, &printer)?;
    if args.dry_run {
        return printer.finish();
    }
    let how =
        HowToRun { shard: args.shard, retry: args.retry, is_quiet: args.machine.quiet, tells_failed: false };
    let ran = run_jobs(&sweep, out, &how, device, &printer)?;
    if let Some(first) = ran.damaged.first() {
        bail!("{first}, or run with --retry ({} damaged of {} files)", ran.damaged.len(), ran.jobs);
    }
    let merged = merge(out, &sweep.jobs);
    let left = merged.missing.len() + merged.damaged.len();
    if left > 0 {
        printer.line(format_args!(
            "{left} of {} fits have no result yet: run the other shards, or this command without --shard",
            sweep.jobs.len()
        ));
        return printer.finish();
    }
    let neurons = Neurons::of(&read_all(&sweep, out)?);
    let (benchmark, fits) = collect(&merged, &sweep.jobs, neurons, &args.against)?;
    write(&benchmark, &fits, out)?;
    print(&benchmark, &printer)?;
    printer.line(format_args!(
        "wrote {0}/benchmark.json, {0}/benchmark.csv, {0}/benchmark.tex and {0}/benchmark.html",
        out.display()
    ));
    printer.finish()?;
    if merged.n_done() == 0 {
        let why = benchmark.failed.first().map_or("", |failure| failure.why.as_str());
        bail!("all {} fits failed, the first because: {why}", sweep.jobs.len());
    }
    Ok(())
}

/// Writes all files. Several shards may end at once: they write the same.
fn write(benchmark: &Benchmark, fits: &[ModelFits], out: &Path) -> anyhow::Result<()> {
    let json = out.join("benchmark.json");
    let _locked = Lock::wait_for_file(&json, "benchmark")?;
    let [csv, tex, html] = ["csv", "tex", "html"].map(|ending| json.with_extension(ending));
    for path in [&json, &csv, &tex, &html] {
        atomic::sweep_of(path)?;
    }
    files::write_csv(&csv, benchmark)?;
    files::write_latex(&tex, benchmark)?;
    page(benchmark, fits)?.write(&html)?;
    write_json(&json, benchmark)
}

fn print(benchmark: &Benchmark, printer: &Printer) -> anyhow::Result<()> {
    let several = benchmark.recordings.len() > 1;
    let each = benchmark.recordings.iter().map(|recording| Some(recording.name.as_str()));
    for recording in [None].into_iter().chain(each.filter(|_| several)) {
        if several {
            printer.line(recording.map_or_else(|| "\nall recordings".to_owned(), |name| format!("\n{name}")));
        }
        printer.line(tables::models(benchmark, recording)?.to_text());
        if let Some(table) = tables::comparisons(benchmark, recording)? {
            printer.line(table.to_text());
        }
    }
    let pairs: Vec<_> = tables::pairs(benchmark, None).collect();
    for note in comparison_notes(&pairs)
        .into_iter()
        .take(1)
        .chain([tables::stability(&benchmark.rank_stability, "recordings, splits and seeds")])
    {
        printer.line(note);
    }
    if !benchmark.models.iter().any(|model| model.name == benchmark.against) {
        printer.warn(format_args!("there is no model {}: models are not compared", benchmark.against));
    }
    for failure in &benchmark.failed {
        printer.line(format_args!(
            "failed: {} on {}, {} fits: {}",
            failure.model,
            failure.recording,
            failure.jobs.len(),
            failure.why
        ));
    }
    Ok(())
}
