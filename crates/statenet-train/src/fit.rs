//! What a fit leaves: its history, and what a checkpoint says of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use statenet_core::Seed;
use statenet_data::{Recording, Split};
use statenet_models::{CheckpointMetadata, ResponseModel};

use crate::{hearing::FRONT_END, history::History};

/// A finished fit of a model, which holds the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Losses and scores, epoch by epoch.
    pub history: History,
    /// What a checkpoint of the model says of its fit.
    pub metadata: CheckpointMetadata,
}

/// What a checkpoint says of a fit: neurons by id, and in `training` the `recording`, the `split`, the `smoothing` of responses,
/// the `recipe` (every setting, its seed among them), the `seed`, and the `front_end` that made the cochleagrams where that is known.
///
/// `split_names` has the names of the stimuli of each part: indices change with the order of a file.
pub(crate) fn metadata_of(
    recording: &Recording,
    neurons: &[String],
    split: &Split,
    recipe: &impl Serialize,
    seed: Option<Seed>,
) -> CheckpointMetadata {
    let mut training: BTreeMap<String, Value> = BTreeMap::from([
        ("recording".to_owned(), json!(recording.name())),
        ("split".to_owned(), json!(split)),
        ("split_names".to_owned(), json!(split.names(recording))),
        ("smoothing".to_owned(), json!(recording.smoothed().smoothing())),
        ("recipe".to_owned(), json!(recipe)),
    ]);
    if let Some(seed) = seed {
        training.insert("seed".to_owned(), json!(seed));
    }
    if let Some(front_end) = recording.description().cochleagram.get(FRONT_END) {
        training.insert(FRONT_END.to_owned(), front_end.clone());
    }
    CheckpointMetadata { neurons: neurons.to_vec(), training }
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
