//! The steps of `look`: read, measure, draw.

use std::path::Path;

use statenet::{
    core::Warning,
    data::{Alignment, RawSound, quality, quality_doubts},
    prelude::*,
};

use super::{args::LookArgs, page, summary::LookedAt};
use crate::{
    reading::{DataPaths, Found, Origin, Raw, Source, source_or_responses},
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
    let origin = Origin::of(args.data.as_ref(), args.read.read(), &args.out).measured_by_program();
    let cochlea = args.front_end.as_deref().map(front_end).transpose()?;
    let found = source_or_responses(&origin, &args.select, args.seed, &mut warnings)?;
    let chosen = |source: Source| args.select.with_signal(args.select.neurons(source)?, None);
    let (recording, has_sounds, with_signal) = match found {
        Found::Source(source) => {
            let (source, with_signal) = chosen(*source)?;
            (with_cochleagrams(&source.recording, cochlea.as_ref())?, true, with_signal)
        }
        Found::WithoutSounds(raw, _) => {
            let place = args.data.iter().flat_map(DataPaths::iter).next().unwrap_or(&args.out);
            bar.suspend(|| {
                warnings.add(no_sounds(&raw, place));
                warnings.extend(raw.doubts(place));
            });
            let recording = args.select.stimuli(raw.bin_in_silence()?)?;
            let (source, with_signal) = chosen(Source { recording, truth: Vec::new() })?;
            (source.recording, false, with_signal)
        }
    };
    interrupt::check()?;

    bar.step("measuring");
    let alignment = has_sounds.then(|| Alignment::of(&recording, Seed::new(args.seed))).transpose()?;
    let neurons = quality(&recording)?;
    // Of silence there is nothing to doubt.
    let doubts = if has_sounds { recording.doubts()? } else { Vec::new() };
    bar.suspend(|| {
        warnings.extend(doubts);
        warnings.extend(alignment.iter().flat_map(|alignment| alignment.doubts(recording.name())));
        warnings.extend(quality_doubts(&neurons, recording.name()));
    });
    let looked = LookedAt::of(&recording, alignment, neurons, warnings.as_slice())?;
    interrupt::check()?;

    bar.step("drawing");
    page::page(&recording, &looked, args.draw)?.write(out.path("report.html"))?;
    write_json(&out.path(SUMMARY), &looked)?;
    interrupt::check()?;
    let _locked = out.commit(&[])?;
    bar.finish();
    with_signal.into_iter().for_each(|line| printer.line(line));
    printer.line(page::table(&looked)?);
    printer.line(format_args!("{}", looked.in_a_line()));
    printer.line(format_args!("wrote {0}/report.html and {0}/{SUMMARY}", args.out.display()));
    printer.finish()
}

/// What is said of data without sounds.
fn no_sounds(raw: &Raw, place: &Path) -> Warning {
    const SHOWN: usize = 5;
    let stimuli = &raw.recording.stimuli;
    let silent: Vec<&str> = stimuli
        .iter()
        .filter(|stimulus| stimulus.sound == RawSound::Missing)
        .map(|stimulus| stimulus.name.as_str())
        .collect();
    let mut names = silent.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if silent.len() > SHOWN {
        names.push_str(&format!(" and {} more", silent.len() - SHOWN));
    }
    let message = format!(
        "there is no sound for {names}: responses are shown alone, without anything that needs sounds"
    );
    Warning::new("no_sounds", message, place.display().to_string())
}
