//! The scores of each neuron beyond correlations, under their names in files.

use statenet::metrics::{FurtherIntervals, FurtherScores, Score, resampling::ConfidenceInterval};

/// A score of each neuron, and of the population.
pub(super) struct Named {
    /// Its field.
    pub(super) field: &'static str,
    /// Its title in tables, and on axes with its unit.
    pub(super) title: &'static str,
    pub(super) axis: &'static str,
    /// The score of a neuron.
    pub(super) of: fn(&FurtherScores) -> Score,
    /// Its interval.
    pub(super) interval: fn(&FurtherIntervals) -> Option<ConfidenceInterval>,
    /// What it is for the true rate, or between repeats, if that depends on the neuron.
    pub(super) ceiling: Option<fn(&FurtherScores) -> Option<f64>>,
}

/// All of them, in the order of files and tables.
pub(super) const ALL: [Named; 9] = [
    Named {
        field: "r2_er",
        title: "r2_ER",
        axis: "r2_ER",
        of: |s| s.r2_er,
        interval: |i| i.r2_er,
        ceiling: None,
    },
    Named {
        field: "explained_signal_power",
        title: "ESP",
        axis: "Explained signal power",
        of: |s| s.explained_signal_power,
        interval: |i| i.explained_signal_power,
        ceiling: None,
    },
    Named {
        field: "cc_ttrc",
        title: "CC/TTRC",
        axis: "Correlation / sqrt(TTRC)",
        of: |s| s.cc_ttrc,
        interval: |i| i.cc_ttrc,
        ceiling: None,
    },
    Named {
        field: "coherence_bits_per_s",
        title: "bits/s",
        axis: "Coherence, bits/s",
        of: |s| s.coherence.as_ref().map(|c| c.bits_per_second).map_err(|reason| *reason),
        interval: |i| i.bits_per_second,
        ceiling: Some(|s| s.coherence.as_ref().ok()?.ceiling_bits_per_second),
    },
    Named {
        field: "deviance_explained",
        title: "D2",
        axis: "Poisson deviance explained",
        of: |s| s.deviance_explained,
        interval: |i| i.deviance_explained,
        ceiling: None,
    },
    Named {
        field: "bits_per_spike",
        title: "bits/spike",
        axis: "bits/spike",
        of: |s| s.bits_per_spike,
        interval: |i| i.bits_per_spike,
        ceiling: None,
    },
    Named {
        field: "fano",
        title: "Fano",
        axis: "Fano factor",
        of: |s| s.fano,
        interval: |i| i.fano,
        ceiling: None,
    },
    Named {
        field: "van_rossum",
        title: "vR",
        axis: "Van Rossum distance (squared, per spike)",
        of: |s| s.van_rossum,
        interval: |i| i.van_rossum,
        ceiling: Some(|s| s.van_rossum_ceiling.ok()),
    },
    Named {
        field: "victor_purpura",
        title: "VP",
        axis: "Victor-Purpura distance (per spike)",
        of: |s| s.victor_purpura,
        interval: |i| i.victor_purpura,
        ceiling: Some(|s| s.victor_purpura_ceiling.ok()),
    },
];
