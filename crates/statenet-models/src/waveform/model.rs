//! The model that hears: a front end before any model of cochleagrams, or ICNet.

use candle_core::{DType, Device, Tensor};
use statenet_core::{Axes, Dim, Seed, Standardization, expect_shape};

use super::{
    axes::WaveformAxes,
    config::{HeardConfig, WaveformArchitecture, WaveformConfig, expect_axes, expect_input},
    front_ends::{self, FrontEndConfig},
    icnet::{Icnet, IcnetConfig},
    samples,
};
use crate::{
    build::{model_config::FORMAT, response_model::ResponseModel},
    error::{During, Result, config_error},
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::ParamStore,
};

/// How a population of N neurons answers a waveform.
///
/// Causal, streaming in chunks of any number of samples, differentiable down to the waveform and every parameter. What holds for
/// it is written as functions in [`laws`](super::laws).
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{SampleRate, Seed, TimeBin};
/// use statenet_models::{Mode, waveform};
///
/// let axes = waveform::WaveformAxes::new(SampleRate::new(16_000.0)?, TimeBin::from_millis(5.0)?, 2);
/// let model = waveform::by_name("sincnet-ln", &axes)?.build(Seed::new(0), &Device::Cpu)?;
/// let silence = Tensor::zeros((1, 1, 800), DType::F32, &Device::Cpu)?;
/// assert_eq!(model.forward(&silence, Mode::Eval)?.dims(), [1, 2, 10]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WaveformModel {
    hears: Hears,
    params: ParamStore,
    axes: WaveformAxes,
    hop: usize,
}

enum Hears {
    Heard {
        front_end: Box<dyn Stage>,
        config: FrontEndConfig,
        scale: Option<Scale>,
        model: Box<dyn ResponseModel>,
    },
    Icnet {
        stage: Icnet,
        config: IcnetConfig,
    },
}

/// (x - mean) / std of the bands, each number (1, F, 1).
struct Scale {
    input: Standardization,
    mean: Tensor,
    std: Tensor,
}

impl Scale {
    fn new(input: Standardization, dtype: DType, device: &Device) -> Result<Self> {
        let column = |values: &[f32]| {
            Tensor::new(values, device)
                .and_then(|t| t.to_dtype(dtype)?.reshape((1, (), 1)))
                .during("making a scale of bands")
        };
        let (mean, std) = (column(input.mean())?, column(input.std())?);
        Ok(Self { input, mean, std })
    }
}

/// Bands (B, F, T) as the model behind a front end sees them: scaled, (B, 1, F, T).
fn seen(bands: &Tensor, scale: Option<&Scale>) -> Result<Tensor> {
    let scaled = match scale {
        None => Ok(bands.clone()),
        Some(scale) => bands.broadcast_sub(&scale.mean).and_then(|x| x.broadcast_div(&scale.std)),
    };
    scaled.and_then(|x| x.unsqueeze(1)).during("making a cochleagram")
}

/// Where the front end's parameters and state are; those of the model behind it keep their names.
const FRONT_END: &str = "front_end";
const FRONT_END_SCOPE: &str = "front_end.";

impl WaveformModel {
    /// A front end before a model of cochleagrams that is there already, in its precision and on its device.
    ///
    /// Its first values are the same whatever the seed: the frequencies are spaced, not drawn.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for impossible values or a model of other bands, neurons or dt; [`Error::DuplicateParameter`](crate::Error::DuplicateParameter) if the
    /// model has parameters under `front_end`.
    pub fn new(
        axes: &WaveformAxes,
        front_end: &FrontEndConfig,
        model: Box<dyn ResponseModel>,
    ) -> Result<Self> {
        axes.validate()?;
        front_end.validate(axes, "model.heard.front_end")?;
        let given = Axes::new(front_end.n_bands(), axes.n_neurons, axes.dt);
        let own =
            Axes::new(model.n_bands(), model.n_neurons(), model.config().axes.map_or(axes.dt, |a| a.dt));
        expect_axes(&own, &given)?;
        let (dtype, device) = (model.dtype(), model.device().clone());
        let mut params = ParamStore::new(model.params().seed(), dtype, &device);
        let stage =
            front_ends::build(front_end, axes, (dtype, &device), &mut params.root().enter(FRONT_END))?;
        params.share(model.params())?;
        let hears = Hears::Heard { front_end: stage, config: front_end.clone(), scale: None, model };
        Ok(Self { hears, params, axes: *axes, hop: axes.hop()? })
    }

