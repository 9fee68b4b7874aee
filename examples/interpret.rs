//! Interprets a fitted model neuron by neuron: receptive fields, dreams, memory, tuning and in-silico experiments.
//!
//! ```text
//! cargo run --release --example interpret                                        # simulated neurons, fitted first
//! cargo run --release --example interpret -- --checkpoint out/fit/checkpoints/statenet-gru --data DIR --neurons 0-3
//! ```
//! Prints tables (neuron, CCnorm, best frequency, bandwidth, latency, separability; memory by three measures) and writes
//! `report.html`, `interpretation.json`, `maps/NEURON.npz`, `sounds/NEURON.wav` (sonified dreams) and `figures/`.

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use statenet_examples::{
    failure::Failure,
    interpret::{analysis, args::InterpretArgs, files, loaded_model::LoadedModel, page},
};

fn main() -> Result<(), Failure> {
    let args = InterpretArgs::parse();
    let device = args.machine.start()?;
    let loaded = LoadedModel::load(&args, &device)?;
    let spinner = spinner(args.machine.quiet);
    let analyses = analysis::analyze(&args, &loaded, |step| spinner.set_message(step.to_owned()))?;
    spinner.finish_and_clear();
    files::write(&args, &loaded, &analyses, &args.out)?;
    let tables = page::write(&args, &loaded, &analyses, &args.out)?;
    if !args.machine.quiet {
        tables.iter().for_each(|table| println!("{}\n", table.to_text().trim_end()));
        let out = args.out.display();
        println!(
            "wrote {out}/report.html, {out}/interpretation.json, {out}/maps, {out}/sounds and {out}/figures"
        );
    }
    Ok(())
}

/// Shows the method that is running and the time that it has taken.
fn spinner(quiet: bool) -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    if quiet {
        spinner.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(std::time::Duration::from_millis(200));
    spinner
}
