//! A model of your own, written for one frame at a time; the rest of [`ResponseModel`] follows from it.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use serde::de::DeserializeOwned;
use statenet_core::{Axes, Seed, Standardization, expect_shape};

use crate::{
    build::{architecture::Architecture, model_config::ModelConfig, response_model::ResponseModel},
    error::{During, Result, config_error},
    layers::{band_scaling::BandScaling, response_scaling::ResponseScaling},
    model::{memory::Memory, mode::Mode, state::State},
    params::{
        init::Init,
        store::{ParamStore, set_vector},
    },
    tensors::f64_values,
};

/// A model defined by what it computes for one frame of sound.
///
/// Build it by [`of_frames`], or register it with [`Registry::with_frames`](crate::Registry::with_frames); it is then fitted, streamed, saved and
/// interpreted like a model of the zoo. Its rates are multiplied by the buffer `rate_scale` (N), which is 1 until a fit
/// sets it, before the first step, so that silence gives each neuron's mean rate: rates near 1 for silence are a good
/// start. Of continuous responses they are scaled instead to the mean and deviation of each neuron: values around 0 are a good start.
/// A graph with a few nodes per bin is slower than the fused operations of `statenet-kernels`: write
/// [`ResponseModel`] itself where that matters.
pub trait FrameModel: Send + Sync {
    /// The state before the first frame of `batch` streams: tensors whose first axis is B, none for a model without.
    ///
    /// # Errors
    /// Whatever Candle returns.
    fn start(&self, batch: usize) -> candle_core::Result<Vec<Tensor>>;

    /// From a frame `(B, F)` and a state to the rates `(B, N)` and the next state, differentiable throughout.
    ///
    /// # Errors
    /// Whatever Candle returns.
    fn advance(&self, frame: &Tensor, state: &[Tensor]) -> candle_core::Result<(Tensor, Vec<Tensor>)>;
}

/// A model of your own from what it computes for one frame; `layers` builds it from the variables that it trains, in f32.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_nn::{Linear, Module, linear};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_models::{FrameModel, Mode, ResponseModel, of_frames};
///
/// /// r[t] = softplus(W x[t] + b)
/// struct Memoryless(Linear);
///
/// impl FrameModel for Memoryless {
///     fn start(&self, _: usize) -> candle_core::Result<Vec<Tensor>> {
///         Ok(Vec::new())
///     }
///
///     fn advance(&self, frame: &Tensor, _: &[Tensor]) -> candle_core::Result<(Tensor, Vec<Tensor>)> {
///         Ok((statenet_kernels::softplus(&self.0.forward(frame)?)?, Vec::new()))
///     }
/// }
///
/// let axes = Axes::new(8, 2, TimeBin::from_millis(5.0)?);
/// let model = of_frames("memoryless", &axes, Seed::new(0), &Device::Cpu, |vb| {
///     Ok(Memoryless(linear(axes.n_bands, axes.n_neurons, vb.pp("readout"))?))
/// })?;
/// let sound = Tensor::ones((1, 1, 8, 20), candle_core::DType::F32, &Device::Cpu)?;
/// assert_eq!(model.forward(&sound, Mode::Eval)?.dims(), [1, 2, 20]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// It is fitted, streamed, saved and interpreted like a model of the zoo. A checkpoint is loaded into a model built in the same way, by
/// [`checkpoint::load_into`](crate::checkpoint::load_into); one that is to be loaded by its name alone is
/// [registered](crate::Registry::with_frames).
///
/// # Errors
/// [`Error::Tensor`](crate::Error::Tensor) if `layers` fails.
pub fn of_frames<M: FrameModel + 'static>(
    name: &str,
    axes: &Axes,
    seed: Seed,
    device: &Device,
    layers: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<M>,
) -> Result<Box<dyn ResponseModel>> {
    let config = ModelConfig::custom(axes, name, serde_json::Value::Null);
    let build = |vb: VarBuilder<'static>, _: &Axes, (): ()| layers(vb);
    Ok(Box::new(Framewise::build(&config, seed, DType::F32, device, build)?))
}

