//! AC-1 of CRCNS: membrane potentials and spikes in auditory cortex and thalamus of anaesthetised rats (Wehr; Asari; Machens and Zador).
//!
//! This reader was written after a description of the release and tested on folders in that layout; no original file was at hand.
//!
//! ```text
//! YYYYMMDD-mw-NNN/*.mat       a cell of Wehr, whole-cell at 4 kHz: response.trace (times response.scale: mV), trigger(i) with type, time, duration
//! YYYYMMDD-ha1-NNN/*.mat      a cell of Asari, at 10 kHz: whole-cell where recording.site says cortex, else cell-attached in the thalamus
//! Stimuli/FOLDER/N.mat        a sound: samples, param.sf
//! ```
//! Wehr's triggers describe a sound (`fragments 12`), Asari's a sequence (`Sequence 3: 4 1 5 2 2`) of the files of `param.stimulus`, which are
//! played one after another, each with ramps of 5 ms. The folders may lie deeper in the release.

mod filters;
mod gating;
mod presentations;
mod session;
mod sounds;
mod spikes;

use std::{collections::BTreeMap, path::Path};

use statenet_core::{ResponseUnit, SampleRate, Warning};

pub use gating::RepeatGating;
pub use spikes::SpikeDetection;

use crate::{
    error::{Error, Result},
    raw::{RawRecording, RawResponse, RawSound, RawStimulus},
    recording::{Description, Metadata, Neuron},
};
use gating::LeftOut;
use presentations::{Cell, Responses};
use sounds::Library;

/// Which of the three sets of cells is read; they are recorded in different ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subset {
    /// Wehr's cells: membrane potentials in A1.
    #[default]
    Wehr,
    /// Asari's cells of A1: membrane potentials.
    AsariCortex,
    /// Asari's cells of the thalamus (MGB): spikes.
    AsariThalamus,
}

/// A slow baseline that is subtracted from a membrane potential: the running median, smoothed by a Gaussian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detrend {
    /// The width of the median, in ms.
    pub median_ms: f64,
    /// The standard deviation of the Gaussian, in ms.
    pub gauss_ms: f64,
}

impl Default for Detrend {
    /// A median of 100 ms and a Gaussian of 10 ms, as in the published analysis.
    fn default() -> Self {
        Self { median_ms: 100.0, gauss_ms: 10.0 }
    }
}

/// What is read of the release, and how. The default is the published analysis of all cells of Wehr.
#[derive(Clone, Debug, PartialEq)]
pub struct Ac1Options {
    /// Which set of cells.
    pub subset: Subset,
    /// Names of the cells (folders of sessions) that are read; empty for all.
    pub cells: Vec<String>,
    /// Names of cells that are left out. Publications leave out four of Wehr's 25 cells; the description does not name their folders.
    pub without: Vec<String>,
    /// Which repeats of a membrane potential are kept.
    pub gating: RepeatGating,
    /// The baseline that is subtracted from membrane potentials; `None` for potentials as recorded.
    pub detrend: Option<Detrend>,
    /// How spikes are found in cell-attached recordings.
    pub spikes: SpikeDetection,
}

impl Default for Ac1Options {
    fn default() -> Self {
        Self {
            subset: Subset::Wehr,
            cells: Vec::new(),
            without: Vec::new(),
            gating: RepeatGating::default(),
            detrend: Some(Detrend::default()),
            spikes: SpikeDetection::default(),
        }
    }
}

/// Reads cells with the sounds that they heard; a cell is named after its folder. Cells heard different sounds: fit them one by one.
///
/// Files that cannot be read and sounds that are not found are listed; stimuli without a sound are left out, unless none has one. Repeats
/// that [`RepeatGating`] leaves out are counted in a warning for each cell. All sounds are held in memory.
///
/// # Errors
/// [`Error::NoFile`] if the folder has no session of the set; [`Error::Empty`] if no cell is left or none heard a sound;
/// [`Error::Io`] if a folder cannot be listed.
pub fn read(folder: impl AsRef<Path>, options: &Ac1Options) -> Result<RawRecording> {
    let folder = folder.as_ref();
    let sessions = session::find(folder, options.subset)?;
    if sessions.is_empty() {
        let expected = match options.subset {
            Subset::Wehr => {
                "folder YYYYMMDD-mw-NNN with MATLAB files: a cell of Wehr in the release CRCNS ac-1"
            }
            Subset::AsariCortex | Subset::AsariThalamus => {
                "folder YYYYMMDD-ha1-NNN (or ha2 to ha4) with MATLAB files: a cell of Asari in the release CRCNS ac-1"
            }
        };
        return Err(Error::NoFile { folder: folder.to_path_buf(), expected });
    }
    let mut library = Library::of(folder)?;
    let mut missing = Vec::new();
    let mut warnings = Vec::new();
    let mut neurons = Vec::new();
    // Of each neuron, what it answered to the stimulus of an index.
    let mut answers: Vec<BTreeMap<usize, RawResponse>> = Vec::new();
    for session in sessions {
        let wanted = options.cells.is_empty() || options.cells.contains(&session.name);
        if !wanted || options.without.contains(&session.name) {
            continue;
        }
        let Some(cell) = Cell::read(&session, options, &mut library, &mut missing) else { continue };
        let mut left_out = LeftOut::default();
        answers.push(
            cell.responses.into_iter().map(|(i, all)| (i, response(all, options, &mut left_out))).collect(),
        );
        warnings.extend(doubt(&session.name, left_out));
        let mut metadata = Metadata::new();
        metadata.insert("area".to_owned(), area(options.subset).into());
        if let Some(site) = cell.site {
            metadata.insert("site".to_owned(), site.into());
        }
        neurons.push(Neuron::new(session.name).with_metadata(metadata));
    }
    if neurons.is_empty() {
        return Err(Error::Empty { what: "neurons" });
    }
    let stimuli = stimuli(library, &answers, &mut missing);
    if stimuli.is_empty() {
        return Err(Error::Empty { what: "stimuli" });
    }
    let response_unit = match options.subset {
        Subset::AsariThalamus => ResponseUnit::SpikesPerBin,
        Subset::Wehr | Subset::AsariCortex => "mV".parse()?,
    };
    let description = description(options.subset);
    Ok(RawRecording {
        description,
        response_unit,
        neurons,
        stimuli,
        missing,
        warnings,
        ..RawRecording::default()
    })
}

