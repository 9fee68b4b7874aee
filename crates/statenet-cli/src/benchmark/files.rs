//! `benchmark.csv` and `benchmark.tex`.

use std::{io::Write, path::Path};

use statenet::core::atomic;

use super::scores::{Benchmark, Estimate};
use crate::shared::csv_cell;

/// A row for each model and neuron.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_csv(path: &Path, benchmark: &Benchmark) -> anyhow::Result<()> {
    let write = |w: &mut dyn Write| -> std::io::Result<()> {
        writeln!(w, "model,recording,neuron,ccnorm,cc,fve,ccnorm_per_clip")?;
        for model in &benchmark.models {
            for neuron in &model.per_neuron {
                let words = [&model.name, &neuron.recording, &neuron.id].map(|word| csv_cell(word));
                let scores = [neuron.ccnorm, neuron.cc, neuron.fve, neuron.ccnorm_per_clip]
                    .map(|score| score.map_or(String::new(), |score| score.to_string()));
                writeln!(w, "{},{}", words.join(","), scores.join(","))?;
            }
        }
        Ok(())
    };
    Ok(atomic::write_file(path, write)?)
}

/// The table of models for a paper (package booktabs), with the corrected p of the comparison over all recordings.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_latex(path: &Path, benchmark: &Benchmark) -> anyhow::Result<()> {
    let write = |w: &mut dyn Write| -> std::io::Result<()> {
        writeln!(w, "\\begin{{tabular}}{{lrrrrr}}\n\\toprule")?;
        writeln!(
            w,
            "Model & Parameters & CCnorm [95\\,\\%] & CCraw [95\\,\\%] & FVE [95\\,\\%] & $p$ against {} \\\\\n\\midrule",
            escaped(&benchmark.against)
        )?;
        for model in &benchmark.models {
            let scores = [&model.scores.ccnorm, &model.scores.cc, &model.scores.fve].map(number).join(" & ");
            let parameters = model.scores.parameters.map_or("--".to_owned(), |n| n.to_string());
            let compared = benchmark.comparisons.iter().find(|c| c.recording.is_none() && c.b == model.name);
            let p = p_value(compared.and_then(|compared| compared.p_corrected));
            writeln!(w, "{} & {parameters} & {scores} & {p} \\\\", escaped(&model.name))?;
        }
        writeln!(w, "\\bottomrule\n\\end{{tabular}}")
    };
    Ok(atomic::write_file(path, write)?)
}

fn number(estimate: &Estimate) -> String {
    match (estimate.mean, estimate.ci95) {
        (Some(mean), Some([low, high])) => format!("{mean:.3} [{low:.3}, {high:.3}]"),
        (Some(mean), None) => format!("{mean:.3}"),
        (None, _) => "--".to_owned(),
    }
}

fn p_value(p: Option<f64>) -> String {
    let Some(p) = p else { return "--".to_owned() };
    if p >= 1e-3 {
        return format!("{p:.3}");
    }
    let text = format!("{p:.0e}");
    let (digit, power) = text.split_once('e').unwrap_or((&text, "0"));
    format!("${digit} \\times 10^{{{power}}}$")
}

/// A text in LaTeX.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '_' | '&' | '%' | '#' | '$' | '{' | '}' => format!("\\{c}"),
        '\\' => "\\textbackslash{}".to_owned(),
        '~' => "\\textasciitilde{}".to_owned(),
        '^' => "\\textasciicircum{}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_for_latex_and_small_p_values_are_powers_of_ten() {
        assert_eq!(escaped("my_model+50%"), "my\\_model+50\\%");
        assert_eq!([Some(0.04), Some(2.4e-7), None].map(p_value), ["0.040", "$2 \\times 10^{-7}$", "--"]);
    }
}
