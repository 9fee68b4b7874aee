//! The reasons why a score can be undefined.

use serde::{Deserialize, Serialize};

/// A score, or the reason why it is undefined. `T` says what the number is where it could be taken for another, see
/// [`Correlation`](crate::Correlation).
pub type Score<T = f64> = Result<T, Undefined>;

/// Which numbers are infinite or NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The predicted rate at a recorded bin.
    Rate,
    /// A response that is marked as recorded.
    Response,
    /// The input of a test or an interval.
    Values,
    /// The score itself, because a sum overflowed.
    Score,
}

/// The reason why a score is undefined.
///
/// Scores add no constant to a denominator to avoid a division by 0; they return one of these reasons instead.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Undefined {
    /// The neuron was not recorded in any stimulus.
    #[error("there is no recorded bin")]
    NoData,
    /// The neuron has no recorded bin in any training stimulus: its rate is that of weights which were never fitted.
    #[error("the neuron was not recorded in any training stimulus")]
    NotTrained,
    /// The neuron has no recorded bin in any test stimulus.
    #[error("the neuron was not recorded in any test stimulus")]
    NotTested,
    /// The signal power is below the least that was asked for, [`min_signal_power`](crate::EvaluationOptions::min_signal_power).
    #[error("signal power is {signal_power}, expected {minimum} or more")]
    WeakSignal {
        /// The estimate, (spikes/bin)^2; it can be negative because of noise.
        signal_power: f64,
        /// The least signal power, (spikes/bin)^2.
        minimum: f64,
    },
    /// There are too few recorded bins for a variance.
    #[error("number of recorded bins is {bins}, expected at least 2 in a stimulus")]
    TooFewBins {
        /// Number of recorded bins.
        bins: usize,
    },
    /// No stimulus has two repeats, so that signal and noise cannot be separated.
    #[error("number of repeats is {repeats}, expected at least 2 of one stimulus")]
    TooFewRepeats {
        /// Number of repeats of the stimulus with the most.
        repeats: usize,
    },
    /// The response is constant, for example that of a silent neuron.
    #[error("the response is constant")]
    ConstantResponse,
    /// The predicted rate is constant.
    #[error("the predicted rate is constant")]
    ConstantRate,
    /// The estimated signal power is not above 0: repeats are not correlated.
    #[error("signal power is {signal_power}, expected above 0{}", Enough::behind(.enough.as_ref()))]
    NoSignal {
        /// The estimate, (spikes/bin)^2; it can be negative because of noise.
        signal_power: f64,
        /// What would be enough data, if that can be estimated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enough: Option<Enough>,
    },
    /// The estimated noise power is not above 0, so that the signal-to-noise ratio is unbounded.
    #[error("noise power is {noise_power}, expected above 0")]
    NoNoise {
        /// The estimate, (spikes/bin)^2.
        noise_power: f64,
    },
    /// Numbers are infinite or NaN.
    #[error("not finite: {0:?}")]
    NotFinite(Source),
    /// No spike was recorded, so that a score per spike is undefined.
    #[error("no spike was recorded")]
    NoSpikes,
    /// A response is negative, which is impossible for a spike count.
    #[error("response is {response}, expected 0 or more")]
    NegativeResponse {
        /// The response.
        response: f64,
    },
    /// A response is not a whole number of spikes: the score is of spike counts that are not smoothed, not of continuous responses.
    #[error("response is {response}, expected a whole number of spikes, neither smoothed nor continuous")]
    NotCounts {
        /// The response.
        response: f64,
    },
    /// The correlation between single repeats is not above 0.
    #[error("correlation between repeats is {ttrc}, expected above 0")]
    NotReproducible {
        /// The mean correlation of pairs of repeats.
        ttrc: f64,
    },
    /// Stimuli are too short, or too interrupted, for a score over stretches of time.
    #[error("the longest stretch of recorded bins is {bins}, expected at least {needed}")]
    TooShort {
        /// Length of the longest stretch of recorded bins.
        bins: usize,
        /// Length needed.
        needed: usize,
    },
    /// Too few segments of time for a spectrum: of a single segment the coherence is 1 whatever the prediction.
    #[error("number of segments of {segment_bins} bins is {segments}, expected at least {needed}")]
    TooFewSegments {
        /// Number of segments without a missing bin.
        segments: usize,
        /// Number needed.
        needed: usize,
        /// Length of a segment in bins.
        segment_bins: usize,
    },
    /// The rate is below 0, or 0 where a spike was recorded: the likelihood is undefined or 0.
    #[error("rate is {rate} where {response} spikes were recorded, expected above 0")]
    ImpossibleRate {
        /// The rate.
        rate: f64,
        /// The response at that bin.
        response: f64,
    },
    /// The numbers are too large for spikes of one neuron, so that no train of them is written out.
    #[error("{spikes} spikes in {bins} bins, expected at most {most_per_bin} per bin")]
    TooManySpikes {
        /// The spikes of a recorded train, or those that a rate expects.
        spikes: f64,
        /// Length of the train in bins.
        bins: usize,
        /// The largest mean of spikes per bin.
        most_per_bin: f64,
    },
    /// The stimuli have different numbers of repeats, so that repeats cannot be concatenated.
    #[error("stimuli with {fewest} and with {most} repeats cannot be concatenated")]
    UnequalRepeats {
        /// The smallest number of repeats of a stimulus.
        fewest: usize,
        /// The largest number of repeats of a stimulus.
        most: usize,
    },
    /// Repeats of a stimulus miss different bins, which this score does not support.
    #[error("the repeats of a stimulus miss different bins")]
    RaggedRepeats,
    /// Two neurons were not recorded at the same time, so that their noise cannot go together.
    #[error("the neurons were not recorded simultaneously")]
    NotSimultaneous,
    /// No repeat of one neuron shares two bins with another repeat of the other.
    #[error("the neurons share no two bins of different repeats")]
    NoSharedBins,
    /// A measure of the population needs more repeats than a stimulus has.
    #[error(
        "number of repeats that all neurons have is {repeats}, expected at least {needed} of every stimulus"
    )]
    TooFewJointRepeats {
        /// Number of repeats of the stimulus with the fewest.
        repeats: usize,
        /// Number of repeats needed.
        needed: usize,
    },
    /// A measure of the population needs more neurons that were recorded in every stimulus.
    #[error("number of neurons recorded in every stimulus is {neurons}, expected at least {needed}")]
    TooFewNeurons {
        /// Number of such neurons.
        neurons: usize,
        /// Number needed.
        needed: usize,
    },
    /// A measure of the population needs more conditions in which all neurons were recorded.
    #[error(
        "number of conditions in which all neurons were recorded is {conditions}, expected at least {needed}"
    )]
    TooFewConditions {
        /// Number of such conditions.
        conditions: usize,
        /// Number needed.
        needed: usize,
    },
    /// The dissimilarities of all pairs of conditions are equal, or one is undefined because a pattern is constant.
    #[error("the dissimilarities of conditions do not vary, or a pattern is constant over neurons")]
    ConstantDissimilarity,
    /// There are too few values for a test or an interval.
    #[error("number of values is {n}, expected at least {needed}")]
    TooFewValues {
        /// Number of values given.
        n: usize,
        /// Number of values needed.
        needed: usize,
    },
    /// All paired differences are 0, so that there is nothing to rank.
    #[error("all differences are 0")]
    NoDifference,
    /// The statistic is undefined in most resampled data sets.
    #[error("the statistic is defined in only {defined} of {draws} resampled data sets")]
    Unstable {
        /// Number of draws in which it is defined.
        defined: usize,
        /// Number of draws.
        draws: usize,
    },
}

