//! Recordings as models take them: sound for those that hear, cochleagrams for the others.

use std::borrow::Cow;

use candle_core::{DType, Device, Tensor};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde_json::json;
use statenet_core::{Input, Standardization};
use statenet_data::{Recording, standardization_of_bands};
use statenet_models::{Mode, ResponseModel, front_ends::FrontEndConfig};

use crate::{
    axes::{expect_same_bands, recording_for},
    error::{During, Error, Result},
};

/// The field of a recording's description of its cochleagrams that names the front end of this library that made them.
pub(crate) const FRONT_END: &str = "front_end";

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
    let cochleagrams = heard.with_input(Input::Cochleagram, cochlea.band_centers().to_vec(), arrays)?;
    Ok(cochleagrams.with_front_end(json!({ FRONT_END: front_end })))
}

/// The stages of a model that hears behind its front end, and the recording as its front end hears it: cochleagrams. `None` for a
/// model without a front end.
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
    let bands = behind.config().axes.map(|axes| axes.band_centers).unwrap_or_default();
    let heard = as_taken(model, recording)?;
    let all: Vec<usize> = (0..heard.n_stimuli()).collect();
    let Some(arrays) = as_heard(model, &heard, &all)? else { return Ok(None) };
    Ok(Some((behind, heard.with_input(Input::Cochleagram, bands, arrays)?)))
}

/// A recording as a model takes it: of its neurons, in its order; a model that hears gets the sounds, unless the recording holds
/// them already.
///
/// # Errors
/// As [`recording_for`];
/// [`Error::Data`] for a recording of sound where the model takes cochleagrams, and where sounds are missing or cannot be read.
pub(crate) fn as_taken<'a>(
    model: &dyn ResponseModel,
    recording: &'a Recording,
) -> Result<Cow<'a, Recording>> {
    match (model.config().input(), recording.input()) {
        (Input::Sound, Input::Cochleagram) => Ok(Cow::Owned(recording_for(model, recording)?.heard()?)),
        (Input::Sound, Input::Sound) => recording_for(model, recording),
        (Input::Cochleagram, _) => {
            expect_cochleagrams(recording)?;
            recording_for(model, recording)
        }
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
    /// Whether the model's scaling, and its front end if it has one, have done their part: the recording then holds scaled
    /// cochleagrams.
    pub(crate) is_scaled: bool,
    /// How the model is to scale bands, from training sounds; `None` if it does not.
    pub(crate) scaling: Option<Standardization>,
}

impl<'a> FitInput<'a> {
    /// As [`as_taken`], smoothed. The model stays as it is.
    pub(crate) fn new(model: &dyn ResponseModel, recording: &'a Recording, train: &[usize]) -> Result<Self> {
        let recording = match as_taken(model, recording)? {
            Cow::Borrowed(recording) => recording.smoothed(),
            Cow::Owned(recording) => Cow::Owned(recording.smoothed().into_owned()),
        };
        expect_same_bands(model, &recording)?;
        let Some(own) = model.input_scaling()? else {
            return Ok(Self { recording, is_scaled: false, scaling: None });
        };
        let kept = model.keeps_core().then_some(own);
        if recording.input() == Input::Cochleagram {
            let scaling = kept.map_or_else(|| recording.fit_standardization(train), Ok)?;
            let arrays = recording.stimuli().iter().map(|s| s.cochleagram());
            let recording = Cow::Owned(scaled(&recording, &scaling, arrays)?);
            return Ok(Self { recording, is_scaled: true, scaling: Some(scaling) });
        }
        let Some(cochleagrams) = as_heard(model, &recording, train)? else {
            return Ok(Self { recording, is_scaled: false, scaling: None });
        };
        let views: Vec<_> = cochleagrams.iter().map(|c| c.view()).collect();
        let scaling = kept.map_or_else(|| standardization_of_bands(&views), Ok)?;
        let learns = model.params().trained().any(|param| param.name.starts_with("front_end."));
        let all: Vec<usize> = (0..recording.n_stimuli()).collect();
        let (recording, is_scaled) = match if learns { None } else { as_heard(model, &recording, &all)? } {
            Some(heard) => {
                let heard = heard.iter().map(|c| c.view());
                (Cow::Owned(scaled(&recording, &scaling, heard)?), true)
            }
            None => (recording, false),
        };
        Ok(Self { recording, is_scaled, scaling: Some(scaling) })
    }

    /// Rates of a batch of stimuli of the recording.
    pub(crate) fn forward(&self, model: &dyn ResponseModel, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        Ok(if self.is_scaled { model.forward_scaled(x, mode) } else { model.forward(x, mode) }?)
    }
}

/// A recording with scaled cochleagrams.
pub(crate) fn scaled<'a>(
    recording: &Recording,
    scaling: &Standardization,
    cochleagrams: impl Iterator<Item = ArrayView2<'a, f32>>,
) -> Result<Recording> {
    let scale = |c: ArrayView2<'_, f32>| scaling.apply(&c).map_err(statenet_models::Error::from);
    let arrays = cochleagrams.map(scale).collect::<Result<Vec<_>, _>>()?;
    Ok(recording.with_input(Input::Cochleagram, Vec::new(), arrays)?)
}

/// What the model's front end makes of some of a recording's sounds, not scaled; `None` for a model without one.
fn as_heard(
    model: &dyn ResponseModel,
    recording: &Recording,
    stimuli: &[usize],
) -> Result<Option<Vec<Array2<f32>>>> {
    let mut arrays = Vec::with_capacity(stimuli.len());
    for sound in sounds_of(recording, stimuli, model.device())? {
        let sound = sound.to_dtype(model.dtype()).during("converting a sound")?;
        match model.cochleagram(&sound)? {
            Some(bands) => arrays.push(bands_of(&bands)?),
            None => return Ok(None),
        }
    }
    Ok(Some(arrays))
}

/// Each stimulus `(1, 1, F, T)`.
fn sounds_of(recording: &Recording, stimuli: &[usize], device: &Device) -> Result<Vec<Tensor>> {
    stimuli.iter().map(|&s| Ok(recording.stimulus(s)?.cochleagram_on(device)?)).collect()
}

/// `(1, 1, F, T)` as an array `(F, T)`.
fn bands_of(bands: &Tensor) -> Result<Array2<f32>> {
    let (_, _, n_bands, n_bins) = bands.dims4().during("reading a cochleagram")?;
    let values = bands.to_dtype(DType::F32).and_then(|b| b.flatten_all()?.to_vec1::<f32>());
    Array2::from_shape_vec((n_bands, n_bins), values.during("reading a cochleagram")?)
        .map_err(|e| Error::Tensor { op: "reading a cochleagram", source: candle_core::Error::wrap(e) })
}
