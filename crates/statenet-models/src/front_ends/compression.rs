//! What loudness is to a model: magnitudes of bands, compressed.
//!
//! | name | y(m) |
//! |---|---|
//! | `none` | m |
//! | `log` | ln(max(m, floor)) |
//! | `cube_root` | m^(1/3) |
//! | `log1p` | ln(1 + m) |
//! | `pcen` | m against an average of its past |

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use super::pcen::{Numbers, Pcen, PcenConfig};
use crate::{
    error::{During, Result, config_error},
    model::{memory::Memory, state::State},
    params::store::Scope,
};

/// How magnitudes are compressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    None,
    /// The natural logarithm above a floor.
    Log(LogConfig),
    /// The cube root.
    CubeRoot,
    /// The natural logarithm of one more.
    Log1p,
    /// Gain control by a band's own past.
    Pcen(PcenConfig),
}

/// A logarithm above a floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Magnitudes below it count as this, above 0. Default 1e-4.
    pub floor: f64,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { floor: 1e-4 }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self::Log(LogConfig::default())
    }
}

impl Compression {
    pub(super) fn validate(&self, field: &str) -> Result<()> {
        match self {
            Self::Log(log) if !(log.floor > 0.0 && log.floor.is_finite()) => {
                Err(config_error(&format!("{field}.log.floor"), log.floor, "above 0"))
            }
            Self::Pcen(pcen) => pcen.validate(&format!("{field}.pcen")),
            _ => Ok(()),
        }
    }
}

/// A compression that runs over bins.
pub(super) enum Compressor {
    PerBin(fn(&Tensor, f64) -> candle_core::Result<Tensor>, f64),
    OfPast(Pcen, Numbers),
}

impl Compressor {
    pub(super) fn new(
        config: &Compression,
        n_bands: usize,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        Ok(match config {
            Compression::None => Self::PerBin(|m, _| Ok(m.clone()), 0.0),
            Compression::Log(log) => Self::PerBin(log_above, log.floor),
            Compression::CubeRoot => Self::PerBin(|m, tiny| (m + tiny)?.powf(1.0 / 3.0), TINY),
            Compression::Log1p => Self::PerBin(|m, one| (m + one)?.log(), 1.0),
            Compression::Pcen(pcen) => {
                let numbers = pcen.numbers(n_bands, like)?;
                Self::OfPast(Pcen::new(n_bands, like, scope.name("average")), numbers)
            }
        })
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        match self {
            Self::PerBin(..) => Ok(()),
            Self::OfPast(pcen, _) => pcen.init_state(batch, state),
        }
    }

    /// Magnitudes (B, F, T), zero or more, to (B, F, T).
    pub(super) fn chunk(&self, magnitude: &Tensor, state: &mut State) -> Result<Tensor> {
        match self {
            Self::PerBin(function, number) => function(magnitude, *number).during("compressing"),
            Self::OfPast(pcen, numbers) => pcen.chunk(magnitude, numbers, state),
        }
    }

    pub(super) fn memory(&self) -> Memory {
        match self {
            Self::PerBin(..) => Memory::Frames(1),
            Self::OfPast(..) => Memory::Unbounded,
        }
    }
}

/// Keeps the slope of a root finite in silence; the root of a number that one can hear does not change.
const TINY: f64 = 1e-15;

fn log_above(m: &Tensor, floor: f64) -> candle_core::Result<Tensor> {
    (m - floor)?.relu()?.affine(1.0, floor)?.log()
}

#[cfg(test)]
mod tests {
    use candle_core::Var;
    use statenet_core::Seed;

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn each_is_what_its_name_says_and_silence_has_a_finite_slope() {
        let cpu = &Device::Cpu;
        let like = (DType::F32, cpu);
        let m = Var::new(&[[[0f32, 1e-5, 8.0]]], cpu).unwrap();
        let cases = [
            (Compression::None, [0.0, 1e-5, 8.0]),
            (Compression::Log(LogConfig { floor: 0.5 }), [0.5f32.ln(), 0.5f32.ln(), 8f32.ln()]),
            (Compression::CubeRoot, [1e-5, 0.021_544_35, 2.0]),
            (Compression::Log1p, [0.0, 1e-5, 9f32.ln()]),
        ];
        for (config, expected) in cases {
            let mut store = ParamStore::new(Seed::new(0), DType::F32, cpu);
            let compressor = Compressor::new(&config, 1, like, &mut store.root()).unwrap();
            let y = compressor.chunk(m.as_tensor(), &mut State::new()).unwrap();
            let values = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{config:?}: {values:?}");
            let grads = y.sum_all().unwrap().backward().unwrap();
            let slope = grads.get(m.as_tensor()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(slope.iter().all(|s| s.is_finite()), "{config:?}: {slope:?}");
        }
    }
}
