//! From the results of fits to what a benchmark says.

use std::cmp::Ordering;

use statenet::train::sweep::{Job, Merged};

use super::{
    comparisons::compared,
    estimates::{Means, Neurons, estimates, mean, means},
    fits::{CC, CCNORM, Fit, ModelFits, by_model},
    ranks::ranks,
    scores::{Benchmark, FORMAT, ModelScores, NeuronMeans, OnRecording, Rank, Scores, VERSION},
};

/// What is said of the fits of a benchmark, and the fits by model, in the same order.
///
/// # Errors
/// If a result is not of the form of this version.
pub(super) fn collect(
    merged: &Merged,
    jobs: &[Job],
    mut neurons: Neurons,
    against: &str,
) -> anyhow::Result<(Benchmark, Vec<ModelFits>)> {
    let mut seeds: Vec<u64> = jobs.iter().map(|job| job.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut splits: Vec<String> = Vec::new();
    for job in jobs {
        if !splits.contains(&job.split) {
            splits.push(job.split.clone());
        }
    }
    let (models, failed) = by_model(merged)?;
    let has_ccnorm = |fit: &Fit| fit.neurons.iter().any(|(_, scores)| scores[CCNORM].is_some());
    let score = if models.iter().flat_map(|model| &model.fits).any(has_ccnorm) { CCNORM } else { CC };
    let (of_all, rank_stability) = ranks(&models, None, score);
    let mut of_recordings: Vec<Vec<Rank>> = Vec::new();
    for recording in &mut neurons.recordings {
        let (ranks, stability) = ranks(&models, Some(&recording.name), score);
        recording.rank_stability = stability;
        of_recordings.push(ranks);
    }
    let mut scored: Vec<(ModelScores, ModelFits, Means)> = Vec::new();
    for (at, (model, rank)) in models.into_iter().zip(of_all).enumerate() {
        let means = means(&model.fits);
        let mut scores = scores_of(&model, &means, &neurons, &seeds, rank);
        for (recording, ranks) in neurons.recordings.iter().zip(&of_recordings) {
            let on = scores.recordings.iter_mut().find(|on| on.recording == recording.name);
            if let (Some(on), Some(rank)) = (on, ranks.get(at)) {
                on.scores.rank = rank.clone();
            }
        }
        scored.push((scores, model, means));
    }
    let of_model =
        |scores: &ModelScores| if score == CC { scores.scores.cc.mean } else { scores.scores.ccnorm.mean };
    scored.sort_by(|(a, ..), (b, ..)| descending(of_model(a), of_model(b)).then_with(|| a.name.cmp(&b.name)));
    let named: Vec<(String, Means)> = scored
        .iter()
        .filter(|(_, fits, _)| !fits.is_partial)
        .map(|(scores, _, means)| (scores.name.clone(), means.clone()))
        .collect();
    let mut comparisons = compared(&named, against, &neurons, None, score)?;
    if neurons.recordings.len() > 1 {
        for recording in &neurons.recordings {
            comparisons.extend(compared(&named, against, &neurons, Some(&recording.name), score)?);
        }
    }
    let (models, fits): (Vec<ModelScores>, Vec<ModelFits>) =
        scored.into_iter().map(|(scores, fits, _)| (scores, fits)).unzip();
    let benchmark = Benchmark {
        format: FORMAT.to_owned(),
        version: VERSION,
        against: against.to_owned(),
        compared: if score == CC { "cc" } else { "ccnorm" }.to_owned(),
        seeds,
        splits,
        recordings: neurons.recordings,
        models,
        comparisons,
        rank_stability,
        failed,
        seconds: fits.iter().flat_map(|model| &model.fits).map(|fit| fit.seconds).sum(),
    };
    Ok((benchmark, fits))
}

fn descending(a: Option<f64>, b: Option<f64>) -> Ordering {
    b.unwrap_or(f64::NEG_INFINITY).total_cmp(&a.unwrap_or(f64::NEG_INFINITY))
}

fn scores_of(model: &ModelFits, means: &Means, neurons: &Neurons, seeds: &[u64], rank: Rank) -> ModelScores {
    let per_neuron = neurons.on(None).filter_map(|neuron| {
        let [ccnorm, cc, fve, ccnorm_per_clip] =
            *means.get(&(neuron.recording.clone(), neuron.id.clone()))?;
        let (recording, id) = (neuron.recording.clone(), neuron.id.clone());
        let memory_ms = neuron.memory_ms;
        Some(NeuronMeans { recording, id, ccnorm, cc, fve, ccnorm_per_clip, memory_ms })
    });
    let recordings: Vec<OnRecording> = neurons
        .recordings
        .iter()
        .map(|summary| OnRecording {
            recording: summary.name.clone(),
            scores: scores_on(model, neurons, seeds, Some(&summary.name)),
        })
        .filter(|on| on.scores.fits + on.scores.failed > 0)
        .collect();
    let over = |of: &dyn Fn(&Scores) -> Option<f64>| {
        mean(&recordings.iter().filter_map(|on| of(&on.scores)).collect::<Vec<_>>())
    };
    let scores = Scores {
        parameters: over(&|on| Some(on.parameters? as f64)).map(|mean| mean.round() as u64),
        multiplications_per_second: over(&|on| on.multiplications_per_second),
        rank,
        ..scores_on(model, neurons, seeds, None)
    };
    ModelScores { name: model.name.clone(), scores, per_neuron: per_neuron.collect(), recordings }
}

/// Without a rank: on a recording, or over all fits.
fn scores_on(model: &ModelFits, neurons: &Neurons, seeds: &[u64], recording: Option<&str>) -> Scores {
    let is_here = |of: &str| recording.is_none_or(|name| of == name);
    let fits = || model.fits.iter().filter(|fit| is_here(&fit.recording));
    let [ccnorm, cc, fve, ccnorm_per_clip] = estimates(&model.fits, neurons, recording, seeds);
    Scores {
        parameters: parameters(fits()),
        multiplications_per_second: multiplications(fits()),
        ccnorm,
        cc,
        fve,
        ccnorm_per_clip,
        rank: Rank::default(),
        fits: fits().count(),
        failed: model.failed.iter().filter(|of| is_here(of)).count(),
        seconds: seconds(fits()),
    }
}

fn parameters<'a>(fits: impl Iterator<Item = &'a Fit>) -> Option<u64> {
    mean(&fits.map(|fit| fit.parameters as f64).collect::<Vec<_>>()).map(|mean| mean.round() as u64)
}

fn multiplications<'a>(fits: impl Iterator<Item = &'a Fit>) -> Option<f64> {
    mean(&fits.filter_map(|fit| fit.multiplications_per_second).collect::<Vec<_>>())
}

fn seconds<'a>(fits: impl Iterator<Item = &'a Fit>) -> Option<f64> {
    mean(&fits.map(|fit| fit.seconds).collect::<Vec<_>>())
}
