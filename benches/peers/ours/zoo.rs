//! The table of all models on one recording, from the summaries of their fits.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, ensure};
use serde_json::Value;
use statenet::prelude::*;

/// Ridge and the models of the zoo.
pub(crate) fn names() -> Vec<&'static str> {
    std::iter::once("ridge").chain(zoo::taking(Input::Cochleagram).map(|entry| entry.name)).collect()
}

/// One fit.
struct Fit {
    parameters: u64,
    epochs: u64,
    converged: bool,
    seconds: f64,
    ccraw: f64,
    ccnorm: f64,
    median: f64,
    fve: f64,
}

impl Fit {
    /// The single model in a `summary.json`.
    fn read(path: &Path) -> anyhow::Result<(Self, Value)> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let summary: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let model = &summary["models"][0];
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let fit = Self {
            parameters: model["parameters"].as_u64().unwrap_or(0),
            epochs: model["epochs_run"].as_u64().unwrap_or(0),
            converged: model["stopped"].as_str() == Some("converged"),
            seconds: number(&model["seconds_fit"]),
            ccraw: number(&model["test"]["cc_mean"]),
            ccnorm: number(&model["test"]["ccnorm_mean"]),
            median: number(&model["test"]["ccnorm_median"]),
            fve: number(&model["test"]["fve_mean"]),
        };
        Ok((fit, summary["dataset"].clone()))
    }
}

/// Milliseconds of a step on one stimulus, ours and theirs, read from the page on speed.
fn step(speed: &str, model: &str) -> Option<(String, String, String)> {
    let steps = speed.split("## Whole training steps").nth(1)?.split("\n## ").next()?;
    let row = steps.lines().find(|line| line.starts_with(&format!("| {model} | 1 |")))?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let ratio = cells.get(5)?.split(' ').next()?;
    Some(((*cells.get(3)?).to_owned(), (*cells.get(4)?).to_owned(), ratio.to_owned()))
}

/// Writes the page from `FITS/MODEL-sSEED/summary.json`.
pub(crate) fn write(fits: &Path, seeds: &str, speed: &Path, out: &Path) -> anyhow::Result<()> {
    let speed = fs::read_to_string(speed).with_context(|| speed.display().to_string())?;
    let seeds: Vec<&str> = seeds.split_whitespace().collect();
    let mut rows = Vec::new();
    let mut dataset = Value::Null;
    for name in names() {
        let read = |seed: &&str| Fit::read(&fits.join(format!("{name}-s{seed}")).join("summary.json"));
        let read = seeds.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
        let of_seeds: Vec<Fit> = read
            .into_iter()
            .map(|(fit, of)| {
                dataset = of;
                fit
            })
            .collect();
        ensure!(!of_seeds.is_empty(), "no seeds");
        rows.push((name, of_seeds));
    }
    let mean = |of: &[Fit], value: fn(&Fit) -> f64| of.iter().map(value).sum::<f64>() / of.len() as f64;
    rows.sort_by(|a, b| mean(&b.1, |f| f.ccnorm).total_cmp(&mean(&a.1, |f| f.ccnorm)));
    let mut page = String::new();
    writeln!(page, "# Every model on one recording\n")?;
    writeln!(
        page,
        "Written by `benches/zoo`: every model of the zoo fitted to `{}` by its recipe, seeds {}, split demo (stimuli 0-13 train, \
         14-16 validate, 17-19 test), each until its validation score had stopped improving; best first. Scores are means over \
         neurons on the test stimuli, then over seeds, with the range over seeds in brackets; the median is that over neurons. \
         Step: one training step on one stimulus, one thread, milliseconds, ours and that of the published package \
         (deepSTRF 0.1.0), from [the page of speed](speed.md), where its conditions are; it has no class for those without.\n",
        dataset["name"].as_str().unwrap_or("a recording"),
        seeds.join(", "),
    )?;
    writeln!(
        page,
        "| model | parameters | step, ours | theirs | ratio | CCraw | CCnorm (over seeds) | median | FVE | epochs | seconds | stopped |"
    )?;
    writeln!(page, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    for (name, of) in &rows {
        let dash = || "-".to_owned();
        let (ours, theirs, ratio) = step(&speed, name).unwrap_or((dash(), dash(), dash()));
        let range = |value: fn(&Fit) -> f64| {
            let low = of.iter().map(value).fold(f64::INFINITY, f64::min);
            (low, of.iter().map(value).fold(f64::NEG_INFINITY, f64::max))
        };
        let (low, high) = range(|f| f.ccnorm);
        let epochs: Vec<String> = of.iter().map(|f| f.epochs.to_string()).collect();
        let converged = if of.iter().all(|f| f.converged) { "converged" } else { "**not converged**" };
        writeln!(
            page,
            "| `{name}` | {} | {ours} | {theirs} | {ratio} | {:.3} | {:.3} ({low:.3} to {high:.3}) | {:.3} | {:.3} | {} | {:.0} | {converged} |",
            of[0].parameters,
            mean(of, |f| f.ccraw),
            mean(of, |f| f.ccnorm),
            mean(of, |f| f.median),
            mean(of, |f| f.fve),
            epochs.join(", "),
            mean(of, |f| f.seconds),
        )?;
    }
    fs::write(out, page).with_context(|| out.display().to_string())
}
