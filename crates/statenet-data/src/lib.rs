//! Recordings of auditory neurons: folders on disk, splits, batches, smoothing, simulated populations.
//!
//! It reads and checks recordings, and returns arrays, and tensors in [`Batch`]es. It does not know models: scaling of bands is theirs
//! ([`Recording::fit_standardization`] has the numbers), and so are front ends that make cochleagrams of sound.
//!
//! ```
//! use candle_core::Device;
//! use statenet_core::Seed;
//! use statenet_data::{Batches, SimulationConfig, Smoothing, SplitPlan};
//!
//! let recording = SimulationConfig::small().simulate()?.recording; // or Recording::read("../shared/data/ns1")?
//! let split = "demo".parse::<SplitPlan>()?.resolve(&recording)?;
//! let recording = recording.smooth(Smoothing::default())?;
//! let train = Batches::new(&recording, split.train(), &Device::Cpu)?;
//! for batch in train.epoch(Seed::new(0), 0, 2)? {
//!     let batch = batch?;
//!     assert_eq!(batch.cochleagrams.dims(), [2, 1, recording.n_bands(), 100]);
//! }
//! # Ok::<(), statenet_data::Error>(())
//! ```
//!
//! # Map
//!
//! | for | items |
//! |---|---|
//! | a recording | [`Recording`] of [`Stimulus`] and [`Neuron`], [`Responses`] with their masks, [`Description`] |
//! | sounds and spike times without bins yet | [`RawRecording`] of [`RawStimulus`], [`RawSound`], [`RawResponse`]; [`Binning`] |
//! | parts for training, validation and test | [`Split`], [`SplitPlan`] (named splits without leaks), [`Part`]; [`NestedPlan`] with its [`OuterFold`]s |
//! | responses over time | [`Smoothing`], [`SmoothWeights`] |
//! | tensors | [`Batches`]: padded, with masks, in a random order from a seed, whole or in random [`Crop`]s; [`Batch`], [`Epoch`] |
//! | whether responses lie where the sound is | [`Alignment`] |
//! | silent, doubled and drifting neurons | [`quality`](fn@quality), [`NeuronQuality`] |
//! | predicted rates, by ids of neurons and names of stimuli | [`Predictions`]; [`file_names`] for ids |
//! | sounds that are in two parts of a split | [`SimilarSounds`], [`Likeness`] |
//! | releases and labs' own files | [`readers`] |
//! | single files | [`read_cochleagram`], [`read_npy_2d`], [`write_npy_2d`], [`write_npz`], [`write_wav`]; [`formats`]: npy, npz and wav, from and to bytes |
//! | sound at another rate | [`resample`], [`Resampling`] |
//! | neurons whose receptive field and memory are known | [`SimulationConfig`], [`Simulation`], [`GroundTruth`] |
//!
//! # Cookbook
//!
//! | task | call |
//! |---|---|
//! | read a folder, or sounds and counts | [`Recording::read`], [`Recording::from_sounds`] |
//! | make one of your own arrays | [`Recording::new`], [`Recording::write`] |
//! | one that is larger than memory | [`RecordingWriter`], [`Recording::read`], [`Recording::read_within`], [`Stimulus::responses`] |
//! | choose neurons and stimuli | [`Recording::select_neurons`], [`Recording::select_stimuli`], by metadata [`Recording::neurons_where`] |
//! | join recordings with some sounds and units in common | [`Recording::join`] |
//! | sound instead of cochleagrams | [`Recording::heard`] |
//! | cross-validate | `"kfold:5/0".parse::<SplitPlan>()` |
//! | choose settings within each fold | [`NestedPlan::folds`] |
//!
//! Missing values are masked in memory and NaN in files.
//!
//! # Features
//!
//! None is on by default. `formats` reads HDF5 and Parquet ([`formats::hdf5`], [`formats::parquet`]). `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are passed on to Candle and determine on which devices batches can
//! be.

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod alignment;
mod batch;
mod crop;
mod error;
pub mod formats;
mod names;
mod predictions;
mod preprocess;
mod quality;
mod raw;
mod read_ahead;
pub mod readers;
mod recording;
mod simulate;
mod split;
mod writers;

pub use alignment::{Alignment, LagCorrelation, StimulusLag};
pub use batch::{Batch, Batches, Epoch};
pub use crop::Crop;
pub use error::{Error, Place, Result};
pub use names::file_names;
pub use predictions::{Predictions, PredictionsFile};
pub use preprocess::{
    Resampling, SmoothWeights, Smoothing, resample, resample_by, scale_doubt, standardization_of_bands,
};
pub use quality::{NeuronQuality, quality, quality_doubts};
pub use raw::{Binning, RawRecording, RawResponse, RawSound, RawStimulus, SpikeRule};
pub use readers::arrays::{read_cochleagram, read_npy_2d};
pub use recording::{
    Condition, Cut, Description, Metadata, Neuron, NeuronClusters, Recording, Responses, Rest, SameIds,
    Stimulus,
};
pub use simulate::{
    GroundTruth, NeuronKind, NeuronMix, SimulatedCurve, Simulation, SimulationConfig, SoundKind, SoundSet,
};
pub use split::{Likeness, NestedPlan, OuterFold, Part, SimilarSounds, Split, SplitPlan};
pub use writers::{RecordingWriter, write_npy_2d, write_npz, write_wav};
