//! A recording: sounds, neurons, and what the neurons did.

mod combine;
mod neuron;
mod responses;
mod selection;
mod stimulus;

use std::collections::BTreeSet;

use serde_json::Value;
use statenet_core::{Axes, Hertz, Standardization, TimeBin, expect_shape};

pub use neuron::Neuron;
pub use responses::Responses;
pub use stimulus::Stimulus;
pub(crate) use stimulus::checked_cochleagram;

use crate::{
    error::{Error, Place, Result},
    preprocess::Smoothing,
};

/// What is known beyond our own fields, in the order of the file.
pub type Metadata = serde_json::Map<String, Value>;

/// Where a recording comes from and how its cochleagrams were made. Kept as it is; nothing is computed from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// Short name, such as `NS1`.
    pub name: String,
    /// Species, and its state where known.
    pub species: String,
    /// Area of the brain.
    pub area: String,
    /// Whom to cite.
    pub citation: Option<String>,
    /// On what terms the data may be used.
    pub licence: Option<String>,
    /// The front end that made the cochleagrams.
    pub cochleagram: Value,
    /// What else the file says.
    pub metadata: Metadata,
}

/// A recording: S stimuli, each `(F, T_s)` with responses `(N, R_s, T_s)`, in time bins of one width dt.
///
/// Checked when made: at least one neuron, stimulus and band, unique ids and names, the same F and N throughout.
/// Recordings are values: selecting, smoothing and standardizing give a new one.
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
    pub(crate) standardization: Option<Standardization>,
}

impl Recording {
    /// A recording from its parts; `bands` are the centre frequencies, or empty where unknown.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Duplicate`]; [`Error::Shape`] for a stimulus with other bands or neurons than
    /// the rest; [`Error::Setting`] if the centre frequencies do not rise.
    pub fn new(
        description: Description,
        dt: TimeBin,
        bands: Vec<Hertz>,
        neurons: Vec<Neuron>,
        stimuli: Vec<Stimulus>,
    ) -> Result<Self> {
        unique("neuron", neurons.iter().map(Neuron::id))?;
        unique("stimulus", stimuli.iter().map(Stimulus::name))?;
        let Some(first) = stimuli.first() else {
            return Err(Error::Empty { what: "stimuli" });
        };
        if neurons.is_empty() {
            return Err(Error::Empty { what: "neurons" });
        }
        if let Some((low, high)) = bands.iter().zip(bands.iter().skip(1)).find(|(low, high)| low >= high) {
            return Err(Error::Setting {
                setting: "centre frequency",
                got: format!("{} Hz after {} Hz", high.hz(), low.hz()),
                expected: "rising frequencies",
            });
        }
        let n_bands = if bands.is_empty() { first.n_bands() } else { bands.len() };
        for stimulus in &stimuli {
            let place = || Place::Stimulus(stimulus.name().to_owned());
            let (r, t) = (stimulus.responses().n_repeats(), stimulus.n_bins());
            expect_shape("cochleagram", stimulus.cochleagram().shape(), &[n_bands.into(), t.into()])
                .map_err(|shape| Error::Shape { place: place(), shape })?;
            let counts = stimulus.responses().values();
            expect_shape("counts", counts.shape(), &[neurons.len().into(), r.into(), t.into()])
                .map_err(|shape| Error::Shape { place: place(), shape })?;
        }
        Ok(Self { description, dt, bands, neurons, stimuli, standardization: None })
    }

    /// Where it comes from.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Its short name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// The width of a time bin.
    #[must_use]
    pub fn dt(&self) -> TimeBin {
        self.dt
    }

    /// Centre frequency of each band, lowest first; empty where unknown.
    #[must_use]
    pub fn bands(&self) -> &[Hertz] {
        &self.bands
    }

    /// The neurons, in the order of the arrays.
    #[must_use]
    pub fn neurons(&self) -> &[Neuron] {
        &self.neurons
    }

    /// The stimuli, in the order that splits count in.
    #[must_use]
    pub fn stimuli(&self) -> &[Stimulus] {
        &self.stimuli
    }

    /// One stimulus.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`].
    pub fn stimulus(&self, index: usize) -> Result<&Stimulus> {
        let n_stimuli = self.stimuli.len();
        self.stimuli.get(index).ok_or(Error::StimulusOutOfRange { index, part: None, n_stimuli })
    }

    /// Neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.neurons.len()
    }

    /// Stimuli S.
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.stimuli.len()
    }

    /// Frequency bands F.
    #[must_use]
    pub fn n_bands(&self) -> usize {
        self.stimuli.first().map_or(self.bands.len(), Stimulus::n_bands)
    }

    /// What this recording tells a model.
    #[must_use]
    pub fn axes(&self) -> Axes {
        Axes {
            n_bands: self.n_bands(),
            n_neurons: self.n_neurons(),
            dt: self.dt,
            band_centers: self.bands.clone(),
        }
    }

    /// How the cochleagrams were standardized; `None` where they are as recorded.
    #[must_use]
    pub fn standardization(&self) -> Option<&Standardization> {
        self.standardization.as_ref()
    }

    /// The same recording with every repeat of every response smoothed over time; missing bins stay missing.
    #[must_use]
    pub fn smooth(&self, smoothing: &Smoothing) -> Self {
        let weights = smoothing.weights(self.dt);
        let smoothed = |s: &Stimulus| s.with_responses(weights.smooth(s.responses()));
        self.with_stimuli(self.stimuli.iter().map(smoothed).collect())
    }

    /// The same recording with other stimuli of the same shapes.
    pub(crate) fn with_stimuli(&self, stimuli: Vec<Stimulus>) -> Self {
        Self {
            description: self.description.clone(),
            dt: self.dt,
            bands: self.bands.clone(),
            neurons: self.neurons.clone(),
            stimuli,
            standardization: self.standardization.clone(),
        }
    }
}

fn unique<'a>(what: &'static str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::Duplicate { what, name: name.to_owned() });
        }
    }
    Ok(())
}
