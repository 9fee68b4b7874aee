//! Predicts the responses to recorded stimuli and scores the predictions.

use candle_core::{DType, Tensor};
use ndarray::{Array2, Array3};
use rayon::prelude::*;
use statenet_core::ResponseMask;
use statenet_data::{Batches, Recording};
use statenet_metrics::{Evaluation, EvaluationOptions, Observation};
use statenet_models::{Mode, ResponseModel};

use crate::{
    axes::expect_same_axes,
    error::{During, Error, Result},
    hearing::as_taken,
};

/// Predicts rates `(N, T)` in spikes per bin for the given stimuli of a recording, in that order.
///
/// The recording is as recorded: the model scales bands itself. A model that hears takes the recording's sounds.
///
/// # Errors
/// [`Error::Mismatch`] if model and recording have different numbers of bands or neurons.
pub fn predict(
    model: &dyn ResponseModel,
    recording: &Recording,
    stimuli: &[usize],
) -> Result<Vec<Array2<f32>>> {
    let recording = &*as_taken(model, recording)?;
    expect_same_axes(model, recording)?;
    let batches = Batches::new(recording, stimuli, model.device())?;
    let sounds = batches.in_order(1)?.map(|b| Ok(b?.cochleagrams)).collect::<Result<Vec<Tensor>>>()?;
    sounds.par_iter().map(|sound| rates_of(&model.forward(sound, Mode::Eval)?)).collect()
}

/// Scores a model on the given stimuli of a recording, with the [options](EvaluationOptions::for_dt) of its time bin.
///
/// ```no_run
/// use candle_core::Device;
/// use statenet_data::{Recording, SplitPlan};
/// use statenet_models::checkpoint;
/// use statenet_train::evaluate;
///
/// let recording = Recording::read("my-recording")?;
/// let split = SplitPlan::Demo.resolve(&recording)?;
/// let model = checkpoint::load("my-model", &Device::Cpu)?.model;
/// println!("{}", evaluate(&model, &recording, split.test())?.summary_line());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`predict`] and [`score`].
pub fn evaluate(model: &dyn ResponseModel, recording: &Recording, stimuli: &[usize]) -> Result<Evaluation> {
    evaluate_with(model, recording, stimuli, &EvaluationOptions::for_dt(recording.dt()))
}

/// [`evaluate`] with options.
///
/// # Errors
/// As [`predict`] and [`score`].
pub fn evaluate_with(
    model: &dyn ResponseModel,
    recording: &Recording,
    stimuli: &[usize],
    options: &EvaluationOptions,
) -> Result<Evaluation> {
    score(&predict(model, recording, stimuli)?, recording, stimuli, options)
}

/// Scores given rates, an array `(N, T)` for each stimulus.
///
/// They are compared with the responses as fits take them: [smoothed](Recording::smoothed).
///
/// # Errors
/// [`Error::Setting`] if there is not one array per stimulus; [`Error::Metrics`] if an array has the wrong shape.
pub fn score(
    rates: &[Array2<f32>],
    recording: &Recording,
    stimuli: &[usize],
    options: &EvaluationOptions,
) -> Result<Evaluation> {
    if rates.len() != stimuli.len() {
        return Err(Error::Setting {
            setting: "number of predictions",
            got: rates.len().to_string(),
            expected: "one per stimulus",
        });
    }
    let recording = &*recording.smoothed();
    let recorded = Recorded::of(recording, stimuli)?;
    let rates: Vec<Array2<f64>> = rates.iter().map(|r| r.mapv(f64::from)).collect();
    let observations = rates
        .iter()
        .zip(recorded.views()?)
        .map(|(rate, recorded)| Ok(Observation::of(rate.view(), recorded)?))
        .collect::<Result<Vec<_>>>()?;
    let ids: Vec<String> = recording.neurons().iter().map(|n| n.id().to_owned()).collect();
    Ok(statenet_metrics::evaluate_observations(&ids, &observations, options)?)
}

/// Owned copies in f64 of the recorded responses to some stimuli.
pub(crate) struct Recorded(Vec<(Array3<f64>, ResponseMask)>);

impl Recorded {
    pub(crate) fn of(recording: &Recording, stimuli: &[usize]) -> Result<Self> {
        let one = |&s: &usize| {
            let responses = recording.stimulus(s)?.responses();
            Ok((responses.values().mapv(f64::from), responses.mask().clone()))
        };
        Ok(Self(stimuli.iter().map(one).collect::<Result<_>>()?))
    }

    pub(crate) fn views(&self) -> Result<Vec<statenet_metrics::Recorded<'_>>> {
        self.0
            .iter()
            .map(|(values, mask)| Ok(statenet_metrics::Recorded::new(values.view(), mask)?))
            .collect()
    }
}

/// Rates `(1, N, T)` of a model as an array `(N, T)`.
pub(crate) fn rates_of(rates: &Tensor) -> Result<Array2<f32>> {
    let (_, n_neurons, n_bins) = rates.dims3().during("reading rates")?;
    let values = rates.to_dtype(DType::F32).and_then(|t| t.flatten_all()).and_then(|t| t.to_vec1::<f32>());
    Array2::from_shape_vec((n_neurons, n_bins), values.during("reading rates")?)
        .map_err(|e| Error::Tensor { op: "reading rates", source: candle_core::Error::wrap(e) })
}
