//! The steps of `interpret`: load or fit, analyse, write files and page.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{analysis, args::InterpretArgs, files, loaded_model::LoadedModel, page};

/// Runs the program.
///
/// # Errors
/// If the recording or the checkpoint cannot be read or they do not match, an analysis fails, or a file cannot be written.
pub fn run(args: &InterpretArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let loaded = LoadedModel::load(args, &device)?;
    let spinner = spinner(args.machine.quiet);
    let analyses = analysis::analyze(args, &loaded, |step| spinner.set_message(step.to_owned()))?;
    spinner.finish_and_clear();
    files::write(args, &loaded, &analyses, &args.out)?;
    let tables = page::write(args, &loaded, &analyses, &args.out)?;
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
