//! A recording: sounds, neurons, and the neurons' responses.

mod baseline;
mod clusters;
mod condition;
mod cut;
mod doubts;
mod fits;
mod join;
mod neuron;
mod responses;
mod selection;
mod sound;
mod source;
mod stimulus;
mod stored;
mod targets;

use std::collections::BTreeSet;

use ndarray::ArrayView2;
use serde_json::Value;
use statenet_core::{Axes, Hertz, Input, ResponseUnit, TimeBin};

pub use clusters::NeuronClusters;
pub use condition::Condition;
pub use cut::{Cut, Rest};
pub use join::SameIds;
pub use neuron::Neuron;
pub use responses::Responses;
pub(crate) use sound::{SoundReader, in_bins, read_sound_file, sound_file_seconds};
pub(crate) use source::Source;
pub use stimulus::Stimulus;
pub(crate) use stimulus::{Excerpt, checked_cochleagram};
pub(crate) use stored::Stored;

use crate::{
    error::{Error, Result},
    preprocess::Smoothing,
};

/// Fields of `recording.json` that the format does not define, in the order of the file.
pub type Metadata = serde_json::Map<String, Value>;

/// Where a recording comes from and how its cochleagrams were made. Information only: nothing is computed from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// Short name, such as `NS1`.
    pub name: String,
    /// Species, and its state (such as anaesthetised) if known.
    pub species: String,
    /// Brain area.
    pub area: String,
    /// Publication to cite.
    pub citation: Option<String>,
    /// Licence of the data.
    pub licence: Option<String>,
    /// The front end that made the cochleagrams.
    pub cochleagram: Value,
    /// Further fields of the file.
    pub metadata: Metadata,
}

/// A recording: S stimuli, each a cochleagram `(F, T_s)` with responses `(N, R_s, T_s)`, in time bins of width dt.
///
/// Checked on construction: at least one neuron, stimulus and band, unique ids and names, the same F, N and unit of responses throughout.
/// Recordings are immutable: selecting and smoothing return a new one.
///
/// ```
/// use ndarray::{Array2, array};
/// use statenet_core::TimeBin;
/// use statenet_data::{Description, Neuron, Recording, Responses, Stimulus};
///
/// let responses = Responses::from_nan(array![[[0., 1., 0.], [0., 2., f32::NAN]]])?; // 1 neuron, 2 repeats
/// let sound = Stimulus::new("click", Array2::zeros((34, 3)), responses)?;
/// let about = Description { name: "mine".into(), ..Description::default() };
/// let dt = TimeBin::from_millis(5.0)?;
/// let recording = Recording::new(about, dt, vec![], vec![Neuron::new("u1")], vec![sound])?;
/// assert_eq!((recording.n_neurons(), recording.n_bands(), recording.n_stimuli()), (1, 34, 1));
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    description: Description,
    dt: TimeBin,
    bands: Vec<Hertz>,
    neurons: Vec<Neuron>,
    stimuli: Vec<Stimulus>,
    input: Input,
    smoothing: Option<Smoothing>,
}

impl Recording {
    /// A recording from its parts; `bands` are the centre frequencies, or empty if unknown.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Duplicate`]; [`Error::Shape`] for a stimulus with another number of bands or neurons than
    /// the rest; [`Error::ResponseUnit`] for responses in another unit than those of the first; [`Error::Setting`] if the centre
    /// frequencies are not increasing.
    pub fn new(
        description: Description,
        dt: TimeBin,
        bands: Vec<Hertz>,
        neurons: Vec<Neuron>,
        stimuli: Vec<Stimulus>,
    ) -> Result<Self> {
        Self::expect_neurons_and_bands(&neurons, &bands)?;
        unique("stimulus", stimuli.iter().map(Stimulus::name))?;
        let Some(first) = stimuli.first() else {
            return Err(Error::Empty { what: "stimuli" });
        };
        let n_bands = if bands.is_empty() { first.n_bands() } else { bands.len() };
        for stimulus in &stimuli {
            stimulus.expect_fit(n_bands, neurons.len(), first.response_unit())?;
        }
        let input = Input::Cochleagram;
        Ok(Self { description, dt, bands, neurons, stimuli, input, smoothing: None })
    }

