//! One stimulus: a sound and the neurons' responses to it.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use ndarray::{Array2, ArrayView2};
use statenet_core::{Dim, ResponseUnit, expect_shape};

use super::{Metadata, Responses, source::Source};
use crate::{
    error::{Error, Place, Result},
    formats::Sound,
    names,
    preprocess::SmoothWeights,
};

/// A stimulus: a cochleagram `(F, T)`, the responses to it `(N, R, T)`, and metadata.
///
/// The name can be used as a file name, since predictions are files named after stimuli.
#[derive(Clone, Debug, PartialEq)]
pub struct Stimulus {
    name: String,
    kind: Option<String>,
    /// Shared by recordings that differ in something else.
    cochleagram: Arc<Array2<f32>>,
    responses: Source,
    audio: Option<PathBuf>,
    /// The whole sound, if it is in no file.
    sound: Option<Arc<Sound>>,
    excerpt: Option<Excerpt>,
    metadata: Metadata,
}

/// Which part of its sound file a stimulus is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The first bin, counted from the start of the file.
    pub(crate) first_bin: usize,
    /// Number of bins of the whole file.
    pub(crate) file_bins: usize,
}

impl Stimulus {
    /// A stimulus from its cochleagram `(F, T)` and responses `(N, R, T)`, with the same T of at least 1.
    ///
    /// # Errors
    /// [`Error::UnsafeName`]; [`Error::Shape`] if an axis is empty or the numbers of bins differ; [`Error::Value`] if a
    /// value of the cochleagram is not finite.
    pub fn new(name: impl Into<String>, cochleagram: Array2<f32>, responses: Responses) -> Result<Self> {
        Self::with_source(name.into(), cochleagram, responses.into())
    }

    /// The same of responses that may be in a file.
    pub(crate) fn with_source(name: String, cochleagram: Array2<f32>, responses: Source) -> Result<Self> {
        names::check("stimulus", &name)?;
        let place = Place::Stimulus(name.clone());
        let cochleagram = checked_cochleagram(cochleagram, &place)?;
        let (n, r, t) = responses.dim();
        let bins = cochleagram.dim().1;
        expect_shape(responses.unit().array(), &[n, r, t], &[n.into(), r.into(), bins.into()])
            .map_err(|shape| Error::Shape { place, shape })?;
        Ok(Self {
            name,
            kind: None,
            cochleagram: Arc::new(cochleagram),
            responses,
            audio: None,
            sound: None,
            excerpt: None,
            metadata: Metadata::new(),
        })
    }

    /// Sets the kind of sound, such as `song` or `water`.
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Sets the file that holds the sound.
    #[must_use]
    pub fn with_audio(mut self, path: impl Into<PathBuf>) -> Self {
        self.audio = Some(path.into());
        self.sound = None;
        self.excerpt = None;
        self
    }

    /// Sets the sound, where no file has it. [`Recording::write`](super::Recording::write) makes a file of it.
    #[must_use]
    pub fn with_sound(self, sound: Sound) -> Self {
        self.with_shared_sound(Arc::new(sound))
    }

    /// Sets a sound that other stimuli are pieces of, too.
    #[must_use]
    pub(crate) fn with_shared_sound(self, sound: Arc<Sound>) -> Self {
        Self { sound: Some(sound), audio: None, excerpt: None, ..self }
    }

    /// Sets which part of the sound file the stimulus is; `None` for the whole.
    #[must_use]
    pub(crate) fn with_excerpt(self, excerpt: Option<Excerpt>) -> Self {
        Self { excerpt, ..self }
    }

