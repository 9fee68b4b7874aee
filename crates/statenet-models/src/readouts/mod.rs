//! What turns features into firing rates, `(B, N, T)`.

mod linear;
mod norm;
mod strf;

use serde::{Deserialize, Serialize};

pub(crate) use self::norm::EPS as NORM_EPS;
use self::{linear::LinearReadout, strf::StrfReadout};
pub use self::{linear::LinearReadoutConfig, norm::NormConfig, strf::StrfReadoutConfig};
use crate::{
    activations::ActivationConfig,
    cores::CoreConfig,
    error::{Result, config_error},
    params::Scope,
    stage::{Features, Stage},
};

/// Which readout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadoutConfig {
    /// A receptive field per neuron over a cochleagram.
    Strf(StrfReadoutConfig),
    /// A weighted sum of hidden units per neuron.
    Linear(LinearReadoutConfig),
}

impl ReadoutConfig {
    pub(crate) fn validate(&self, core: &CoreConfig, field: &str) -> Result<()> {
        match (self, core) {
            (Self::Strf(strf), CoreConfig::None) => strf.validate(&format!("{field}.strf")),
            (Self::Linear(_), CoreConfig::None) => {
                Err(config_error(field, "linear", "strf: without a core there are no hidden units"))
            }
            (Self::Linear(linear), _) => linear.validate(&format!("{field}.linear")),
            (Self::Strf(_), _) => {
                Err(config_error(field, "strf", "linear: the core gives hidden units, no bands"))
            }
        }
    }

    pub(crate) fn slug(&self) -> String {
        match self {
            Self::Strf(strf) => {
                let field = strf.strf.slug();
                match &strf.activation {
                    ActivationConfig::Identity => format!("linear-{field}"),
                    ActivationConfig::Softplus(_) => format!("ln-{field}"),
                    curve => format!("ln-{}-{field}", curve.name()),
                }
            }
            Self::Linear(_) => "linear".to_owned(),
        }
    }
}

/// The last stage, which knows how to start at the neurons' mean rates.
pub(crate) trait Readout: Stage {
    /// Moves the readout's offset so that it gives these rates (N) where its input is at its mean.
    fn start_at(&self, mean_rates: &[f64]) -> Result<()>;
}

pub(crate) fn build(
    config: &ReadoutConfig,
    input: Features,
    n_neurons: usize,
    scope: &mut Scope<'_>,
) -> Result<Box<dyn Readout>> {
    match (config, input) {
        (ReadoutConfig::Strf(strf), Features::Spectral { channels, n_bands }) => {
            Ok(Box::new(StrfReadout::new(strf, (channels, n_bands), n_neurons, scope)?))
        }
        (ReadoutConfig::Linear(linear), Features::Units(hidden)) => {
            Ok(Box::new(LinearReadout::new(linear, hidden, n_neurons, scope)?))
        }
        (ReadoutConfig::Strf(_), _) => Err(config_error("model.pipeline.readout", "strf", "linear")),
        (ReadoutConfig::Linear(_), _) => Err(config_error("model.pipeline.readout", "linear", "strf")),
    }
}
