//! Recordings of auditory neurons: folders on disk, splits, batches, smoothing, standardisation, simulated populations
mod batch;
mod error;
pub mod formats;
mod names;
pub mod preprocess;
pub mod readers;
pub mod recording;
pub mod simulate;
pub mod split;
pub mod writers;

pub use batch::{Batch, Batches, Epoch};
pub use error::{Error, Place, Result};
pub use preprocess::{SmoothWeights, Smoothing};
pub use readers::{read_cochleagram, read_npy_2d};
pub use recording::{Description, Metadata, Neuron, Recording, Responses, Stimulus};
pub use simulate::{
    GroundTruth, NeuronKind, NeuronMix, OutputCurve, Simulation, SimulationConfig, SoundKind,
};
pub use split::{Part, Split, SplitPlan};
pub use statenet_core::Standardization;
pub use writers::write_npy_2d;