/// The repeats that are kept.
fn response(all: Responses, options: &Ac1Options, left_out: &mut LeftOut) -> RawResponse {
    match all {
        Responses::Spikes(repeats) => RawResponse::spikes(repeats),
        Responses::Potentials { repeats, rate } => {
            let repeats: Vec<_> =
                options.gating.keep(repeats, rate.hz(), left_out).into_iter().map(Some).collect();
            if repeats.is_empty() { RawResponse::Missing } else { RawResponse::Trace { repeats, rate } }
        }
    }
}

/// The stimuli that were heard, with the responses of all neurons.
fn stimuli(
    library: Library,
    answers: &[BTreeMap<usize, RawResponse>],
    missing: &mut Vec<String>,
) -> Vec<RawStimulus> {
    let mut stimuli: Vec<RawStimulus> = Vec::new();
    for (index, heard) in library.into_heard().into_iter().enumerate() {
        let responses: Vec<RawResponse> = answers
            .iter()
            .map(|of_one| of_one.get(&index).cloned().unwrap_or(RawResponse::Missing))
            .collect();
        if responses.iter().all(|response| *response == RawResponse::Missing) {
            continue;
        }
        let mut stimulus = RawStimulus::new(heard.name, heard.sound, responses);
        stimulus.kind = heard.kind;
        stimulus.seconds = shortest(&stimulus.responses);
        stimulus.metadata.insert("description".to_owned(), heard.description.into());
        stimuli.push(stimulus);
    }
    if stimuli.iter().any(|stimulus| stimulus.sound != RawSound::Missing) {
        stimuli.retain(|stimulus| {
            let kept = stimulus.sound != RawSound::Missing;
            if !kept {
                missing.push(format!("the sound of {}: left out", stimulus.name));
            }
            kept
        });
    }
    stimuli
}

/// How long the shortest repeat of a trace lasts, in seconds.
fn shortest(responses: &[RawResponse]) -> Option<f64> {
    let of_one = |response: &RawResponse| match response {
        RawResponse::Trace { repeats, rate } => {
            let n = repeats.iter().flatten().map(Vec::len).min()?;
            Some(n as f64 / rate.hz())
        }
        _ => None,
    };
    responses.iter().filter_map(of_one).min_by(f64::total_cmp)
}

/// A warning that says how many repeats were left out.
fn doubt(cell: &str, left_out: LeftOut) -> Option<Warning> {
    let LeftOut { beyond, far, uncorrelated } = left_out;
    let n = beyond + far + uncorrelated;
    (n > 0).then(|| {
        let message = format!(
            "{n} repeats are left out: {beyond} with a potential beyond the limit, {far} too often far from their median, {uncorrelated} unlike the other repeats"
        );
        Warning::new("repeats_left_out", message, cell)
    })
}

fn area(subset: Subset) -> &'static str {
    if subset == Subset::AsariThalamus { "MGB" } else { "A1" }
}

fn description(subset: Subset) -> Description {
    let citation = "Asari H, Wehr M, Machens C, Zador A (2009) Auditory cortex and thalamic neuronal responses to various natural and \
                    synthetic sounds. CRCNS.org. doi 10.6080/K0KW5CXR";
    Description {
        name: match subset {
            Subset::Wehr => "AC1-Wehr".to_owned(),
            Subset::AsariCortex => "AC1-Asari-A1".to_owned(),
            Subset::AsariThalamus => "AC1-Asari-MGB".to_owned(),
        },
        species: "rat (anaesthetised)".to_owned(),
        area: area(subset).to_owned(),
        citation: Some(citation.to_owned()),
        ..Description::default()
    }
}

/// A rate as MATLAB files have it: that of Tucker-Davis hardware is not whole.
fn sample_rate(hz: f64) -> Option<SampleRate> {
    SampleRate::new(crate::formats::wav::exact_rate(hz)).ok()
}