    /// The same with the front end's bands scaled before the model behind it sees them: what a model of standardised
    /// cochleagrams needs. Taken from [`cochleagram`](Self::cochleagram)s of the training sounds; a front end that is trained may
    /// leave it behind. ICNet has no bands and stays as it is.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) if it is for another number of bands.
    pub fn with_input(mut self, input: Standardization) -> Result<Self> {
        let (dtype, device) = (self.dtype(), self.device().clone());
        if let Hears::Heard { config, scale, .. } = &mut self.hears {
            expect_input(&input, config.n_bands())?;
            *scale = Some(Scale::new(input, dtype, &device)?);
        }
        Ok(self)
    }

    /// ICNet of a validated config.
    pub(super) fn icnet(
        axes: &WaveformAxes,
        config: &IcnetConfig,
        seed: Seed,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        let mut params = ParamStore::new(seed, dtype, device);
        let stage = Icnet::new(config, axes, (dtype, device), &mut params.root())?;
        Ok(Self {
            hears: Hears::Icnet { stage, config: config.clone() },
            params,
            axes: *axes,
            hop: axes.hop()?,
        })
    }

    /// The whole bins of waveforms `(B, 1, S)`: `(B, 1, T hop)`.
    fn whole_bins(&self, waveform: &Tensor) -> Result<Tensor> {
        expect_shape("waveform", waveform.dims(), &[Dim::Any("B"), Dim::Is(1), Dim::Any("S")])?;
        let n = waveform.dim(2).during("reading a waveform")?;
        if n < self.hop {
            return Err(config_error("samples of a waveform", n, format!("{} or more: a bin", self.hop)));
        }
        waveform.narrow(2, 0, n / self.hop * self.hop).during("cutting bins")
    }

    /// Firing rates for whole waveforms: `(B, 1, S)` to `(B, N, T)`, T = S / (samples of a bin), rounded down, in spikes per
    /// bin.
    ///
    /// Pure. In [`Mode::Eval`] strictly causal: bin t sees samples before (t + 1) dt only.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the waveform does not fit, [`Error::Config`](crate::Error::Config) if it is shorter than a bin.
    pub fn forward(&self, waveform: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        match &self.hears {
            Hears::Icnet { stage, .. } => stage.forward(&self.whole_bins(waveform)?, mode),
            Hears::Heard { model, scale, front_end, .. } => {
                let bands = front_end.forward(&self.whole_bins(waveform)?, mode)?;
                model.forward(&seen(&bands, scale.as_ref())?, mode)
            }
        }
    }

