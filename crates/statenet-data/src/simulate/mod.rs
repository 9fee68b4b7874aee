//! A simulated population of auditory neurons whose receptive fields, memories and noise-free rates are known.
//!
//! It is the default data of the examples, test data, and a benchmark for methods of interpretation. Its sounds have the
//! statistics that make natural sounds difficult: modulations with a 1/f spectrum that bands share (Voss & Clarke 1975;
//! Singh & Theunissen 2003), pitch, sweeps, level steps and silences. There are five kinds of neurons:
//!
//! | kind | computation | memory |
//! |---|---|---|
//! | linear | rate rises in proportion to the filtered cochleagram | its receptive field |
//! | LN | a threshold or sigmoid follows the filter (Chichilnisky 2001) | its receptive field |
//! | adaptation | every band adapts before the filter (Willmore et al. 2016) | 150 to 500 ms |
//! | gain control | the drive is normalized by its recent mean and contrast (Rabinowitz et al. 2011) | 150, 300 or 600 ms |
//! | long memory | the drive of the last 0.5 to 1 s facilitates or suppresses | 0.5 to 1 s |
//!
//! Spikes are Poisson. [`SimulationConfig`] determines the result to the byte on every platform: random streams are named,
//! elementary functions come from libm, and sums run in index order on one thread.

mod config;
mod modulation;
mod neurons;
mod population;
mod receptive_field;
mod sounds;
mod spikes;
mod tones;

pub use config::{NeuronMix, SimulationConfig};
pub use neurons::{NeuronKind, SimulatedCurve};
pub use population::{GroundTruth, Simulation};
pub use sounds::{SoundKind, SoundSet};
