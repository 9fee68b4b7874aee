//! The steps of `import`: read, bin, make cochleagrams, check, write.

use std::path::PathBuf;

use anyhow::Context;
use statenet::{
    data::{Alignment, quality, quality_doubts},
    prelude::*,
    train,
};

use super::{
    args::ImportArgs,
    summary::{Lag, Summary},
};
use crate::{
    reading::read_raw,
    shared::{OutputFolder, Printer, StepBar, Warnings, cut, front_end, interrupt, write_json},
};

/// The file that says what was read.
const SUMMARY: &str = "import.json";
/// The names of all files and folders that a run writes.
const ENTRIES: [&str; 5] = ["recording.json", "stimuli", "responses", "audio", SUMMARY];

/// Runs the program.
///
/// # Errors
/// If the data cannot be read, sounds are missing, or a file cannot be written.
pub fn run(args: &ImportArgs) -> anyhow::Result<()> {
    args.machine.start()?;
    let printer = args.machine.printer();
    let cochlea = front_end(&args.front_end)?;
    let out = OutputFolder::open(&args.out, "import", &args.inputs(), Some(&ENTRIES), &printer)?;
    let bar = StepBar::new(4, args.machine.quiet);
    let mut warnings = Warnings::default();

    bar.step("reading");
    let raw = read_raw(&args.source, &args.read.read())?;
    interrupt::check()?;

    bar.step("binning");
    let (mut recording, doubts) = raw.bin(&args.source)?;
    if recording.input() == Input::Sound {
        bar.step("cochleagrams");
        recording = train::cochleagrams(&recording, &cochlea).context("making cochleagrams")?;
    }
    let recording = cut(recording, args.cut.as_ref())?;
    interrupt::check()?;

    bar.step("checking and writing");
    let alignment = Alignment::of(&recording, Seed::new(0))?;
    let place = args.source.display().to_string();
    let (of_units, neurons) = (recording.doubts()?, quality(&recording)?);
    bar.suspend(|| {
        warnings.extend(doubts);
        warnings.extend(of_units);
        warnings.extend(alignment.doubts(&place));
        warnings.extend(quality_doubts(&neurons, &place));
    });
    recording.write_files(out.new_files(), &args.out)?;
    let summary = Summary::of(&recording, &raw, &args.source, Lag::of(&alignment), &warnings)?;
    write_json(&out.path(SUMMARY), &summary)?;
    interrupt::check()?;
    let obsolete = obsolete(&out);
    let _locked = out.commit(&obsolete)?;
    bar.finish();
    report(&summary, args, &printer);
    printer.finish()
}

/// Files of an earlier import.
fn obsolete(out: &OutputFolder) -> Vec<PathBuf> {
    let folders =
        [("stimuli", ["npy"].as_slice()), ("responses", &["npz"]), ("audio", &["wav", "flac", "wave"])];
    folders.into_iter().flat_map(|(folder, endings)| out.earlier_files(folder, endings)).collect()
}

/// What is printed at the end.
fn report(summary: &Summary, args: &ImportArgs, printer: &Printer) {
    let or_none =
        |number: Option<f64>, unit: &str| number.map_or_else(|| "-".to_owned(), |x| format!("{x:.3}{unit}"));
    printer.line(format_args!(
        "{}: {} neurons, {} stimuli of {:.1} s in all, {} repeats, bins of {} ms",
        summary.name, summary.neurons, summary.stimuli, summary.seconds, summary.repeats, summary.dt_ms
    ));
    printer.line(format_args!(
        "mean rate {}, median signal-to-noise ratio {}",
        or_none(summary.mean_rate_hz, " spikes/s"),
        or_none(summary.snr, "")
    ));
    match (summary.alignment.lag_ms, summary.alignment.ci95) {
        (Some(lag), Some([low, high])) => {
            printer.line(format_args!("responses follow the sound by {lag} ms [{low}, {high}]"));
        }
        (Some(lag), None) => printer.line(format_args!("responses follow the sound by {lag} ms")),
        (None, _) => printer.line("responses do not rise with the sound: alignment not measurable"),
    }
    printer.line(format_args!("wrote {}", args.out.display()));
}
