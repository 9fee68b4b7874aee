//! Adaptation of the inferior colliculus to mean sound level (Willmore et al. 2016): each band minus a running
//! average of its past, with a time constant that depends on its frequency.
//!
//! ```text
//! e[t+1] = a e[t] + (1 - a) x[t]        y[t] = relu(x[t] - e[t])        a = exp(-dt / tau(f))
//! ```
//! In and out (B, 1, F, T). Memory: unbounded. Before t = 0: as if x\[0\] had lasted for ever, so y\[0\] = 0.
//! No parameters; a (F) is kept with the model as a buffer. tau(f): see `bands`.
//! Differs from the published implementation: a recurrence in place of a filter of 651 bins, the same to 1e-6.
//!
//! Willmore BDB, Schoppe O, King AJ, Schnupp JWH, Harper NS (2016). Incorporating midbrain adaptation to mean sound
//! level improves models of auditory cortical processing. Journal of Neuroscience 36:280-289.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;

use super::{
    adapting::{Adapting, Channel, Channels},
    bands::Bands,
};
use crate::{error::Result, params::store::Scope};

/// Adaptation to mean sound level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IcAdaptationConfig {
    /// Frequencies of the bands.
    pub bands: Bands,
}

pub(super) struct IcAdaptation {
    decay: Tensor,
}

impl Channels for IcAdaptation {
    const N: usize = 1;

    fn channels(&self) -> candle_core::Result<Vec<Channel>> {
        let one = self.decay.ones_like()?;
        Ok(vec![Channel { decay: self.decay.clone(), of_average: one.neg()?, of_sound: one }])
    }
}

pub(super) fn new(
    config: &IcAdaptationConfig,
    axes: &Axes,
    scope: &mut Scope<'_>,
) -> Result<Adapting<IcAdaptation>> {
    let decays = config.bands.decays(axes)?;
    let decay = scope.buffer_with("a", axes.n_bands, |_| decays)?;
    let like = decay.clone();
    Ok(Adapting::new(IcAdaptation { decay }, axes.n_bands, &like, |name| scope.name(name)))
}
