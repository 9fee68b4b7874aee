//! A response model whose receptive field, output curve and memory are known.

use candle_core::{DType, Device, Tensor};
use ndarray::Array2;
use serde_json::Value;
use statenet_core::{Axes, Seed};
use statenet_data::{GroundTruth, NeuronKind, SimulatedCurve};
use statenet_models::{Error, Memory, Mode, ModelConfig, ParamStore, ResponseModel, State};

/// The transformation from drive to rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Law {
    /// The rate is the drive.
    Linear,
    /// A static output curve.
    Ln(SimulatedCurve),
    /// A leaky integrator: m[t] = a m[t-1] + (1 - a) d[t].
    Leaky { decay: f64 },
    /// The gain control of the simulated population.
    GainControl { decay: f64, curve: SimulatedCurve },
}

/// r = law(offset + sum_fk w[f, k] x[f, t - k]), zeros before the sound.
pub(super) struct Known {
    pub(super) weights: Array2<f64>,
    pub(super) offset: f64,
    pub(super) law: Law,
    axes: Axes,
    params: ParamStore,
}

impl Known {
    pub(super) fn new(weights: Array2<f64>, offset: f64, law: Law, axes: &Axes) -> Self {
        let (_, params) =
            ParamStore::with_var_builder(Seed::new(0), DType::F64, &Device::Cpu, |_| Ok(())).unwrap();
        let axes = Axes { n_neurons: 1, ..axes.clone() };
        Self { weights, offset, law, axes, params }
    }

    /// A neuron of the simulated population, for cochleagrams as recorded.
    pub(super) fn simulated(truth: &GroundTruth, axes: &Axes) -> Self {
        let (weights, offset) = (truth.receptive_field.mapv(f64::from), truth.offset);
        let law = match (truth.kind, truth.time_constant) {
            (NeuronKind::GainControl, Some(tau)) => {
                Law::GainControl { decay: (-axes.dt.ms() / tau.ms()).exp(), curve: truth.curve }
            }
            _ => Law::Ln(truth.curve),
        };
        Self::new(weights, offset, law, axes)
    }

    fn run(&self, x: &Tensor, state: &mut State) -> candle_core::Result<Tensor> {
        let (batch, _, n_bands, n_bins) = x.dims4()?;
        let n_lags = self.weights.ncols();
        let x = x.squeeze(1)?;
        let context = [batch, n_bands, n_lags - 1];
        let past = state.get("context", &context).map_err(candle_core::Error::wrap)?;
        let whole = if n_lags > 1 { Tensor::cat(&[past, &x], 2)? } else { x.contiguous()? };
        // (K, F), lag 0 first, times (F, K - 1 + T): row k is the contribution of lag k.
        let weights = Tensor::from_iter(self.weights.t().iter().copied(), x.device())?;
        let weights = weights.reshape((n_lags, n_bands))?.broadcast_as((batch, n_lags, n_bands))?;
        let products = weights.contiguous()?.matmul(&whole.contiguous()?)?;
        let mut drive = Tensor::full(self.offset, (batch, n_bins), x.device())?;
        for lag in 0..n_lags {
            drive = (drive + products.narrow(1, lag, 1)?.narrow(2, n_lags - 1 - lag, n_bins)?.squeeze(1)?)?;
        }
        state.set("context", &whole.narrow(2, n_bins, n_lags - 1)?.contiguous()?);
        let rates = match self.law {
            Law::Linear => drive,
            Law::Ln(curve) => apply(curve, &drive)?,
            Law::Leaky { decay } => {
                let mut m = state.get("m", &[batch, 1]).map_err(candle_core::Error::wrap)?.clone();
                let mut rates = Vec::new();
                for t in 0..n_bins {
                    m = (m.affine(decay, 0.0)? + drive.narrow(1, t, 1)?.affine(1.0 - decay, 0.0)?)?;
                    rates.push(m.clone());
                }
                state.set("m", &m);
                Tensor::cat(&rates, 1)?
            }
            Law::GainControl { decay, curve } => {
                let mut m = state.get("m", &[batch, 1]).map_err(candle_core::Error::wrap)?.clone();
                let mut v = state.get("v", &[batch, 1]).map_err(candle_core::Error::wrap)?.clone();
                let mut gained = Vec::new();
                for t in 0..n_bins {
                    let d = drive.narrow(1, t, 1)?;
                    let change = (&d - &m)?;
                    gained.push((&change / v.sqrt()?.affine(1.0, 0.1)?)?);
                    v = (v.affine(decay, 0.0)? + change.sqr()?.affine(1.0 - decay, 0.0)?)?;
                    m = (m.affine(decay, 0.0)? + d.affine(1.0 - decay, 0.0)?)?;
                }
                state.set("m", &m);
                state.set("v", &v);
                apply(curve, &Tensor::cat(&gained, 1)?)?
            }
        };
        rates.unsqueeze(1)
    }
}

fn apply(curve: SimulatedCurve, d: &Tensor) -> candle_core::Result<Tensor> {
    match curve {
        SimulatedCurve::Rectified { depth } => d.affine(depth, 1.0)?.relu(),
        SimulatedCurve::Softplus { sharpness, threshold } => {
            // Drives are a few standard deviations, so that exp does not overflow.
            d.affine(sharpness, -sharpness * threshold)?
                .exp()?
                .affine(1.0, 1.0)?
                .log()?
                .affine(1.0 / sharpness, 0.0)
        }
        SimulatedCurve::Sigmoid { slope, midpoint } => {
            d.affine(-slope, slope * midpoint)?.exp()?.affine(1.0, 1.0)?.recip()
        }
        other => panic!("no such curve: {other:?}"),
    }
}

impl ResponseModel for Known {
    fn forward(&self, cochleagram: &Tensor, _mode: Mode<'_>) -> Result<Tensor, Error> {
        let mut state = self.init_state(cochleagram.dims()[0])?;
        self.chunk(cochleagram, &mut state)
    }

    fn init_state(&self, batch: usize) -> Result<State, Error> {
        let full = |value: f64, shape: &[usize]| {
            Tensor::full(value, shape, &Device::Cpu).map_err(|source| Error::Tensor { op: "state", source })
        };
        let mut state = State::new();
        state.set("context", &full(0.0, &[batch, self.axes.n_bands, self.weights.ncols() - 1])?);
        state.set("m", &full(0.0, &[batch, 1])?);
        state.set("v", &full(1.0, &[batch, 1])?);
        Ok(state)
    }

    fn step(&self, frame: &Tensor, state: &mut State) -> Result<Tensor, Error> {
        let frame = frame.unsqueeze(3).map_err(|source| Error::Tensor { op: "frame", source })?;
        self.chunk(&frame, state)?.squeeze(2).map_err(|source| Error::Tensor { op: "rate", source })
    }

    fn chunk(&self, cochleagram: &Tensor, state: &mut State) -> Result<Tensor, Error> {
        let x = cochleagram.to_dtype(DType::F64);
        x.and_then(|x| self.run(&x, state)).map_err(|source| Error::Tensor { op: "known neuron", source })
    }

    fn config(&self) -> ModelConfig {
        ModelConfig::custom(&self.axes, "known", Value::Null)
    }

    fn params(&self) -> &ParamStore {
        &self.params
    }

    fn n_neurons(&self) -> usize {
        1
    }

    fn n_bands(&self) -> usize {
        self.axes.n_bands
    }

    fn memory(&self) -> Memory {
        match self.law {
            Law::Linear | Law::Ln(_) => Memory::Frames(self.weights.ncols()),
            Law::Leaky { .. } | Law::GainControl { .. } => Memory::Unbounded,
        }
    }
}
