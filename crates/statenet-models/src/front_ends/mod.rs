//! From sound to cochleagram, differentiably: the first stage of a model that hears.
//!
//! Sound comes in bins of `hop` samples, `(B, 1, hop, T)`; a front end makes `(B, 1, F, T)` of it.
//!
//! | name | bands | parameters per band |
//! |---|---|---|
//! | `mel` | triangles over a short-time Fourier transform | 0 |
//! | `gammatone` | gammatone filters, rectified and averaged | 0 |
//! | `sincnet` | band-passes with learned cut-offs (Ravanelli & Bengio 2018) | 2 |
//! | `leaf` | Gabor filters, Gaussian averages and gain control, all learned (Zeghidour et al. 2021) | 7 |
//!
//! All are causal: bin t is made of samples before (t + 1) dt. Before the first sample: silence.

mod cochlea;
mod compression;
mod config;
mod gammatone;
mod kilomel;
mod leaf;
mod mel;
mod pcen;
mod range;
mod sincnet;
pub(crate) mod stage;

pub use self::{
    cochlea::Cochlea,
    compression::{Compression, LogConfig},
    config::FrontEndConfig,
    gammatone::{GammatoneConfig, GammatoneTime},
    leaf::LeafConfig,
    mel::MelConfig,
    pcen::PcenConfig,
    sincnet::{SincnetConfig, SincnetOutput},
};
pub(crate) use self::{
    sincnet::{BandPasses, Sincs, Squash},
    stage::{FrontEnd, in_samples},
};
