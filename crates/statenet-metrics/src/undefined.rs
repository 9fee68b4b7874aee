//! Why a score does not exist.

use serde::{Deserialize, Serialize};

/// A score, or the reason why there is none.
pub type Score = Result<f64, Undefined>;

/// Which numbers were infinite or NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The predicted rate, at a bin that was recorded.
    Rate,
    /// A recorded response, at a bin that its mask calls recorded.
    Response,
    /// The numbers given to a test or an interval.
    Values,
    /// The score itself: a sum overflowed.
    Score,
}

/// The reason why a score is undefined.
///
/// No constant is added to a denominator to make one up: a score that does not exist says so, here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Undefined {
    /// The neuron was not recorded in any stimulus.
    #[error("no recorded bin")]
    NoData,
    /// There are too few recorded bins for a variance.
    #[error("{bins} recorded bins, at least 2 are needed in a stimulus")]
    TooFewBins {
        /// Recorded bins.
        bins: usize,
    },
    /// No stimulus has two repeats, so that signal and noise cannot be told apart.
    #[error("{repeats} repeats, at least 2 of one stimulus are needed")]
    TooFewRepeats {
        /// Repeats of the stimulus that has most.
        repeats: usize,
    },
    /// The response does not vary (a silent neuron, for example).
    #[error("the response does not vary")]
    ConstantResponse,
    /// The predicted rate does not vary.
    #[error("the predicted rate does not vary")]
    ConstantRate,
    /// The estimated signal power is not above 0: the repeats have nothing in common.
    #[error("the signal power is {signal_power}, not above 0")]
    NoSignal {
        /// The estimate, (spikes/bin)^2; 0 or below, by noise.
        signal_power: f64,
    },
    /// The estimated noise power is not above 0, so that the signal-to-noise ratio has no bound.
    #[error("the noise power is {noise_power}, not above 0")]
    NoNoise {
        /// The estimate, (spikes/bin)^2.
        noise_power: f64,
    },
    /// There is an infinity or a NaN where a number was promised.
    #[error("not finite: {0:?}")]
    NotFinite(Source),
    /// No spike was recorded, so that nothing can be said per spike.
    #[error("no spike was recorded")]
    NoSpikes,
    /// A response is negative, which no Poisson process gives.
    #[error("a response is {response}, below 0")]
    NegativeResponse {
        /// The response.
        response: f64,
    },
    /// The rate is below 0, or 0 where a spike was recorded: the likelihood is 0 or does not exist.
    #[error("the rate is {rate} where {response} spikes were recorded")]
    ImpossibleRate {
        /// The rate.
        rate: f64,
        /// The response at that bin.
        response: f64,
    },
    /// The stimuli have different numbers of repeats, so that repeats cannot be concatenated.
    #[error("stimuli with {fewest} and with {most} repeats cannot be concatenated")]
    UnequalRepeats {
        /// Fewest repeats of a stimulus.
        fewest: usize,
        /// Most repeats of a stimulus.
        most: usize,
    },
    /// The repeats of a stimulus miss different bins, which this variant cannot treat.
    #[error("the repeats of a stimulus miss different bins")]
    RaggedRepeats,
    /// There are too few values for a test or an interval.
    #[error("{n} values, at least {needed} are needed")]
    TooFewValues {
        /// Values given.
        n: usize,
        /// Values needed.
        needed: usize,
    },
    /// All paired differences are 0, so that they have no order.
    #[error("all differences are 0")]
    NoDifference,
    /// The statistic is undefined in most resampled data sets.
    #[error("the statistic exists in {defined} of {draws} resampled data sets")]
    Unstable {
        /// Draws in which it exists.
        defined: usize,
        /// All draws.
        draws: usize,
    },
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
        let reason = Undefined::NoSignal { signal_power: -0.25 };
        assert_eq!(reason.to_string(), "the signal power is -0.25, not above 0");
        for reason in [reason, Undefined::NoData, Undefined::NotFinite(Source::Rate)] {
            let json = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<Undefined>(&json).unwrap(), reason, "{json}");
        }
    }

    #[test]
    fn an_overflow_is_no_score() {
        assert_eq!(finite(f64::INFINITY), Err(Undefined::NotFinite(Source::Score)));
        assert_eq!(finite(0.5), Ok(0.5));
    }
}
