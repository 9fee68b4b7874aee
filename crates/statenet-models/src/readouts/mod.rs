//! What turns features into firing rates, `(B, N, T)`: a drive per neuron, through an output nonlinearity.
//!
//! | readout | behind | parameters but those of the curve |
//! |---|---|---|
//! | `strf` | no core: a receptive field per neuron | N (C F K + 1) where free |
//! | `linear` | a core of H units: a weighted sum | N (H + 1), or N H without a bias |
//! | `mlp` | a core of H units: J hidden units, then a weighted sum | J (H + 1) + N (J + 1) |
//! | `factorized` | a core of H units: a weighted sum of R shared patterns | R (H + N) + N |

mod factorized;
mod linear;
mod mlp;
mod norm;
mod readout;
mod strf;

use serde::{Deserialize, Serialize};
use statenet_core::{Axes, ResponseUnit};

use self::{factorized::FactorizedReadout, linear::LinearReadout, mlp::MlpReadout, strf::StrfReadout};
pub use self::{
    factorized::FactorizedReadoutConfig, linear::LinearReadoutConfig, mlp::MlpReadoutConfig,
    norm::NormConfig, strf::StrfReadoutConfig,
};
pub(crate) use self::{norm::EPS as NORM_EPS, readout::Readout};
use crate::{
    activations::ActivationConfig,
    cores::CoreConfig,
    error::{Result, config_error},
    model::stage::Features,
    params::store::Scope,
};

/// Which readout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadoutConfig {
    /// A receptive field per neuron over a cochleagram.
    Strf(StrfReadoutConfig),
    /// A weighted sum of hidden units per neuron.
    Linear(LinearReadoutConfig),
    /// Hidden units, then a weighted sum of them per neuron.
    Mlp(MlpReadoutConfig),
    /// A weighted sum of a few shared patterns per neuron.
    Factorized(FactorizedReadoutConfig),
}

impl ReadoutConfig {
    pub(crate) fn validate(&self, core: &CoreConfig, axes: &Axes, field: &str) -> Result<()> {
        let name = match (self, core) {
            (Self::Strf(_), CoreConfig::None) => "strf",
            (Self::Strf(_), _) => {
                let expected = "linear, mlp or factorized: the core gives hidden units, no bands";
                return Err(config_error(field, "strf", expected));
            }
            (readout, CoreConfig::None) => {
                let expected = "strf: without a core there are no hidden units";
                return Err(config_error(field, readout.name(), expected));
            }
            (readout, _) => readout.name(),
        };
        let field = format!("{field}.{name}");
        match self {
            Self::Strf(strf) => strf.validate(axes, &field),
            Self::Linear(linear) => linear.validate(axes, &field),
            Self::Mlp(mlp) => mlp.validate(axes, &field),
            Self::Factorized(factorized) => factorized.validate(axes, &field),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Strf(_) => "strf",
            Self::Linear(_) => "linear",
            Self::Mlp(_) => "mlp",
            Self::Factorized(_) => "factorized",
        }
    }

    /// The same with the output curve of responses in a unit: its own for spike counts, none for continuous ones.
    pub(crate) fn for_response_unit(mut self, unit: &ResponseUnit) -> Self {
        if !unit.is_spikes() {
            let activation = match &mut self {
                Self::Strf(strf) => &mut strf.activation,
                Self::Linear(linear) => &mut linear.activation,
                Self::Mlp(mlp) => &mut mlp.activation,
                Self::Factorized(factorized) => &mut factorized.activation,
            };
            *activation = std::mem::take(activation).without_curve();
            if let Self::Linear(linear) = &mut self {
                linear.bias = true;
            }
        }
        self
    }

    pub(crate) fn activation(&self) -> &ActivationConfig {
        match self {
            Self::Strf(strf) => &strf.activation,
            Self::Linear(linear) => &linear.activation,
            Self::Mlp(mlp) => &mlp.activation,
            Self::Factorized(factorized) => &factorized.activation,
        }
    }

    /// The name of a model without a core.
    pub(crate) fn slug(&self) -> String {
        let Self::Strf(strf) = self else { return self.name().to_owned() };
        let field = strf.strf.slug();
        match strf.activation.curve() {
            ActivationConfig::Identity => format!("linear-{field}"),
            ActivationConfig::Softplus(_) => format!("ln-{field}"),
            curve => format!("ln-{}-{field}", curve.name()),
        }
    }

    /// What a model's short name ends in, by the readout.
    pub(crate) fn suffix(&self) -> String {
        let readout = match self {
            Self::Strf(_) | Self::Linear(_) => String::new(),
            Self::Mlp(mlp) => format!("-mlp{}", mlp.hidden),
            Self::Factorized(factorized) => format!("-rank{}", factorized.rank),
        };
        let gain = matches!(self.activation(), ActivationConfig::ContrastGain(_));
        readout + if gain { "-gain" } else { "" }
    }
}

pub(crate) fn build(
    config: &ReadoutConfig,
    input: Features,
    axes: &Axes,
    scope: &mut Scope<'_>,
) -> Result<Box<dyn Readout>> {
    Ok(match (config, input) {
        (ReadoutConfig::Strf(strf), Features::Spectral { channels, n_bands }) => {
            Box::new(StrfReadout::new(strf, (channels, n_bands), axes, scope)?)
        }
        (ReadoutConfig::Linear(linear), Features::Units(n)) => {
            Box::new(LinearReadout::new(linear, n, axes, scope)?)
        }
        (ReadoutConfig::Mlp(mlp), Features::Units(n)) => Box::new(MlpReadout::new(mlp, n, axes, scope)?),
        (ReadoutConfig::Factorized(factorized), Features::Units(n)) => {
            Box::new(FactorizedReadout::new(factorized, n, axes, scope)?)
        }
        (readout, _) => {
            let expected = "one that takes what the core gives";
            return Err(config_error("model.pipeline.readout", readout.name(), expected));
        }
    })
}
