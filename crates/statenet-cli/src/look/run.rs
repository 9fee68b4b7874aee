//! The steps of `look`: read, measure, draw.

use statenet::{
    data::{Alignment, quality, quality_doubts},
    prelude::*,
};

use super::{args::LookArgs, page, summary::LookedAt};
use crate::{
    reading::{Origin, source},
    shared::{OutputFolder, StepBar, Warnings, front_end, interrupt, with_cochleagrams, write_json},
};

/// The numbers.
const SUMMARY: &str = "look.json";
/// The names of all files that a run writes; `cache` holds what was converted.
const ENTRIES: [&str; 3] = ["report.html", SUMMARY, "cache"];

/// Runs the program.
///
/// # Errors
/// If the recording cannot be read, or a file cannot be written.
pub fn run(args: &LookArgs) -> anyhow::Result<()> {
    args.machine.start()?;
    let printer = args.machine.printer();
    let out = OutputFolder::open(&args.out, "look", &args.inputs(), Some(&ENTRIES), &printer)?;
    let bar = StepBar::new(3, args.machine.quiet);
    let mut warnings = Warnings::default();

    bar.step("reading");
    let origin = Origin::of(args.data.as_deref(), args.read.with_dt(args.dt), &args.out);
    let source = source(&origin, args.neurons.as_deref(), args.seed, &mut warnings)?;
    let cochlea = args.front_end.as_deref().map(front_end).transpose()?;
    let recording = with_cochleagrams(&source.recording, cochlea.as_ref())?;
    interrupt::check()?;

    bar.step("measuring");
    let alignment = Alignment::of(&recording, Seed::new(args.seed))?;
    let neurons = quality(&recording);
    bar.suspend(|| {
        warnings.extend(recording.doubts());
        warnings.extend(alignment.doubts(recording.name()));
        warnings.extend(quality_doubts(&neurons, recording.name()));
    });
    let looked = LookedAt::of(&recording, &alignment, neurons, warnings.as_slice())?;
    interrupt::check()?;

    bar.step("drawing");
    page::page(&recording, &alignment, &looked, args.draw)?.write(out.path("report.html"))?;
    write_json(&out.path(SUMMARY), &looked)?;
    interrupt::check()?;
    let _locked = out.commit(&[])?;
    bar.finish();
    printer.line(page::table(&looked)?);
    printer.line(format_args!("{}", looked.in_a_line()));
    printer.line(format_args!("wrote {0}/report.html and {0}/{SUMMARY}", args.out.display()));
    printer.finish()
}
