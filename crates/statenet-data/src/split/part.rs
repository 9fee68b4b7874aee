//! The three parts of a split.

use serde::{Deserialize, Serialize};

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Stimuli that parameters and standardization are fitted to.
    Train,
    /// Stimuli that decide when a fit stops and which settings are chosen.
    Val,
    /// Stimuli for the final score.
    Test,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        })
    }
}
