//! Prefilter, core and readout one after the other: the form of every model of the zoo.
//!
//! ```text
//! cochleagram (B, 1, F, T) -> prefilter (B, C, F, T) -> core (B, H, T) or (B, C, F, T) -> readout: drives (B, N, T)
//! drives and, for a contrast gain, the cochleagram -> nonlinearity: rates (B, N, T)
//! ```

use candle_core::{DType, Device, Tensor};
use statenet_core::{Axes, Dim, Seed, expect_shape};
use statenet_kernels::Step;

use crate::{
    build::{
        model_config::{Architecture, FORMAT, ModelConfig, PipelineConfig},
        response_model::ResponseModel,
    },
    cores::{self, CoreConfig},
    error::{During, Result},
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::ParamStore,
    prefilters,
    readouts::{self, Readout},
};

/// A model of three stages, each described by its config.
pub(crate) struct Pipeline {
    prefilter: Box<dyn Stage>,
    core: Box<dyn Stage>,
    readout: Box<dyn Readout>,
    params: ParamStore,
    axes: Axes,
    config: PipelineConfig,
}

impl PipelineConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        self.prefilter.validate(axes, &format!("{field}.prefilter"))?;
        self.core.validate(axes, &format!("{field}.core"))?;
        self.readout.validate(&self.core, axes, &format!("{field}.readout"))
    }

    pub(crate) fn slug(&self, axes: Option<&Axes>) -> String {
        let slug = match &self.core {
            CoreConfig::None => self.readout.slug(),
            core => core.slug(axes),
        };
        slug + &self.readout.suffix() + self.prefilter.slug()
    }
}

impl Pipeline {
    /// Builds the stages of a validated config.
    pub(crate) fn new(
        axes: &Axes,
        config: &PipelineConfig,
        seed: Seed,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        Self::on(ParamStore::new(seed, dtype, device), axes, config)
    }

    /// Builds the stages of a validated config on an empty store.
    fn on(mut params: ParamStore, axes: &Axes, config: &PipelineConfig) -> Result<Self> {
        let mut root = params.root();
        let (prefilter, filtered) = prefilters::build(&config.prefilter, axes, &mut root.enter("prefilter"))?;
        let (core, features) = cores::build(&config.core, filtered, &mut root.enter("core"))?;
        let readout = readouts::build(&config.readout, features, axes, &mut root.enter("readout"))?;
        let config = PipelineConfig { core: config.core.resolved(axes), ..config.clone() };
        Ok(Self { prefilter, core, readout, params, axes: axes.clone(), config })
    }

    fn check(&self, cochleagram: &Tensor) -> Result<()> {
        let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(self.axes.n_bands), Dim::Any("T")];
        Ok(expect_shape("cochleagram", cochleagram.dims(), &expected)?)
    }
}

impl ResponseModel for Pipeline {
    fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.check(cochleagram)?;
        let filtered = self.prefilter.forward(cochleagram, mode)?;
        let features = self.core.forward(&filtered, mode)?;
        let drives = self.readout.forward(&features, mode)?;
        let mut state = State::new();
        let nonlinearity = self.readout.nonlinearity();
        nonlinearity.init_state(cochleagram.dim(0).during("reading a batch")?, &mut state)?;
        nonlinearity.chunk(&drives, cochleagram, &mut state)
    }

    fn init_state(&self, batch: usize) -> Result<State> {
        let mut state = State::new();
        self.prefilter.init_state(batch, &mut state)?;
        self.core.init_state(batch, &mut state)?;
        self.readout.init_state(batch, &mut state)?;
        self.readout.nonlinearity().init_state(batch, &mut state)?;
        Ok(state)
    }

    fn chunk(&self, cochleagram: &Tensor, state: &mut State) -> Result<Tensor> {
        self.check(cochleagram)?;
        // The caller's state changes only if every stage succeeded.
        let mut next = state.clone();
        let filtered = self.prefilter.chunk(cochleagram, &mut next)?;
        let features = self.core.chunk(&filtered, &mut next)?;
        let drives = self.readout.chunk(&features, &mut next)?;
        let rates = self.readout.nonlinearity().chunk(&drives, cochleagram, &mut next)?;
        let rates = if next.keeps_graph() { rates } else { rates.detach() };
        *state = next;
        Ok(rates)
    }

    fn advance(&self, cochleagram: &Tensor, state: &mut State) -> Result<()> {
        if self.readout.memory().then(self.readout.nonlinearity().memory()) != Memory::Frames(1) {
            return self.chunk(cochleagram, state).map(drop);
        }
        self.check(cochleagram)?;
        let mut next = state.clone();
        let filtered = self.prefilter.chunk(cochleagram, &mut next)?;
        self.core.advance(&filtered, &mut next)?;
        *state = next;
        Ok(())
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all = Vec::new();
        for stage in [self.prefilter.steps()?, self.core.steps()?, self.readout.steps()?] {
            let Some(steps) = stage else { return Ok(None) };
            all.extend(steps);
        }
        Ok(Some(self.readout.nonlinearity().behind(all)?))
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
        let drives = self.prefilter.memory().then(self.core.memory()).then(self.readout.memory());
        drives.then(self.readout.nonlinearity().memory())
    }

    fn receptive_fields(&self) -> Result<Option<Tensor>> {
        self.readout.receptive_fields()
    }

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<()> {
        expect_shape("mean rates", &[mean_rates.len()], &[Dim::Is(self.axes.n_neurons)])?;
        self.readout.init_to_mean_rates(mean_rates)
    }
}
