//! Front end, scaling, prefilter, core and readout one after the other: the form of every model of the zoo.
//!
//! ```text
//! bins of sound (B, 1, hop, T) -> front end -> cochleagram (B, 1, F, T)                      only in a model that hears
//! cochleagram (B, 1, F, T) -> scaling: bands of mean 0 and deviation 1 over training sounds (B, 1, F, T)
//! scaled cochleagram (B, 1, F, T) -> prefilter (B, C, F, T) -> core (B, H, T) or (B, C, F, T) -> readout: drives (B, N, T)
//! drives and, for a contrast gain, the scaled cochleagram -> nonlinearity: rates (B, N, T)
//! continuous responses: rates -> mean and deviation of each neuron's training responses (B, N, T)
//! ```

use candle_core::{Device, Tensor};
use statenet_core::{Axes, Dim, Input, ResponseUnit, Sampling, Seed, Standardization, expect_shape};
use statenet_kernels::Step;

use crate::{
    build::{
        architecture::{Architecture, PipelineConfig},
        model_config::{FORMAT, ModelConfig},
        response_model::ResponseModel,
    },
    cores::{self, CoreConfig},
    error::{During, Result, config_error},
    front_ends::FrontEnd,
    layers::band_scaling::BandScaling,
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::{ParamStore, module_of},
    prefilters::{self, PrefilterConfig},
    readouts::{self, Readout},
};

/// The module of the parameters of the readout.
const READOUT: &str = "readout";

/// A model of stages, each described by its config.
pub(crate) struct Pipeline {
    /// In a model that hears.
    front_end: Option<FrontEnd>,
    /// `None` for a core that takes samples.
    scaling: Option<BandScaling>,
    prefilter: Box<dyn Stage>,
    core: Box<dyn Stage>,
    readout: Box<dyn Readout>,
    params: ParamStore,
    axes: Axes,
    config: PipelineConfig,
}

impl PipelineConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        if let Some(front_end) = &self.front_end {
            front_end.validate(&Sampling::of(axes)?, &format!("{field}.front_end"))?;
        }
        if let CoreConfig::Icnet(_) = &self.core {
            self.expect_nothing_before_samples(field)?;
        }
        let axes = &self.spectral_axes(axes)?;
        self.prefilter.validate(axes, &format!("{field}.prefilter"))?;
        self.core.validate(axes, &format!("{field}.core"))?;
        self.readout.validate(&self.core, axes, &format!("{field}.readout"))
    }

    /// A core that takes samples takes them as they come.
    fn expect_nothing_before_samples(&self, field: &str) -> Result<()> {
        let expected = "none: the core takes the samples themselves";
        if let Some(front_end) = &self.front_end {
            return Err(config_error(&format!("{field}.front_end"), front_end.slug(), expected));
        }
        match &self.prefilter {
            PrefilterConfig::None => Ok(()),
            other => Err(config_error(
                &format!("{field}.prefilter"),
                other.slug().trim_start_matches('-'),
                expected,
            )),
        }
    }

    /// What the model takes.
    #[must_use]
    pub fn input(&self) -> Input {
        let hears = self.front_end.is_some() || matches!(self.core, CoreConfig::Icnet(_));
        if hears { Input::Sound } else { Input::Cochleagram }
    }

    /// The same as a model of responses in this unit: for continuous ones without the output curve, which is of spike rates.
    #[must_use]
    pub fn for_response_unit(self, unit: &ResponseUnit) -> Self {
        Self { readout: self.readout.for_response_unit(unit), ..self }
    }

    /// The axes behind the front end: those of its cochleagram, or the model's own without one.
    pub(crate) fn spectral_axes(&self, axes: &Axes) -> Result<Axes> {
        let Some(front_end) = &self.front_end else { return Ok(axes.clone()) };
        let band_centers = front_end.band_centers(&Sampling::of(axes)?)?;
        Ok(Axes { n_bands: front_end.n_bands(), band_centers, ..axes.clone() })
    }

    pub(crate) fn slug(&self, axes: Option<&Axes>) -> String {
        let spectral = axes.and_then(|axes| self.spectral_axes(axes).ok());
        let slug = match &self.core {
            CoreConfig::None => self.readout.slug(),
            core => core.slug(spectral.as_ref()),
        };
        let front_end = self.front_end.as_ref().map(|front_end| format!("{}-", front_end.slug()));
        front_end.unwrap_or_default() + &slug + &self.readout.suffix() + self.prefilter.slug()
    }
}

