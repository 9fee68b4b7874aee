//! In-silico physiology: classic experiments on any response model. A set of sounds in, a tuning curve out.
//!
//! | function | plays | measures |
//! |---|---|---|
//! | [`frequency_response_area`] | tones over frequency and level | best frequency, threshold, bandwidth |
//! | [`modulation_transfer`] | ripples over velocity and density | the modulations that the rate follows |
//! | [`noise_bursts`], [`click`] | onsets | latency, adaptation |
//! | [`gap_response`] | noise with gaps | the shortest gap that changes the rate |
//! | [`forward_masking`] | one tone after another | masking and its recovery |
//! | [`two_tone_suppression`] | two tones at once | suppressive sidebands |
//! | [`oddball`] | rare and common tones | stimulus-specific adaptation |
//! | [`contrast_steps`] | random chords of low and high contrast | gain control |
//!
//! Sounds reach the model through a [`FrontEnd`]: the recording's own, which takes waveforms ([`WaveformFrontEnd`]), or a
//! simple model of frequency bands ([`BandFrontEnd`]) where that is unknown. Every sound is run from the model's initial
//! state.
//!
//! Rates are in spikes per second; of a model of continuous responses all of them are in the unit of these.
//!
//! The results are extrapolations: the model was fitted to other sounds, and pure tones may be far from them. Treat them as
//! predictions to be tested on the animal.

mod bursts;
mod contrast;
mod front_end;
mod gaps;
mod masking;
mod oddball;
mod presentation;
mod ripples;
mod sound;
mod tones;
mod two_tones;
mod waveform;

pub use bursts::{Bursts, OnsetResponse, click, noise_bursts};
pub use contrast::{ContrastSteps, GainAdaptation, contrast_steps};
pub use front_end::{BandFrontEnd, FrontEnd, FrontEndError, WaveformFrontEnd};
pub use gaps::{GapResponse, Gaps, gap_response};
pub use masking::{ForwardMasking, MaskingCurve, forward_masking};
pub use oddball::{Oddball, StimulusSpecificAdaptation, oddball};
pub use ripples::{ModulationTransfer, Ripples, modulation_transfer};
pub use sound::{Carrier, Chords, Part, Ripple, Sound};
pub use tones::{FrequencyResponseArea, Tones, frequency_response_area};
pub use two_tones::{TwoToneSuppression, TwoTones, two_tone_suppression};
