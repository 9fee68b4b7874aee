//! The waveform models by name: their defaults and where they come from.

use statenet_core::Axes;

use super::{
    axes::WaveformAxes,
    config::WaveformConfig,
    front_ends::{FrontEndConfig, GammatoneConfig, LeafConfig, MelConfig, SincnetConfig},
    icnet::IcnetConfig,
};
use crate::{
    error::{Error, Result},
    zoo,
};

/// One waveform model.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name that users type: `leaf-statenet-gru`.
    pub name: &'static str,
    /// Its config for a recording's axes.
    pub config: fn(&WaveformAxes) -> WaveformConfig,
    /// Authors and year of the papers it comes from.
    pub citation: &'static str,
}

/// Every waveform model, simplest first. Tests and tables iterate it: a new model is tested by being listed.
///
/// Any other pair of a front end and a model is a [`WaveformConfig::heard`].
pub const ALL: &[Entry] = &[
    Entry {
        name: "mel-statenet-gru",
        config: |axes| statenet_gru(axes, FrontEndConfig::Mel(MelConfig::default())),
        citation: "Davis & Mermelstein 1980; Rahman et al. 2019; Rançon et al. 2025",
    },
    Entry {
        name: "gammatone-statenet-gru",
        config: |axes| statenet_gru(axes, FrontEndConfig::Gammatone(GammatoneConfig::default())),
        citation: "Patterson et al. 1987; Rançon et al. 2025",
    },
    Entry {
        name: "sincnet-ln",
        config: |axes| heard(axes, FrontEndConfig::Sincnet(SincnetConfig::default()), zoo::ln),
        citation: "Ravanelli & Bengio 2018; Chichilnisky 2001",
    },
    Entry {
        name: "sincnet-statenet-gru",
        config: |axes| statenet_gru(axes, FrontEndConfig::Sincnet(SincnetConfig::default())),
        citation: "Ravanelli & Bengio 2018; Rançon et al. 2025",
    },
    Entry {
        name: "leaf-ln",
        config: |axes| heard(axes, FrontEndConfig::Leaf(LeafConfig::default()), zoo::ln),
        citation: "Zeghidour et al. 2021; Chichilnisky 2001",
    },
    Entry {
        name: "leaf-statenet-gru",
        config: |axes| statenet_gru(axes, FrontEndConfig::Leaf(LeafConfig::default())),
        citation: "Zeghidour et al. 2021; Rançon et al. 2025",
    },
    Entry {
        name: "icnet",
        config: |axes| WaveformConfig::icnet(axes, IcnetConfig::default()),
        citation: "Drakopoulos et al. 2025",
    },
];

fn statenet_gru(axes: &WaveformAxes, front_end: FrontEndConfig) -> WaveformConfig {
    heard(axes, front_end, zoo::statenet_gru)
}

fn heard(
    axes: &WaveformAxes,
    front_end: FrontEndConfig,
    model: fn(&Axes) -> crate::ModelConfig,
) -> WaveformConfig {
    let mut model = model(&Axes::new(front_end.n_bands(), axes.n_neurons, axes.dt));
    model.axes = None;
    WaveformConfig::heard(axes, front_end, model)
}

/// The config of a waveform model by its name.
///
/// # Errors
/// [`Error::UnknownModel`] with the names there are.
pub fn by_name(name: &str, axes: &WaveformAxes) -> Result<WaveformConfig> {
    let entry = ALL.iter().find(|entry| entry.name == name).ok_or_else(|| Error::UnknownModel {
        name: name.to_owned(),
        known: ALL.iter().map(|entry| entry.name.to_owned()).collect(),
    })?;
    Ok((entry.config)(axes))
}