impl Undefined {
    /// The kind of reason as it is written in files, for example `no_signal`.
    #[must_use]
    pub fn kind(&self) -> String {
        // The names of variants are those in files, in another case.
        let name = format!("{self:?}");
        let mut kind = String::new();
        for letter in name.chars().take_while(char::is_ascii_alphanumeric) {
            if letter.is_ascii_uppercase() && !kind.is_empty() {
                kind.push('_');
            }
            kind.push(letter.to_ascii_lowercase());
        }
        kind
    }

    /// There is no signal, and no estimate of what would be enough data.
    #[must_use]
    pub fn no_signal(signal_power: f64) -> Self {
        Self::NoSignal { signal_power, enough: None }
    }

    /// The same reason with what would be enough data, where that is what lacks.
    pub(crate) fn with_enough(self, estimate: impl FnOnce() -> Option<Enough>) -> Self {
        match self {
            Self::NoSignal { signal_power, .. } => Self::NoSignal { signal_power, enough: estimate() },
            other => other,
        }
    }
}

/// How much data would make a signal power twice its standard error, so that it can be measured, if the signal power were as stated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enough {
    /// The signal power that this is for, (spikes/bin)^2: the estimate if that is above 0, else the estimate plus its standard error.
    pub signal_power: f64,
    /// Number of repeats of each of the same stimuli; `None` if no number of repeats would do.
    pub repeats: Option<u32>,
    /// Total number of bins of stimuli, with as many repeats as there are.
    pub bins: u64,
}

impl Enough {
    fn behind(enough: Option<&Self>) -> String {
        enough.map_or_else(String::new, |enough| format!("; {enough}"))
    }
}

impl std::fmt::Display for Enough {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(repeats) = self.repeats {
            write!(f, "{repeats} repeats or ")?;
        }
        write!(f, "{} bins of sound would do for a signal power of {:.2e}", self.bins, self.signal_power)
    }
}

/// The value if it is finite.
pub(crate) fn finite(value: f64) -> Score {
    if value.is_finite() { Ok(value) } else { Err(Undefined::NotFinite(Source::Score)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sentences_and_survive_json() {
        let reason = Undefined::no_signal(-0.25);
        assert_eq!(reason.to_string(), "signal power is -0.25, expected above 0");
        let weak = Undefined::WeakSignal { signal_power: 0.001, minimum: 0.01 };
        assert_eq!(weak.to_string(), "signal power is 0.001, expected 0.01 or more");
        assert_eq!(serde_json::to_string(&Undefined::NotTrained).unwrap(), "\"not_trained\"");
        assert_eq!(serde_json::to_string(&Undefined::NotTested).unwrap(), "\"not_tested\"");
        let enough = Some(Enough { signal_power: 0.01, repeats: Some(12), bins: 40_000 });
        let reason_with = reason.with_enough(|| enough);
        assert_eq!(
            reason_with.to_string(),
            "signal power is -0.25, expected above 0; 12 repeats or 40000 bins of sound would do for a signal power of 1.00e-2"
        );
        assert_eq!(serde_json::to_string(&reason).unwrap(), r#"{"no_signal":{"signal_power":-0.25}}"#);
        let others = [reason_with, weak, Undefined::NotTrained, Undefined::NotTested];
        for reason in
            [reason, Undefined::NoData, Undefined::NotFinite(Source::Rate)].into_iter().chain(others)
        {
            let json = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<Undefined>(&json).unwrap(), reason, "{json}");
            assert!(
                json.trim_start_matches(['{', '"']).starts_with(&format!("{}\"", reason.kind())),
                "{json}"
            );
        }
    }

    #[test]
    fn an_overflow_is_no_score() {
        assert_eq!(finite(f64::INFINITY), Err(Undefined::NotFinite(Source::Score)));
        assert_eq!(finite(0.5), Ok(0.5));
    }
}
