//! The fits of a benchmark, by model.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;
use statenet::train::sweep::{Job, JobResult, Merged, Outcome};

use super::{
    models::with_adaptation,
    scores::Failure,
    varied::{TRAIN, Varied},
};

/// The scores of a neuron: CCnorm, CCraw, FVE, CCnorm per clip.
pub(super) const N_SCORES: usize = 4;
/// The places of two of them.
pub(super) const CCNORM: usize = 0;
pub(super) const CC: usize = 1;

/// A fit that has a result.
pub(super) struct Fit {
    pub(super) recording: String,
    pub(super) split: String,
    pub(super) seed: u64,
    pub(super) parameters: usize,
    pub(super) multiplications_per_second: Option<f64>,
    /// Neurons by id, with their scores.
    pub(super) neurons: Vec<(String, [Option<f64>; N_SCORES])>,
    /// Validation score after each epoch; empty for a fit in closed form.
    pub(super) val_score: Vec<Option<f64>>,
    pub(super) seconds: f64,
}

/// The fits of a model.
pub(super) struct ModelFits {
    pub(super) name: String,
    /// Numbers that the plan varies, each with the name that the model has without it.
    pub(super) varied: Vec<Varied>,
    /// Whether it was fitted to a share of the training sounds: it is not compared with models that had them all.
    pub(super) is_partial: bool,
    pub(super) fits: Vec<Fit>,
    /// Recordings of fits that failed.
    pub(super) failed: Vec<String>,
}

/// The fits of each model, in the order of the plan, and why others failed.
///
/// # Errors
/// If a result is not of the form of this version.
pub(super) fn by_model(merged: &Merged) -> anyhow::Result<(Vec<ModelFits>, Vec<Failure>)> {
    let recipes_differ = {
        let mut recipes =
            merged.files.iter().filter(|file| file.job.model != "ridge").map(|file| &file.job.recipe);
        let first = recipes.next();
        recipes.any(|recipe| Some(recipe) != first)
    };
    let mut models: Vec<ModelFits> = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    for file in &merged.files {
        let job = &file.job;
        let name = name_of(job, recipes_differ);
        let at = models.iter().position(|model| model.name == name).unwrap_or_else(|| {
            models.push(ModelFits {
                name: name.clone(),
                varied: varied_in(job, recipes_differ),
                is_partial: job.train.is_some(),
                fits: Vec::new(),
                failed: Vec::new(),
            });
            models.len() - 1
        });
        let Some(model) = models.get_mut(at) else { continue };
        match &file.outcome {
            Outcome::Done(result) => {
                let result = JobResult::deserialize(result).with_context(|| format!("job {}", job.name))?;
                model.fits.push(fit(job, result, file.seconds));
            }
            Outcome::Failed(why) => {
                model.failed.push(job.recording.clone());
                let same = |known: &&mut Failure| {
                    (&known.model, &known.recording, &known.why) == (&name, &job.recording, why)
                };
                match failures.iter_mut().find(same) {
                    Some(known) => known.jobs.push(job.name.clone()),
                    None => failures.push(Failure {
                        model: name,
                        recording: job.recording.clone(),
                        why: why.clone(),
                        jobs: vec![job.name.clone()],
                    }),
                }
            }
        }
    }
    Ok((models, failures))
}

fn fit(job: &Job, result: JobResult, seconds: f64) -> Fit {
    let per_clip = result.ccnorm_per_clip.into_iter().chain(std::iter::repeat(None));
    let neurons = result.test.per_neuron.into_iter().zip(per_clip);
    Fit {
        recording: job.recording.clone(),
        split: job.split.clone(),
        seed: job.seed,
        parameters: result.parameters,
        multiplications_per_second: result.multiplications_per_second,
        neurons: neurons.map(|(n, per_clip)| (n.id, [n.ccnorm, n.cc, n.fve, per_clip])).collect(),
        // Of a fit in closed form they are those of its candidates.
        val_score: if result.epochs_run == 0 { Vec::new() } else { result.val_score },
        seconds,
    }
}

