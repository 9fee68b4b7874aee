//! Doubts about data that are no errors.

use serde::{Deserialize, Serialize};

/// A doubt: the input is allowed, but probably not what its owner meant.
///
/// Programs print it on standard error, also under `--quiet`, and keep it in `warnings` of the JSON files that they leave.
///
/// ```
/// use statenet_core::Warning;
///
/// let warning = Warning::new("dt", "dt_ms is 0.005: is it in seconds?", "recording.json");
/// assert_eq!(warning.to_string(), "recording.json: dt_ms is 0.005: is it in seconds?");
/// let json = serde_json::to_string(&warning)?;
/// assert!(json.starts_with(r#"{"code":"dt","message":"#) && json.ends_with(r#""where":"recording.json"}"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// A word that stays the same between versions, such as `constant_band`.
    pub code: String,
    /// What is doubtful, and what it would be usually: a sentence.
    pub message: String,
    /// The file, field, stimulus, neuron or model concerned.
    #[serde(rename = "where")]
    pub place: String,
}

impl Warning {
    /// A warning with its code, message and place.
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>, place: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), place: place.into() }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
