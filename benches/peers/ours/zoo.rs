//! The table of all models on one recording, from a benchmark of them.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::bench::median;

/// How the fits of a model ended.
#[derive(Default)]
struct Fits {
    /// Of each seed.
    epochs: Vec<u64>,
    unfinished: usize,
}

/// Writes the page from the folder of `statenet benchmark --models zoo` on one recording, and the page on speed.
pub(crate) fn write(benchmark: &Path, speed: &Path, out: &Path) -> anyhow::Result<()> {
    let speed = fs::read_to_string(speed).with_context(|| speed.display().to_string())?;
    let found = json(&benchmark.join("benchmark.json"))?;
    let fits = fits(&benchmark.join("jobs"))?;
    let models = found["models"].as_array().context("benchmark.json has no models")?;
    let recordings = found["recordings"].as_array().context("benchmark.json has no recordings")?;
    ensure!(recordings.len() == 1, "a benchmark of one recording is needed, this is of {}", recordings.len());
    let seeds: Vec<String> = found["seeds"].as_array().into_iter().flatten().map(Value::to_string).collect();
    let mut page = String::new();
    writeln!(page, "# Every model on one recording\n")?;
    writeln!(
        page,
        "Written by `benches/zoo --data NS1`, which runs `statenet benchmark --models zoo`: every model that takes cochleagrams fitted to \
         `{}` by its default [recipe](../how-to/recipes.md), seeds {}, split {}; best first. The recipes were chosen on sounds that do not \
         test. Scores are means over {} neurons on the test stimuli, then over seeds, with the range over seeds in brackets and the bootstrap \
         interval over groups of neurons behind it; the median is that over neurons. Difference: the CCnorm of `{}` minus that of the \
         model; p is that of the sign-flip test over groups, corrected for the number of models. Step: one training step on one stimulus, one thread, \
         milliseconds, ours and that of the published package (deepSTRF 0.1.0), from [the page of speed](speed.md), where its conditions are; \
         it has no class for those without. Seconds are those of a fit, two at a time on two cores.\n",
        recordings[0]["name"].as_str().unwrap_or("a recording"),
        seeds.join(", "),
        found["splits"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        recordings[0]["neurons"],
        found["against"].as_str().unwrap_or("-"),
    )?;
    writeln!(
        page,
        "| model | parameters | CCraw | CCnorm (over seeds) | 95 % | median | FVE | difference | p | epochs | seconds | step, ours | theirs | ratio | stopped |"
    )?;
    writeln!(page, "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")?;
    for model in models {
        row(&mut page, model, &found, &fits, &speed)?;
    }
    fs::write(out, page).with_context(|| out.display().to_string())
}

fn row(
    page: &mut String,
    model: &Value,
    found: &Value,
    fits: &BTreeMap<String, Fits>,
    speed: &str,
) -> anyhow::Result<()> {
    let name = model["name"].as_str().context("a model without a name")?;
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let per_seed = || model["ccnorm"]["per_seed"].as_array().into_iter().flatten().map(number);
    let (low, high) =
        (per_seed().fold(f64::INFINITY, f64::min), per_seed().fold(f64::NEG_INFINITY, f64::max));
    let ci95 = &model["ccnorm"]["ci95"];
    let mut compared = found["comparisons"].as_array().into_iter().flatten();
    let against = |c: &&Value| c["b"].as_str() == Some(name) && c["recording"].is_null();
    let (difference, p) = compared.find(against).map_or(("-".to_owned(), "-".to_owned()), |c| {
        (format!("{:.3}", number(&c["mean"])), format!("{:.2e}", number(&c["p_corrected"])))
    });
    let mut neurons: Vec<f64> =
        model["per_neuron"].as_array().into_iter().flatten().map(|of| number(&of["ccnorm"])).collect();
    neurons.retain(|score| score.is_finite());
    let median = median(&mut neurons);
    let fits = fits.get(name).with_context(|| format!("no fits of {name}"))?;
    let (fewest, most) = (fits.epochs.iter().min().unwrap_or(&0), fits.epochs.iter().max().unwrap_or(&0));
    let (ours, theirs, ratio) =
        step(speed, name).unwrap_or_else(|| ("-".to_owned(), "-".to_owned(), "-".to_owned()));
    let epochs = if *most == 0 { "closed form".to_owned() } else { format!("{fewest} to {most}") };
    writeln!(
        page,
        "| `{name}` | {:.0} | {:.3} | {:.3} ({low:.3} to {high:.3}) | [{:.3}, {:.3}] | {median:.3} | {:.3} | {difference} | {p} | \
         {epochs} | {:.0} | {ours} | {theirs} | {ratio} | {} |",
        number(&model["parameters"]),
        number(&model["cc"]["mean"]),
        number(&model["ccnorm"]["mean"]),
        number(&ci95[0]),
        number(&ci95[1]),
        number(&model["fve"]["mean"]),
        number(&model["seconds"]),
        if fits.unfinished == 0 { "converged" } else { "**not converged**" },
    )?;
    Ok(())
}

/// How the fits of each model ended, from the files of jobs.
fn fits(jobs: &Path) -> anyhow::Result<BTreeMap<String, Fits>> {
    let mut all = BTreeMap::<String, Fits>::new();
    for file in fs::read_dir(jobs).with_context(|| jobs.display().to_string())? {
        let path = file?.path();
        if path.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let job = json(&path)?;
        let (Some(model), Some(epochs)) =
            (job["job"]["model"].as_str(), job["outcome"]["done"]["epochs_run"].as_u64())
        else {
            continue;
        };
        let fits = all.entry(model.to_owned()).or_default();
        fits.epochs.push(epochs);
        fits.unfinished += usize::from(job["outcome"]["done"]["stopped"].as_str() != Some("converged"));
    }
    Ok(all)
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Milliseconds of a step on one stimulus, ours and theirs, read from the page on speed.
fn step(speed: &str, model: &str) -> Option<(String, String, String)> {
    let steps = speed.split("## Whole training steps").nth(1)?.split("\n## ").next()?;
    let row = steps.lines().find(|line| line.starts_with(&format!("| {model} | 1 |")))?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let ratio = cells.get(5)?.split(' ').next()?;
    Some(((*cells.get(3)?).to_owned(), (*cells.get(4)?).to_owned(), ratio.to_owned()))
}
