//! Writes a recording in parts, for one that is larger than memory.

use std::{collections::BTreeSet, path::PathBuf};

use statenet_core::{Hertz, Input, ResponseUnit, TimeBin, atomic::NewFolder};

use super::canonical::Files;
use crate::{
    error::{Error, Result},
    readers::FILE,
    recording::{Description, Neuron, Recording, Stimulus},
};

/// Writes the folder of a recording of cochleagrams a few stimuli at a time, so that all of them need not be in memory. The folder is that of
/// [`Recording::write`], and appears when it is finished.
///
/// ```
/// use ndarray::{Array2, Array3};
/// use statenet_core::TimeBin;
/// use statenet_data::{Description, Neuron, Recording, RecordingWriter, Responses, Stimulus};
///
/// let folder = tempfile::tempdir()?;
/// let (path, dt) = (folder.path().join("large"), TimeBin::from_millis(5.0)?);
/// let about = Description { name: "large".into(), ..Description::default() };
/// let mut writer = RecordingWriter::create(&path, about, dt, vec![], vec![Neuron::new("u1")])?;
/// for i in 0..3 {
///     let responses = Responses::from_nan(Array3::zeros((1, 1, 100)))?;
///     writer.add(&[Stimulus::new(format!("sound{i}"), Array2::zeros((34, 100)), responses)?])?;
/// }
/// writer.finish()?;
/// assert_eq!(Recording::read(&path)?.n_stimuli(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RecordingWriter {
    /// What is there before any stimulus, each of which is checked against it.
    description: Description,
    dt: TimeBin,
    bands: Vec<Hertz>,
    neurons: Vec<Neuron>,
    names: BTreeSet<String>,
    /// Bands and unit of the first stimulus.
    first: Option<(usize, ResponseUnit)>,
    files: Files,
    new: NewFolder,
}

impl RecordingWriter {
    /// A new folder, at first beside where it is to appear; `bands` are the centre frequencies, or empty if unknown.
    ///
    /// # Errors
    /// [`Error::Write`] or [`Error::Io`] if it cannot be made.
    pub fn create(
        folder: impl Into<PathBuf>,
        description: Description,
        dt: TimeBin,
        bands: Vec<Hertz>,
        neurons: Vec<Neuron>,
    ) -> Result<Self> {
        let folder: PathBuf = folder.into();
        let new = NewFolder::create(&folder)?;
        let files = Files::new(new.path(), &folder, Input::Cochleagram)?;
        Ok(Self { description, dt, bands, neurons, names: BTreeSet::new(), first: None, files, new })
    }

    /// Writes stimuli, side by side.
    ///
    /// # Errors
    /// As [`Recording::new`] and [`Recording::write`].
    pub fn add(&mut self, stimuli: &[Stimulus]) -> Result<()> {
        for stimulus in stimuli {
            if !self.names.insert(stimulus.name().to_owned()) {
                return Err(Error::Duplicate { what: "stimulus", name: stimulus.name().to_owned() });
            }
            let first = (stimulus.n_bands(), stimulus.response_unit().clone());
            let (n_bands, unit) = self.first.get_or_insert(first);
            if !self.bands.is_empty() {
                *n_bands = self.bands.len();
            }
            stimulus.expect_fit(*n_bands, self.neurons.len(), unit)?;
        }
        self.files.add(stimuli)
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// As [`Recording::new`] and [`Recording::write`].
    pub fn finish(self) -> Result<()> {
        let Self { description, dt, bands, neurons, first, files, new, .. } = self;
        let Some((_, unit)) = first else { return Err(Error::Empty { what: "stimuli" }) };
        Recording::expect_neurons_and_bands(&neurons, &bands)?;
        files.finish(&description, dt, &bands, &neurons, (&unit, None))?;
        Ok(new.commit(FILE)?)
    }
}
