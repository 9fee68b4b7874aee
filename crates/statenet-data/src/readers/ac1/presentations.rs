//! The responses of a cell: pieces of the traces of its session, by stimulus.

use std::{collections::BTreeMap, path::Path};

use statenet_core::SampleRate;

use super::{
    Ac1Options, Detrend, Subset,
    filters::{gaussian, running_median},
    gating::Repeat,
    sample_rate,
    session::{MatFile, Session, of},
    sounds::{Library, Played},
};
use crate::formats::mat5::MatArray;

/// Repeats of the responses to one stimulus.
pub(super) enum Responses {
    /// Spike times in seconds.
    Spikes(Vec<Vec<f64>>),
    /// Membrane potentials.
    Potentials { repeats: Vec<Repeat>, rate: SampleRate },
}

/// A cell: its responses by the index of the stimulus, and where it was.
pub(super) struct Cell {
    pub(super) responses: BTreeMap<usize, Responses>,
    pub(super) site: Option<String>,
}

impl Cell {
    /// Reads a session; `None` if its cell is of another set. Files that cannot be read are listed.
    pub(super) fn read(
        session: &Session,
        options: &Ac1Options,
        library: &mut Library,
        missing: &mut Vec<String>,
    ) -> Option<Self> {
        let mut cell = Self { responses: BTreeMap::new(), site: None };
        let mut lines = Vec::new();
        for path in &session.files {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut line = |what: String| lines.push(format!("{}/{name}: {what}", session.name));
            match Piece::read(path, options.subset) {
                Ok(piece) if !piece.is_of(options.subset) => return None,
                Ok(piece) => {
                    cell.site = cell.site.or_else(|| piece.site.clone());
                    let without = cell.add(&piece, (options, &session.folder), library, missing);
                    if without > 0 {
                        line(format!(
                            "{without} presentations end after the trace, or have another rate: left out"
                        ));
                    }
                }
                Err(what) => line(what),
            }
        }
        missing.extend(lines);
        Some(cell)
    }

    /// Adds the presentations of a file; returns how many are left out.
    fn add(
        &mut self,
        piece: &Piece,
        (options, folder): (&Ac1Options, &Path),
        library: &mut Library,
        missing: &mut Vec<String>,
    ) -> usize {
        let rate = piece.rate.hz();
        let is_spikes = options.subset == Subset::AsariThalamus;
        let spikes = if is_spikes { options.spikes.spikes(&piece.trace, rate) } else { Vec::new() };
        // The folder of the author's sessions.
        let near = folder.parent().unwrap_or(folder);
        let mut left_out = 0;
        for presentation in &piece.presentations {
            let (index, lasts) = library.index(&presentation.played, near, missing);
            let n = presentation.seconds.or(lasts).map(|seconds| (seconds * rate).round() as usize);
            let end = n.filter(|&n| n > 0).and_then(|n| presentation.start.checked_add(n));
            let Some(end) = end.filter(|&end| end <= piece.trace.len()) else {
                left_out += 1;
                continue;
            };
            let start = presentation.start;
            let empty = || match is_spikes {
                true => Responses::Spikes(Vec::new()),
                false => Responses::Potentials { repeats: Vec::new(), rate: piece.rate },
            };
            match self.responses.entry(index).or_insert_with(empty) {
                Responses::Spikes(repeats) => {
                    let inside = spikes.iter().filter(|spike| (start..end).contains(spike));
                    repeats.push(inside.map(|&spike| (spike - start) as f64 / rate).collect());
                }
                Responses::Potentials { repeats, rate: same } if *same == piece.rate => {
                    repeats.push(piece.repeat(start, end, options.detrend));
                }
                Responses::Potentials { .. } => left_out += 1,
            }
        }
        left_out
    }
}

/// A presentation of a stimulus.
struct Presentation {
    played: Played,
    /// The first sample.
    start: usize,
    /// How long it lasts, if the file says so.
    seconds: Option<f64>,
}

/// A file of a session.
struct Piece {
    /// In mV.
    trace: Vec<f32>,
    rate: SampleRate,
    site: Option<String>,
    presentations: Vec<Presentation>,
}

impl Piece {
    fn read(path: &Path, subset: Subset) -> Result<Self, String> {
        let file = MatFile::read(path)?;
        let holds = |expected: &str| format!("holds {}, expected {expected}", file.content());
        let response = file.find("response").ok_or_else(|| holds("response with trace and scale"))?;
        let trace = of(response, 0, "trace").and_then(MatArray::to_f64);
        let scale = of(response, 0, "scale").and_then(MatArray::number);
        let (Some(trace), Some(scale)) = (trace, scale) else {
            return Err(holds("response with the fields trace and scale, numbers"));
        };
        let usual = if subset == Subset::Wehr { 4000.0 } else { 10_000.0 };
        let rate = of(response, 0, "sf").and_then(MatArray::number).unwrap_or(usual);
        let rate =
            sample_rate(rate).ok_or_else(|| format!("response.sf is {rate}, expected samples per second"))?;
        let trigger = file.find("trigger").ok_or_else(|| holds("trigger, a struct for each presentation"))?;
        let site = file.find("recording").and_then(|recording| of(recording, 0, "site")?.text());
        let presentations = (0..trigger.len().min(trigger.field_names().len() * trigger.len()))
            .filter_map(|index| presentation(&file, trigger, index, subset))
            .collect();
        let trace = trace.into_iter().map(|x| (x * scale) as f32).collect();
        Ok(Self { trace, rate, site, presentations })
    }

