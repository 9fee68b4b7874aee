//! A user-defined model of candle-nn layers is fitted, scored, saved and checked by the laws like any other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use std::time::Duration;

use candle_core::{DType, Device, Module, Tensor};
use candle_nn::VarBuilder;
use fixtures::{bits, epochs, prepared, ragged, timeless};
use serde_json::json;
use statenet_core::{Axes, Seed};
use statenet_metrics::EvaluationOptions;
use statenet_models::{
    CheckpointMetadata, Memory, Mode, ModelConfig, ParamStore, Registry, ResponseModel, State, checkpoint,
    laws,
};
use statenet_train::{Error, FitConfig, Fitter, evaluate_with, predict};

/// Leaky hidden units, `h[t] = a h[t-1] + (1 - a) tanh(W x[t] + c)`, and a weighted sum of them for each neuron.
struct Leaky {
    encoder: candle_nn::Linear,
    norm: Option<candle_nn::LayerNorm>,
    readout: candle_nn::Linear,
    decay: f64,
    params: ParamStore,
    config: ModelConfig,
    axes: Axes,
}

const HIDDEN: usize = 6;

type Boxed = Box<dyn std::error::Error + Send + Sync>;

impl Leaky {
    fn build(config: &ModelConfig, seed: Seed, dtype: DType, device: &Device) -> Result<Self, Boxed> {
        let axes = config.axes()?.clone();
        let statenet_models::Architecture::Custom(custom) = &config.model else {
            return Err("not a custom model".into());
        };
        let decay = custom.body["decay"].as_f64().ok_or("decay is missing, expected a number")?;
        let normed = custom.body["layer_norm"].as_bool().unwrap_or(false);
        let layers = |vb: VarBuilder<'static>| {
            let encoder = candle_nn::linear(axes.n_bands, HIDDEN, vb.pp("encoder"))?;
            let norm = normed.then(|| candle_nn::layer_norm(HIDDEN, 1e-5, vb.pp("norm"))).transpose()?;
            Ok((encoder, norm, candle_nn::linear(HIDDEN, axes.n_neurons, vb.pp("readout"))?))
        };
        let ((encoder, norm, readout), params) = ParamStore::with_var_builder(seed, dtype, device, layers)?;
        Ok(Self { encoder, norm, readout, decay, params, config: config.clone(), axes })
    }

    /// From a frame `(B, F)` and the units `(B, H)` before it to the rates `(B, N)` and the units after it.
    fn advance(&self, frame: &Tensor, before: &Tensor) -> candle_core::Result<(Tensor, Tensor)> {
        let mut drive = self.encoder.forward(&frame.contiguous()?)?;
        if let Some(norm) = &self.norm {
            drive = norm.forward(&drive)?;
        }
        let h = ((before * self.decay)? + (drive.tanh()? * (1.0 - self.decay))?)?;
        Ok((self.readout.forward(&h)?, h))
    }

    fn silence(&self, batch: usize) -> candle_core::Result<Tensor> {
        Tensor::zeros((batch, HIDDEN), self.dtype(), self.device())
    }
}

/// A conversion of Candle's errors, as a user would write it.
fn own(source: candle_core::Error) -> statenet_models::Error {
    statenet_models::Error::Custom { name: "leaky".to_owned(), source: source.into() }
}

impl ResponseModel for Leaky {
    fn forward(&self, cochleagram: &Tensor, _mode: Mode<'_>) -> statenet_models::Result<Tensor> {
        let run = || -> candle_core::Result<Tensor> {
            let (batch, _, _, n_bins) = cochleagram.dims4()?;
            let mut h = self.silence(batch)?;
            let mut rates = Vec::new();
            for t in 0..n_bins {
                let (rate, next) = self.advance(&cochleagram.narrow(3, t, 1)?.squeeze(3)?.squeeze(1)?, &h)?;
                h = next;
                rates.push(rate);
            }
            Tensor::stack(&rates, 2)
        };
        run().map_err(own)
    }

    fn init_state(&self, batch: usize) -> statenet_models::Result<State> {
        let mut state = State::new();
        state.set("h", &self.silence(batch).map_err(own)?);
        Ok(state)
    }

    fn step(&self, frame: &Tensor, state: &mut State) -> statenet_models::Result<Tensor> {
        let batch = frame.dim(0).map_err(own)?;
        let before = state.get("h", &[batch, HIDDEN])?;
        let (rate, h) = frame.squeeze(1).and_then(|frame| self.advance(&frame, before)).map_err(own)?;
        state.set("h", &h);
        Ok(rate.detach())
    }

    fn config(&self) -> ModelConfig {
        self.config.clone()
    }

    fn params(&self) -> &ParamStore {
        &self.params
    }

    fn n_neurons(&self) -> usize {
        self.axes.n_neurons
    }

    fn n_bands(&self) -> usize {
        self.axes.n_bands
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }
}

fn registry() -> Registry {
    Registry::new().with("leaky", |config, seed, dtype, device| {
        Ok(Box::new(Leaky::build(config, seed, dtype, device)?) as Box<dyn ResponseModel>)
    })
}

fn config(axes: &Axes, layer_norm: bool) -> ModelConfig {
    ModelConfig::custom(axes, "leaky", json!({"decay": 0.8, "layer_norm": layer_norm}))
}

fn built(config: &ModelConfig, dtype: DType) -> Box<dyn ResponseModel> {
    registry().build(config, Seed::new(2), dtype, &Device::Cpu).unwrap()
}

