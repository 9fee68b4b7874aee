//! Which front end.

use std::path::Path;

use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Sampling};

use super::{gammatone::GammatoneConfig, leaf::LeafConfig, mel::MelConfig, sincnet::SincnetConfig};
use crate::{config::text, error::Result};

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
    /// Reads a config file such as `{"mel": {"n_bands": 18}}`: TOML if its name ends in `.toml`, else JSON.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) if it cannot be read, [`Error::ConfigText`](crate::Error::ConfigText) if it is not
    /// of our form.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        text::read(path)
    }

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
    /// [`Error::Config`](crate::Error::Config) for frequencies that the sample rate does not hold.
    pub fn band_centers(&self, sampling: &Sampling) -> Result<Vec<Hertz>> {
        let field = "front_end";
        match self {
            Self::Mel(mel) => mel.centers(sampling, field),
            Self::Gammatone(gammatone) => gammatone.centers(sampling, field),
            Self::Sincnet(sincnet) => sincnet.centers(sampling, field),
            Self::Leaf(leaf) => leaf.centers(sampling, field),
        }
    }

    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Self::Mel(_) => "mel",
            Self::Gammatone(_) => "gammatone",
            Self::Sincnet(_) => "sincnet",
            Self::Leaf(_) => "leaf",
        }
    }

    pub(crate) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        match self {
            Self::Mel(mel) => mel.validate(sampling, &format!("{field}.mel")),
            Self::Gammatone(gammatone) => gammatone.validate(sampling, &format!("{field}.gammatone")),
            Self::Sincnet(sincnet) => sincnet.validate(sampling, &format!("{field}.sincnet")),
            Self::Leaf(leaf) => leaf.validate(sampling, &format!("{field}.leaf")),
        }
    }
}
