//! NS1: single units of ferret auditory cortex and natural sounds, as published on OSF (ayw2p) with Harper et al. 2016.
//!
//! ```text
//! MetadataSHEnCneurons.mat                 struct array `neuron`: path, depth, electrodes, isolation of 119 units
//! spikesandwav/PATH                        of each unit: data.set(1..32).repeats(1..R).t, spike times in ms from the onset of the sound
//! spikesandwav/SH.En.C/source.*.frozen.*   20 natural sounds of 5 s, wav of floats at 48 828.125 Hz, without extension
//! ```
//! Sets 1 to 20 are the natural sounds, 20 repeats each. Sets 21 to 32 are dynamic random chords, whose sounds are not in the release.
//!
//! ```no_run
//! use statenet_data::readers::ns1::{self, Ns1Options};
//!
//! let raw = ns1::read("ns1", &Ns1Options::default())?;
//! let recording = raw.bin(&ns1::binning())?; // bins of 5 ms of sound, for any front end
//! println!("{} units, {} sounds, missing: {:?}", recording.n_neurons(), recording.n_stimuli(), raw.missing);
//! # Ok::<(), statenet_data::Error>(())
//! ```

mod metadata;
mod sounds;
mod spikes;

use std::path::Path;

use rayon::prelude::*;
use statenet_core::TimeBin;

use crate::{
    error::{Error, Result},
    preprocess::Resampling,
    raw::{Binning, RawRecording, RawResponse, RawSound, RawStimulus, SpikeRule},
    recording::{Description, Neuron},
};
use metadata::Unit;
use sounds::SOUNDS;

/// Which units are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// The 73 units of publications: single (`singleT` is Yes or Maybe) and at a depth of 0 or more.
    #[default]
    Single,
    /// All 119.
    All,
}

/// What is read of the release. The default is what publications use: the 73 single units and 4.995 s of each sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ns1Options {
    /// Which units.
    pub units: Units,
    /// How much of each sound is used, in seconds; `None` for all of it.
    pub seconds: Option<f64>,
}

impl Default for Ns1Options {
    fn default() -> Self {
        Self { units: Units::Single, seconds: Some(4.995) }
    }
}

/// Bins as in publications: 5 ms, spike times rounded to ms, at most one spike in each; sounds resampled by a short filter, which gives the
/// cochleagrams in use.
#[must_use]
pub fn binning() -> Binning {
    let dt = Some(TimeBin::whole_millis::<5>());
    Binning {
        dt,
        rule: SpikeRule::OnePerMillisecond,
        resampling: Resampling::Polyphase,
        ..Binning::default()
    }
}

/// Reads the release: its units, and the natural sounds that are there.
///
/// Sounds and spike files that are missing are listed; their stimuli and units are left out. If no sound is there, all stimuli are kept,
/// without sound. Neurons are named after their files, and keep what the release says about them: `depth_um`, `noise_ratio`, `single_n`,
/// `single_t`, `n_electrodes`, `electrode_number`, `site` and `animal` (the folders of the file).
///
/// # Errors
/// [`Error::NoFile`] if the folder is no NS1 release or has no spike file; [`Error::Io`]; [`Error::ArrayFile`] for damaged metadata.
pub fn read(folder: impl AsRef<Path>, options: &Ns1Options) -> Result<RawRecording> {
    let folder = folder.as_ref();
    let mut raw = read_spikes(folder, options)?;
    let files: Vec<_> = SOUNDS.iter().map(|sound| sounds::file(folder, sound)).collect();
    for (sound, stimulus) in files.iter().zip(&mut raw.stimuli) {
        match sound {
            Ok(path) => stimulus.sound = RawSound::File(path.clone()),
            Err(missing) => raw.missing.push(format!("{missing}: the sound of {}", stimulus.name)),
        }
    }
    if files.iter().any(Result::is_ok) {
        raw.stimuli.retain(|stimulus| stimulus.sound != RawSound::Missing);
    }
    raw.missing.push(format!(
        "sounds of the {} dynamic random chords (sets {} to 32), whose spikes are left out",
        32 - SOUNDS.len(),
        SOUNDS.len() + 1
    ));
    Ok(raw)
}

/// Reads the responses to all 20 natural sounds, without the sounds.
///
/// # Errors
/// As [`read`].
pub fn read_spikes(folder: impl AsRef<Path>, options: &Ns1Options) -> Result<RawRecording> {
    let folder = folder.as_ref();
    let units: Vec<Unit> = metadata::read(folder)?
        .into_iter()
        .filter(|unit| options.units == Units::All || unit.is_single())
        .collect();
    let read: Vec<_> = units.par_iter().map(|unit| spikes::read(folder, unit, SOUNDS.len())).collect();
    let mut missing = Vec::new();
    let mut neurons: Vec<Neuron> = Vec::new();
    let mut responses: Vec<Vec<RawResponse>> = SOUNDS.iter().map(|_| Vec::new()).collect();
    for (unit, spikes) in units.into_iter().zip(read) {
        match spikes {
            Ok(of_sounds) => {
                neurons.push(unit.neuron());
                for (of_neurons, response) in responses.iter_mut().zip(of_sounds) {
                    of_neurons.push(response);
                }
            }
            Err(line) => missing.push(line),
        }
    }
    if neurons.is_empty() {
        return Err(Error::NoFile {
            folder: folder.to_path_buf(),
            expected: "spike file of a unit (spikesandwav/EXPERIMENT/SITE/cluster.NN.data.mat)",
        });
    }
    let stimuli = SOUNDS.iter().zip(responses).map(|(sound, responses)| {
        let mut stimulus = RawStimulus::new(sound.name(), RawSound::Missing, responses);
        stimulus.kind = sound.kind.map(str::to_owned);
        stimulus.seconds = options.seconds;
        stimulus.metadata.insert("source".to_owned(), sound.file().into());
        stimulus
    });
    Ok(RawRecording {
        description: description(),
        neurons,
        stimuli: stimuli.collect(),
        missing,
        ..RawRecording::default()
    })
}

fn description() -> Description {
    let citation = "Harper NS, Schoppe O, Willmore BDB, Cui Z, Schnupp JWH, King AJ (2016) PLoS Comput Biol 12(11): e1005113; \
                    data: OSF ayw2p";
    Description {
        name: "NS1".to_owned(),
        species: "ferret (anaesthetised)".to_owned(),
        area: metadata::AREA.to_owned(),
        citation: Some(citation.to_owned()),
        ..Description::default()
    }
}