/// A normal cochleagram `(B, 1, F, T)`.
fn sound(axes: &Axes, batch: usize, n_bins: usize, dtype: DType) -> Tensor {
    let mut stream = Seed::new(5).stream("sound");
    let values: Vec<f64> = (0..batch * axes.n_bands * n_bins).map(|_| stream.normal()).collect();
    let tensor = Tensor::from_vec(values, (batch, 1, axes.n_bands, n_bins), &Device::Cpu).unwrap();
    tensor.to_dtype(dtype).unwrap()
}

#[test]
fn it_is_fitted_scored_saved_and_resumed() {
    let (recording, split) = prepared(&ragged(3));
    let folder = tempfile::tempdir().unwrap();
    let config = config(&recording.axes(), false);
    let mut model = built(&config, DType::F32);
    let start = bits(&*model);
    let history = Fitter::new(epochs(6)).fit(&mut *model, &recording, &split).unwrap().history;
    assert!(history.train_loss[5] < history.train_loss[0], "{history:?}");
    assert_ne!(bits(&*model), start);
    let options = EvaluationOptions { n_bootstrap: 10, ..EvaluationOptions::for_dt(recording.dt()) };
    let scores = evaluate_with(&*model, &recording, split.test(), &options).unwrap();
    assert_eq!(scores.per_neuron.len(), recording.n_neurons());

    let place = folder.path().join("model");
    checkpoint::save(&place, &*model, &CheckpointMetadata::default()).unwrap();
    let unknown = checkpoint::load(&place, &Device::Cpu).map(drop).unwrap_err();
    assert!(matches!(unknown, statenet_models::Error::UnknownModel { .. }), "{unknown}");
    let back = checkpoint::load_with(&registry(), &place, &Device::Cpu).unwrap().model;
    assert_eq!(bits(&*back), bits(&*model));
    let rates = |model: &dyn ResponseModel| predict(model, &recording, split.test()).unwrap();
    assert_eq!(rates(&*back), rates(&*model));

    let mut again = built(&config, DType::F32);
    let slot = folder.path().join("fit");
    let fitter = Fitter::new(epochs(6)).resume_in(&slot, Duration::ZERO);
    let resumable = fitter.fit(&mut *again, &recording, &split).unwrap();
    assert_eq!(timeless(resumable.history), timeless(history));
    assert_eq!(bits(&*again), bits(&*model));
}

#[test]
fn it_obeys_the_laws_with_only_forward_and_step_written() {
    let (recording, _) = prepared(&ragged(3));
    let axes = recording.axes();
    let config = config(&axes, false);
    let model = built(&config, DType::F32);
    let sound = sound(&axes, 2, 25, DType::F32);
    let folder = tempfile::tempdir().unwrap();
    laws::causal(&*model, &sound, 11).unwrap();
    laws::prefix_stable(&*model, &sound, 13).unwrap();
    laws::streaming(&*model, &sound, &[1, 7, 25]).unwrap();
    laws::reset_is_new(&*model, &sound).unwrap();
    laws::batch_independent(&*model, &sound).unwrap();
    laws::pure(&*model, &sound).unwrap();
    laws::parameter_names_unique(&*model).unwrap();
    laws::config_round_trip(&registry(), &*model).unwrap();
    laws::same_seed_same_weights(&registry(), &config, Seed::new(1)).unwrap();
    laws::checkpoint_round_trip(&registry(), &*model, &sound, folder.path().join("model")).unwrap();
    laws::state_round_trip(&*model, &sound, folder.path().join("state.safetensors")).unwrap();
    laws::every_parameter_learns(&*model, &sound, Seed::new(1)).unwrap();
}

#[test]
fn its_gradients_are_those_of_finite_differences() {
    let (recording, _) = prepared(&ragged(3));
    let axes = recording.axes();
    let model = built(&config(&axes, false), DType::F64);
    laws::gradients_match_differences(&*model, &sound(&axes, 2, 12, DType::F64), Seed::new(3), 5).unwrap();
}

/// `candle_nn::LayerNorm` has no backward pass: parameters before it would never learn, and Candle gives no error.
#[test]
fn candles_layer_norm_in_it_is_caught_by_a_law_that_names_the_parameter() {
    let (recording, _) = prepared(&ragged(3));
    let axes = recording.axes();
    let model = built(&config(&axes, true), DType::F32);
    let error =
        laws::every_parameter_learns(&*model, &sound(&axes, 2, 25, DType::F32), Seed::new(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "broken law: every parameter learns: encoder.weight gets no gradient in evaluation"
    );
}

#[test]
fn what_its_builder_refuses_names_the_model() {
    let (recording, _) = prepared(&ragged(3));
    let config = ModelConfig::custom(&recording.axes(), "leaky", json!({}));
    let error = registry().build(&config, Seed::new(0), DType::F32, &Device::Cpu).map(drop).unwrap_err();
    assert_eq!(fixtures::full_message(&error), "model leaky failed: decay is missing, expected a number");
}

#[test]
fn noise_on_sound_needs_bands_that_are_scaled() {
    let (recording, split) = prepared(&ragged(3));
    let mut model = built(&config(&recording.axes(), false), DType::F32);
    let start = bits(&*model);
    let error =
        Fitter::new(FitConfig { noise: 0.1, ..epochs(1) }).fit(&mut *model, &recording, &split).unwrap_err();
    assert!(matches!(error, Error::Setting { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "noise on sound is 0.1, expected 0 for a model whose bands are not scaled before all that it learns"
    );
    assert_eq!(bits(&*model), start);
}
