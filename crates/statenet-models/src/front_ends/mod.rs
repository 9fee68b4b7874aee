//! From sound to cochleagram, differentiably: the first stage of a model that hears.
//!
//! Sound comes in bins of `hop` samples, `(B, 1, hop, T)`; a front end makes `(B, 1, F, T)` of it.
//!
//! | name | bands | parameters per band |
//! |---|---|---|
//! | `mel` | triangles over a short-time Fourier transform | 0 |
//! | `spectrogram` | triangles over the same, in steps of Hz or of octaves | 0 |
//! | `gammatone` | gammatone filters, rectified and averaged | 0 |
//! | `gammatonegram` | Slaney's gammatone filters, root mean square of a window (Slaney 1993; Ellis 2009) | 0 |
//! | `ozgf` | one-zero gammatone filters, rectified and averaged (Katsiamis et al. 2007) | 0 |
//! | `sincnet` | band-passes with learned cut-offs (Ravanelli & Bengio 2018) | 2 |
//! | `leaf` | Gabor filters, Gaussian averages and gain control, all learned (Zeghidour et al. 2021) | 7 |
//!
//! All are causal: bin t is made of samples before (t + 1) dt. Before the first sample: silence.

mod cascade;
mod cochlea;
mod compression;
mod config;
mod gammatone;
mod gammatonegram;
mod kilomel;
mod leaf;
mod mel;
mod ozgf;
mod pcen;
mod range;
mod recursive_bank;
mod recursive_envelope;
mod sincnet;
mod spectral_bands;
mod spectrogram;
pub(crate) mod stage;
mod stft;
mod triangles;

pub use self::{
    cochlea::Cochlea,
    compression::{Compression, LogConfig},
    config::FrontEndConfig,
    gammatone::{GammatoneConfig, GammatoneTime},
    gammatonegram::{GammatonegramConfig, GammatonegramMethod},
    leaf::LeafConfig,
    mel::MelConfig,
    ozgf::OzgfConfig,
    pcen::PcenConfig,
    sincnet::{SincnetConfig, SincnetOutput},
    spectral_bands::SpectrogramValue,
    spectrogram::{SpectrogramBands, SpectrogramConfig},
};
pub(crate) use self::{
    sincnet::{BandPasses, Sincs, Squash},
    stage::{FrontEnd, in_samples},
};
