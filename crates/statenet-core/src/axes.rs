//! The axes of a recording: numbers of bands and neurons, and the width of a time bin.

use serde::{Deserialize, Serialize};

use crate::{
    response_unit::ResponseUnit,
    units::{Hertz, TimeBin},
};

/// The axes of a recording, for which a model is built.
///
/// A model for `(B, 1, F, T)` cochleagrams and `(B, N, T)` responses has `n_bands` F and `n_neurons` N.
/// `dt` converts durations in a config to bins; `band_centers` is empty if unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axes {
    /// Number of frequency bands F of the cochleagram.
    pub n_bands: usize,
    /// Number of neurons N of the response.
    pub n_neurons: usize,
    /// Width of a time bin, ms.
    #[serde(rename = "dt_ms")]
    pub dt: TimeBin,
    /// Centre frequency of each band, Hz, lowest first; empty if unknown.
    #[serde(default, rename = "band_centers_hz", skip_serializing_if = "Vec::is_empty")]
    pub band_centers: Vec<Hertz>,
    /// Ids of the neurons, in the order of the rates; empty if unknown. Whatever pairs a model with a recording matches neurons by
    /// these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neuron_ids: Vec<String>,
    /// What responses are: spike counts, which is the default, or values in another unit.
    #[serde(default, skip_serializing_if = "ResponseUnit::is_spikes")]
    pub response_unit: ResponseUnit,
}

impl Axes {
    /// Axes of spike counts without band frequencies and ids of neurons.
    #[must_use]
    pub fn new(n_bands: usize, n_neurons: usize, dt: TimeBin) -> Self {
        let (band_centers, neuron_ids) = (Vec::new(), Vec::new());
        Self { n_bands, n_neurons, dt, band_centers, neuron_ids, response_unit: ResponseUnit::SpikesPerBin }
    }
}
