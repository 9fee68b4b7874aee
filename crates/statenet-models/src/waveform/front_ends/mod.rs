//! From sound to cochleagram, differentiably: `(B, 1, S)` samples to `(B, F, T)` bands.
//!
//! | name | bands | parameters per band |
//! |---|---|---|
//! | `mel` | triangles over a short-time Fourier transform | 0 |
//! | `gammatone` | gammatone filters, rectified and averaged | 0 |
//! | `sincnet` | band-passes with learned cut-offs (Ravanelli & Bengio 2018) | 2 |
//! | `leaf` | Gabor filters, Gaussian averages and gain control, all learned (Zeghidour et al. 2021) | 7 |
//!
//! All are causal: bin t is made of samples before (t + 1) dt. Before the first sample: silence.

mod compression;
mod gammatone;
mod kilomel;
mod leaf;
mod mel;
mod pcen;
mod sincnet;

use std::ops::RangeInclusive;

use candle_core::{DType, Device};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, scales::Scale};

pub(super) use self::sincnet::{BandPasses, Sincs, Squash};
pub use self::{
    compression::{Compression, LogConfig},
    gammatone::{GammatoneConfig, GammatoneTime},
    leaf::LeafConfig,
    mel::MelConfig,
    pcen::PcenConfig,
    sincnet::{SincnetConfig, SincnetOutput},
};
use super::axes::WaveformAxes;
use crate::{
    error::{Error, Result, config_error},
    model::stage::Stage,
    params::store::Scope,
};

/// Which front end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrontEndConfig {
    /// A mel spectrogram.
    Mel(MelConfig),
    /// Gammatone filters.
    Gammatone(GammatoneConfig),
    /// Band-passes with learned cut-offs.
    Sincnet(SincnetConfig),
    /// Learned Gabor filters, averages and gain control.
    Leaf(LeafConfig),
}

impl FrontEndConfig {
    /// Bands F that it makes.
    #[must_use]
    pub fn n_bands(&self) -> usize {
        match self {
            Self::Mel(mel) => mel.n_bands,
            Self::Gammatone(gammatone) => gammatone.n_bands,
            Self::Sincnet(sincnet) => sincnet.n_bands,
            Self::Leaf(leaf) => leaf.n_bands,
        }
    }

    /// Centre frequency of each band before any training, lowest first.
    ///
    /// # Errors
    /// [`Error::Config`] for frequencies that the sample rate does not hold.
    pub fn band_centers(&self, axes: &WaveformAxes) -> Result<Vec<Hertz>> {
        let field = "front_end";
        match self {
            Self::Mel(mel) => mel.centers(axes, field),
            Self::Gammatone(gammatone) => gammatone.centers(axes, field),
            Self::Sincnet(sincnet) => sincnet.centers(axes, field),
            Self::Leaf(leaf) => leaf.centers(axes, field),
        }
    }

    pub(super) fn slug(&self) -> &'static str {
        match self {
            Self::Mel(_) => "mel",
            Self::Gammatone(_) => "gammatone",
            Self::Sincnet(_) => "sincnet",
            Self::Leaf(_) => "leaf",
        }
    }

    pub(super) fn validate(&self, axes: &WaveformAxes, field: &str) -> Result<()> {
        match self {
            Self::Mel(mel) => mel.validate(axes, &format!("{field}.mel")),
            Self::Gammatone(gammatone) => gammatone.validate(axes, &format!("{field}.gammatone")),
            Self::Sincnet(sincnet) => sincnet.validate(axes, &format!("{field}.sincnet")),
            Self::Leaf(leaf) => leaf.validate(axes, &format!("{field}.leaf")),
        }
    }
}

/// Builds the stage of a validated config: `(B, 1, T hop)` to `(B, F, T)`.
pub(super) fn build(
    config: &FrontEndConfig,
    axes: &WaveformAxes,
    like: (DType, &Device),
    scope: &mut Scope<'_>,
) -> Result<Box<dyn Stage>> {
    Ok(match config {
        FrontEndConfig::Mel(mel) => Box::new(mel::Mel::new(mel, axes, like, scope)?),
        FrontEndConfig::Gammatone(gammatone) => {
            Box::new(gammatone::Gammatone::new(gammatone, axes, like, scope)?)
        }
        FrontEndConfig::Sincnet(sincnet) => Box::new(sincnet::Sincnet::new(sincnet, axes, like, scope)?),
        FrontEndConfig::Leaf(leaf) => Box::new(leaf::Leaf::new(leaf, axes, like, scope)?),
    })
}

/// Where the bands lie: how many, from where to where.
#[derive(Clone, Copy)]
struct Range<'a> {
    n_bands: usize,
    low: Hertz,
    high: Hertz,
    axes: &'a WaveformAxes,
    field: &'a str,
}

impl Range<'_> {
    /// The lowest and the highest frequency, the latter at most the Nyquist frequency.
    fn ends(&self) -> Result<(Hertz, Hertz)> {
        if !(1..=4096).contains(&self.n_bands) {
            return Err(config_error(&format!("{}.n_bands", self.field), self.n_bands, "1 to 4096"));
        }
        let nyquist = self.axes.nyquist()?;
        let high = if self.high.hz() < nyquist.hz() { self.high } else { nyquist };
        if high.hz() > self.low.hz() { Ok((self.low, high)) } else { Err(self.too_low(high.hz())) }
    }

    /// The error of a lowest frequency that is not below the highest.
    fn too_low(&self, high: f64) -> Error {
        let nyquist = self.axes.sample_rate.hz() / 2.0;
        let expected = format!("below {high} Hz, the highest (the sample rate holds {nyquist})");
        config_error(&format!("{}.low_hz", self.field), self.low.hz(), expected)
    }

    /// `n` frequencies evenly spaced on a scale, both ends included.
    fn spaced(&self, scale: Scale, n: usize) -> Result<Vec<Hertz>> {
        let (low, high) = self.ends()?;
        scale.spaced(n, low, high).map_err(|e| config_error(self.field, self.n_bands, e.to_string()))
    }
}

/// Samples of a duration, checked to be in a range.
fn samples(
    duration: Millis,
    allowed: RangeInclusive<usize>,
    axes: &WaveformAxes,
    field: &str,
) -> Result<usize> {
    let rate = axes.sample_rate.hz();
    let (least, most) = (*allowed.start(), *allowed.end());
    let n = (duration.seconds() * rate).round();
    if (least as f64..=most as f64).contains(&n) {
        return Ok(n as usize);
    }
    let ms = |n: usize| n as f64 / rate * 1e3;
    let expected = format!("{} to {} ms ({least} to {most} samples at {rate} Hz)", ms(least), ms(most));
    Err(config_error(field, duration.ms(), expected))
}
