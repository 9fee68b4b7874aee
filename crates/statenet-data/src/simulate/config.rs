//! The config of a simulation.

use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, Seed, TimeBin, scales::Scale};

use super::{neurons::NeuronKind, sounds::SoundSet};
use crate::error::{Error, Result};

/// The longest sound, 83 minutes at the default dt: far more than fits in memory with default settings.
const MAX_BINS: usize = 1_000_000;

/// How many neurons of each kind to simulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NeuronMix {
    /// Linear neurons.
    pub linear: usize,
    /// Neurons with an output nonlinearity.
    pub ln: usize,
    /// Neurons with adaptation of each band before the receptive field.
    pub adaptation: usize,
    /// Neurons with contrast gain control.
    pub gain_control: usize,
    /// Neurons with facilitation or suppression over 0.5 to 1 s.
    pub long_memory: usize,
}

impl Default for NeuronMix {
    /// Sixteen neurons, of which ten have memory beyond their receptive field.
    fn default() -> Self {
        Self { linear: 2, ln: 4, adaptation: 4, gain_control: 3, long_memory: 3 }
    }
}

impl NeuronMix {
    /// The same number of each kind.
    #[must_use]
    pub fn of_each(n: usize) -> Self {
        Self { linear: n, ln: n, adaptation: n, gain_control: n, long_memory: n }
    }

    /// Neurons of a single kind.
    #[must_use]
    pub fn only(kind: NeuronKind, n: usize) -> Self {
        let mut mix = Self::of_each(0);
        match kind {
            NeuronKind::Linear => mix.linear = n,
            NeuronKind::Ln => mix.ln = n,
            NeuronKind::Adaptation => mix.adaptation = n,
            NeuronKind::GainControl => mix.gain_control = n,
            NeuronKind::LongMemory => mix.long_memory = n,
        }
        mix
    }

    /// The kind of each neuron, in the order of the recording.
    #[must_use]
    pub fn kinds(&self) -> Vec<NeuronKind> {
        [
            (NeuronKind::Linear, self.linear),
            (NeuronKind::Ln, self.ln),
            (NeuronKind::Adaptation, self.adaptation),
            (NeuronKind::GainControl, self.gain_control),
            (NeuronKind::LongMemory, self.long_memory),
        ]
        .into_iter()
        .flat_map(|(kind, n)| std::iter::repeat_n(kind, n))
        .collect()
    }
}

/// A simulation: sounds, neurons and repeats. Equal configs give the same bytes.
///
/// | field | default | range |
/// |---|---|---|
/// | `n_stimuli` | 20 | 1 or more |
/// | `duration_ms` | 3000 | 1 bin to 10^6 |
/// | `dt_ms` | 5 | |
/// | `n_bands` | 34 | 2 to 512 |
/// | `lowest_hz`, `highest_hz` | 500, 22 627 | lowest below highest; edges of the mel-spaced bands |
/// | `n_repeats` | 20 | 1 or more |
/// | `neurons` | 16 of five kinds | 1 or more in total |
/// | `memory_ms` | 100 | 4 bins or more: length of receptive fields |
/// | `sounds` | `natural` | or `random_chords` |
/// | `seed` | 0 | |
///
/// ```
/// use statenet_data::{NeuronMix, SimulationConfig};
/// let config = SimulationConfig { neurons: NeuronMix::of_each(1), ..SimulationConfig::small() };
/// let simulation = config.simulate()?;
/// assert_eq!(simulation.recording.n_neurons(), 5);
/// assert_eq!(simulation.truth[2].kind.to_string(), "adaptation");
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimulationConfig {
    /// Number of sounds.
    pub n_stimuli: usize,
    /// Length of each sound.
    #[serde(rename = "duration_ms")]
    pub duration: Millis,
    /// Width of a time bin.
    #[serde(rename = "dt_ms")]
    pub dt: TimeBin,
    /// Number of frequency bands.
    pub n_bands: usize,
    /// Lower edge of the lowest band.
    #[serde(rename = "lowest_hz")]
    pub lowest: Hertz,
    /// Upper edge of the highest band.
    #[serde(rename = "highest_hz")]
    pub highest: Hertz,
    /// Number of repeats of each sound.
    pub n_repeats: usize,
    /// Numbers of neurons by kind.
    pub neurons: NeuronMix,
    /// Length of receptive fields.
    #[serde(rename = "memory_ms")]
    pub memory: Millis,
    /// Kind of sounds.
    pub sounds: SoundSet,
    /// Seed of everything random.
    pub seed: Seed,
}

impl Default for SimulationConfig {
    fn default() -> Self {
        Self {
            n_stimuli: 20,
            duration: Millis::whole::<3000>(),
            dt: TimeBin::whole_millis::<5>(),
            n_bands: 34,
            lowest: Hertz::whole::<500>(),
            highest: Hertz::whole::<22_627>(),
            n_repeats: 20,
            neurons: NeuronMix::default(),
            memory: Millis::whole::<100>(),
            sounds: SoundSet::Natural,
            seed: Seed::new(0),
        }
    }
}

