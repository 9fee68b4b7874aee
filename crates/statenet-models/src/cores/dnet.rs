//! DNet core (Rahman et al. 2019): hidden units with receptive fields whose activity leaks.
//!
//! ```text
//! a[h,t] = c[h] + sum_{c,f,k} W[h,c,f,k] x[c,f,t-(K-1)+k]
//! u[h,t] = sigmoid(gain[h] (a - mean_h a) / sqrt(var_h a + 1e-5) + bias[h])
//! z[h,t] = (1 - 1/tau[h]) z[h,t-1] + u[h,t] / tau[h]        tau[h] = 1 + d[h]^2 bins
//! ```
//! In (B, C, F, T), out (B, H, T). Memory: unbounded. Before t = 0: frames of zeros, z at rest with u\[0\].
//! Parameters: H (C F K + 1) + 2 H + H with full receptive fields.
//! The paper's output units leak too: `readout.linear.leak`. Differs from the paper: a normalisation over units.
//!
//! Rahman M, Willmore BDB, King AJ, Harper NS (2019). A dynamic network model of temporal receptive fields in primary
//! auditory cortex. PLoS Computational Biology 15:e1006618.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::{Step, Then};

use super::{
    hidden_fields::HiddenFields,
    nrf::{expect_hidden, twenty},
};
use crate::{
    error::Result,
    layers::leaky_integrator::{Leak, LeakConfig},
    model::{memory::Memory, stage::Stage, state::State},
    params::store::Scope,
    strfs::StrfConfig,
};

/// DNet's hidden layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnetConfig {
    /// Hidden units, at least 2. Default 20.
    #[serde(default = "twenty")]
    pub hidden: usize,
    /// How the hidden units' receptive fields are parameterised, and how many frames they span.
    pub strf: StrfConfig,
    /// How the hidden units leak.
    #[serde(default)]
    pub leak: LeakConfig,
}

impl DnetConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        expect_hidden(self.hidden, field)?;
        self.strf.validate(&format!("{field}.strf"))?;
        self.leak.validate(&format!("{field}.leak"))
    }

    pub(crate) fn slug(&self) -> String {
        format!("dnet-h{}-{}", self.hidden, self.strf.slug())
    }
}

pub(crate) struct Dnet {
    fields: HiddenFields,
    leak: Leak,
}

impl Dnet {
    pub(crate) fn new(config: &DnetConfig, input: (usize, usize), scope: &mut Scope<'_>) -> Result<Self> {
        let fields = HiddenFields::new(&config.strf, config.hidden, input, Then::Sigmoid, scope)?;
        Ok(Self { fields, leak: Leak::new(&config.leak, config.hidden, &mut scope.enter("leak"))? })
    }
}

impl Stage for Dnet {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.fields.init_state(batch, state)?;
        self.leak.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let u = self.fields.chunk(x, state)?;
        self.leak.chunk(&u, state)
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all = self.fields.steps()?;
        all.push(self.leak.step()?);
        Ok(Some(all))
    }
}
