//! Models that adapt to the sound, by a prefilter or at their output (Willmore et al. 2016; David & Shamma 2013;
//! Rabinowitz et al. 2012; Rançon et al. 2024).

use statenet_core::Axes;

use super::{linear::with_curve, ln::ln, statenet::statenet_gru};
use crate::{
    activations::{ActivationConfig, ContrastGainConfig},
    build::{architecture::Architecture, model_config::ModelConfig},
    prefilters::{AdaptransConfig, IcAdaptationConfig, OnOffConfig, PlasticityConfig, PrefilterConfig},
};

/// [`ln`](super::ln()) behind the inferior colliculus' adaptation to mean sound level.
#[must_use]
pub fn ln_ic(axes: &Axes) -> ModelConfig {
    behind(PrefilterConfig::IcAdaptation(IcAdaptationConfig::default()), ln(axes))
}

/// [`ln`](super::ln()) over the rise and the fall of each band.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::{Axes, Seed, TimeBin};
///
/// let (f, k, n) = (34, 40, 53); // 200 ms of 5 ms bins
/// let axes = Axes::new(f, n, TimeBin::from_millis(5.0)?);
/// let model = statenet_models::zoo::ln_onoff(&axes).build(Seed::new(0), &Device::Cpu)?;
/// assert_eq!(model.params().n_trained(), n * (2 * f * k + 3) + f);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn ln_onoff(axes: &Axes) -> ModelConfig {
    behind(PrefilterConfig::OnOff(OnOffConfig::default()), ln(axes))
}

/// [`ln`](super::ln()) behind synapses that depress.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::{Axes, Seed, TimeBin};
///
/// let (f, k, n) = (34, 40, 53); // 200 ms of 5 ms bins
/// let axes = Axes::new(f, n, TimeBin::from_millis(5.0)?);
/// let model = statenet_models::zoo::ln_stp(&axes).build(Seed::new(0), &Device::Cpu)?;
/// assert_eq!(model.params().n_trained(), n * (f * k + 3) + 2 * f);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn ln_stp(axes: &Axes) -> ModelConfig {
    behind(PrefilterConfig::Plasticity(PlasticityConfig::default()), ln(axes))
}

/// [`ln`](super::ln()) whose curve follows the contrast of the sound.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::{Axes, Seed, TimeBin};
///
/// let (f, k, n) = (34, 40, 53); // 200 ms of 5 ms bins
/// let axes = Axes::new(f, n, TimeBin::from_millis(5.0)?);
/// let model = statenet_models::zoo::ln_gain(&axes).build(Seed::new(0), &Device::Cpu)?;
/// assert_eq!(model.params().n_trained(), n * (f * k + f + 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn ln_gain(axes: &Axes) -> ModelConfig {
    with_curve(axes, ActivationConfig::ContrastGain(ContrastGainConfig::default()))
}

/// [`statenet_gru`](super::statenet_gru) behind AdapTrans.
#[must_use]
pub fn statenet_gru_adaptrans(axes: &Axes) -> ModelConfig {
    behind(PrefilterConfig::Adaptrans(AdaptransConfig::default()), statenet_gru(axes))
}

fn behind(prefilter: PrefilterConfig, mut model: ModelConfig) -> ModelConfig {
    if let Architecture::Pipeline(pipeline) = &mut model.model {
        pipeline.prefilter = prefilter;
    }
    model
}