    /// What the front end makes of whole waveforms, before any scale: `(B, 1, S)` to `(B, 1, F, T)`; `None` for ICNet, which has no cochleagram.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn cochleagram(&self, waveform: &Tensor) -> Result<Option<Tensor>> {
        match &self.hears {
            Hears::Icnet { .. } => Ok(None),
            Hears::Heard { front_end, .. } => {
                let bands = front_end.forward(&self.whole_bins(waveform)?, Mode::Eval)?;
                seen(&bands, None).map(Some)
            }
        }
    }

    /// The model behind the front end; `None` for ICNet.
    #[must_use]
    pub fn model(&self) -> Option<&dyn ResponseModel> {
        match &self.hears {
            Hears::Icnet { .. } => None,
            Hears::Heard { model, .. } => Some(&**model),
        }
    }

    /// The state before the first sample, for `batch` streams.
    ///
    /// # Errors
    /// [`Error::Tensor`](crate::Error::Tensor) if it cannot be allocated.
    pub fn init_state(&self, batch: usize) -> Result<State> {
        let mut state = State::new();
        samples::init_state(batch, self.hop, (self.dtype(), self.device()), &mut state)?;
        match &self.hears {
            Hears::Icnet { stage, .. } => stage.init_state(batch, &mut state)?,
            Hears::Heard { front_end, model, .. } => {
                front_end.init_state(batch, &mut state)?;
                state.append(model.init_state(batch)?);
            }
        }
        Ok(state)
    }

    /// The next samples of a stream, `(B, 1, S)`, to the rates `(B, N, T)` of the bins that they complete, advancing the state;
    /// `None` if they complete none.
    ///
    /// Chunks of any sizes give what [`forward`](Self::forward) gives on their concatenation, to 1e-5 in f32.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for a wrong chunk, [`Error::State`](crate::Error::State) for a state of another model; the state is as it was then.
    pub fn chunk(&self, samples: &Tensor, state: &mut State) -> Result<Option<Tensor>> {
        expect_shape("samples", samples.dims(), &[Dim::Any("B"), Dim::Is(1), Dim::Any("S")])?;
        let mut next = state.clone();
        let mut waiting = next.take(samples::SCOPE);
        let bins = samples::whole_bins(samples, self.hop, &mut waiting)?;
        let rates = match (bins, &self.hears) {
            (None, _) => None,
            (Some(bins), Hears::Icnet { stage, .. }) => Some(stage.chunk(&bins, &mut next)?),
            (Some(bins), Hears::Heard { front_end, scale, model, .. }) => {
                let mut heard = next.take(FRONT_END_SCOPE);
                let bands = front_end.chunk(&bins, &mut heard)?;
                let rates = model.chunk(&seen(&bands, scale.as_ref())?, &mut next)?;
                waiting.append(heard);
                Some(rates)
            }
        };
        waiting.append(next);
        *state = waiting;
        Ok(rates.map(|rates| rates.detach()))
    }

    /// The description from which this model can be built again.
    #[must_use]
    pub fn config(&self) -> WaveformConfig {
        let model = match &self.hears {
            Hears::Icnet { config, .. } => WaveformArchitecture::Icnet(config.clone()),
            Hears::Heard { config, scale, model, .. } => WaveformArchitecture::Heard(Box::new(HeardConfig {
                front_end: config.clone(),
                input: scale.as_ref().map(|scale| scale.input.clone()),
                model: model.config(),
            })),
        };
        WaveformConfig { format: FORMAT, axes: Some(self.axes), model }
    }

    /// The named parameters and buffers: those of the front end, then those of the model behind it under its own names.
    #[must_use]
    pub fn params(&self) -> &ParamStore {
        &self.params
    }

    /// Sample rate, dt and neurons.
    #[must_use]
    pub fn axes(&self) -> &WaveformAxes {
        &self.axes
    }

    /// Samples of a bin.
    #[must_use]
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.axes.n_neurons
    }

    /// How many bins back the response can depend on the sound.
    #[must_use]
    pub fn memory(&self) -> Memory {
        match &self.hears {
            Hears::Icnet { stage, .. } => stage.memory(),
            Hears::Heard { front_end, model, .. } => front_end.memory().then(model.memory()),
        }
    }

    /// Moves the start of a fit to the neurons' mean rates (N), as [`ResponseModel::init_to_mean_rates`] does.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if there is not one rate per neuron.
    pub fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<()> {
        expect_shape("mean rates", &[mean_rates.len()], &[Dim::Is(self.axes.n_neurons)])?;
        match &self.hears {
            Hears::Icnet { stage, .. } => stage.init_to_mean_rates(mean_rates),
            Hears::Heard { model, .. } => model.init_to_mean_rates(mean_rates),
        }
    }

    /// Where the parameters live.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.params.device()
    }

    /// The precision of the parameters: f32 or f64.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.params.dtype()
    }
}