/// The name of a model: with the adaptation in front of it, other fields that differ from its config, those of the recipe if a plan has
/// several, and the neurons if they are not all.
fn name_of(job: &Job, recipes_differ: bool) -> String {
    let stem = Path::new(&job.model).file_stem().unwrap_or_default().to_string_lossy();
    let mut name = stem.into_owned();
    let mut fields: BTreeMap<&String, &Value> = job.vary.iter().collect();
    let prefilter = fields.iter().find(|(field, _)| last_part(field) == "prefilter");
    if let Some((&field, Value::Object(prefilter))) = prefilter
        && let Some((kind, settings)) = prefilter.iter().next()
        && settings.as_object().is_some_and(serde_json::Map::is_empty)
    {
        name = with_adaptation(&name, kind);
        fields.remove(field);
    }
    if recipes_differ {
        fields.extend(&job.recipe);
    }
    for (field, value) in fields {
        name += &format!(" {}={value}", last_part(field));
    }
    if let Some(share) = job.train {
        name += &format!(" train={share}");
    }
    match job.neurons.as_str() {
        "all" => name,
        one if one.bytes().all(|byte| byte.is_ascii_digit()) => name + " (a fit for each neuron)",
        some => format!("{name} (neurons {some})"),
    }
}

/// The numbers among the fields that differ from the model's config, each with the name that the model has without it.
fn varied_in(job: &Job, recipes_differ: bool) -> Vec<Varied> {
    let one = |(field, value): (&String, &Value)| {
        let mut without = job.clone();
        without.vary.remove(field);
        Some(Varied {
            model: name_of(&without, recipes_differ),
            field: last_part(field).to_owned(),
            value: value.as_f64()?,
        })
    };
    let share = job.train.map(|value| Varied {
        model: name_of(&Job { train: None, ..job.clone() }, recipes_differ),
        field: TRAIN.to_owned(),
        value,
    });
    job.vary.iter().filter_map(one).chain(share).collect()
}

/// The last part of a field's path.
fn last_part(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use statenet::train::sweep::{Known, Plan};

    use super::*;

    #[test]
    fn models_are_called_as_on_the_command_line() {
        let plan = "recordings = [{data = 'x', neurons = ['all', 'each', '0-1']}]\nmodels = ['ridge', {model = 'ln', vary = \
            {prefilter = {ic_adaptation = {}}, 'strf.lags' = [9, 20]}}, {model = 'ln', vary = {prefilter = {ic_adaptation = {a = 1}}}}]\n\
            recipes = [{epochs = 3}]\n";
        let known = Known { n_stimuli: 6, neuron_ids: vec!["u".to_owned()], content: "0".to_owned() };
        let jobs = Plan::parse(plan).unwrap().jobs(&[known]).unwrap();
        let names: Vec<String> = jobs.iter().map(|job| name_of(job, false)).collect();
        assert_eq!(
            names[..4],
            ["ridge", "ln+ic lags=9", "ln+ic lags=20", "ln prefilter={\"ic_adaptation\":{\"a\":1}}"]
        );
        assert_eq!(names[4], "ridge (a fit for each neuron)");
        assert_eq!(names[8], "ridge (neurons 0-1)");
        assert_eq!(name_of(&jobs[1], true), "ln+ic epochs=3 lags=9");
        let varied = Varied { model: "ln+ic".to_owned(), field: "lags".to_owned(), value: 20.0 };
        assert_eq!(varied_in(&jobs[2], false), [varied]);
        let partial = Job { train: Some(0.5), ..jobs[0].clone() };
        assert_eq!(name_of(&partial, false), "ridge train=0.5");
        let varied = Varied { model: "ridge".to_owned(), field: TRAIN.to_owned(), value: 0.5 };
        assert_eq!(varied_in(&partial, false), [varied]);
    }
}
