//! Every estimator that is held to the truth, what it estimates, and what its documentation claims of its bias.

use statenet::metrics::{
    Observation, Recorded, Result, Score,
    ceilings::{self, SplitOptions},
    numbers, published,
    scores::{self, CountWindow},
};

use crate::simulate::{N_BINS, Truth};

/// Estimates of all recordings.
type Compute = fn(&[Observation<'_>], &[Recorded<'_>]) -> Result<Vec<Score>>;

/// An estimator of a number of each recording.
pub(crate) struct Estimator {
    /// Its path below `statenet::metrics`.
    pub(crate) name: &'static str,
    /// What it estimates, in words.
    pub(crate) of: &'static str,
    pub(crate) compute: Compute,
    /// What it should give.
    pub(crate) truth: fn(&Truth) -> f64,
    /// Whether errors are counted in units of the true value.
    pub(crate) is_relative: bool,
    pub(crate) claim: Claim,
}

/// What is claimed of the mean error of an estimator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Claim {
    /// None, in every cell.
    Unbiased,
    /// Below 0, and at most so much, in cells of at least so much signal.
    Down { at_most: f64, from: f64 },
    /// At most so much either way.
    Within { at_most: f64, from: f64 },
    /// Another quantity than the true one: the table shows by how much it is off.
    Off,
}

impl Claim {
    /// The least ratio of the signal power and its standard error in the cells that the claim is about.
    pub(crate) fn from(self) -> f64 {
        match self {
            Self::Unbiased => f64::NEG_INFINITY,
            Self::Down { from, .. } | Self::Within { from, .. } => from,
            Self::Off => f64::INFINITY,
        }
    }

    /// How many standard errors a mean error lies outside of what is claimed; at most 0 inside.
    pub(crate) fn excess(self, error: f64, standard_error: f64) -> f64 {
        let beyond = match self {
            Self::Unbiased => error.abs(),
            Self::Down { at_most, .. } => (-at_most - error).max(error),
            Self::Within { at_most, .. } => error.abs() - at_most,
            Self::Off => return 0.0,
        };
        if beyond <= 0.0 { 0.0 } else { beyond / standard_error.max(f64::MIN_POSITIVE) }
    }

    /// In words.
    pub(crate) fn text(self) -> String {
        let cells = |from: f64| if from > 0.0 { format!(", q from {from}") } else { String::new() };
        match self {
            Self::Unbiased => "none".to_owned(),
            Self::Down { at_most, from } => format!("down, at most {at_most}{}", cells(from)),
            Self::Within { at_most, from } => format!("either way, at most {at_most}{}", cells(from)),
            Self::Off => "not of this quantity".to_owned(),
        }
    }
}

/// Splits for ceilings by halves; fewer than the default, which the bias does not depend on.
const SPLITS: SplitOptions = SplitOptions { seed: statenet::core::Seed::new(0), n_splits: 20 };

/// A whole stimulus.
const WHOLE: CountWindow = CountWindow { bins: N_BINS };

