//! Which output nonlinearity.

use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Millis};

use super::curve::{CurveConfig, Output};
use crate::{
    error::{Result, config_error},
    params::time_constant,
};

/// Which output curve.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationConfig {
    /// The value as it is.
    #[default]
    Identity,
    /// Softplus with its own sharpness and floor per neuron.
    Softplus(CurveConfig),
    /// Softplus of unit slope, without parameters.
    UnitSoftplus,
    /// Sigmoid with its own centre, width, height and floor per neuron.
    Sigmoid(CurveConfig),
    /// Exponential with its own slope, scale and floor per neuron.
    Exponential(CurveConfig),
    /// Double exponential (Gompertz) with its own slope, shift, height and floor per neuron.
    DoubleExponential(CurveConfig),
    /// One of the others, whose slope and threshold depend on the contrast of the sound.
    ContrastGain(ContrastGainConfig),
}

impl ActivationConfig {
    /// Softplus for spike rates.
    #[must_use]
    pub fn softplus() -> Self {
        Self::Softplus(CurveConfig::default())
    }

    /// A short name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Softplus(_) => "softplus",
            Self::UnitSoftplus => "unit-softplus",
            Self::Sigmoid(_) => "sigmoid",
            Self::Exponential(_) => "exponential",
            Self::DoubleExponential(_) => "double-exponential",
            Self::ContrastGain(_) => "contrast-gain",
        }
    }

    /// Whether the curve gives values of either sign.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        match self.curve() {
            Self::Identity => true,
            Self::UnitSoftplus => false,
            Self::Softplus(curve)
            | Self::Sigmoid(curve)
            | Self::Exponential(curve)
            | Self::DoubleExponential(curve) => curve.output == Output::Signed,
            // A contrast gain behind another is refused by `validate`.
            Self::ContrastGain(_) => true,
        }
    }

    /// The same without its static curve: identity, behind a contrast gain if there is one.
    pub(crate) fn without_curve(self) -> Self {
        match self {
            Self::ContrastGain(gain) => {
                Self::ContrastGain(ContrastGainConfig { curve: Box::new(Self::Identity), ..gain })
            }
            _ => Self::Identity,
        }
    }

    /// The static curve: itself, or that behind a contrast gain.
    pub(crate) fn curve(&self) -> &Self {
        match self {
            Self::ContrastGain(gain) => &gain.curve,
            curve => curve,
        }
    }

    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::ContrastGain(gain) => gain.validate(axes, &format!("{field}.contrast_gain")),
            _ => Ok(()),
        }
    }
}

/// A curve whose slope and threshold follow the contrast of the sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContrastGainConfig {
    /// The curve that is scaled and shifted. Default softplus; the papers have a sigmoid.
    pub curve: Box<ActivationConfig>,
    /// Time constant of each neuron's contrast, at the start; above dt. Default 100 ms, as found in the papers.
    pub initial_tau_ms: Millis,
    /// Time constant of the running mean from which deviations count; above dt. Default 500 ms.
    pub mean_tau_ms: Millis,
    /// C at the start where the contrast is that of the recording, above 0. Default 1: slopes are half as steep.
    pub initial_strength: f64,
}

impl Default for ContrastGainConfig {
    fn default() -> Self {
        Self {
            curve: Box::new(ActivationConfig::softplus()),
            initial_tau_ms: Millis::whole::<100>(),
            mean_tau_ms: Millis::whole::<500>(),
            initial_strength: 1.0,
        }
    }
}

impl ContrastGainConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        if matches!(*self.curve, ActivationConfig::ContrastGain(_)) {
            let expected = "identity, softplus, sigmoid, exponential or double_exponential";
            return Err(config_error(&format!("{field}.curve"), "contrast_gain", expected));
        }
        time_constant::validate(self.initial_tau_ms, axes, &format!("{field}.initial_tau_ms"))?;
        time_constant::validate(self.mean_tau_ms, axes, &format!("{field}.mean_tau_ms"))?;
        if self.initial_strength.is_finite() && self.initial_strength > 0.0 {
            return Ok(());
        }
        Err(config_error(&format!("{field}.initial_strength"), self.initial_strength, "above 0"))
    }
}
