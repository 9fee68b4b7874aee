//! Recordings as models take them: sound for those that hear, cochleagrams for the others.

use std::borrow::Cow;

use candle_core::{DType, Device, Tensor};
use ndarray::Array2;
use rayon::prelude::*;
use statenet_core::Input;
use statenet_data::{Batches, Recording, standardization_of_bands};
use statenet_models::{Mode, ResponseModel, front_ends::FrontEndConfig};

use crate::{
    axes::expect_same_axes,
    error::{During, Error, Result},
};

/// A recording whose cochleagrams are those that a front end makes of its sounds; neurons and responses stay.
///
/// Causal: bin t is made of samples up to its end. Responses that were smoothed stay so.
///
/// ```no_run
/// use statenet_data::Recording;
/// use statenet_models::front_ends::{FrontEndConfig, GammatoneConfig};
/// use statenet_train::cochleagrams;
///
/// let recording = Recording::read("my-recording")?; // a folder with audio/
/// let gammatone = FrontEndConfig::Gammatone(GammatoneConfig::default());
/// cochleagrams(&recording, &gammatone)?.write("my-recording-gammatone")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Data`] if a stimulus has no sound or one that cannot be read; [`Error::Model`] for a front end that does not fit the
/// sample rate.
pub fn cochleagrams(recording: &Recording, front_end: &FrontEndConfig) -> Result<Recording> {
    let heard = recording.heard()?;
    let sampling = statenet_core::Sampling::of(&heard.axes()).map_err(statenet_models::Error::from)?;
    let cochlea = front_end.build(&sampling, DType::F32, &Device::Cpu)?;
    let all: Vec<usize> = (0..heard.n_stimuli()).collect();
    let sounds = sounds_of(&heard, &all, &Device::Cpu)?;
    let arrays =
        sounds.par_iter().map(|sound| bands_of(&cochlea.cochleagram(sound)?)).collect::<Result<Vec<_>>>()?;
    Ok(heard.with_input(Input::Cochleagram, cochlea.band_centers().to_vec(), arrays)?)
}

/// The stages of a model that hears behind its front end, and the recording as its front end hears it: cochleagrams, scaled as the
/// model scales them. `None` for a model without a front end.
///
/// For what is said of bands: maps, tuning, figures. Rates are those of the model itself.
///
/// # Errors
/// As [`cochleagrams`].
pub fn behind_front_end(
    model: &dyn ResponseModel,
    recording: &Recording,
) -> Result<Option<(Box<dyn ResponseModel>, Recording)>> {
    // Of a model without a front end no sound is asked for.
    let Some(behind) = model.behind_front_end()? else { return Ok(None) };
    let Some(heard) = as_heard(model, recording)? else { return Ok(None) };
    let bands = behind.config().axes.map(|axes| axes.band_centers).unwrap_or_default();
    let arrays = heard.stimuli().iter().map(|s| s.cochleagram().to_owned()).collect();
    let seen = heard.with_input(Input::Cochleagram, bands, arrays)?;
    let seen = match model.input_scaling()? {
        Some(scaling) => seen.standardized_with(&scaling)?,
        None => seen,
    };
    Ok(Some((behind, seen)))
}

/// A recording as a model takes it: a model that hears gets the sounds, unless the recording holds them already.
///
/// # Errors
/// [`Error::Data`] for a recording of sound where the model takes cochleagrams, and where sounds are missing or cannot be read.
pub(crate) fn as_taken<'a>(
    model: &dyn ResponseModel,
    recording: &'a Recording,
) -> Result<Cow<'a, Recording>> {
    match (model.config().input(), recording.input()) {
        (Input::Sound, Input::Cochleagram) => Ok(Cow::Owned(recording.heard()?)),
        (Input::Sound, Input::Sound) => Ok(Cow::Borrowed(recording)),
        (Input::Cochleagram, _) => expect_cochleagrams(recording).map(|()| Cow::Borrowed(recording)),
    }
}

