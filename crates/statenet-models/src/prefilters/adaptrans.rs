//! AdapTrans (Rançon et al. 2024): onsets and offsets of each band against averages of its past, learned.
//!
//! ```text
//! e[t+1] = a e[t] + (1 - a) x[t]        a = 1 / (1 + d^2), own d for on and off        w = 1 / (1 + p^2)
//! on[t]  = relu(x[t] - w e_on[t])
//! off[t] = relu(e_off[t] - w x[t])
//! ```
//! In (B, 1, F, T), out (B, 2, F, T), on first. Memory: unbounded. Before t = 0: as if x\[0\] had lasted for ever, so
//! on = off = relu((1 - w) x\[0\]).
//! Parameters: 3 F (d_on, d_off, p). a starts at exp(-dt / tau(f)), see `bands`, w at `initial_w`.
//! Differs from the published implementation: a recurrence in place of a filter of 651 bins, the same to 1e-6.
//!
//! Rançon U, Masquelier T, Cottereau BR (2024). A general model unifying the adaptive, transient and sustained
//! properties of ON and OFF auditory neural responses. PLoS Computational Biology 20:e1012288.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;

use super::{
    adapting::{Adapting, Channel, Channels},
    bands::Bands,
};
use crate::{
    error::{Result, config_error},
    params::{init::Init, store::Scope, time_constant},
};

/// Learned on and off adaptation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptransConfig {
    /// Frequencies of the bands, which say how fast each starts to adapt.
    pub bands: Bands,
    /// Weight w of what is subtracted, at the start; above 0 and at most 1. Default 0.75.
    pub initial_w: f64,
}

impl Default for AdaptransConfig {
    fn default() -> Self {
        Self { bands: Bands::default(), initial_w: 0.75 }
    }
}

impl AdaptransConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        self.bands.validate(axes, &format!("{field}.bands"))?;
        if self.initial_w > 0.0 && self.initial_w <= 1.0 {
            return Ok(());
        }
        Err(config_error(&format!("{field}.initial_w"), self.initial_w, "above 0 and at most 1"))
    }
}

pub(super) struct Adaptrans {
    d_on: Tensor,
    d_off: Tensor,
    p: Tensor,
}

impl Channels for Adaptrans {
    const N: usize = 2;

    fn channels(&self) -> candle_core::Result<Vec<Channel>> {
        let w = time_constant::rate(&self.p)?;
        let (one, less) = (w.ones_like()?, w.neg()?);
        Ok(vec![
            Channel {
                decay: time_constant::rate(&self.d_on)?,
                of_sound: one.clone(),
                of_average: less.clone(),
            },
            Channel { decay: time_constant::rate(&self.d_off)?, of_sound: less, of_average: one },
        ])
    }
}

pub(super) fn new(
    config: &AdaptransConfig,
    axes: &Axes,
    scope: &mut Scope<'_>,
) -> Result<Adapting<Adaptrans>> {
    let roots: Vec<f64> = config.bands.decays(axes)?.into_iter().map(time_constant::root).collect();
    let n = axes.n_bands;
    let channels = Adaptrans {
        d_on: scope.parameter_with("d_on", n, |_| roots.clone())?,
        d_off: scope.parameter_with("d_off", n, |_| roots)?,
        p: scope.parameter("p", n, Init::Constant(time_constant::root(config.initial_w)))?,
    };
    let like = channels.p.clone();
    Ok(Adapting::new(channels, n, &like, |name| scope.name(name)))
}
