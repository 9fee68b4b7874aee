//! One model: its predictions read and scored.

use std::path::Path;

use statenet::{
    core::Warning,
    data::Predictions,
    metrics::{FurtherOptions, FurtherScores, NeuronScores, Undefined},
    prelude::*,
    train,
};

use super::args::{Named, ScoreArgs};
use crate::{reading::Source, shared::Warnings};

/// The scores of one model.
pub(super) struct Scored {
    pub(super) name: String,
    pub(super) test: Evaluation,
    /// Of each neuron of `test`.
    pub(super) further: Vec<FurtherScores>,
    pub(super) options: FurtherOptions,
}

impl Scored {
    /// Reads and scores predictions, and voices doubts about them.
    ///
    /// # Errors
    /// If they cannot be read, or do not match the recording.
    pub(super) fn of(
        name: &str,
        model: &Named,
        args: &ScoreArgs,
        recording: &Recording,
        split: &Split,
        warnings: &mut Warnings,
    ) -> anyhow::Result<Self> {
        let place = model.folder.display().to_string();
        let rates = read(&model.folder, recording, split)?;
        rates.expect_unit(recording, &place)?;
        // Those of a model that predicts some of the neurons.
        let predicted = match (&args.select.neurons, rates.neurons()) {
            (None, [_, ..]) => recording.with_neurons(rates.neurons())?,
            _ => recording.clone(),
        };
        let chosen = args.select.neurons(Source { recording: predicted, truth: Vec::new() })?;
        let (Source { recording, .. }, _) = args.select.with_signal(chosen, Some(split))?;
        let recording = &recording;
        if rates.neurons().is_empty() {
            warnings.add(Warning::new(
                "prediction_order",
                "there is no predictions.json with ids: rows are taken to be the recording's neurons in its order",
                place.clone(),
            ));
        }
        let seed = Seed::new(args.seed);
        let options = EvaluationOptions {
            seed,
            min_signal_power: args.min_signal_power,
            not_trained: rates.not_trained().to_vec(),
            ..EvaluationOptions::for_dt(recording.dt())
        };
        let mut further = FurtherOptions::for_dt(recording.dt());
        further.distances.seed = seed;
        let smoothing = args.smoothing.map(|choice| choice.0);
        let smoothed = smoothing.map(|smoothing| recording.smooth(smoothing)).transpose()?;
        let test = train::score(&rates, smoothed.as_ref().unwrap_or(recording), split.test(), &options)?;
        warnings.extend(train::rate_unit_warning(&rates, recording, split.test(), &place)?);
        let scores = train::further_scores(&rates, recording, smoothing, split.test(), &further)?;
        let leave_out = |(scores, neuron): (FurtherScores, &NeuronScores)| match neuron.undefined.cc {
            Some(reason @ (Undefined::NotTrained | Undefined::NotTested | Undefined::WeakSignal { .. })) => {
                scores.left_out(reason)
            }
            _ => scores,
        };
        let scores = scores.into_iter().zip(&test.per_neuron).map(leave_out).collect();
        Ok(Self { name: name.to_owned(), test, further: scores, options: further })
    }
}

fn read(folder: &Path, recording: &Recording, split: &Split) -> anyhow::Result<Predictions> {
    let names: Vec<&str> =
        split.test().iter().map(|&s| Ok(recording.stimulus(s)?.name())).collect::<anyhow::Result<_>>()?;
    Ok(Predictions::read(folder, &names)?)
}
