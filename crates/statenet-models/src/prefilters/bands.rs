//! The centre frequencies of a cochleagram's bands, and the time constant of adaptation at each.
//!
//! ```text
//! tau(f) = 500 - 105 log10(f / Hz) ms        a(f) = exp(-dt / tau(f))
//! ```
//! Willmore BDB, Schoppe O, King AJ, Schnupp JWH, Harper NS (2016). Incorporating midbrain adaptation to mean sound
//! level improves models of auditory cortical processing. Journal of Neuroscience 36:280-289.

use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Hertz, scales::Scale};

use crate::error::{Result, config_error};

/// Centre frequencies of the bands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bands {
    /// Those that the recording states.
    Recording,
    /// Evenly spaced on a scale. The default: 500 Hz to 20 kHz in mel.
    Spaced(SpacedBands),
}

/// Frequencies evenly spaced on a scale, both ends included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpacedBands {
    /// Centre of the lowest band. Default 500 Hz.
    pub low_hz: Hertz,
    /// Centre of the highest band, above the lowest. Default 20 kHz.
    pub high_hz: Hertz,
    /// Mel (the default), ERB-rate, Greenwood's map or octaves.
    pub scale: Scale,
}

impl Default for SpacedBands {
    fn default() -> Self {
        Self { low_hz: Hertz::whole::<500>(), high_hz: Hertz::whole::<20_000>(), scale: Scale::Mel }
    }
}

impl Default for Bands {
    fn default() -> Self {
        Self::Spaced(SpacedBands::default())
    }
}

/// Above this frequency tau(f) would be 0 or less.
const FASTEST_HZ: f64 = 57_000.0;

impl Bands {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::Recording if axes.band_centers.len() != axes.n_bands => {
                return Err(config_error(field, "recording", "spaced: the recording states no frequencies"));
            }
            Self::Spaced(SpacedBands { low_hz, high_hz, .. }) if high_hz.hz() <= low_hz.hz() => {
                let expected = format!("above {} Hz, the lowest", low_hz.hz());
                return Err(config_error(&format!("{field}.spaced.high_hz"), high_hz.hz(), expected));
            }
            _ => {}
        }
        match self.centers(axes)?.iter().find(|center| center.hz() > FASTEST_HZ) {
            Some(center) => Err(config_error(
                field,
                format!("a band at {} Hz", center.hz()),
                format!("at most {FASTEST_HZ} Hz, where adaptation is instantaneous"),
            )),
            None => Ok(()),
        }
    }

    fn centers(&self, axes: &Axes) -> Result<Vec<Hertz>> {
        match self {
            Self::Recording => Ok(axes.band_centers.clone()),
            Self::Spaced(SpacedBands { low_hz, high_hz, scale }) => {
                Ok(scale.spaced(axes.n_bands, *low_hz, *high_hz)?)
            }
        }
    }

    /// a(f) of every band: the share of the past that is left after a bin.
    pub(super) fn decays(&self, axes: &Axes) -> Result<Vec<f64>> {
        let decay = |center: &Hertz| {
            let tau_ms = 500.0 - 105.0 * libm::log10(center.hz());
            libm::exp(-axes.dt.ms() / tau_ms)
        };
        Ok(self.centers(axes)?.iter().map(decay).collect())
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::TimeBin;

    use super::*;

    #[test]
    fn time_constants_are_the_published_ones() {
        let axes = Axes::new(34, 1, TimeBin::from_millis(5.0).unwrap());
        let decays = Bands::default().decays(&axes).unwrap();
        assert!((decays[0] - 0.977_181_20).abs() < 1e-7 && (decays[33] - 0.901_835_44).abs() < 1e-7);
        let unknown = Bands::Recording.validate(&axes, "bands").unwrap_err().to_string();
        assert_eq!(unknown, "bands is recording, expected spaced: the recording states no frequencies");
    }
}
