//! Recordings as labs keep them: sounds in files, spike times in seconds or samples of a continuous response; and their conversion into a [`Recording`].

mod binning;
mod convert;
mod counts;
mod doubts;
mod shift;
mod silence;
mod sound;
mod stimulus;
mod trace;

use statenet_core::{Hertz, ResponseUnit, Warning};

pub use binning::{Binning, SpikeRule};
pub(crate) use shift::shifted;
pub use sound::RawSound;
pub use stimulus::{RawResponse, RawStimulus};

#[cfg(doc)]
use crate::recording::Recording;
use crate::recording::{Description, Neuron};

/// A recording before it has time bins: sounds as files or samples, spike times in seconds from the onset of the sound, or samples of a
/// continuous response such as a membrane potential.
///
/// Every reader of a release or of a lab's own files returns one. [`bin`](Self::bin) makes a [`Recording`] of it; a program that wants spike
/// trains takes them from [`stimuli`](Self::stimuli).
///
/// ```
/// use statenet_core::SampleRate;
/// use statenet_data::{Binning, Neuron, RawRecording, RawResponse, RawSound, RawStimulus, formats::Sound};
///
/// let sound = RawSound::Samples(Sound { samples: vec![0.1; 160], rate: SampleRate::new(8000.0)? }); // 20 ms
/// let spikes = RawResponse::spikes([vec![0.0012, 0.0161], vec![0.0049]]); // two repeats, seconds
/// let raw = RawRecording {
///     neurons: vec![Neuron::new("u1")],
///     stimuli: vec![RawStimulus::new("click", sound, vec![spikes])],
///     ..RawRecording::default()
/// };
/// let recording = raw.bin(&Binning::default())?;
/// assert_eq!(recording.stimuli()[0].responses()?.values().as_slice(), Some(&[1., 0., 0., 1., 1., 0., 0., 0.][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawRecording {
    /// Where the recording comes from.
    pub description: Description,
    /// Centre frequencies of the bands, if the source has cochleagrams and says them; lowest first.
    pub bands: Vec<Hertz>,
    /// The unit of the responses: spikes, which are counted, unless another is stated, of which responses are
    /// [traces](RawResponse::Trace) or values in [bins](RawResponse::Binned).
    pub response_unit: ResponseUnit,
    /// The neurons.
    pub neurons: Vec<Neuron>,
    /// The stimuli, each with the responses of all neurons.
    pub stimuli: Vec<RawStimulus>,
    /// What the source should have and lacks, or what could not be read: one line each, which names the file.
    pub missing: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
}
