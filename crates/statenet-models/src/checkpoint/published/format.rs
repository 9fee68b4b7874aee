//! What the files of a published folder hold.

use serde::{Deserialize, Serialize};

use crate::{build::model_config::ModelConfig, checkpoint::contents::ConfigFile};

/// What tells the class in a published config.
pub(super) const CLASS: &str = "_model_class";
/// What the published implementation keeps and does not read.
pub(super) const METADATA_FILE: &str = "metadata.json";

/// The text of `metadata.json` in a folder that we wrote.
#[derive(Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) statenet: ConfigFile<ModelConfig>,
}