impl SimulationConfig {
    /// A simulation for tests: 6 sounds of about half a second, 10 bands, 5 neurons, 4 repeats.
    #[must_use]
    pub fn small() -> Self {
        let full = Self::default();
        Self {
            n_stimuli: 6,
            duration: full.dt.times(100),
            n_bands: 10,
            n_repeats: 4,
            neurons: NeuronMix::of_each(1),
            ..full
        }
    }

    /// The same simulation from another seed.
    #[must_use]
    pub fn with_seed(self, seed: Seed) -> Self {
        Self { seed, ..self }
    }

    /// Checks that every field is in range.
    ///
    /// # Errors
    /// [`Error::Setting`] with the field, its value and the range.
    pub fn validate(&self) -> Result<()> {
        let within = |setting: &'static str, got: String, inside: bool, expected: &'static str| {
            if inside { Ok(()) } else { Err(Error::Setting { setting, got, expected }) }
        };
        within("n_stimuli", self.n_stimuli.to_string(), self.n_stimuli >= 1, "1 or more")?;
        within("n_repeats", self.n_repeats.to_string(), self.n_repeats >= 1, "1 or more")?;
        within("n_bands", self.n_bands.to_string(), (2..=512).contains(&self.n_bands), "2 to 512")?;
        let bins = self.n_bins();
        within("duration", format!("{bins} bins"), (1..=MAX_BINS).contains(&bins), "1 to 1000000 bins")?;
        let lags = self.n_lags();
        within("memory", format!("{lags} bins"), (4..=MAX_BINS).contains(&lags), "4 to 1000000 bins")?;
        let n = self.neurons.kinds().len();
        within("neurons", n.to_string(), n >= 1, "1 or more")?;
        let (low, high) = (self.lowest.hz(), self.highest.hz());
        within("highest frequency", format!("{high} Hz"), high > low, "above the lowest")
    }

    /// Length T of each sound in bins.
    #[must_use]
    pub fn n_bins(&self) -> usize {
        self.dt.bins_in(self.duration)
    }

    /// Number of lags of each receptive field, the current bin included.
    #[must_use]
    pub fn n_lags(&self) -> usize {
        self.dt.bins_in(self.memory)
    }

    /// Centre frequencies of the bands, evenly spaced in mel between both edges as those of triangular filters.
    pub(super) fn bands(&self) -> Result<Vec<Hertz>> {
        let edges = Scale::Mel.spaced(self.n_bands + 2, self.lowest, self.highest)?;
        Ok(edges.into_iter().skip(1).take(self.n_bands).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_range_says_what_would_be_right() {
        let message = |change: &dyn Fn(&mut SimulationConfig)| {
            let mut config = SimulationConfig::small();
            change(&mut config);
            config.simulate().unwrap_err().to_string()
        };
        assert_eq!(message(&|c| c.n_stimuli = 0), "n_stimuli is 0, expected 1 or more");
        assert_eq!(message(&|c| c.n_repeats = 0), "n_repeats is 0, expected 1 or more");
        assert_eq!(message(&|c| c.n_bands = 1), "n_bands is 1, expected 2 to 512");
        assert_eq!(
            message(&|c| c.duration = Millis::new(4.0).unwrap()),
            "duration is 0 bins, expected 1 to 1000000 bins"
        );
        assert_eq!(
            message(&|c| c.memory = Millis::new(15.0).unwrap()),
            "memory is 3 bins, expected 4 to 1000000 bins"
        );
        assert_eq!(message(&|c| c.neurons = NeuronMix::of_each(0)), "neurons is 0, expected 1 or more");
        assert_eq!(
            message(&|c| c.lowest = c.highest),
            "highest frequency is 22627 Hz, expected above the lowest"
        );
    }

    #[test]
    fn a_config_may_leave_defaults_out_and_has_no_stray_fields() {
        let config: SimulationConfig =
            serde_json::from_str(r#"{"n_repeats": 3, "neurons": {"ln": 9}}"#).unwrap();
        assert_eq!((config.n_repeats, config.neurons.ln, config.neurons.linear), (3, 9, 2));
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<SimulationConfig>(&text).unwrap(), config);
        assert!(serde_json::from_str::<SimulationConfig>(r#"{"repeats": 3}"#).is_err());
    }

    #[test]
    fn bands_lie_where_those_of_ns1_do() {
        let bands = SimulationConfig::default().bands().unwrap();
        // From the recording of NS1: 34 HTK triangles between the same edges.
        assert!((bands[0].hz() - 606.173).abs() < 1e-2 && (bands[33].hz() - 20730.856).abs() < 1e-2);
    }
}