    /// Whether the file was recorded where cells of the set are.
    fn is_of(&self, subset: Subset) -> bool {
        let cortex = self.site.as_deref().is_some_and(|site| site.to_lowercase().contains("cortex"));
        match subset {
            Subset::Wehr => true,
            Subset::AsariCortex => cortex,
            Subset::AsariThalamus => !cortex,
        }
    }

    /// A part of the trace, as it is and without its baseline, which is that of the trace and not of the part.
    fn repeat(&self, start: usize, end: usize, detrend: Option<Detrend>) -> Repeat {
        let recorded = self.trace.get(start..end).unwrap_or(&[]).to_vec();
        let Some(Detrend { median_ms, gauss_ms }) = detrend else {
            return Repeat { used: recorded.clone(), recorded };
        };
        let samples = |ms: f64| (1e-3 * ms * self.rate.hz()).max(0.0);
        let half = samples(0.5 * median_ms).round() as usize;
        let margin = half + samples(4.0 * gauss_ms).ceil() as usize;
        let from = start.saturating_sub(margin);
        let wide = self.trace.get(from..end.saturating_add(margin).min(self.trace.len())).unwrap_or(&[]);
        let baseline = gaussian(&running_median(wide, half), samples(gauss_ms));
        let baseline = baseline.get(start - from..).unwrap_or(&[]);
        let used = recorded.iter().zip(baseline).map(|(x, slow)| x - slow).collect();
        Repeat { recorded, used }
    }
}

/// A trigger, if a sound of the set was played.
fn presentation(file: &MatFile, trigger: &MatArray, index: usize, subset: Subset) -> Option<Presentation> {
    let text = |name: &str| of(trigger, index, name).and_then(MatArray::text);
    let number = |name: &str| of(trigger, index, name).and_then(MatArray::number);
    let description = text("description").unwrap_or_default().trim().to_owned();
    let played = match subset {
        Subset::Wehr => {
            // One of these is how some files spell it.
            let natural = matches!(text("type")?.trim(), "naturalsound" | "nauralsound" | "natural");
            natural.then_some(Played::One(description))?
        }
        Subset::AsariCortex | Subset::AsariThalamus => {
            let segments = sequence(&description)?;
            let stimuli =
                of(trigger, index, "stimulus").or_else(|| of(file.find("param")?, 0, "stimulus"))?;
            let name = |&segment: &usize| stimuli.field_of(segment.checked_sub(1)?, "file")?.text();
            Played::Sequence(segments.iter().map(name).collect::<Option<_>>()?, description)
        }
    };
    // The sample of the onset, counted from 1.
    let onset = number("time").filter(|time| (1.0..1e12).contains(time))?;
    let seconds = number("duration").filter(|&ms| ms > 0.0 && ms < 1e9).map(|ms| 1e-3 * ms);
    Some(Presentation { played, start: onset.round() as usize - 1, seconds })
}

/// The segments of `Sequence n: a b c d e`, counted from 1.
fn sequence(description: &str) -> Option<Vec<usize>> {
    let (head, segments) = description.split_once(':')?;
    let is_sequence = head.trim().to_lowercase().starts_with("sequence");
    let numbers =
        segments.split([' ', ',', '\t']).filter(|part| !part.is_empty()).map(|part| part.parse().ok());
    let numbers: Option<Vec<usize>> = numbers.collect();
    numbers.filter(|numbers| is_sequence && !numbers.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_lists_of_segments() {
        assert_eq!(sequence("Sequence 3: 4 1 5 2 2"), Some(vec![4, 1, 5, 2, 2]));
        assert_eq!(sequence("sequence 12: 1,2"), Some(vec![1, 2]));
        for other in ["Sequence 3", "tone: 4 1", "Sequence 3: a b", "Sequence 3:"] {
            assert_eq!(sequence(other), None, "{other}");
        }
    }

    #[test]
    fn the_baseline_is_that_of_the_trace() {
        // A ramp has no steps at the ends of a part: its median is itself.
        let rate = sample_rate(1000.0).unwrap();
        let trace = (0..1000).map(|t| 0.01 * t as f32).collect();
        let piece = Piece { trace, rate, site: None, presentations: Vec::new() };
        let repeat = piece.repeat(300, 600, Some(Detrend::default()));
        assert_eq!((repeat.recorded.len(), repeat.used.len(), repeat.recorded[0]), (300, 300, 3.0));
        assert!(repeat.used.iter().all(|x| x.abs() < 1e-4), "{:?}", &repeat.used[..9]);
        assert_eq!(piece.repeat(300, 600, None).used, repeat.recorded);
    }
}
