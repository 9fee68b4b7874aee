//! The unit of responses: counts of spikes in bins, or values in a unit of their own.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The unit of recorded and predicted responses.
///
/// Spike counts are 0 or more, and their mean is a rate. Everything else is continuous: membrane potentials, local field potentials,
/// calcium signals, envelopes. Their values may be negative, their loss is Gaussian, and nothing about them is per second.
///
/// In files a text: `spikes/bin`, or a short name of a unit.
///
/// ```
/// use statenet_core::ResponseUnit;
///
/// let unit: ResponseUnit = "mV".parse()?;
/// assert!(!unit.is_spikes() && unit.array() == "values" && unit.to_string() == "mV");
/// assert_eq!("spikes/bin".parse::<ResponseUnit>()?, ResponseUnit::SpikesPerBin);
/// let error = "spikes/s".parse::<ResponseUnit>().unwrap_err().to_string();
/// assert_eq!(
///     error,
///     "unit of responses is spikes/s, expected spikes/bin: multiply rates per second by dt in seconds and write spikes/bin"
/// );
/// # Ok::<(), statenet_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ResponseUnit {
    /// Spike counts in time bins, `spikes/bin`.
    #[default]
    SpikesPerBin,
    /// Values in another unit, such as `mV`.
    Continuous(UnitName),
}

/// The name of a unit: 1 to 40 characters, no control characters, no space at either end; nothing that means spikes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnitName(Arc<str>);

impl UnitName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ResponseUnit {
    /// The text of the unit of spike counts.
    pub const SPIKES: &str = "spikes/bin";

    /// The text of the unit.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::SpikesPerBin => Self::SPIKES,
            Self::Continuous(name) => name.as_str(),
        }
    }

    /// Whether responses are spike counts.
    #[must_use]
    pub fn is_spikes(&self) -> bool {
        *self == Self::SpikesPerBin
    }

    /// The name of arrays of responses in files and errors: `counts`, or `values` of a continuous unit.
    #[must_use]
    pub fn array(&self) -> &'static str {
        match self {
            Self::SpikesPerBin => "counts",
            Self::Continuous(_) => "values",
        }
    }

    /// What a model predicts, for axes of figures and heads of tables: `Rate (spikes/bin)`, `Response (mV)`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::SpikesPerBin => format!("Rate ({self})"),
            Self::Continuous(name) => format!("Response ({})", name.as_str()),
        }
    }
}

impl FromStr for ResponseUnit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text == Self::SPIKES {
            return Ok(Self::SpikesPerBin);
        }
        let length = text.chars().count();
        let expected = if length == 0 || length > 40 || text.chars().any(char::is_control) {
            "spikes/bin, or a unit of 1 to 40 characters such as mV"
        } else {
            match Meaning::of(text) {
                Meaning::Other => return Ok(Self::Continuous(UnitName(text.into()))),
                Meaning::PerSecond => {
                    "spikes/bin: multiply rates per second by dt in seconds and write spikes/bin"
                }
                Meaning::Spikes => "spikes/bin, which is how the unit of spike counts is written",
            }
        };
        let got = if length > 0 && length <= 40 { text.escape_debug().to_string() } else { shortened(text) };
        Err(Error::ResponseUnit { got, expected })
    }
}

/// A text in quotes, of at most 40 characters.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    format!("{short:?}")
}

/// What the name of a unit means.
enum Meaning {
    /// Spikes per second.
    PerSecond,
    /// Spikes, but not per second.
    Spikes,
    /// Something else.
    Other,
}

impl Meaning {
    fn of(text: &str) -> Self {
        const SPIKES: [&str; 16] = [
            "spikes", "spike", "spks", "spk", "sps", "sp", "impulses", "impulse", "imp", "counts", "count",
            "aps", "ap", "events", "event", "#",
        ];
        let lower = text.to_lowercase();
        if matches!(lower.as_str(), "hz" | "hertz") {
            return Self::PerSecond;
        }
        let Some(rest) = SPIKES.iter().find_map(|word| rest_after(&lower, word)) else {
            return Self::Other;
        };
        let seconds =
            ["/s", "/sec", "/second", "/seconds", "persec", "persecond", "pers", "s^-1", "s-1", "s⁻¹"];
        let rest: String = rest.chars().filter(|c| !c.is_whitespace() && !"*·.(){}".contains(*c)).collect();
        if seconds.contains(&rest.as_str()) { Self::PerSecond } else { Self::Spikes }
    }
}

/// What follows a word at the start of a text; `None` if the text begins with another word.
fn rest_after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.strip_prefix(word).filter(|rest| !rest.starts_with(char::is_alphanumeric))
}

impl fmt::Display for ResponseUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for ResponseUnit {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<ResponseUnit> for String {
    fn from(unit: ResponseUnit) -> Self {
        unit.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> String {
        text.parse::<ResponseUnit>().unwrap_err().to_string()
    }

    #[test]
    fn units_of_continuous_responses_are_kept_as_written() {
        for text in
            ["mV", "dF/F", "ΔF/F (%)", "µV", "z-score", "a.u.", "apples", "pA", "spectral power", "eV"]
        {
            let unit: ResponseUnit = text.parse().unwrap();
            assert!(!unit.is_spikes(), "{text}");
            assert_eq!((unit.as_str(), unit.array()), (text, "values"));
        }
    }

    #[test]
    fn spikes_per_second_are_refused_however_they_are_written() {
        let texts = [
            "spikes/s",
            "Spikes / s",
            "spikes/sec",
            "sp/s",
            "Hz",
            "hertz",
            "spikes per second",
            "spikes·s⁻¹",
        ];
        for text in texts {
            let message = fault(text);
            assert!(message.contains("multiply rates per second by dt in seconds"), "{text}: {message}");
        }
    }

    #[test]
    fn other_ways_to_write_spikes_are_refused() {
        for text in ["spikes", "Spikes/bin", "spikes per bin", "counts", "spike count", "spikes/ms"] {
            assert!(fault(text).ends_with("which is how the unit of spike counts is written"), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_name_is_refused() {
        let expected = "expected spikes/bin, or a unit of 1 to 40 characters such as mV";
        assert_eq!(fault(" "), format!("unit of responses is \"\", {expected}"));
        assert_eq!(fault("m\nV"), format!("unit of responses is m\\nV, {expected}"));
        let long = "m".repeat(41);
        assert_eq!(fault(&long), format!("unit of responses is \"{}...\", {expected}", "m".repeat(40)));
    }

    #[test]
    fn a_unit_is_a_text_in_json() {
        let unit: ResponseUnit = serde_json::from_str(r#""dF/F""#).unwrap();
        assert_eq!(serde_json::to_string(&unit).unwrap(), r#""dF/F""#);
        assert_eq!(serde_json::to_string(&ResponseUnit::SpikesPerBin).unwrap(), r#""spikes/bin""#);
        assert!(
            serde_json::from_str::<ResponseUnit>(r#""Hz""#).unwrap_err().to_string().contains("multiply")
        );
    }

    proptest! {
        #[test]
        fn a_unit_is_read_as_it_was_written(text in ".{0,50}") {
            if let Ok(unit) = text.parse::<ResponseUnit>() {
                prop_assert_eq!(unit.to_string().parse::<ResponseUnit>().unwrap(), unit);
            }
        }
    }
}
