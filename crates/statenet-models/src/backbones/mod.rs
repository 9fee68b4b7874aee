//! Recurrent state over time: `(B, I, T)` to `(B, H, T)`, causal, any T.
//!
//! | name | recurrence | parameters over I inputs |
//! |---|---|---|
//! | `gru` | gated recurrent unit (Cho et al. 2014) | 3 H I + 3 H H + 6 H |
//! | `lstm` | long short-term memory (Hochreiter & Schmidhuber 1997) | 4 H I + 4 H H + 8 H |
//! | `rnn` | Elman network (Elman 1990) | H I + H H + 2 H |
//! | `sublstm` | subtractive-gated LSTM (Costa et al. 2017) | 4 H I + 4 H H + 8 H |
//! | `lmu` | Legendre memory unit, M coefficients (Voelker et al. 2019) | (I + H + M) (1 + H) |
//! | `mamba` | selective states (Gu & Dao 2023), E = 2 I, N = 16, R = I / 16 | E (3 I + 3 N + 2 R + 7) |
//! | `s4` | state space, diagonal plus rank one (Gu, Goel & Ré 2022), N = 64 | 4 H + 4 N H + 2 H H |
//! | `s4d` | diagonal state space (Gu, Gupta, Goel & Ré 2022), N = 64 | 4 H + 2 N H + 2 H H |
//!
//! H is I unless `hidden` says otherwise, which `mamba`, `s4` and `s4d` do not have. `chrono` starts the gates of `gru`, `lstm`
//! and `sublstm` at time constants up to that many bins.

mod gated;
mod lmu;
mod mamba;
mod s4;
mod s4d;
mod state_space;

use serde::{Deserialize, Serialize};
use statenet_kernels::GatedCell;

pub(crate) use self::lmu::transition;
use self::{gated::Gated, lmu::Lmu, mamba::Mamba};
pub use self::{gated::GatedConfig, lmu::LmuConfig, mamba::MambaConfig, s4::S4Config, s4d::S4dConfig};
use crate::{
    error::Result,
    model::stage::{Stage, Units},
    params::store::Scope,
};

/// Which recurrence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackboneConfig {
    /// Gated recurrent unit. The default.
    Gru(GatedConfig),
    /// Long short-term memory.
    Lstm(GatedConfig),
    /// Elman network.
    Rnn(GatedConfig),
    /// Subtractive-gated LSTM.
    Sublstm(GatedConfig),
    /// Legendre memory unit.
    Lmu(LmuConfig),
    /// Mamba.
    Mamba(MambaConfig),
    /// S4.
    S4(S4Config),
    /// S4D.
    S4d(S4dConfig),
}

impl Default for BackboneConfig {
    fn default() -> Self {
        Self::Gru(GatedConfig::default())
    }
}

impl BackboneConfig {
    /// The recurrence's short name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gru(_) => "gru",
            Self::Lstm(_) => "lstm",
            Self::Rnn(_) => "rnn",
            Self::Sublstm(_) => "sublstm",
            Self::Lmu(_) => "lmu",
            Self::Mamba(_) => "mamba",
            Self::S4(_) => "s4",
            Self::S4d(_) => "s4d",
        }
    }

    /// Bins of the slowest unit before a fit, where units start apart.
    #[must_use]
    pub fn chrono(&self) -> Option<f64> {
        match self {
            Self::Gru(gated) | Self::Lstm(gated) | Self::Rnn(gated) | Self::Sublstm(gated) => gated.chrono,
            Self::Lmu(_) | Self::Mamba(_) | Self::S4(_) | Self::S4d(_) => None,
        }
    }

    /// Hidden units over `inputs` inputs.
    #[must_use]
    pub fn hidden(&self, inputs: usize) -> usize {
        let chosen = match self {
            Self::Gru(gated) | Self::Lstm(gated) | Self::Rnn(gated) | Self::Sublstm(gated) => gated.hidden,
            Self::Lmu(lmu) => lmu.hidden,
            Self::Mamba(_) | Self::S4(_) | Self::S4d(_) => None,
        };
        chosen.unwrap_or(inputs)
    }

    pub(crate) fn resolved(&self, inputs: usize) -> Self {
        let hidden = Some(self.hidden(inputs));
        let mut resolved = self.clone();
        match &mut resolved {
            Self::Gru(gated) | Self::Lstm(gated) | Self::Rnn(gated) | Self::Sublstm(gated) => {
                gated.hidden = hidden;
            }
            Self::Lmu(lmu) => lmu.hidden = hidden,
            Self::Mamba(_) | Self::S4(_) | Self::S4d(_) => {}
        }
        resolved
    }

    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        let field = format!("{field}.{}", self.name());
        match self {
            Self::Gru(gated) => gated.validate(GatedCell::Gru, &field),
            Self::Lstm(gated) => gated.validate(GatedCell::Lstm, &field),
            Self::Rnn(gated) => gated.validate(GatedCell::Elman, &field),
            Self::Sublstm(gated) => gated.validate(GatedCell::SubLstm, &field),
            Self::Lmu(lmu) => lmu.validate(&field),
            Self::Mamba(mamba) => mamba.validate(&field),
            Self::S4(s4) => s4.validate(&field),
            Self::S4d(s4d) => s4d.validate(&field),
        }
    }
}

/// A recurrence over units, and the units that it gives.
pub(crate) fn build(
    config: &BackboneConfig,
    input: Units,
    scope: &mut Scope<'_>,
) -> Result<(Box<dyn Stage>, Units)> {
    let hidden = config.hidden(input.n);
    Ok(match config {
        BackboneConfig::Gru(gated) => {
            (Box::new(Gated::new(GatedCell::Gru, gated, input, scope)?), Units::time_first(hidden))
        }
        BackboneConfig::Lstm(gated) => {
            (Box::new(Gated::new(GatedCell::Lstm, gated, input, scope)?), Units::time_first(hidden))
        }
        BackboneConfig::Rnn(gated) => {
            (Box::new(Gated::new(GatedCell::Elman, gated, input, scope)?), Units::time_first(hidden))
        }
        BackboneConfig::Sublstm(gated) => {
            (Box::new(Gated::new(GatedCell::SubLstm, gated, input, scope)?), Units::time_first(hidden))
        }
        BackboneConfig::Lmu(lmu) => (Box::new(Lmu::new(lmu, input, scope)?), Units::time_first(hidden)),
        BackboneConfig::Mamba(mamba) => {
            (Box::new(Mamba::new(mamba, input, scope)?), Units::channels_first(hidden))
        }
        BackboneConfig::S4(s4) => (Box::new(s4::new(s4, input, scope)?), Units::channels_first(hidden)),
        BackboneConfig::S4d(s4d) => (Box::new(s4d::new(s4d, input, scope)?), Units::channels_first(hidden)),
    })
}