impl Pipeline {
    /// Builds the stages of a validated config on an empty store.
    pub(crate) fn on(mut params: ParamStore, axes: &Axes, config: &PipelineConfig) -> Result<Self> {
        let (dtype, device) = (params.dtype(), params.device().clone());
        let mut root = params.root();
        let front_end = match &config.front_end {
            Some(config) => {
                let like = (dtype, &device);
                Some(FrontEnd::new(config, &Sampling::of(axes)?, like, &mut root.enter("front_end"))?)
            }
            None => None,
        };
        let spectral = config.spectral_axes(axes)?;
        let scaling = match config.core {
            CoreConfig::Icnet(_) => None,
            _ => Some(BandScaling::new(spectral.n_bands, &mut root.enter("scaling"))?),
        };
        let (prefilter, filtered) =
            prefilters::build(&config.prefilter, &spectral, &mut root.enter("prefilter"))?;
        let of_model = (axes, (dtype, &device));
        let (core, features) = cores::build(&config.core, filtered, of_model, &mut root.enter("core"))?;
        let readout = readouts::build(&config.readout, features, &spectral, &mut root.enter(READOUT))?;
        let config = PipelineConfig { core: config.core.resolved(&spectral), ..config.clone() };
        Ok(Self { front_end, scaling, prefilter, core, readout, params, axes: axes.clone(), config })
    }

    /// How all before the readout runs: without dropout and statistics of the batch if it is not trained.
    fn core_mode<'m>(&self, mode: Mode<'m>) -> Mode<'m> {
        if self.keeps_core() { Mode::Eval } else { mode }
    }

    fn check(&self, frames: &Tensor) -> Result<()> {
        let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(self.axes.n_bands), Dim::Any("T")];
        Ok(expect_shape(self.config.input().name(), frames.dims(), &expected)?)
    }

    /// What the prefilter sees of the next frames: the front end's bands or the frames themselves, scaled.
    fn scaled(&self, frames: &Tensor, state: &mut State) -> Result<Tensor> {
        match &self.front_end {
            Some(front_end) => self.scale(&front_end.chunk(frames, state)?),
            None => self.scale(frames),
        }
    }

    fn scale(&self, cochleagram: &Tensor) -> Result<Tensor> {
        self.scaling.as_ref().map_or_else(|| Ok(cochleagram.clone()), |scaling| scaling.apply(cochleagram))
    }

    /// Bands of the cochleagram; samples of a bin without one.
    fn n_scaled(&self) -> usize {
        self.config.front_end.as_ref().map_or(self.axes.n_bands, |front_end| front_end.n_bands())
    }

    /// Rates of whole stimuli, from what the prefilter sees.
    fn rates(&self, cochleagram: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        let filtered = self.prefilter.forward(cochleagram, self.core_mode(mode))?;
        let features = self.core.forward(&filtered, self.core_mode(mode))?;
        let drives = self.readout.forward(&features, mode)?;
        let mut state = State::new();
        let nonlinearity = self.readout.nonlinearity();
        nonlinearity.init_state(cochleagram.dim(0).during("reading a batch")?, &mut state)?;
        nonlinearity.chunk(&drives, cochleagram, &mut state)
    }
}

impl ResponseModel for Pipeline {
    fn forward(&self, frames: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.check(frames)?;
        match &self.front_end {
            Some(front_end) => {
                let cochleagram = front_end.forward(frames, self.core_mode(mode))?;
                self.rates(&self.scale(&cochleagram)?, mode)
            }
            None => self.rates(&self.scale(frames)?, mode),
        }
    }

    fn init_state(&self, batch: usize) -> Result<State> {
        let mut state = State::new();
        if let Some(front_end) = &self.front_end {
            front_end.init_state(batch, &mut state)?;
        }
        self.prefilter.init_state(batch, &mut state)?;
        self.core.init_state(batch, &mut state)?;
        self.readout.init_state(batch, &mut state)?;
        self.readout.nonlinearity().init_state(batch, &mut state)?;
        Ok(state)
    }

    fn chunk(&self, frames: &Tensor, state: &mut State) -> Result<Tensor> {
        self.check(frames)?;
        // The caller's state changes only if every stage succeeded.
        let mut next = state.clone();
        let cochleagram = &self.scaled(frames, &mut next)?;
        let filtered = self.prefilter.chunk(cochleagram, &mut next)?;
        let features = self.core.chunk(&filtered, &mut next)?;
        let drives = self.readout.chunk(&features, &mut next)?;
        let rates = self.readout.nonlinearity().chunk(&drives, cochleagram, &mut next)?;
        let rates = if next.keeps_graph() { rates } else { rates.detach() };
        *state = next;
        Ok(rates)
    }

    fn advance(&self, frames: &Tensor, state: &mut State) -> Result<()> {
        if self.readout.memory().then(self.readout.nonlinearity().memory()) != Memory::Frames(1) {
            return self.chunk(frames, state).map(drop);
        }
        self.check(frames)?;
        let mut next = state.clone();
        let filtered = self.prefilter.chunk(&self.scaled(frames, &mut next)?, &mut next)?;
        self.core.advance(&filtered, &mut next)?;
        *state = next;
        Ok(())
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        if self.front_end.is_some() {
            // A front end has no form for single bins.
            return Ok(None);
        }
        let mut all = Vec::new();
        for stage in [self.prefilter.steps()?, self.core.steps()?, self.readout.steps()?] {
            let Some(steps) = stage else { return Ok(None) };
            all.extend(steps);
        }
        // A contrast gain takes the scaled frame too.
        let behind = self.readout.nonlinearity().behind(all)?;
        let scaling = self.scaling.as_ref().map(BandScaling::step).transpose()?.flatten();
        Ok(Some(scaling.into_iter().chain(behind).collect()))
    }

