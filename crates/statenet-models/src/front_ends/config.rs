//! Which front end.

use std::path::Path;

use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Sampling};

use super::{
    gammatone::GammatoneConfig, gammatonegram::GammatonegramConfig, leaf::LeafConfig, mel::MelConfig,
    ozgf::OzgfConfig, sincnet::SincnetConfig, spectrogram::SpectrogramConfig,
};
use crate::{config::text, error::Result};

/// Which front end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrontEndConfig {
    /// A mel spectrogram.
    Mel(MelConfig),
    /// A spectrogram in bands of Hz or of octaves.
    Spectrogram(SpectrogramConfig),
    /// Gammatone filters.
    Gammatone(GammatoneConfig),
    /// The root mean square of gammatone filters.
    Gammatonegram(GammatonegramConfig),
    /// One-zero gammatone filters.
    Ozgf(OzgfConfig),
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

    /// Their names, as in a config file.
    pub const NAMES: [&'static str; 7] =
        ["mel", "spectrogram", "gammatone", "gammatonegram", "ozgf", "sincnet", "leaf"];

    /// The front end of a name with its defaults, if there is one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mel" => Self::Mel(MelConfig::default()),
            "spectrogram" => Self::Spectrogram(SpectrogramConfig::default()),
            "gammatone" => Self::Gammatone(GammatoneConfig::default()),
            "gammatonegram" => Self::Gammatonegram(GammatonegramConfig::default()),
            "ozgf" => Self::Ozgf(OzgfConfig::default()),
            "sincnet" => Self::Sincnet(SincnetConfig::default()),
            "leaf" => Self::Leaf(LeafConfig::default()),
            _ => return None,
        })
    }

    /// Bands F that it makes.
    #[must_use]
    pub fn n_bands(&self) -> usize {
        match self {
            Self::Mel(mel) => mel.n_bands,
            Self::Spectrogram(spectrogram) => spectrogram.n_bands,
            Self::Gammatone(gammatone) => gammatone.n_bands,
            Self::Gammatonegram(gammatonegram) => gammatonegram.n_bands,
            Self::Ozgf(ozgf) => ozgf.n_bands,
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
            Self::Spectrogram(spectrogram) => spectrogram.centers(sampling, field),
            Self::Gammatone(gammatone) => gammatone.centers(sampling, field),
            Self::Gammatonegram(gammatonegram) => gammatonegram.centers(sampling, field),
            Self::Ozgf(ozgf) => ozgf.centers(sampling, field),
            Self::Sincnet(sincnet) => sincnet.centers(sampling, field),
            Self::Leaf(leaf) => leaf.centers(sampling, field),
        }
    }

    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Self::Mel(_) => "mel",
            Self::Spectrogram(_) => "spectrogram",
            Self::Gammatone(_) => "gammatone",
            Self::Gammatonegram(_) => "gammatonegram",
            Self::Ozgf(_) => "ozgf",
            Self::Sincnet(_) => "sincnet",
            Self::Leaf(_) => "leaf",
        }
    }

    pub(crate) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        match self {
            Self::Mel(mel) => mel.validate(sampling, &format!("{field}.mel")),
            Self::Spectrogram(spectrogram) => spectrogram.validate(sampling, &format!("{field}.spectrogram")),
            Self::Gammatone(gammatone) => gammatone.validate(sampling, &format!("{field}.gammatone")),
            Self::Gammatonegram(gammatonegram) => {
                gammatonegram.validate(sampling, &format!("{field}.gammatonegram"))
            }
            Self::Ozgf(ozgf) => ozgf.validate(sampling, &format!("{field}.ozgf")),
            Self::Sincnet(sincnet) => sincnet.validate(sampling, &format!("{field}.sincnet")),
            Self::Leaf(leaf) => leaf.validate(sampling, &format!("{field}.leaf")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_that_of_its_config() {
        for name in FrontEndConfig::NAMES {
            let config = FrontEndConfig::named(name).unwrap();
            assert_eq!(config.slug(), name);
            let read: FrontEndConfig = serde_json::from_str(&format!(r#"{{"{name}": {{}}}}"#)).unwrap();
            assert_eq!(read, config);
        }
        assert_eq!(FrontEndConfig::named("ear"), None);
    }
}
