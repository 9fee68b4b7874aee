//! Sounds of a folder for the stimuli of a recording.

use std::path::Path;

use super::cut::{Cut, Cuts};
use crate::{
    error::Result,
    formats::Sound,
    raw::{RawRecording, RawSound},
    readers::sound_folder::{sound_files, without_ending},
    recording::read_sound_file,
};

/// Sets the sounds of all stimuli: the file that is called as the stimulus, after the silence that its epoch begins with.
///
/// # Errors
/// If the folder cannot be listed or a sound cannot be read.
pub(super) fn add(folder: &Path, cuts: &Cuts, raw: &mut RawRecording) -> Result<()> {
    let mut files = sound_files(folder)?;
    for (cut, stimulus) in cuts.stimuli.iter().zip(&mut raw.stimuli) {
        let Some(file) = files.remove(without_ending(&cut.name)) else {
            raw.missing.push(format!("{} has no sound called {}", folder.display(), cut.name));
            continue;
        };
        let silence = silence(cuts, cut);
        let lasts = stimulus.seconds.unwrap_or(0.0);
        let sound = if silence > 0.0 {
            RawSound::Samples(padded(read_sound_file(&file)?, silence, lasts))
        } else {
            RawSound::File(file)
        };
        stimulus.sound = sound;
    }
    Ok(())
}

/// The silence, in seconds, at the start of a stimulus.
fn silence(cuts: &Cuts, cut: &Cut) -> f64 {
    let Some(first) = cut.occurrences.first() else { return 0.0 };
    let at_start = cuts.silences.iter().find(|silence| (silence.start - first.start).abs() < 1e-3);
    at_start.map_or(0.0, |silence| (silence.end.min(first.end) - first.start).max(0.0))
}

/// A sound after some silence, with silence up to its end.
fn padded(sound: Sound, silence: f64, lasts: f64) -> Sound {
    let samples_in = |seconds: f64| (seconds * sound.rate.hz()).round() as usize;
    let mut samples = vec![0.0; samples_in(silence)];
    samples.extend_from_slice(&sound.samples);
    if samples.len() < samples_in(lasts) {
        samples.resize(samples_in(lasts), 0.0);
    }
    Sound { samples, rate: sound.rate }
}

#[cfg(test)]
mod tests {
    use statenet_core::SampleRate;

    use super::*;

    #[test]
    fn silence_stands_before_and_after_a_sound() {
        let sound = Sound { samples: vec![1.0; 2], rate: SampleRate::new(1000.0).unwrap() };
        assert_eq!(padded(sound, 0.003, 0.007).samples, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    }
}
