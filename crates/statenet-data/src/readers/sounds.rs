//! A recording from a folder of sounds and one file of counts, without `recording.json`.

use std::path::Path;

use ndarray::Array3;
use statenet_core::{Input, ResponseMask, ResponseUnit, TimeBin};

use super::{
    arrays::{bytes, with_repeats},
    sound_folder::sound_files,
};
use crate::{
    error::{Error, Place, Result},
    formats::{FormatError, npy, npz},
    recording::{Description, Neuron, Recording, Responses, SoundReader, Stimulus},
};

const NAME: &str = "counts";

impl Recording {
    /// A recording of sound from a folder of wav or FLAC files and a file of spike counts per bin; NaN means missing.
    ///
    /// `counts` is an npz file with an array for each sound, called as the file without its ending: `(N, R, T)`, or `(N, T)`
    /// for one repeat. Or it is an npy file with one array for all sounds, in the alphabetical order of their names:
    /// `(S, N, R, T)`, or `(S, N, T)`. Neurons are called by their index.
    ///
    /// # Errors
    /// [`Error::Empty`] for a folder without sounds; [`Error::Duplicate`] for two that differ in their ending only; [`Error::ArrayFile`] if counts are missing for a sound or do not have
    /// these axes; [`Error::Shape`] if sounds have different numbers of neurons; those of [`heard`](Self::heard) for a sound.
    pub fn from_sounds(folder: impl AsRef<Path>, counts: impl AsRef<Path>, dt: TimeBin) -> Result<Self> {
        let (folder, counts) = (folder.as_ref(), counts.as_ref());
        let sounds = sound_files(folder)?;
        if sounds.is_empty() {
            return Err(Error::Empty { what: "wav or FLAC files" });
        }
        let names: Vec<&str> = sounds.keys().map(String::as_str).collect();
        let counts_of_all = read_counts(counts, &names)?;
        let n_neurons = counts_of_all.first().map_or(0, |c| c.dim().0);
        let mut reader = SoundReader::new(dt);
        let mut stimuli = Vec::with_capacity(sounds.len());
        for ((name, path), counts_of_one) in sounds.into_iter().zip(counts_of_all) {
            let mask = ResponseMask::from_nan(counts_of_one.view());
            let (unit, place) = (ResponseUnit::SpikesPerBin, Place::File(counts.to_path_buf()));
            let responses = Responses::checked(counts_of_one, &mask, unit, &place)?;
            let sound = reader.read(&path, None, responses.n_bins())?;
            stimuli.push(Stimulus::new(name, sound, responses)?.with_audio(path));
        }
        let name =
            folder.file_name().map_or_else(|| "sounds".to_owned(), |n| n.to_string_lossy().into_owned());
        let about = Description { name, ..Description::default() };
        let neurons = (0..n_neurons).map(|n| Neuron::new(n.to_string())).collect();
        Self::of_input(Input::Sound, about, dt, Vec::new(), neurons, stimuli)
    }
}

