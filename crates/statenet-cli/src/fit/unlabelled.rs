//! Sounds without responses, for distillation.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use ndarray::{Array2, Array3};
use statenet::{
    data::{Description, Neuron, Responses, Stimulus, formats::sound, read_cochleagram},
    models::front_ends::FrontEndConfig,
    prelude::*,
};

use crate::shared::with_cochleagrams;

/// The sounds of a folder as the models of a recording take them, with names: `.npy` files as they are; wav and FLAC files as the front end
/// hears them or, for a recording of sound, in bins of samples.
///
/// # Errors
/// If the folder holds no sounds, or one cannot be read.
pub(super) fn unlabelled(
    folder: &Path,
    recording: &Recording,
    front_end: Option<&FrontEndConfig>,
) -> anyhow::Result<Vec<(String, Array2<f32>)>> {
    let mut arrays = Vec::new();
    let mut sounds = Vec::new();
    for path in files(folder)? {
        let name = name_of(&path);
        match path.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
            "npy" if recording.input() == Input::Cochleagram => arrays.push((name, read_cochleagram(&path)?)),
            "wav" | "flac" => sounds.push(stimulus(&name, &path, recording.dt())?),
            _ => {}
        }
    }
    if !sounds.is_empty() {
        let about = Description { name: "unlabelled".to_owned(), ..Description::default() };
        let sounds =
            Recording::new(about, recording.dt(), vec![], vec![Neuron::new("none")], sounds)?.heard()?;
        let taken = match recording.input() {
            Input::Sound => sounds,
            Input::Cochleagram => with_cochleagrams(&sounds, front_end)?,
        };
        arrays.extend(
            taken.stimuli().iter().map(|sound| (sound.name().to_owned(), sound.cochleagram().to_owned())),
        );
    }
    ensure!(
        !arrays.is_empty(),
        "--unlabelled {}: there is no {}sound file (.wav, .flac) in it",
        folder.display(),
        if recording.input() == Input::Cochleagram { "cochleagram (.npy) and no " } else { "" }
    );
    Ok(arrays)
}

/// The files of a folder, in alphabetical order, without hidden ones.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut files =
        listed().with_context(|| format!("--unlabelled {}: cannot list the folder", folder.display()))?;
    files.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    files.sort();
    Ok(files)
}

/// What the sound of a file is called: the names of stimuli are taken.
fn name_of(path: &Path) -> String {
    format!("unlabelled-{}", path.file_stem().unwrap_or_default().to_string_lossy())
}

/// A stimulus of a sound file, as long as its whole bins, with a response that nobody reads.
fn stimulus(name: &str, path: &Path, dt: TimeBin) -> anyhow::Result<Stimulus> {
    let bytes = std::fs::read(path).with_context(|| format!("{}: cannot read", path.display()))?;
    let sound = sound::decode(&bytes).with_context(|| path.display().to_string())?;
    let bins = (sound.seconds() / dt.seconds() + 1e-9).floor() as usize;
    if bins == 0 {
        bail!("{} lasts {} s, expected a bin of {} ms or more", path.display(), sound.seconds(), dt.ms());
    }
    let silent = Responses::from_nan(Array3::zeros((1, 1, bins)))?;
    Ok(Stimulus::new(name, Array2::zeros((1, bins)), silent)?.with_audio(path))
}
