//! What a model takes, and what a recording has.

use serde::{Deserialize, Serialize};

/// What a model takes and a recording has: how loud each band of a sound is, or the sound itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Frames of F bands, (B, 1, F, T).
    Cochleagram,
    /// Bins of `hop` samples, (B, 1, hop, T); see [`Sampling`](crate::Sampling).
    Sound,
}

impl Input {
    /// Its name in errors: `cochleagram` or `sound`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cochleagram => "cochleagram",
            Self::Sound => "sound",
        }
    }
}
