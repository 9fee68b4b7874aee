//! The steps of `interpret`: load or fit, analyse, write files and page.

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{analysis, args::InterpretArgs, files, loaded_model::LoadedModel, page};
use crate::shared::{FitStates, OutputFolder, UNFINISHED, interrupt};

/// The file by which an output folder is recognised.
const RESULTS: &str = "interpretation.json";

/// The names of all files and folders that a run writes.
const ENTRIES: [&str; 8] =
    ["checkpoint", "maps", "sounds", "figures", UNFINISHED, "report.html", RESULTS, "cache"];

/// Runs the program.
///
/// # Errors
/// If the recording or the checkpoint cannot be read or they do not match, an analysis fails, or a file cannot be written.
pub fn run(args: &InterpretArgs) -> anyhow::Result<()> {
    let device = args.machine.start()?;
    let printer = args.machine.printer();
    let out = OutputFolder::open(&args.out, "interpret", &args.inputs(), Some(&ENTRIES), &printer)?;
    let mut states = FitStates::new(out.earlier(UNFINISHED), args.machine.quiet, &printer);
    let loaded = LoadedModel::load(args, &device, &out, &mut states)?;
    let spinner = spinner(args.machine.quiet);
    let step = |name: &str| {
        spinner.set_message(name.to_owned());
        Ok(interrupt::check()?)
    };
    let analyses = analysis::analyze(args, &loaded, step)?;
    spinner.finish_and_clear();
    files::write(args, &loaded, &analyses, out.new_files())?;
    let tables = page::write(args, &loaded, &analyses, out.new_files())?;
    interrupt::check()?;
    let obsolete = obsolete(&out);
    let _locked = out.commit(&obsolete)?;
    states.forget()?;
    tables.iter().for_each(|table| printer.line(format_args!("{}\n", table.to_text().trim_end())));
    let out = args.out.display();
    printer.line(format_args!(
        "wrote {out}/report.html, {out}/interpretation.json, {out}/maps, {out}/sounds and {out}/figures"
    ));
    printer.finish()
}

/// What an earlier run left, if there was one.
fn obsolete(out: &OutputFolder) -> Vec<PathBuf> {
    if !out.earlier(RESULTS).is_file() {
        return Vec::new();
    }
    let kinds = [
        ("maps", "npz"),
        ("sounds", "wav"),
        ("figures", "svg"),
        ("checkpoint", "json"),
        ("checkpoint", "safetensors"),
    ];
    kinds.iter().flat_map(|(folder, ending)| out.earlier_files(folder, &[ending])).collect()
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
