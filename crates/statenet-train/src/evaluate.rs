//! Predicts the responses to recorded stimuli and scores the predictions.

use std::ops::Range;

use candle_core::{DType, Tensor};
use ndarray::{Array2, Array3, Axis};
use rayon::prelude::*;
use statenet_core::{ResponseMask, Warning};
use statenet_data::{Predictions, Recording, Smoothing};
use statenet_metrics::{
    Evaluation, EvaluationOptions, Evaluator, FurtherOptions, FurtherScores, Observation, SummedRates,
    ceilings::SplitOptions, published::hsu2004,
};
use statenet_models::{Mode, ResponseModel};

use crate::{
    axes::{expect_same_bands, recording_for},
    error::{During, Error, Result},
    hearing::as_taken,
    need::{expect_memory_to_predict, expect_memory_to_score},
};

/// Predicts rates `(N, T)`, spikes per bin or in the unit of the responses that the model is of, for the given stimuli of a recording, in that order.
///
/// The recording is as recorded: the model scales bands itself. A model that hears takes the recording's sounds. Neurons are those
/// of the model, in its order; they are [matched by id](crate::recording_for).
///
/// # Errors
/// As [`recording_for`](crate::recording_for); [`Error::Mismatch`] if model and recording have different numbers of bands;
/// [`Error::Memory`] if the machine has too little.
pub fn predict(model: &dyn ResponseModel, recording: &Recording, stimuli: &[usize]) -> Result<Predictions> {
    let recording = &*as_taken(model, recording)?;
    expect_same_bands(model, recording)?;
    expect_memory_to_predict(model, recording, stimuli)?;
    let rates = stimuli.par_iter().map(|&s| {
        let sound = recording.stimulus(s)?.cochleagram_on(model.device())?;
        rates_of(&model.forward(&sound, Mode::Eval)?)
    });
    let predictions = Predictions::for_recording(recording, stimuli, rates.collect::<Result<_>>()?)?;
    Ok(match model.config().axes {
        Some(axes) => predictions.with_unit(axes.response_unit),
        None => predictions,
    })
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

/// [`evaluate`] with options. The scores are of the model's neurons.
///
/// # Errors
/// As [`predict`] and [`score`].
pub fn evaluate_with(
    model: &dyn ResponseModel,
    recording: &Recording,
    stimuli: &[usize],
    options: &EvaluationOptions,
) -> Result<Evaluation> {
    let recording = &*recording_for(model, recording)?;
    score(&predict(model, recording, stimuli)?, recording, stimuli, options)
}

/// Scores predictions on some stimuli of a recording.
///
/// They are compared with the responses as fits take them: [smoothed](Recording::smoothed). Neurons and stimuli are matched by id and
/// name, whatever their order; the scores are of the recording's neurons.
///
/// # Errors
/// [`Error::Data`] for a neuron or a stimulus without predictions, and for predictions in another unit than the responses; [`Error::Memory`] if the machine has too little; [`Error::Metrics`] if an array has another number of bins.
pub fn score(
    predictions: &Predictions,
    recording: &Recording,
    stimuli: &[usize],
    options: &EvaluationOptions,
) -> Result<Evaluation> {
    predictions.expect_unit(recording, "predictions")?;
    expect_memory_to_score(recording, stimuli)?;
    let mut evaluator = Evaluator::new(options)?;
    let ids = recording.neuron_ids();
    let smoothed = &*recording.smoothed();
    let groups = Groups::new(predictions, recording, stimuli)?;
    for neurons in groups.neurons()? {
        groups.with_observations(smoothed, &neurons, |observations| {
            Ok(evaluator.add(&ids[neurons.clone()], observations)?)
        })?;
    }
    let mut evaluation = evaluator.finish()?;
    evaluation.conditions.smoothing = Some(in_words(
        recording.smoothing().unwrap_or_else(|| Smoothing::default_of(recording.response_unit())),
    ));
    Ok(evaluation)
}

/// How responses were smoothed, in words.
fn in_words(smoothing: Smoothing) -> String {
    match smoothing {
        Smoothing::None => "none".to_owned(),
        Smoothing::Hann { width } => format!("Hann window of {} ms, unit gain", width.ms()),
        Smoothing::HannReference { width } => {
            format!("Hann window of {} ms, weight 1 at its centre", width.ms())
        }
        _ => "smoothed".to_owned(),
    }
}

/// The further scores of predictions on some stimuli of a recording, see [`statenet_metrics::further_scores`].
///
/// Those of spike counts compare with the responses as recorded, the others as [`score`] does. The scores are of the recording's neurons, which
/// is as recorded; `smoothing` is that of the scores that take smoothed responses, `None` for the default of the unit.
///
/// # Errors
/// As [`score`].
pub fn further_scores(
    predictions: &Predictions,
    recording: &Recording,
    smoothing: Option<Smoothing>,
    stimuli: &[usize],
    options: &FurtherOptions,
) -> Result<Vec<FurtherScores>> {
    predictions.expect_unit(recording, "predictions")?;
    expect_memory_to_score(recording, stimuli)?;
    let smoothed = smoothing.map(|smoothing| recording.smooth(smoothing)).transpose()?;
    let as_recorded = match recording.smoothing() {
        None => &recording.smooth(Smoothing::None)?,
        Some(_) => recording,
    };
    let smoothed = &*smoothed.as_ref().unwrap_or(recording).smoothed();
    let groups = Groups::new(predictions, recording, stimuli)?;
    let mut scores = Vec::with_capacity(recording.n_neurons());
    for neurons in groups.neurons()? {
        groups.with_observations(smoothed, &neurons, |observations| {
            groups.with_observations(as_recorded, &neurons, |counts| {
                scores.extend(statenet_metrics::further_scores(observations, counts, options)?);
                Ok(())
            })
        })?;
    }
    Ok(scores)
}

/// CCnorm of each neuron in the form of the StateNet paper, for comparison with its numbers: CC / CCmax of each stimulus, averaged over
/// stimuli ([`hsu2004`](statenet_metrics::published::hsu2004)).
///
/// Responses are smoothed as [`score`] does it; seed and number of half splits are those of the options. `None` where it is undefined,
/// such as for stimuli that were heard once. The scores are of the recording's neurons.
///
/// # Errors
/// As [`score`].
pub fn ccnorm_per_clip(
    predictions: &Predictions,
    recording: &Recording,
    stimuli: &[usize],
    options: &EvaluationOptions,
) -> Result<Vec<Option<f64>>> {
    predictions.expect_unit(recording, "predictions")?;
    expect_memory_to_score(recording, stimuli)?;
    let splits = SplitOptions { seed: options.seed, n_splits: options.n_splits };
    let smoothed = &*recording.smoothed();
    let groups = Groups::new(predictions, recording, stimuli)?;
    let mut scores = Vec::with_capacity(recording.n_neurons());
    for neurons in groups.neurons()? {
        groups.with_observations(smoothed, &neurons, |observations| {
            let of_group = hsu2004::cc_norm(observations, &splits)?;
            scores.extend(of_group.into_iter().map(|score| Some(score.ok()?.value())));
            Ok(())
        })?;
    }
    Ok(scores)
}

/// A doubt about the unit of predictions: they look like spikes per second, where spikes per bin are expected
/// ([`per_second_ratio`](statenet_metrics::per_second_ratio)). `place` says where they are. Continuous responses raise none.
///
/// # Errors
/// As [`score`].
pub fn rate_unit_warning(
    predictions: &Predictions,
    recording: &Recording,
    stimuli: &[usize],
    place: &str,
) -> Result<Option<Warning>> {
    if !recording.response_unit().is_spikes() {
        return Ok(None);
    }
    let dt = recording.dt();
    let mut rates = SummedRates::default();
    let smoothed = &*recording.smoothed();
    let groups = Groups::new(predictions, recording, stimuli)?;
    for neurons in groups.neurons()? {
        groups.with_observations(smoothed, &neurons, |observations| {
            rates.add(observations);
            Ok(())
        })?;
    }
    Ok(rates.per_second_ratio(dt).map(|ratio| {
        let per_second = 1000.0 / dt.ms();
        let message = format!(
            "predicted rates are {ratio:.0} times the recorded ones on average, and a second has {per_second:.0} bins of {} ms: are \
             they spikes per second? Spikes per bin are expected; divide by {per_second:.0}",
            dt.ms()
        );
        Warning::new("rates_per_second", message, place)
    }))
}

/// Predictions of some stimuli, beside which the responses of neurons are put group by group.
struct Groups<'a> {
    predictions: &'a Predictions,
    /// The rows of the recording's neurons in the predictions.
    rows: Vec<usize>,
    recording: &'a Recording,
    stimuli: &'a [usize],
}