    /// Sets the metadata, which are stored in `recording.json` next to the fields of the format.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// The name, unique in its recording.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of sound, if known.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// The cochleagram, `(F, T)`; bins of samples, `(hop, T)`, in a recording of sound.
    #[must_use]
    pub fn cochleagram(&self) -> ArrayView2<'_, f32> {
        self.cochleagram.view()
    }

    /// The responses, `(N, R, T)`: those in memory or, where a recording is [larger than that](super::Recording::read), read from
    /// their file, each time anew. Keep them no longer than they are needed.
    ///
    /// # Errors
    /// None if they are in memory; else [`Error::Io`] if the file cannot be read, [`Error::FileChanged`] if it is not as it was when the
    /// recording was read.
    pub fn responses(&self) -> Result<Arc<Responses>> {
        self.responses.read()
    }

    /// The responses of some neurons, `(neurons, R, T)`, in that order; indices must be below N.
    ///
    /// # Errors
    /// [`Error::NeuronOutOfRange`]; as [`responses`](Self::responses).
    pub fn responses_of(&self, neurons: &[usize]) -> Result<Arc<Responses>> {
        let n_neurons = self.n_neurons();
        match neurons.iter().find(|&&index| index >= n_neurons) {
            Some(&index) => Err(Error::NeuronOutOfRange { index, n_neurons }),
            None => self.responses.select(neurons).read(),
        }
    }

    /// The unit of the responses.
    #[must_use]
    pub fn response_unit(&self) -> &ResponseUnit {
        self.responses.unit()
    }

    /// Number of neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.responses.dim().0
    }

    /// Largest number of repeats R of any neuron.
    #[must_use]
    pub fn n_repeats(&self) -> usize {
        self.responses.dim().1
    }

    /// Number of values of the responses, N R T.
    #[must_use]
    pub fn n_values(&self) -> usize {
        let (n, r, t) = self.responses.dim();
        n.saturating_mul(r).saturating_mul(t)
    }

    /// The number of repeats of a neuron with at least one recorded bin; 0 for an index that does not exist.
    #[must_use]
    pub fn n_repeats_of(&self, neuron: usize) -> usize {
        self.responses.n_repeats_of(neuron)
    }

    /// Whether the responses are in a file, from which [`responses`](Self::responses) reads them.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        self.responses.is_in_file()
    }

    /// The file that holds the sound, if there is one; a piece of a stimulus that was [cut](super::Recording::cut) has the file of the
    /// whole.
    #[must_use]
    pub fn audio(&self) -> Option<&Path> {
        self.audio.as_deref()
    }

    /// The sound, if it was [given](Self::with_sound) and is in no file.
    #[must_use]
    pub fn sound(&self) -> Option<&Sound> {
        self.sound.as_deref()
    }

    #[must_use]
    pub(crate) fn shared_sound(&self) -> Option<&Arc<Sound>> {
        self.sound.as_ref()
    }

    /// Which part of its sound the stimulus is; `None` for the whole.
    #[must_use]
    pub(crate) fn excerpt(&self) -> Option<Excerpt> {
        self.excerpt
    }

    /// The metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Number of time bins T.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.cochleagram.dim().1
    }

    /// Number of frequency bands F.
    #[must_use]
    pub fn n_bands(&self) -> usize {
        self.cochleagram.dim().0
    }

    /// Checks that the stimulus is one of a recording with as many bands and neurons, and responses in this unit.
    pub(crate) fn expect_fit(&self, n_bands: usize, n_neurons: usize, unit: &ResponseUnit) -> Result<()> {
        let place = || Place::Stimulus(self.name.clone());
        let (n, r, t) = self.responses.dim();
        expect_shape("cochleagram", self.cochleagram.shape(), &[n_bands.into(), t.into()])
            .map_err(|shape| Error::Shape { place: place(), shape })?;
        let got = self.response_unit();
        expect_shape(got.array(), &[n, r, t], &[n_neurons.into(), r.into(), t.into()])
            .map_err(|shape| Error::Shape { place: place(), shape })?;
        if got != unit {
            let (got, expected) = (got.clone(), unit.clone());
            return Err(Error::ResponseUnit { holder: place().to_string(), got, expected });
        }
        Ok(())
    }

    /// The same stimulus with other responses; T must be the same.
    pub(crate) fn with_responses(&self, responses: Responses) -> Self {
        debug_assert_eq!(responses.n_bins(), self.n_bins(), "the number of bins must not change");
        Self { responses: responses.into(), ..self.clone() }
    }

    /// The same stimulus with the responses of some neurons; indices must be below N.
    pub(crate) fn with_neurons(&self, neurons: &[usize]) -> Self {
        Self { responses: self.responses.select(neurons), ..self.clone() }
    }

    /// The same stimulus with responses smoothed over time.
    pub(crate) fn smoothed(&self, weights: &SmoothWeights) -> Self {
        Self { responses: self.responses.smoothed(weights), ..self.clone() }
    }

    /// The responses in some bins.
    pub(super) fn piece_of_responses(&self, bins: Range<usize>) -> Result<Source> {
        self.responses.piece(bins)
    }

    /// The same stimulus under another name.
    pub(super) fn renamed(self, name: String) -> Result<Self> {
        names::check("stimulus", &name)?;
        Ok(Self { name, ..self })
    }

    /// The same stimulus with another input `(F, T)` of as many bins.
    pub(super) fn with_input(&self, input: Array2<f32>) -> Result<Self> {
        let place = Place::Stimulus(self.name.clone());
        let cochleagram = checked_cochleagram(input, &place)?;
        let (bands, bins) = (cochleagram.dim().0, self.n_bins());
        expect_shape("cochleagram", cochleagram.shape(), &[bands.into(), bins.into()])
            .map_err(|shape| Error::Shape { place, shape })?;
        Ok(Self { cochleagram: Arc::new(cochleagram), ..self.clone() })
    }
}

/// Checks that no axis is empty and every value is finite, and returns the cochleagram in row-major order.
pub(crate) fn checked_cochleagram(values: Array2<f32>, place: &Place) -> Result<Array2<f32>> {
    expect_shape("cochleagram", values.shape(), &[Dim::Any("F"), Dim::Any("T")])
        .map_err(|shape| Error::Shape { place: place.clone(), shape })?;
    if let Some(((band, bin), &got)) = values.indexed_iter().find(|(_, v)| !v.is_finite()) {
        return Err(Error::Value {
            place: place.clone(),
            array: "cochleagram",
            index: vec![band, bin],
            got: f64::from(got),
            expected: "a finite number",
        });
    }
    Ok(if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::*;

    fn silent(bins: usize) -> Responses {
        Responses::from_nan(Array3::zeros((1, 1, bins))).unwrap()
    }

    #[test]
    fn nan_in_a_cochleagram_is_named() {
        let error = Stimulus::new("a", array![[0.0, 1.0], [f32::NAN, 0.0]], silent(2)).unwrap_err();
        assert_eq!(error.to_string(), "stimulus a: cochleagram[1, 0] is NaN, expected a finite number");
    }

    #[test]
    fn responses_must_have_the_bins_of_the_sound() {
        let error = Stimulus::new("a", array![[0.0, 1.0]], silent(3)).unwrap_err();
        assert_eq!(error.to_string(), "stimulus a: counts has shape (1, 1, 3), expected (1, 1, 2)");
    }

    #[test]
    fn a_stimulus_of_one_bin_is_one() {
        assert_eq!(Stimulus::new("a", array![[0.5]], silent(1)).unwrap().n_bins(), 1);
    }

    #[test]
    fn an_empty_cochleagram_is_an_error() {
        let error = Stimulus::new("a", Array2::zeros((0, 1)), silent(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "stimulus a: cochleagram has shape (0, 1), expected (F, T) with F of 1 or more"
        );
    }
}
