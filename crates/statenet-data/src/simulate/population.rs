//! Simulates a population's responses to sounds, with the ground truth of each neuron.

use ndarray::{Array2, Array3, Axis};
use serde_json::json;
use statenet_core::{Hertz, Millis};

use super::{
    config::SimulationConfig,
    neurons::{DriveScale, NeuronKind, NeuronModel, SimulatedCurve},
    receptive_field::FieldAxes,
    sounds::{self, SoundKind},
    spikes,
};
use crate::{
    error::Result,
    recording::{Description, Metadata, Neuron, Recording, Responses, Stimulus},
};

/// Range of mean rates, spikes per second, drawn uniformly.
const MEAN_RATES_HZ: (f64, f64) = (5.0, 20.0);
/// Number of time constants after which a state has decayed by 95 %.
const FORGETTING: f64 = 3.0;

/// A simulated recording with its ground truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The recording, as an experimenter would have it.
    pub recording: Recording,
    /// The ground truth of each neuron, in the order of the recording.
    pub truth: Vec<GroundTruth>,
    /// Noise-free rates for each stimulus, `(N, T)`, spikes per bin: the expected PSTH.
    pub rates: Vec<Array2<f32>>,
}

/// The ground truth of a simulated neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundTruth {
    /// The neuron's id in the recording.
    pub id: String,
    /// The kind of neuron.
    pub kind: NeuronKind,
    /// Receptive field, `(F, lags)`, lag 0 (the current bin) first: drive per unit of the recorded cochleagram, or of the
    /// adapted cochleagram for a neuron with adaptation. For weights on standardized cochleagrams multiply each band by its
    /// standard deviation.
    pub receptive_field: Array2<f32>,
    /// Offset that is added to the filtered cochleagram to give the drive.
    pub offset: f64,
    /// The output nonlinearity.
    pub curve: SimulatedCurve,
    /// Rate per unit of the curve, spikes per second.
    pub scale_hz: f64,
    /// Time constant of adaptation, gain control or slow memory; `None` for neurons without state.
    pub time_constant: Option<Millis>,
    /// Depth of adaptation (the share of the running mean that is subtracted) or exponent of slow memory (facilitation if
    /// above 0); `None` for other kinds.
    pub strength: Option<f64>,
    /// Frequency at the centre of the receptive field.
    pub best_frequency: Hertz,
    /// Lag of the centre of the receptive field.
    pub latency: Millis,
    /// Mean rate over all stimuli, spikes per second.
    pub mean_rate_hz: f64,
    /// How far back sound affects the rate: the length of the receptive field, plus three time constants of the state if
    /// there is one.
    pub memory: Millis,
}

impl SimulationConfig {
    /// Simulates sounds, neurons and spikes.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) if the config is out of range.
    pub fn simulate(&self) -> Result<Simulation> {
        self.validate()?;
        let bands = self.bands()?;
        let kinds: Vec<SoundKind> = (0..self.n_stimuli).map(|stimulus| self.sounds.kind(stimulus)).collect();
        let sounds: Vec<Array2<f32>> = kinds
            .iter()
            .enumerate()
            .map(|(i, &kind)| {
                let mut stream = self.seed.stream(&format!("simulation.sound.{i}"));
                sounds::cochleagram(kind, &bands, self.n_bins(), self.dt, &mut stream)
            })
            .collect();
        let scaled_sounds = ScaledSounds::new(&sounds, &bands);

        let mut truth = Vec::new();
        let mut neurons = Vec::new();
        let mut rates = vec![Vec::new(); self.n_stimuli];
        let mut of_kind = 0;
        let neuron_kinds = self.neurons.kinds();
        for (i, &kind) in neuron_kinds.iter().enumerate() {
            let first = i.checked_sub(1).and_then(|before| neuron_kinds.get(before)) != Some(&kind);
            of_kind = if first { 0 } else { of_kind + 1 };
            let (known, rate) = self.neuron(kind, of_kind, &scaled_sounds);
            neurons.push(Neuron::new(&known.id).with_metadata(known.metadata()));
            truth.push(known);
            for (all, rate) in rates.iter_mut().zip(rate) {
                all.push(rate);
            }
        }

        let mut stimuli = Vec::new();
        let mut noise_free = Vec::new();
        for (s, ((sound, kind), rates)) in sounds.into_iter().zip(kinds).zip(rates).enumerate() {
            let mut counts = Array3::zeros((rates.len(), self.n_repeats, self.n_bins()));
            let mut means = Array2::zeros((rates.len(), self.n_bins()));
            for (n, (rate, known)) in rates.iter().zip(&truth).enumerate() {
                let mut stream = self.seed.stream(&format!("simulation.spikes.{}.{s}", known.id));
                let drawn = spikes::poisson(rate, self.n_repeats, &mut stream);
                counts.index_axis_mut(Axis(0), n).assign(&drawn.index_axis(Axis(0), 0));
                means.row_mut(n).iter_mut().zip(rate).for_each(|(mean, &rate)| *mean = rate as f32);
            }
            let responses = Responses::from_nan(counts)?;
            stimuli.push(Stimulus::new(format!("sim{s:02}"), sound, responses)?.with_kind(kind.to_string()));
            noise_free.push(means);
        }
        let recording = Recording::new(self.description(), self.dt, bands, neurons, stimuli)?;
        Ok(Simulation { recording, truth, rates: noise_free })
    }

