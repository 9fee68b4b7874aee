//! What a fit leaves: its history, and what a checkpoint says of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use statenet_core::Seed;
use statenet_data::{Part, Recording, Split};
use statenet_models::{CheckpointMetadata, ResponseModel};

use crate::{error::Result, hearing::FRONT_END, history::History};

/// A finished fit of a model, which holds the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Losses and scores, epoch by epoch.
    pub history: History,
    /// What a checkpoint of the model says of its fit.
    pub metadata: CheckpointMetadata,
}

/// What a checkpoint says of a fit: neurons by id, and in `training` the `recording`, the `split`, the `smoothing` of responses,
/// the `recipe` (every setting, its seed among them), the ids of neurons without training data in [`NOT_TRAINED`], the `seed`, and the
/// `cut` into pieces and the `front_end` that made the cochleagrams where these are known; of a [refit](crate::Fitter::refit), `refit`: what was
/// taken from the fit before it.
///
/// `split_names` has the names of the stimuli of each part: indices change with the order of a file.
pub(crate) fn metadata_of(
    recording: &Recording,
    neurons: &[String],
    split: &Split,
    recipe: &impl Serialize,
    seed: Option<Seed>,
    refit: Option<Value>,
) -> Result<CheckpointMetadata> {
    let fitted = fitted_parts(refit.is_some());
    let mut training: BTreeMap<String, Value> = BTreeMap::from([
        ("recording".to_owned(), json!(recording.name())),
        ("split".to_owned(), json!(split)),
        ("split_names".to_owned(), json!(split.names(recording))),
        ("smoothing".to_owned(), json!(recording.smoothed().smoothing())),
        ("recipe".to_owned(), json!(recipe)),
        (NOT_TRAINED.to_owned(), json!(split.without_data_in(fitted, recording)?)),
    ]);
    if let Some(seed) = seed {
        training.insert("seed".to_owned(), json!(seed));
    }
    if let Some(refit) = refit {
        training.insert("refit".to_owned(), refit);
    }
    if let Some(cut) = recording.cut_by() {
        training.insert("cut".to_owned(), json!(cut));
    }
    if let Some(front_end) = recording.description().cochleagram.get(FRONT_END) {
        training.insert(FRONT_END.to_owned(), front_end.clone());
    }
    Ok(CheckpointMetadata { neurons: neurons.to_vec(), training })
}

/// The parts of a split that a model is fitted to: the training stimuli, in a [refit](crate::Fitter::refit) also the validation stimuli.
#[must_use]
pub fn fitted_parts(is_refit: bool) -> &'static [Part] {
    if is_refit { &[Part::Train, Part::Val] } else { &[Part::Train] }
}

/// The indices of the stimuli in these parts.
pub(crate) fn fitted_stimuli(split: &Split, is_refit: bool) -> Vec<usize> {
    fitted_parts(is_refit).iter().flat_map(|&part| split.part(part)).copied().collect()
}

/// The field of a checkpoint's `training` that lists the ids of neurons without training data.
const NOT_TRAINED: &str = "not_trained";

/// Ids of the neurons of a checkpoint that its fit had no training data of, which
/// [`EvaluationOptions::not_trained`](statenet_metrics::EvaluationOptions::not_trained) leaves out of means. Empty for a checkpoint that does
/// not say it, such as a published one.
///
/// ```
/// use statenet_models::CheckpointMetadata;
/// let mut metadata = CheckpointMetadata::default();
/// assert!(statenet_train::not_trained(&metadata).is_empty());
/// metadata.training.insert("not_trained".to_owned(), serde_json::json!(["u5"]));
/// assert_eq!(statenet_train::not_trained(&metadata), ["u5"]);
/// ```
#[must_use]
pub fn not_trained(metadata: &CheckpointMetadata) -> Vec<String> {
    let ids = metadata.training.get(NOT_TRAINED).and_then(Value::as_array);
    ids.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Fit {
    /// Saves the model that was fitted as a checkpoint, with what is known of the fit.
    ///
    /// # Errors
    /// As [`checkpoint::save`](statenet_models::checkpoint::save()).
    pub fn save(&self, folder: impl AsRef<std::path::Path>, model: &dyn ResponseModel) -> crate::Result<()> {
        Ok(statenet_models::checkpoint::save(folder, model, &self.metadata)?)
    }
}
