//! Distances of spike trains: van Rossum (2001), and Victor and Purpura (1996).
//!
//! Responses are counts in bins; every spike lies at the centre of its bin. Time within a bin is therefore unknown: a time scale
//! below dt measures coincidence in bins.

pub(crate) mod train;
pub(crate) mod van_rossum;
pub(crate) mod victor_purpura;

pub use van_rossum::{van_rossum, van_rossum_ceiling, van_rossum_distance};
pub use victor_purpura::{victor_purpura, victor_purpura_ceiling, victor_purpura_distance};

use serde::{Deserialize, Serialize};
use statenet_core::{Millis, Seed, TimeBin};

use crate::error::{Error, Result};

/// Options of the distances of spike trains.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpikeDistanceOptions {
    /// Width of a time bin.
    pub dt: TimeBin,
    /// Time scale: the time constant of van Rossum's kernel, and the shift that costs as much as a spike in Victor and Purpura's
    /// metric (q = 1 / `time_scale`). Default 10 ms.
    pub time_scale: Millis,
    /// Number of spike trains drawn from the rate for Victor and Purpura's metric, at least 1. Default 4.
    pub n_trains: usize,
    /// Seed of these. Default 0.
    pub seed: Seed,
}

impl SpikeDistanceOptions {
    /// The defaults for a time bin.
    #[must_use]
    pub fn for_dt(dt: TimeBin) -> Self {
        Self { dt, time_scale: Millis::whole::<10>(), n_trains: 4, seed: Seed::new(0) }
    }

    fn validate(&self) -> Result<()> {
        if self.time_scale.ms() <= 0.0 {
            let got = self.time_scale.ms();
            return Err(Error::OutOfRange { option: "time_scale", got, expected: "above 0 ms" });
        }
        if self.n_trains == 0 {
            return Err(Error::OutOfRange { option: "n_trains", got: 0.0, expected: "1 or more" });
        }
        Ok(())
    }

    /// The time scale in bins.
    fn bins(&self) -> f64 {
        self.time_scale.ms() / self.dt.ms()
    }
}
