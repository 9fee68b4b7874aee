//! Shows what a fitted model listens to: receptive fields, dreams, memory, tuning and experiments, neuron by neuron.
//!
//! ```text
//! cargo run --release --example interpret                                        # simulated neurons, fitted first
//! cargo run --release --example interpret -- --checkpoint out/fit/checkpoints/statenet-gru --data DIR --neurons 0-3
//! ```
//! Prints tables (neuron, CCnorm, best frequency, bandwidth, latency, separability; memory in three ways) and leaves
//! `report.html`, `interpretation.json`, `maps/NEURON.npz`, `sounds/NEURON.wav` (dreams to listen to) and `figures/`.

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use statenet_examples::{
    failure::Failure,
    interpret::{analysis, args::InterpretArgs, files, loaded_model::Subject, page},
};

fn main() -> Result<(), Failure> {
    let args = InterpretArgs::parse();
    let device = args.machine.start()?;
    let subject = Subject::find(&args, &device)?;
    let spinner = spinner(args.machine.quiet);
    let findings = analysis::look(&args, &subject, |step| spinner.set_message(step.to_owned()))?;
    spinner.finish_and_clear();
    files::write(&args, &subject, &findings, &args.out)?;
    let tables = page::write(&args, &subject, &findings, &args.out)?;
    if !args.machine.quiet {
        tables.iter().for_each(|table| println!("{}\n", table.to_text().trim_end()));
        let out = args.out.display();
        println!(
            "wrote {out}/report.html, {out}/interpretation.json, {out}/maps, {out}/sounds and {out}/figures"
        );
    }
    Ok(())
}

/// Says what is being looked at, and for how long.
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