impl<'a> Groups<'a> {
    fn new(predictions: &'a Predictions, recording: &'a Recording, stimuli: &'a [usize]) -> Result<Self> {
        let rows = predictions.rows_of(&recording.neuron_ids())?;
        Ok(Self { predictions, rows, recording, stimuli })
    }

    fn neurons(&self) -> Result<Vec<Range<usize>>> {
        groups_of_neurons(self.recording, self.stimuli)
    }

    /// Calls `f` with the predictions of some neurons beside their responses in `recording`, which differs from the recording by smoothing.
    fn with_observations(
        &self,
        recording: &Recording,
        neurons: &Range<usize>,
        f: impl FnOnce(&[Observation<'_>]) -> Result<()>,
    ) -> Result<()> {
        let recorded = RecordedResponses::of_neurons(recording, self.stimuli, neurons.clone())?;
        let rows = &self.rows[neurons.clone()];
        let rates = self.stimuli.iter().map(|&s| {
            let rates = self.predictions.of_stimulus(recording.stimulus(s)?.name())?;
            Ok(rates.select(Axis(0), rows).mapv(f64::from))
        });
        let rates: Vec<Array2<f64>> = rates.collect::<Result<_>>()?;
        let observations = rates
            .iter()
            .zip(recorded.views()?)
            .map(|(rate, recorded)| Ok(Observation::of(rate.view(), recorded)?))
            .collect::<Result<Vec<_>>>()?;
        f(&observations)
    }
}

/// What the responses of a group of neurons may take in memory, with predictions beside them, bytes.
pub(crate) const MOST_OF_A_GROUP: usize = 1 << 28;

/// All neurons in consecutive groups, as many in each as are scored at once: their responses to these stimuli, in f64 and with masks, and
/// predictions take a quarter of a GB at most, if one neuron's do.
///
/// # Errors
/// [`Error::Data`] for a stimulus that is not there.
pub fn groups_of_neurons(recording: &Recording, stimuli: &[usize]) -> Result<Vec<Range<usize>>> {
    let n = recording.n_neurons();
    let mut bytes = 1;
    for &s in stimuli {
        let stimulus = recording.stimulus(s)?;
        bytes += stimulus.n_bins() * (8 + 9 * stimulus.n_repeats());
    }
    let together = (MOST_OF_A_GROUP / bytes).clamp(1, n.max(1));
    Ok((0..n).step_by(together).map(|first| first..(first + together).min(n)).collect())
}

/// Owned copies in f64 of the recorded responses to some stimuli, for scores and ceilings.
#[derive(Clone, Debug)]
pub struct RecordedResponses(Vec<(Array3<f64>, ResponseMask)>);

impl RecordedResponses {
    /// The responses of all neurons to these stimuli, as they are in the recording.
    ///
    /// # Errors
    /// [`Error::Data`] for a stimulus that is not there, and for a file of responses that has changed.
    pub fn of(recording: &Recording, stimuli: &[usize]) -> Result<Self> {
        Self::of_neurons(recording, stimuli, 0..recording.n_neurons())
    }

    /// The responses of some neurons, [a group](groups_of_neurons) of a recording that is larger than memory.
    ///
    /// # Errors
    /// As [`of`](Self::of); [`Error::Data`] for a neuron that is not there.
    pub fn of_neurons(recording: &Recording, stimuli: &[usize], neurons: Range<usize>) -> Result<Self> {
        let all = neurons == (0..recording.n_neurons());
        let neurons: Vec<usize> = neurons.collect();
        let one = |&s: &usize| {
            let stimulus = recording.stimulus(s)?;
            let responses = if all { stimulus.responses()? } else { stimulus.responses_of(&neurons)? };
            Ok((responses.values().mapv(f64::from), responses.mask().clone()))
        };
        Ok(Self(stimuli.par_iter().map(one).collect::<Result<_>>()?))
    }

    /// Views of them, one for each stimulus.
    ///
    /// # Errors
    /// None: shapes were checked when the recording was made.
    pub fn views(&self) -> Result<Vec<statenet_metrics::Recorded<'_>>> {
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
