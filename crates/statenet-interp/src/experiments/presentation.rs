//! Runs a model on a set of sounds and holds its rates.

use candle_core::Tensor;
use ndarray::{Array2, Array3};
use statenet_core::{Dim, Millis, TimeBin, expect_shape};
use statenet_models::{Mode, ResponseModel};

use super::{front_end::FrontEnd, sound::Sound};
use crate::error::{During, Error, Result, out_of_range};

/// Sounds per batch.
const AT_ONCE: usize = 32;

/// The rates of neurons to a set of sounds of one length.
pub(super) struct Presentation {
    /// `(S, N, T)`, N the neurons asked for, spikes per second or in the unit of continuous responses.
    rates: Array3<f64>,
    dt: TimeBin,
}

impl Presentation {
    /// Runs the model on every sound from its initial state, in evaluation mode.
    pub(super) fn of(
        model: &dyn ResponseModel,
        front_end: &dyn FrontEnd,
        sounds: &[Sound],
        neurons: &[usize],
    ) -> Result<Self> {
        if let Some(&got) = neurons.iter().find(|&&n| n >= model.n_neurons()) {
            return Err(Error::OutOfRange { what: "neuron", got, n: model.n_neurons() });
        }
        let config = model.config();
        let axes = config.axes()?;
        let dt = axes.dt;
        let seconds_per_bin = if axes.response_unit.is_spikes() { dt.seconds() } else { 1.0 };
        let mut all: Vec<f64> = Vec::new();
        let mut n_bins = None;
        for some in sounds.chunks(AT_ONCE) {
            let mut values = Vec::new();
            for sound in some {
                let cochleagram: Array2<f32> = front_end.cochleagram(sound)?;
                let length = n_bins.map_or(Dim::Any("T"), Dim::Is);
                expect_shape(
                    "cochleagram of a sound",
                    cochleagram.shape(),
                    &[model.n_bands().into(), length],
                )?;
                n_bins = Some(cochleagram.ncols());
                values.extend(cochleagram.iter().copied());
            }
            let shape = (some.len(), 1, model.n_bands(), n_bins.unwrap_or(0));
            let batch =
                Tensor::from_vec(values, shape, model.device()).and_then(|x| x.to_dtype(model.dtype()));
            let rates = model.forward(&batch.during("joining sounds")?, Mode::Eval)?;
            let picked = rates
                .to_dtype(candle_core::DType::F64)
                .and_then(|r| r.to_vec3::<f64>())
                .during("reading rates")?;
            for of_sound in &picked {
                for &neuron in neurons {
                    let row = of_sound.get(neuron).ok_or(Error::OutOfRange {
                        what: "neuron",
                        got: neuron,
                        n: of_sound.len(),
                    })?;
                    all.extend(row.iter().map(|rate| rate / seconds_per_bin));
                }
            }
        }
        let shape = (sounds.len(), neurons.len(), n_bins.unwrap_or(0));
        let rates = Array3::from_shape_vec(shape, all)
            .map_err(|_| out_of_range("number of sounds", sounds.len(), "1 or more"))?;
        Ok(Self { rates, dt })
    }

    /// The rate of one neuron during one sound, spikes per second; empty for an index that does not exist.
    pub(super) fn rate(&self, sound: usize, neuron: usize) -> Vec<f64> {
        let (n_sounds, n_neurons, _) = self.rates.dim();
        if sound >= n_sounds || neuron >= n_neurons {
            return Vec::new();
        }
        self.rates.slice(ndarray::s![sound, neuron, ..]).to_vec()
    }

    /// The mean rate over the bins that begin within [from, to), spikes per second; 0 if there are none.
    pub(super) fn mean(&self, sound: usize, neuron: usize, from: Millis, to: Millis) -> f64 {
        let rate = self.rate(sound, neuron);
        let bins = self.bins(from, to);
        let within: Vec<f64> = rate.into_iter().take(bins.end).skip(bins.start).collect();
        if within.is_empty() { 0.0 } else { within.iter().sum::<f64>() / within.len() as f64 }
    }

    /// The bins that begin within [from, to).
    pub(super) fn bins(&self, from: Millis, to: Millis) -> std::ops::Range<usize> {
        let index = |time: Millis| (time.ms() / self.dt.ms() - 1e-9).ceil().max(0.0) as usize;
        index(from)..index(to)
    }

    pub(super) fn dt(&self) -> TimeBin {
        self.dt
    }
}