/// All estimators.
pub(crate) const ALL: &[Estimator] = &[
    Estimator {
        name: "ceilings::signal_power",
        of: "signal power",
        compute: |_, recorded| ceilings::signal_power(recorded),
        truth: |t| t.signal,
        is_relative: true,
        claim: Claim::Unbiased,
    },
    Estimator {
        name: "ceilings::noise_power",
        of: "noise power",
        compute: |_, recorded| ceilings::noise_power(recorded),
        truth: |t| t.noise,
        is_relative: true,
        claim: Claim::Unbiased,
    },
    Estimator {
        name: "ceilings::snr",
        of: "SP / NP",
        compute: |_, recorded| ceilings::snr(recorded),
        truth: |t| t.signal / t.noise,
        is_relative: true,
        claim: Claim::Within { at_most: 0.05, from: 5.0 },
    },
    Estimator {
        name: "ceilings::cc_max_signal_power",
        of: "correlation of rate and PSTH",
        compute: |_, recorded| Ok(numbers(ceilings::cc_max_signal_power(recorded)?)),
        truth: Truth::ceiling,
        is_relative: false,
        claim: Claim::Within { at_most: 0.01, from: 5.0 },
    },
    Estimator {
        name: "ceilings::cc_max_half_split",
        of: "correlation of rate and PSTH",
        compute: |_, recorded| Ok(numbers(ceilings::cc_max_half_split(recorded, &SPLITS)?)),
        truth: Truth::ceiling,
        is_relative: false,
        claim: Claim::Within { at_most: 0.01, from: 5.0 },
    },
    Estimator {
        name: "ceilings::ttrc",
        of: "SP / (SP + NP)",
        compute: |_, recorded| Ok(numbers(ceilings::ttrc(recorded)?)),
        truth: |t| t.signal / (t.signal + t.noise),
        is_relative: false,
        claim: Claim::Down { at_most: 0.1, from: 5.0 },
    },
    Estimator {
        name: "scores::cc_norm",
        of: "correlation of prediction and rate",
        compute: |observations, _| Ok(numbers(scores::cc_norm(observations)?)),
        truth: |t| t.correlation,
        is_relative: false,
        claim: Claim::Within { at_most: 0.02, from: 5.0 },
    },
    Estimator {
        name: "scores::cc_raw",
        of: "the same",
        compute: |observations, _| Ok(numbers(scores::cc_raw(observations)?)),
        truth: |t| t.correlation,
        is_relative: false,
        claim: Claim::Off,
    },
    Estimator {
        name: "published::schoppe2016::cc_norm",
        of: "the same",
        compute: |observations, _| Ok(numbers(published::schoppe2016::cc_norm(observations)?)),
        truth: |t| t.correlation,
        is_relative: false,
        claim: Claim::Off,
    },
    Estimator {
        name: "published::hsu2004::cc_norm",
        of: "the same",
        compute: |observations, _| Ok(numbers(published::hsu2004::cc_norm(observations, &SPLITS)?)),
        truth: |t| t.correlation,
        is_relative: false,
        claim: Claim::Off,
    },
    Estimator {
        name: "published::reference_0_1::ccnorm_schoppe",
        of: "the same",
        compute: |observations, _| Ok(numbers(published::reference_0_1::ccnorm_schoppe(observations)?)),
        truth: |t| t.correlation,
        is_relative: false,
        claim: Claim::Off,
    },
    Estimator {
        name: "scores::fve",
        of: "variance of the rate that the prediction explains",
        compute: |observations, _| scores::fve(observations),
        truth: |t| t.fve,
        is_relative: false,
        claim: Claim::Off,
    },
    Estimator {
        name: "scores::bits_per_spike",
        of: "information beyond the mean rate",
        compute: |observations, _| scores::bits_per_spike(observations),
        truth: |t| t.bits_per_spike,
        is_relative: false,
        claim: Claim::Within { at_most: 0.02, from: 2.0 },
    },
    Estimator {
        name: "scores::explained_signal_power",
        of: "signal power that the prediction explains",
        compute: |observations, _| scores::explained_signal_power(observations),
        truth: |t| t.explained,
        is_relative: false,
        claim: Claim::Within { at_most: 0.03, from: 5.0 },
    },
    Estimator {
        name: "scores::r2_er",
        of: "squared correlation of prediction and rate",
        compute: |observations, _| Ok(numbers(scores::r2_er(observations)?)),
        truth: |t| t.correlation * t.correlation,
        is_relative: false,
        claim: Claim::Within { at_most: 0.04, from: 5.0 },
    },
    Estimator {
        name: "published::pospisil2021::r2_er",
        of: "the same",
        compute: |observations, _| Ok(numbers(published::pospisil2021::r2_er(observations)?)),
        truth: |t| t.correlation * t.correlation,
        is_relative: false,
        claim: Claim::Off,
    },
    Estimator {
        name: "scores::cc_ttrc",
        of: "correlation of prediction and rate",
        compute: |observations, _| Ok(numbers(scores::cc_ttrc(observations)?)),
        truth: |t| t.correlation,
        is_relative: false,
        claim: Claim::Within { at_most: 0.05, from: 5.0 },
    },
    Estimator {
        name: "published::pennington2023::r_noise_corrected",
        of: "the same",
        compute: |observations, _| Ok(numbers(published::pennington2023::r_noise_corrected(observations)?)),
        truth: |t| t.correlation,
        is_relative: false,
        claim: Claim::Off,
    },
    Estimator {
        name: "scores::fano",
        of: "Fano factor of the counts of whole stimuli",
        compute: |_, recorded| scores::fano(recorded, &WHOLE),
        truth: |t| t.fano,
        is_relative: true,
        claim: Claim::Within { at_most: 0.05, from: 5.0 },
    },
    Estimator {
        name: "scores::overdispersion",
        of: "a in variance = mean + a mean^2",
        compute: |_, recorded| scores::overdispersion(recorded, &WHOLE),
        truth: |t| t.overdispersion,
        is_relative: false,
        claim: Claim::Within { at_most: 0.03, from: 5.0 },
    },
];