/// Counts `(N, R, T)` of each sound.
fn read_counts(path: &Path, names: &[&str]) -> Result<Vec<Array3<f32>>> {
    let in_file = |source| Error::ArrayFile { path: path.to_path_buf(), array: NAME, source };
    let bytes = bytes(path)?;
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
        let of_one = |name: &&str| npz::parse(&bytes, name).and_then(|(_, values)| with_repeats(values));
        return names.iter().map(|name| of_one(name).map_err(in_file)).collect();
    }
    let (_, values) = npy::parse(&bytes).map_err(in_file)?;
    let got = values.shape().to_vec();
    let expected =
        "3 (sounds, neurons, bins) or 4 (sounds, neurons, repeats, bins), with one entry for each sound,";
    if !(3..=4).contains(&values.ndim()) || got.first() != Some(&names.len()) {
        return Err(in_file(FormatError::Axes { got, expected }));
    }
    values.outer_iter().map(|of_one| with_repeats(of_one.to_owned()).map_err(in_file)).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, array};
    use statenet_core::SampleRate;

    use super::*;
    use crate::writers::{write_npz, write_wav};

    /// Two sounds of 4 bins of 5 ms.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, level) in [("b", 0.25), ("a", 0.5)] {
            let path = folder.path().join(format!("{name}.wav"));
            write_wav(&path, &[level; 160], SampleRate::new(8000.0).unwrap()).unwrap();
        }
        folder
    }

    #[test]
    fn counts_belong_to_sounds_by_name_or_by_order() {
        let (folder, dt) = (folder(), TimeBin::whole_millis::<5>());
        let npy = folder.path().join("counts.npy");
        let all = Array4::from_shape_fn((2, 1, 3, 4), |(s, _, r, t)| (100 * s + 10 * r + t) as f32);
        std::fs::write(&npy, npy::encode(all.view()).unwrap()).unwrap();
        let recording = Recording::from_sounds(folder.path(), &npy, dt).unwrap();
        assert_eq!((recording.input(), recording.n_bands(), recording.n_neurons()), (Input::Sound, 40, 1));
        assert_eq!(recording.stimuli()[0].name(), "a");
        assert!((recording.stimuli()[0].cochleagram()[[0, 0]] - 0.5).abs() < 1e-4);
        assert_eq!(recording.stimuli()[1].responses().unwrap().values()[[0, 2, 3]], 123.0);

        let npz = folder.path().join("counts.npz");
        let named = [("a", array![[1.0, 2.0, 3.0, 4.0]]), ("b", array![[5.0, 6.0, 7.0, 8.0]])];
        write_npz(&npz, &named.each_ref().map(|(name, counts)| (*name, counts.view().into_dyn()))).unwrap();
        let recording = Recording::from_sounds(folder.path(), &npz, dt).unwrap();
        assert_eq!(recording.stimuli()[1].responses().unwrap().values()[[0, 0, 1]], 6.0);
    }

    #[test]
    fn sounds_are_in_the_order_of_their_names_as_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        // By their paths a-1.wav would come before a.wav.
        for name in ["a", "a-1"] {
            let path = folder.path().join(format!("{name}.wav"));
            write_wav(&path, &[0.5; 160], SampleRate::new(8000.0).unwrap()).unwrap();
        }
        let npy = folder.path().join("counts.npy");
        std::fs::write(&npy, npy::encode(Array4::<f32>::zeros((2, 1, 1, 4)).view()).unwrap()).unwrap();
        let recording = Recording::from_sounds(folder.path(), &npy, TimeBin::whole_millis::<5>()).unwrap();
        let names: Vec<&str> = recording.stimuli().iter().map(Stimulus::name).collect();
        assert_eq!(names, ["a", "a-1"]);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let (folder, dt) = (folder(), TimeBin::whole_millis::<5>());
        let message = |error: Error| {
            std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source())
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(": ")
        };
        let npy = folder.path().join("counts.npy");
        std::fs::write(&npy, npy::encode(Array4::<f32>::zeros((3, 1, 1, 4)).view()).unwrap()).unwrap();
        let text = message(Recording::from_sounds(folder.path(), &npy, dt).unwrap_err());
        assert!(text.contains("has shape [3, 1, 1, 4], expected 3 (sounds, neurons, bins) or 4"), "{text}");
        let npz = folder.path().join("counts.npz");
        write_npz(&npz, &[("a", array![[1.0, 2.0, 3.0, 4.0]].view().into_dyn())]).unwrap();
        let text = message(Recording::from_sounds(folder.path(), &npz, dt).unwrap_err());
        assert!(text.contains("array b is not in the archive"), "{text}");
        let empty = tempfile::tempdir().unwrap();
        let text = message(Recording::from_sounds(empty.path(), &npz, dt).unwrap_err());
        assert_eq!(text, "recording has no wav or FLAC files, expected at least one");
    }
}
