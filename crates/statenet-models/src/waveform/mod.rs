//! Models that hear: from a waveform `(B, 1, S)` to the firing rates of N neurons `(B, N, T)`.
//!
//! A front end, fixed or learned, before any [`ResponseModel`](crate::ResponseModel), or ICNet, which needs no cochleagram. All are
//! trained whole: gradients reach the front end's parameters and the waveform. Published front ends and ours:
//!
//! | name | front end | citation |
//! |---|---|---|
//! | `mel-..` | mel spectrogram | Davis & Mermelstein 1980 |
//! | `gammatone-..` | gammatone filters | Patterson et al. 1987 |
//! | `sincnet-..` | band-passes with learned cut-offs | Ravanelli & Bengio 2018 |
//! | `leaf-..` | learned Gabor filters and gain control | Zeghidour et al. 2021 |
//! | `icnet` | none: strided convolutions | Drakopoulos et al. 2025 |

mod axes;
mod bank;
pub mod checkpoint;
mod config;
pub mod front_ends;
mod icnet;
pub mod laws;
mod model;
mod pool;
mod samples;
mod stream;
mod zoo;

pub use self::{
    axes::WaveformAxes,
    config::{HeardConfig, WaveformArchitecture, WaveformConfig},
    front_ends::FrontEndConfig,
    icnet::IcnetConfig,
    model::WaveformModel,
    stream::{WaveformStream, in_chunks},
    zoo::{ALL, Entry, by_name},
};
use crate::model::memory::Memory;

/// Bins that a window of so many samples meets, if it ends where a bin ends.
fn bins_in_reach(reach: usize, hop: usize) -> Memory {
    Memory::Frames(reach.div_ceil(hop))
}
