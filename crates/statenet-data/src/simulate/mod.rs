//! A simulated population of auditory neurons whose receptive fields, memories and noise-free rates are known.
//!
//! The embedded default of the examples, the fixture of the tests and the yardstick of interpretation. Sounds have
//! the statistics that make natural ones hard: modulations with a 1/f spectrum, shared between bands (Voss & Clarke
//! 1975; Singh & Theunissen 2003), pitch, sweeps, steps of level, silence. Neurons of five kinds hear them:
//!
//! | kind | what it does | memory |
//! |---|---|---|
//! | linear | rate rises in proportion to the filtered cochleagram | its receptive field |
//! | LN | a threshold or sigmoid follows the filter (Chichilnisky 2001) | its receptive field |
//! | adaptation | every band adapts before the filter (Willmore et al. 2016) | 150 to 500 ms |
//! | gain control | the drive counts relative to its own recent mean and contrast (Rabinowitz et al. 2011) | 150, 300 or 600 ms |
//! | long memory | the drive's own past over 0.5 to 1 s facilitates or suppresses | 0.5 to 1 s |
//!
//! Spikes are Poisson. Everything follows from [`SimulationConfig`] alone, to the byte: random streams are named,
//! elementary functions come from libm, sums run in index order on one thread.

mod config;
mod modulation;
mod neurons;
mod population;
mod receptive_field;
mod sounds;
mod spikes;
mod tones;

pub use config::{NeuronMix, SimulationConfig};
pub use neurons::{NeuronKind, OutputCurve};
pub use population::{GroundTruth, Simulation};
pub use sounds::{SoundKind, SoundSet};
