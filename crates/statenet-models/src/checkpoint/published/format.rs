//! The contents of a published folder's files.

use serde::{Deserialize, Serialize};
use statenet_core::Standardization;

use crate::{build::model_config::ModelConfig, checkpoint::contents::ConfigFile};

/// The field of a published config that names the class.
pub(super) const CLASS: &str = "_model_class";
/// A file that the published implementation keeps and does not read.
pub(super) const METADATA_FILE: &str = "metadata.json";

/// The contents of `metadata.json` in a folder that we wrote.
#[derive(Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) statenet: ConfigFile<ModelConfig>,
    /// How the model scales bands, which the published package does not know: there sounds are scaled by hand.
    pub(super) input_scaling: Option<Standardization>,
}
