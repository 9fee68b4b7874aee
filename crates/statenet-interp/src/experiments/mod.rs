//! Experiments on a model: in-silico physiology. A set of sounds in, a tuning curve out, for any response model.
//!
//! | function | plays | finds |
//! |---|---|---|
//! | [`frequency_response_area`] | tones over frequency and level | best frequency, threshold, bandwidth |
//! | [`modulation_transfer`] | ripples over velocity and density | the modulations that the rate follows |
//! | [`noise_bursts`], [`click`] | onsets | latency, adaptation |
//! | [`gap_response`] | noise with gaps | the shortest gap that shows |
//! | [`forward_masking`] | a tone after a tone | masking and its recovery |
//! | [`two_tone_suppression`] | a tone beside a tone | suppressive sidebands |
//! | [`oddball`] | rare and common tones | stimulus-specific adaptation |
//! | [`contrast_steps`] | random chords of low and high contrast | gain control |
//!
//! Sounds reach the model through a [`FrontEnd`]: the recording's own from waveforms ([`Waveform`]), or straight to bands
//! ([`Bands`]) where that is not known. Every sound is heard from the model's initial state.
//!
//! A model answers sounds that nobody played to the animal by extrapolation: a fitted network was made for the sounds it
//! was fitted to, and pure tones are far from these. What an experiment finds is a prediction to test.

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
pub use front_end::{Bands, FrontEnd, FrontEndError, Waveform};
pub use gaps::{GapResponse, Gaps, gap_response};
pub use masking::{ForwardMasking, MaskingCurve, forward_masking};
pub use oddball::{Adaptation, Oddball, oddball};
pub use ripples::{ModulationTransfer, Ripples, modulation_transfer};
pub use sound::{Carrier, Chords, Part, Ripple, Sound};
pub use tones::{FrequencyResponseArea, Tones, frequency_response_area};
pub use two_tones::{TwoToneSuppression, TwoTones, two_tone_suppression};
