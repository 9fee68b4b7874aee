//! A folder of one unit: `stimI.wav` and `spikeI`.

use std::path::Path;

use super::repeats;
use crate::{
    error::Result,
    raw::{RawRecording, RawResponse, RawSound, RawStimulus},
    readers::{order::natural, sound_folder::sound_files, table::name_of},
    recording::{Description, Neuron},
};

/// Whether a folder has a sound `stimI.wav` with its `spikeI`.
pub(super) fn is_single(folder: &Path) -> bool {
    sound_files(folder).is_ok_and(|sounds| {
        let spikes = sounds.keys().filter_map(|name| name.strip_prefix("stim"));
        spikes.into_iter().any(|number| folder.join(format!("spike{number}")).is_file())
    })
}

/// Reads it; the unit is called as the folder.
pub(super) fn read(folder: &Path) -> Result<RawRecording> {
    let mut sounds: Vec<_> = sound_files(folder)?.into_iter().collect();
    sounds.sort_by(|(a, _), (b, _)| natural(a, b));
    let name = name_of(folder);
    let mut raw = RawRecording {
        description: Description { name: name.clone(), ..Description::default() },
        neurons: vec![Neuron::new(name)],
        ..RawRecording::default()
    };
    for (sound, path) in sounds {
        let spikes = sound.strip_prefix("stim").map(|number| folder.join(format!("spike{number}")));
        match spikes.filter(|spikes| spikes.is_file()) {
            Some(spikes) => {
                let response = RawResponse::spikes(repeats::read(&spikes)?);
                raw.stimuli.push(RawStimulus::new(sound, RawSound::File(path), vec![response]));
            }
            None => raw.missing.push(format!("the spikes of {}: the sound is left out", path.display())),
        }
    }
    Ok(raw)
}