/// Name of the buffer that scales rates.
const SCALE: &str = "rate_scale";

/// A [`FrameModel`] as a [`ResponseModel`].
pub(crate) struct Framewise<M> {
    model: Arc<M>,
    axes: Axes,
    config: ModelConfig,
    params: ParamStore,
    scaling: BandScaling,
    /// (N): spikes per bin for a rate of 1 of the user's model.
    scale: Tensor,
    /// Of continuous responses.
    response: Option<ResponseScaling>,
}

impl<M: FrameModel> Framewise<M> {
    /// Builds the layers in a fresh store from the body of a custom config.
    pub(crate) fn build<C: DeserializeOwned>(
        config: &ModelConfig,
        seed: Seed,
        dtype: DType,
        device: &Device,
        layers: impl FnOnce(VarBuilder<'static>, &Axes, C) -> candle_core::Result<M>,
    ) -> Result<Self> {
        let axes = config.axes()?.clone();
        let Architecture::Custom(custom) = &config.model else {
            return Err(config_error("model", "a pipeline", "a custom model"));
        };
        let body = C::deserialize(&custom.body)
            .map_err(|source| config_error("model.custom.body", &custom.body, source.to_string()))?;
        let (model, mut params) =
            ParamStore::with_var_builder(seed, dtype, device, |vb| layers(vb, &axes, body))?;
        let scale = params.root().buffer(SCALE, axes.n_neurons, Init::ONES)?;
        let scaling = BandScaling::new(axes.n_bands, &mut params.root().enter("scaling"))?;
        let response = ResponseScaling::new(&axes, &mut params.root())?;
        Ok(Self { model: Arc::new(model), axes, config: config.clone(), params, scaling, scale, response })
    }

    /// Rates `(B, N, T)` of scaled frames `(B, 1, F, T)`, and the state after the last.
    fn run(&self, cochleagram: &Tensor, mut state: Vec<Tensor>) -> Result<(Tensor, Vec<Tensor>)> {
        let (_, _, _, n_bins) = cochleagram.dims4().during("reading a cochleagram")?;
        let mut rates = Vec::with_capacity(n_bins);
        for t in 0..n_bins {
            let frame = cochleagram.narrow(3, t, 1).and_then(|f| f.squeeze(3)?.squeeze(1)?.contiguous());
            let (rate, next) = self.advance(&frame.during("slicing a frame")?, &state)?;
            rates.push(rate);
            state = next;
        }
        Ok((Tensor::stack(&rates, 2).during("stacking the rates of frames")?, state))
    }

    fn advance(&self, frame: &Tensor, state: &[Tensor]) -> Result<(Tensor, Vec<Tensor>)> {
        let advanced = self.model.advance(frame, state);
        let scaled = advanced.and_then(|(rates, next)| Ok((rates.broadcast_mul(&self.scale)?, next)));
        let (rates, next) = scaled.during("advancing by a frame")?;
        match &self.response {
            Some(response) => Ok((response.apply(&rates)?, next)),
            None => Ok((rates, next)),
        }
    }

    fn read(&self, batch: usize, state: &State) -> Result<Vec<Tensor>> {
        let shapes = self.model.start(batch).during("creating a state")?;
        shapes.iter().enumerate().map(|(i, t)| Ok(state.get(&name(i), t.dims())?.clone())).collect()
    }
}

/// The name of a state's i-th tensor.
fn name(i: usize) -> String {
    format!("state.{i}")
}

fn write(state: &mut State, tensors: &[Tensor]) {
    tensors.iter().enumerate().for_each(|(i, tensor)| state.set(&name(i), tensor));
}

impl<M: FrameModel + 'static> ResponseModel for Framewise<M> {
    fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.forward_scaled(&self.scaling.apply(cochleagram)?, mode)
    }

    fn forward_scaled(&self, scaled: &Tensor, _: Mode<'_>) -> Result<Tensor> {
        let batch = scaled.dims().first().copied().unwrap_or(0);
        let start = self.model.start(batch).during("creating a state")?;
        Ok(self.run(scaled, start)?.0)
    }

    fn input_scaling(&self) -> Result<Option<Standardization>> {
        Ok(Some(self.scaling.get()?))
    }

    fn scale_input(&mut self, scaling: &Standardization) -> Result<()> {
        self.scaling.set(scaling, &self.params)
    }

    /// Shares the layers, whose parameters autograd tracks, and has scaling buffers of its own.
    fn frozen(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        let mut params = ParamStore::new(self.params.seed(), self.dtype(), self.device());
        let scaling = BandScaling::new(self.axes.n_bands, &mut params.root().enter("scaling"))?;
        scaling.set(&self.scaling.get()?, &params)?;
        let (model, axes, config) = (Arc::clone(&self.model), self.axes.clone(), self.config.clone());
        let (scale, response) = (self.scale.clone(), self.response.clone());
        Ok(Some(Box::new(Self { model, axes, config, params, scaling, scale, response })))
    }

    fn init_state(&self, batch: usize) -> Result<State> {
        let mut state = State::new();
        write(&mut state, &self.model.start(batch).during("creating a state")?);
        Ok(state)
    }

    fn chunk(&self, cochleagram: &Tensor, state: &mut State) -> Result<Tensor> {
        let before = self.read(cochleagram.dims().first().copied().unwrap_or(0), state)?;
        let (rates, after) = self.run(&self.scaling.apply(cochleagram)?, before)?;
        write(state, &after);
        Ok(if state.keeps_graph() { rates } else { rates.detach() })
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

    fn scale_output(&mut self, scaling: &Standardization) -> Result<()> {
        self.response.as_ref().map_or(Ok(()), |response| response.set(scaling, true, &self.params))
    }

    /// Scales the rates of a first frame of zeros to the mean rates; a neuron whose rate is 0 or less keeps its scale. Continuous responses
    /// have their means already.
    fn init_to_mean_rates(&mut self, mean_rates: &[f64]) -> Result<()> {
        if self.response.is_some() {
            return Ok(());
        }
        let silence = Tensor::zeros((1, self.axes.n_bands), self.dtype(), self.device());
        let start = self.model.start(1).during("creating a state")?;
        let (answer, _) = self.advance(&silence.during("creating a silent frame")?, &start)?;
        let (answers, scales) = (f64_values(&answer)?, f64_values(&self.scale)?);
        expect_shape("mean rates", &[mean_rates.len()], &[self.axes.n_neurons.into()])?;
        let scaled = answers.iter().zip(scales).zip(mean_rates);
        let scales: Vec<f64> = scaled
            .map(|((answer, scale), rate)| if *answer > 0.0 { scale * rate / answer } else { scale })
            .collect();
        let Some(stored) = self.params.get(SCALE) else { return Ok(()) };
        set_vector(stored.var.as_tensor(), &scales)
    }

    fn memory(&self) -> Memory {
        match self.model.start(1) {
            Ok(state) if state.is_empty() => Memory::Frames(1),
            _ => Memory::Unbounded,
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_nn::{Linear, Module, linear};
    use serde::Deserialize;
    use serde_json::json;
    use statenet_core::TimeBin;

    use super::*;
    use crate::{Registry, laws};

    /// h[t] = decay h[t-1] + x[t],   r[t] = W h[t] + b
    struct Leaky {
        readout: Linear,
        decay: f64,
        n_bands: usize,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct LeakyConfig {
        decay: f64,
    }

    impl FrameModel for Leaky {
        fn start(&self, batch: usize) -> candle_core::Result<Vec<Tensor>> {
            let weights = self.readout.weight();
            Ok(vec![Tensor::zeros((batch, self.n_bands), weights.dtype(), weights.device())?])
        }

        fn advance(&self, frame: &Tensor, state: &[Tensor]) -> candle_core::Result<(Tensor, Vec<Tensor>)> {
            let held = ((&state[0] * self.decay)? + frame)?;
            Ok((self.readout.forward(&held)?, vec![held]))
        }
    }

    fn registry() -> Registry {
        Registry::new().with_frames("leaky", |vb, axes, body: LeakyConfig| {
            let readout = linear(axes.n_bands, axes.n_neurons, vb.pp("readout"))?;
            Ok(Leaky { readout, decay: body.decay, n_bands: axes.n_bands })
        })
    }

    fn config(body: serde_json::Value) -> ModelConfig {
        let axes = Axes::new(2, 3, TimeBin::from_millis(5.0).unwrap());
        ModelConfig::custom(&axes, "leaky", body)
    }

    #[test]
    fn a_model_of_frames_obeys_the_laws() {
        let (registry, config) = (registry(), config(json!({"decay": 0.5})));
        let model = registry.build(&config, Seed::new(1), DType::F64, &Device::Cpu).unwrap();
        let sound = Tensor::randn(0f64, 1.0, (2, 1, 2, 12), &Device::Cpu).unwrap();
        laws::causal(&*model, &sound, 5).unwrap();
        laws::streaming(&*model, &sound, &[1, 7, 12]).unwrap();
        laws::batch_independent(&*model, &sound).unwrap();
        laws::gradients_match_differences(&*model, &sound, Seed::new(0), 4).unwrap();
        laws::config_round_trip(&registry, &*model).unwrap();
    }

    #[test]
    fn an_impulse_decays_in_every_rate() {
        let model =
            registry().build(&config(json!({"decay": 0.5})), Seed::new(1), DType::F64, &Device::Cpu).unwrap();
        let impulse = Tensor::new(&[[[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]], &Device::Cpu).unwrap();
        let rates = model.forward(&impulse, Mode::Eval).unwrap().to_vec3::<f64>().unwrap();
        let bias = model.params().get("readout.bias").unwrap().var.to_vec1::<f64>().unwrap();
        for (rate, bias) in rates[0].iter().zip(bias) {
            let decay = (rate[2] - bias) / (rate[1] - bias);
            assert!((decay - 0.5).abs() < 1e-12, "{decay}");
        }
    }

    #[test]
    fn a_fit_starts_at_the_mean_rates() {
        let mut model =
            registry().build(&config(json!({"decay": 0.5})), Seed::new(1), DType::F64, &Device::Cpu).unwrap();
        let silence = Tensor::zeros((1, 1, 2, 4), DType::F64, &Device::Cpu).unwrap();
        let rates = |model: &dyn ResponseModel| {
            model.forward(&silence, Mode::Eval).unwrap().to_vec3::<f64>().unwrap()
        };
        let before = rates(&model);
        model.init_to_mean_rates(&[0.1, 0.2, 0.3]).unwrap();
        for ((before, after), mean) in before[0].iter().zip(&rates(&model)[0]).zip([0.1, 0.2, 0.3]) {
            let expected = if before[0] > 0.0 { mean } else { before[0] };
            assert!(after.iter().all(|rate| (rate - expected).abs() < 1e-12), "{after:?}");
        }
        let error = model.init_to_mean_rates(&[0.1]).unwrap_err().to_string();
        assert_eq!(error, "mean rates has shape (1), expected (3)");
    }

    #[test]
    fn a_body_that_does_not_fit_says_which_field() {
        let build = |body| registry().build(&config(body), Seed::new(1), DType::F32, &Device::Cpu);
        let Err(error) = build(json!({"decay": 0.5, "gain": 1})) else { panic!("a stray key was taken") };
        let text = format!("{error}: {}", std::error::Error::source(&error).unwrap());
        assert!(text.contains("unknown field `gain`, expected `decay`"), "{text}");
    }
}