    fn frozen(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        let params = ParamStore::frozen(self.params.seed(), self.dtype(), self.device());
        let copy = Self::on(params, &self.axes, &self.config)?;
        copy.params.load(&self.params.snapshot()?, "the model")?;
        Ok(Some(Box::new(copy)))
    }

    fn config(&self) -> ModelConfig {
        let model = Architecture::Pipeline(self.config.clone());
        ModelConfig { format: FORMAT, axes: Some(self.axes.clone()), model }
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
        let filtered = match &self.front_end {
            Some(front_end) => front_end.memory().then(self.prefilter.memory()),
            None => self.prefilter.memory(),
        };
        let drives = filtered.then(self.core.memory()).then(self.readout.memory());
        drives.then(self.readout.nonlinearity().memory())
    }

    fn cochleagram(&self, frames: &Tensor) -> Result<Option<Tensor>> {
        self.check(frames)?;
        self.front_end.as_ref().map(|front_end| front_end.forward(frames, Mode::Eval)).transpose()
    }

    fn forward_scaled(&self, scaled: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(self.n_scaled()), Dim::Any("T")];
        expect_shape("scaled cochleagram", scaled.dims(), &expected)?;
        self.rates(scaled, mode)
    }

    fn behind_front_end(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        if self.front_end.is_none() {
            return Ok(None);
        }
        let config = PipelineConfig { front_end: None, ..self.config.clone() };
        let params = ParamStore::new(self.params.seed(), self.dtype(), self.device());
        let copy = Self::on(params, &self.config.spectral_axes(&self.axes)?, &config)?;
        let mut values = self.params.snapshot()?;
        values.retain(|name, _| copy.params.get(name).is_some());
        copy.params.load(&values, "the model")?;
        Ok(Some(Box::new(copy)))
    }

    fn with_new_readout(&self, axes: &Axes, seed: Seed) -> Result<Option<Box<dyn ResponseModel>>> {
        let own = &self.axes;
        if (own.n_bands, own.dt) != (axes.n_bands, axes.dt) {
            let of = |axes: &Axes| format!("{} in bins of {} ms", axes.n_bands, axes.dt.ms());
            return Err(config_error("axes.n_bands", of(axes), format!("{}, those of the core", of(own))));
        }
        let axes = Axes { band_centers: own.band_centers.clone(), ..axes.clone() };
        let config = self.config.clone().for_response_unit(&axes.response_unit);
        let params = ParamStore::new(seed, self.dtype(), self.device()).training_only(READOUT);
        let copy = Self::on(params, &axes, &config)?;
        let mut values = copy.params.snapshot()?;
        values.extend(self.params.snapshot()?.into_iter().filter(|(name, _)| module_of(name) != READOUT));
        copy.params.load(&values, "the core")?;
        Ok(Some(Box::new(copy)))
    }

    fn keeps_core(&self) -> bool {
        self.params.keeps_modules()
    }

    fn input_scaling(&self) -> Result<Option<Standardization>> {
        self.scaling.as_ref().map(BandScaling::get).transpose()
    }

    fn scale_input(&mut self, scaling: &Standardization) -> Result<()> {
        self.scaling.as_ref().map_or(Ok(()), |held| held.set(scaling, &self.params))
    }

    fn receptive_fields(&self) -> Result<Option<Tensor>> {
        let fields = match self.core.unit_fields()? {
            Some(units) => self.readout.receptive_fields_of(&units)?,
            None => self.readout.receptive_fields()?,
        };
        let (Some(fields), Some(deviations)) = (&fields, self.readout.nonlinearity().deviations()?) else {
            return Ok(fields);
        };
        let column = (deviations.len(), 1, 1);
        let deviations = Tensor::from_vec(deviations, column, &Device::Cpu);
        let in_unit = deviations.and_then(|deviations| fields.broadcast_mul(&deviations));
        in_unit.during("scaling receptive fields").map(Some)
    }

    fn scale_output(&mut self, scaling: &Standardization) -> Result<()> {
        self.readout.nonlinearity().scale_output(scaling, &self.params)
    }

    fn init_to_mean_rates(&mut self, mean_rates: &[f64]) -> Result<()> {
        expect_shape("mean rates", &[mean_rates.len()], &[Dim::Is(self.axes.n_neurons)])?;
        self.readout.init_to_mean_rates(mean_rates)
    }
}