    /// Draws the neuron number `of_kind` of a kind; returns its ground truth and its rates for each sound, spikes per bin.
    fn neuron(
        &self,
        kind: NeuronKind,
        of_kind: usize,
        scaled: &ScaledSounds<'_>,
    ) -> (GroundTruth, Vec<Vec<f64>>) {
        let dt = self.dt;
        let mut stream = self.seed.stream(&format!("simulation.neuron.{kind}.{of_kind}"));
        let axes = FieldAxes { n_bands: self.n_bands, n_lags: self.n_lags(), dt };
        let model = NeuronModel::draw(kind, of_kind, axes, &mut stream);
        let mean_rate_hz = stream.uniform(MEAN_RATES_HZ.0, MEAN_RATES_HZ.1);
        let raw: Vec<Vec<f64>> =
            scaled.sounds.iter().map(|u| model.raw_drive(u, scaled.silence, dt)).collect();
        let drive = DriveScale::over(&raw);
        let relative: Vec<Vec<f64>> = raw.iter().map(|raw| model.relative_rate(raw, drive, dt)).collect();
        let mean = mean_of(relative.iter().flatten());
        let scale_hz = if mean > 0.0 { mean_rate_hz / mean } else { 0.0 };
        let per_bin = scale_hz * dt.seconds();
        let rates =
            relative.into_iter().map(|rate| rate.into_iter().map(|r| r * per_bin).collect()).collect();

        // d = (sum w u - mean) / deviation with u = (x - shift) / scale, or y = u - silence for adapted bands.
        let per_unit = 1.0 / (drive.deviation * scaled.scale);
        let shift =
            if kind == NeuronKind::Adaptation { 0.0 } else { scaled.shift * model.field.weights.sum() };
        let receptive_field = model.field.weights.mapv(|w| (w * per_unit) as f32);
        let known = GroundTruth {
            id: format!("{}-{of_kind}", kind.to_string().replace(' ', "-")),
            kind,
            receptive_field,
            offset: -drive.mean / drive.deviation - shift * per_unit,
            curve: model.curve,
            scale_hz,
            time_constant: model.time_constant(),
            strength: model.strength(),
            best_frequency: scaled.bands.get(model.field.band).copied().unwrap_or(self.lowest),
            latency: times(dt.times(1), model.field.latency_lag),
            mean_rate_hz: if mean > 0.0 { mean_rate_hz } else { 0.0 },
            memory: model.time_constant().map_or(dt.times(self.n_lags()), |tau| {
                times(tau, FORGETTING + dt.times(self.n_lags()).ms() / tau.ms())
            }),
        };
        (known, rates)
    }

    fn description(&self) -> Description {
        let mut metadata = Metadata::new();
        metadata.insert("simulation".into(), json!(self));
        Description {
            name: "simulation".into(),
            species: "simulated".into(),
            area: "simulated".into(),
            cochleagram: json!({
                "kind": "simulated log amplitude, causal",
                "bands": self.n_bands,
                "f_min_hz": self.lowest,
                "f_max_hz": self.highest,
                "mel": "HTK",
                "log_floor": sounds::FLOOR,
            }),
            metadata,
            ..Description::default()
        }
    }
}

impl GroundTruth {
    /// The metadata of the neuron in the recording.
    fn metadata(&self) -> Metadata {
        let fields = [
            ("kind", json!(self.kind.to_string())),
            ("best_frequency_hz", json!(self.best_frequency)),
            ("latency_ms", json!(self.latency)),
            ("time_constant_ms", json!(self.time_constant)),
            ("memory_ms", json!(self.memory)),
        ];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// All sounds, scaled to mean 0 and standard deviation 1 over all of them: u = (x - shift) / scale.
struct ScaledSounds<'a> {
    bands: &'a [Hertz],
    sounds: Vec<Array2<f64>>,
    shift: f64,
    scale: f64,
    /// The value of u in silence.
    silence: f64,
}

impl<'a> ScaledSounds<'a> {
    fn new(sounds: &[Array2<f32>], bands: &'a [Hertz]) -> Self {
        let values = || sounds.iter().flatten().map(|&x| f64::from(x));
        let shift = mean_of(values());
        let variance = mean_of(values().map(|x| (x - shift) * (x - shift)));
        let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let scaled = |x: &f32| (f64::from(*x) - shift) / scale;
        let sounds = sounds.iter().map(|sound| sound.map(scaled)).collect();
        Self { bands, sounds, shift, scale, silence: (libm::log(sounds::FLOOR) - shift) / scale }
    }
}

impl DriveScale {
    fn over(raw: &[Vec<f64>]) -> Self {
        let mean = mean_of(raw.iter().flatten());
        let variance = mean_of(raw.iter().flatten().map(|d| (d - mean) * (d - mean)));
        Self { mean, deviation: if variance > 0.0 { variance.sqrt() } else { 1.0 } }
    }
}

/// The mean, summed in order; 0 if there are no values.
fn mean_of<T: std::borrow::Borrow<f64>>(values: impl Iterator<Item = T>) -> f64 {
    let (sum, n) = values.fold((0.0, 0u64), |(sum, n), value| (sum + value.borrow(), n + 1));
    if n == 0 { 0.0 } else { sum / n as f64 }
}

/// A duration times a factor.
fn times(duration: Millis, factor: f64) -> Millis {
    Millis::new(duration.ms() * factor).unwrap_or(duration)
}