    /// Checks what does not depend on stimuli: neurons with unique ids, and centre frequencies that increase.
    pub(crate) fn expect_neurons_and_bands(neurons: &[Neuron], bands: &[Hertz]) -> Result<()> {
        unique("neuron", neurons.iter().map(Neuron::id))?;
        if neurons.is_empty() {
            return Err(Error::Empty { what: "neurons" });
        }
        match bands.iter().zip(bands.iter().skip(1)).find(|(low, high)| low >= high) {
            Some((low, high)) => Err(Error::Setting {
                setting: "centre frequency",
                got: format!("{} Hz after {} Hz", high.hz(), low.hz()),
                expected: "increasing frequencies",
            }),
            None => Ok(()),
        }
    }

    /// The same of stimuli that hold this kind of input.
    pub(crate) fn of_input(
        input: Input,
        description: Description,
        dt: TimeBin,
        bands: Vec<Hertz>,
        neurons: Vec<Neuron>,
        stimuli: Vec<Stimulus>,
    ) -> Result<Self> {
        Ok(Self { input, ..Self::new(description, dt, bands, neurons, stimuli)? })
    }

    /// Where the recording comes from.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The short name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// The width of a time bin.
    #[must_use]
    pub fn dt(&self) -> TimeBin {
        self.dt
    }

    /// Centre frequency of each band, lowest first; empty if unknown.
    #[must_use]
    pub fn bands(&self) -> &[Hertz] {
        &self.bands
    }

    /// The neurons, in the order of the response arrays.
    #[must_use]
    pub fn neurons(&self) -> &[Neuron] {
        &self.neurons
    }

    /// The stimuli; splits refer to their order.
    #[must_use]
    pub fn stimuli(&self) -> &[Stimulus] {
        &self.stimuli
    }

    /// The stimulus with an index.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`].
    pub fn stimulus(&self, index: usize) -> Result<&Stimulus> {
        let n_stimuli = self.stimuli.len();
        self.stimuli.get(index).ok_or(Error::StimulusOutOfRange { index, part: None, n_stimuli })
    }

    /// The cochleagrams `(F, T)` of some stimuli, as recorded.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`].
    pub fn cochleagrams(&self, stimuli: &[usize]) -> Result<Vec<ArrayView2<'_, f32>>> {
        stimuli.iter().map(|&index| Ok(self.stimulus(index)?.cochleagram())).collect()
    }

    /// Number of neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.neurons.len()
    }

    /// Number of stimuli S.
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.stimuli.len()
    }

    /// Number of frequency bands F; samples of a bin for a recording of sound.
    #[must_use]
    pub fn n_bands(&self) -> usize {
        self.stimuli.first().map_or(self.bands.len(), Stimulus::n_bands)
    }

    /// The axes that a model for this recording needs.
    #[must_use]
    pub fn axes(&self) -> Axes {
        Axes {
            n_bands: self.n_bands(),
            n_neurons: self.n_neurons(),
            dt: self.dt,
            band_centers: self.bands.clone(),
            neuron_ids: self.neuron_ids(),
            response_unit: self.response_unit().clone(),
        }
    }

    /// The unit of the responses, the same for all stimuli.
    #[must_use]
    pub fn response_unit(&self) -> &ResponseUnit {
        self.stimuli.first().map_or(&ResponseUnit::SpikesPerBin, Stimulus::response_unit)
    }

    /// Whether responses stay on disk, to be read when they are needed, because the recording is
    /// [larger than memory](Self::read).
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.stimuli.iter().any(Stimulus::is_on_disk)
    }

    /// The ids of the neurons, in the order of the response arrays.
    #[must_use]
    pub fn neuron_ids(&self) -> Vec<String> {
        self.neurons.iter().map(|neuron| neuron.id().to_owned()).collect()
    }

    /// How the responses were smoothed; `None` if they are as recorded.
    #[must_use]
    pub fn smoothing(&self) -> Option<Smoothing> {
        self.smoothing
    }

    /// Records how the responses were smoothed.
    pub(crate) fn declare_smoothed(self, smoothing: Option<Smoothing>) -> Self {
        Self { smoothing, ..self }
    }

    /// The same recording with changed stimuli; their shapes must be the same.
    pub(crate) fn with_stimuli(&self, stimuli: Vec<Stimulus>) -> Self {
        Self {
            description: self.description.clone(),
            dt: self.dt,
            bands: self.bands.clone(),
            neurons: self.neurons.clone(),
            stimuli,
            input: self.input,
            smoothing: self.smoothing,
        }
    }
}

/// Checks that no name occurs twice.
pub(crate) fn unique<'a>(what: &'static str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::Duplicate { what, name: name.to_owned() });
        }
    }
    Ok(())
}
