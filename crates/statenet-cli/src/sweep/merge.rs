//! `sweep merge`: the results of all jobs in two files.

use std::{collections::BTreeMap, io::Write, path::Path};

use anyhow::{anyhow, bail};
use serde_json::Value;
use statenet::{
    core::atomic,
    report::{Cell, Table},
    train::sweep::{JobFile, Merged, Outcome, merge},
};

use super::{args::MergeArgs, estimate::Group, folder::Sweep};
use crate::shared::{Lock, csv_cell};

/// Runs the program.
///
/// # Errors
/// If a job has no result or a damaged one, or the files cannot be written.
pub(super) fn run(args: &MergeArgs) -> anyhow::Result<()> {
    args.machine.start()?;
    let printer = args.machine.printer();
    let out = &*args.place.out;
    let sweep = Sweep::open(&args.place)?;
    let merged = merge(out, &sweep.jobs);
    if !args.partial {
        if let Some(first) = merged.damaged.first() {
            bail!("{first}; --partial merges the others");
        }
        if let Some(first) = merged.missing.first() {
            let (n, all) = (merged.missing.len(), sweep.jobs.len());
            bail!(
                "{n} of {all} jobs have no result yet, such as {first}: run them, or merge what is there with --partial"
            );
        }
    }
    let (json, csv) = (out.join("sweep.json"), out.join("sweep.csv"));
    let _locked = Lock::file(&json, "sweep", &printer)?;
    for path in [&json, &csv] {
        atomic::sweep_of(path)?;
    }
    write_json(&json, &merged)?;
    write_csv(&csv, &merged)?;
    printer.line(table(&merged)?.trim_end());
    printer.line(format_args!(
        "{} jobs done, {} failed, {} missing, {} damaged; wrote {} and {}",
        merged.n_done(),
        merged.failed().count(),
        merged.missing.len(),
        merged.damaged.len(),
        json.display(),
        csv.display()
    ));
    printer.finish()
}

/// A line for each job.
fn write_json(path: &Path, merged: &Merged) -> anyhow::Result<()> {
    let write = |w: &mut dyn Write| -> std::io::Result<()> {
        write!(w, "{{\"format\":\"statenet-sweep-results\",\"version\":1,\"jobs\":[")?;
        for (at, file) in merged.files.iter().enumerate() {
            w.write_all(if at == 0 { b"\n" } else { b",\n" })?;
            let JobFile { job, outcome, seconds, .. } = file;
            let entry = serde_json::json!({"job": job, "outcome": outcome, "seconds": seconds});
            serde_json::to_writer(&mut *w, &entry)?;
        }
        w.write_all(b"\n]}\n")
    };
    Ok(atomic::write_file(path, write)?)
}

/// The columns that are scores or counts, with their places in a result.
const NUMBERS: [(&str, &str); 9] = [
    ("parameters", "/parameters"),
    ("epochs_run", "/epochs_run"),
    ("ccnorm_mean", "/test/ccnorm_mean"),
    ("ccnorm_lo", "/test/ccnorm_ci95/0"),
    ("ccnorm_hi", "/test/ccnorm_ci95/1"),
    ("ccnorm_median", "/test/ccnorm_median"),
    ("cc_mean", "/test/cc_mean"),
    ("fve_mean", "/test/fve_mean"),
    ("n_neurons", "/test/n_defined/ccnorm"),
];

/// A row for each job.
fn write_csv(path: &Path, merged: &Merged) -> anyhow::Result<()> {
    let write = |w: &mut dyn Write| -> std::io::Result<()> {
        let numbers: Vec<&str> = NUMBERS.iter().map(|(name, _)| *name).collect();
        writeln!(
            w,
            "job,recording,neurons,model,vary,recipe,split,train,seed,{},failed,seconds",
            numbers.join(",")
        )?;
        for JobFile { job, outcome, seconds, .. } in &merged.files {
            let mut cells =
                vec![job.name.clone(), job.recording.clone(), job.neurons.clone(), job.model.clone()];
            let fields = |fields: &BTreeMap<String, Value>| {
                fields.iter().map(|(field, value)| format!("{field}={value}")).collect::<Vec<_>>().join(" ")
            };
            let train = job.train.unwrap_or(1.0).to_string();
            cells.extend([
                fields(&job.vary),
                fields(&job.recipe),
                job.split.clone(),
                train,
                job.seed.to_string(),
            ]);
            let (result, why) = match outcome {
                Outcome::Done(result) => (Some(result), ""),
                Outcome::Failed(why) => (None, why.as_str()),
            };
            cells.extend(
                NUMBERS
                    .iter()
                    .map(|(_, place)| number(result, place).map_or(String::new(), |n| n.to_string())),
            );
            cells.extend([why.to_owned(), seconds.to_string()]);
            writeln!(w, "{}", cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(","))?;
        }
        Ok(())
    };
    Ok(atomic::write_file(path, write)?)
}

fn number(result: Option<&Value>, place: &str) -> Option<f64> {
    result?.pointer(place)?.as_f64()
}

/// Means over the splits and seeds of each kind of job.
fn table(merged: &Merged) -> anyhow::Result<String> {
    let mut kinds: Vec<(Group, Vec<&JobFile>)> = Vec::new();
    let mut places = BTreeMap::new();
    for file in &merged.files {
        let group = Group::of(&file.job);
        let at = *places.entry(group.clone()).or_insert(kinds.len());
        if at == kinds.len() {
            kinds.push((group, Vec::new()));
        }
        kinds.get_mut(at).ok_or_else(|| anyhow!("a kind without a place"))?.1.push(file);
    }
    let mut table = Table::new([
        "recording",
        "neurons",
        "model",
        "jobs",
        "failed",
        "CCnorm",
        "CCraw",
        "FVE",
        "seconds each",
    ]);
    for (group, files) in kinds {
        let mean = |of: &dyn Fn(&JobFile) -> Option<f64>| {
            let values: Vec<f64> = files.iter().filter_map(|file| of(file)).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let score = |place: &'static str| {
            mean(&|file| match &file.outcome {
                Outcome::Done(result) => number(Some(result), place),
                Outcome::Failed(_) => None,
            })
        };
        table.push([
            group.recording.into(),
            group.neurons.into(),
            group.model.into(),
            files.len().into(),
            files.iter().filter(|file| !file.is_done()).count().into(),
            Cell::number(score("/test/ccnorm_mean"), 3),
            Cell::number(score("/test/cc_mean"), 3),
            Cell::number(score("/test/fve_mean"), 3),
            Cell::number(mean(&|file| Some(file.seconds)), 2),
        ])?;
    }
    Ok(table.to_text())
}