/// Refuses a recording of sound.
pub(crate) fn expect_cochleagrams(recording: &Recording) -> Result<()> {
    let (got, expected) = (recording.input(), Input::Cochleagram);
    if got == expected {
        return Ok(());
    }
    let recording = recording.name().to_owned();
    Err(Error::Data(statenet_data::Error::Input { recording, got, expected }))
}

/// A recording as a fit takes it.
pub(crate) struct FitInput<'a> {
    pub(crate) recording: Cow<'a, Recording>,
    /// Whether the front end, which has nothing to learn, has done its part: the recording then has its cochleagrams.
    is_behind_front_end: bool,
}

impl<'a> FitInput<'a> {
    /// As [`as_taken`]. Sets how a model that hears scales its bands, from training sounds.
    pub(crate) fn new(model: &dyn ResponseModel, recording: &'a Recording, train: &[usize]) -> Result<Self> {
        let recording = as_taken(model, recording)?;
        expect_same_axes(model, &recording)?;
        if recording.input() == Input::Cochleagram {
            return Ok(Self { recording, is_behind_front_end: false });
        }
        scale_bands(model, &recording, train)?;
        let learns = model.params().trained().any(|param| param.name.starts_with("front_end."));
        match if learns { None } else { as_heard(model, &recording)? } {
            Some(heard) => Ok(Self { recording: Cow::Owned(heard), is_behind_front_end: true }),
            None => Ok(Self { recording, is_behind_front_end: false }),
        }
    }

    /// Rates of a batch of stimuli of the recording.
    pub(crate) fn forward(&self, model: &dyn ResponseModel, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        let rates = if self.is_behind_front_end {
            model.forward_behind_front_end(x, mode)
        } else {
            model.forward(x, mode)
        };
        Ok(rates?)
    }
}

/// The recording with the cochleagrams that the model's front end makes, not scaled; `None` for a model without one.
fn as_heard(model: &dyn ResponseModel, recording: &Recording) -> Result<Option<Recording>> {
    let heard = recording.heard()?;
    let all: Vec<usize> = (0..heard.n_stimuli()).collect();
    let mut arrays = Vec::with_capacity(all.len());
    for sound in sounds_of(&heard, &all, model.device())? {
        let sound = sound.to_dtype(model.dtype()).during("converting a sound")?;
        match model.cochleagram(&sound)? {
            Some(bands) => arrays.push(bands_of(&bands)?),
            None => return Ok(None),
        }
    }
    Ok(Some(heard.with_input(Input::Cochleagram, Vec::new(), arrays)?))
}

/// Sets how a model that hears scales the bands of its front end, from what that makes of training sounds.
fn scale_bands(model: &dyn ResponseModel, recording: &Recording, train: &[usize]) -> Result<()> {
    let mut cochleagrams = Vec::with_capacity(train.len());
    for sound in sounds_of(recording, train, model.device())? {
        let sound = sound.to_dtype(model.dtype()).during("converting a sound")?;
        match model.cochleagram(&sound)? {
            Some(bands) => cochleagrams.push(bands_of(&bands)?),
            None => return Ok(()),
        }
    }
    let views: Vec<_> = cochleagrams.iter().map(|c| c.view()).collect();
    Ok(model.scale_input(&standardization_of_bands(&views)?)?)
}

/// Each stimulus `(1, 1, F, T)`.
fn sounds_of(recording: &Recording, stimuli: &[usize], device: &Device) -> Result<Vec<Tensor>> {
    let batches = Batches::new(recording, stimuli, device)?;
    batches.in_order(1)?.map(|batch| Ok(batch?.cochleagrams)).collect()
}

/// `(1, 1, F, T)` as an array `(F, T)`.
fn bands_of(bands: &Tensor) -> Result<Array2<f32>> {
    let (_, _, n_bands, n_bins) = bands.dims4().during("reading a cochleagram")?;
    let values = bands.to_dtype(DType::F32).and_then(|b| b.flatten_all()?.to_vec1::<f32>());
    Array2::from_shape_vec((n_bands, n_bins), values.during("reading a cochleagram")?)
        .map_err(|e| Error::Tensor { op: "reading a cochleagram", source: candle_core::Error::wrap(e) })
}
