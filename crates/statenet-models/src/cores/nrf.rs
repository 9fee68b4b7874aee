//! Network receptive field (Harper et al. 2016): hidden units with receptive fields of their own, read by all neurons.
//!
//! ```text
//! a[h,t] = c[h] + sum_{c,f,k} W[h,c,f,k] x[c,f,t-(K-1)+k]
//! u[h,t] = tanh(gain[h] (a - mean_h a) / sqrt(var_h a + 1e-5) + bias[h])
//! ```
//! In (B, C, F, T), out (B, H, T). Memory: K frames. Before t = 0: frames of zeros.
//! Parameters: H (C F K + 1) + 2 H with full receptive fields. Differs from the paper: a normalisation over units in
//! place of the scaled tanh, no penalty on weights.
//!
//! Harper NS, Schoppe O, Willmore BDB, Cui Z, Schnupp JWH, King AJ (2016). Network receptive field modeling reveals
//! extensive integration and multi-feature selectivity in auditory cortical neurons. PLoS Computational Biology
//! 12:e1005113.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::{Step, Then};

use super::hidden_fields::HiddenFields;
use crate::{
    config::limits::expect_size,
    error::Result,
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::Scope,
    strfs::StrfConfig,
};

/// Network receptive field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NrfConfig {
    /// Hidden units, at least 2. Default 20.
    #[serde(default = "twenty")]
    pub hidden: usize,
    /// How the hidden units' receptive fields are parameterised, and how many frames they span.
    pub strf: StrfConfig,
}

pub(super) fn twenty() -> usize {
    20
}

/// Normalisation over a single unit would leave a constant.
pub(super) fn expect_hidden(hidden: usize, field: &str) -> Result<()> {
    expect_size(&format!("{field}.hidden"), hidden, 2)
}

impl NrfConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        expect_hidden(self.hidden, field)?;
        self.strf.validate(&format!("{field}.strf"))
    }

    pub(crate) fn slug(&self) -> String {
        format!("nrf-h{}-{}", self.hidden, self.strf.slug())
    }
}

pub(crate) struct Nrf(HiddenFields);

impl Nrf {
    pub(crate) fn new(config: &NrfConfig, input: (usize, usize), scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self(HiddenFields::new(&config.strf, config.hidden, input, Then::Tanh, scope)?))
    }
}

impl Stage for Nrf {
    fn forward(&self, x: &Tensor, _mode: Mode<'_>) -> Result<Tensor> {
        self.0.forward(x)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.0.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.0.chunk(x, state)
    }

    fn memory(&self) -> Memory {
        self.0.memory()
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        self.0.steps().map(Some)
    }
}
