//! The one trait of every model.

use candle_core::{DType, Device, Tensor};
use statenet_core::{Axes, Dim, Seed, Standardization, expect_shape};
use statenet_kernels::Step;

use crate::{
    build::model_config::ModelConfig,
    error::{During, Error, Result},
    model::{memory::Memory, mode::Mode, state::State},
    params::store::ParamStore,
};

/// A model of how a population of N neurons answers sound: a cochleagram of F bands or, for a model that hears, bins of F samples.
///
/// Object-safe and small: a `Box<dyn ResponseModel>` is fitted, scored, streamed, saved and interpreted like any
/// other, and so is a model of your own. What an implementation must obey is written as tests in
/// [`laws`](crate::laws).
///
/// An implementation needs `forward`, `init_state`, `step` or `chunk`, `config`, `params`, `n_neurons`, `n_bands` and
/// `memory`; all else has a default.
pub trait ResponseModel: Send + Sync {
    /// Firing rates for whole stimuli as recorded: `(B, 1, F, T)` to `(B, N, T)`, any T of 1 or more, in the unit of the
    /// responses it was fitted to (spikes per bin). The model scales bands itself.
    ///
    /// Pure: it changes nothing in the model. In [`Mode::Eval`] strictly causal, bin t sees frames up to t only.
    ///
    /// # Errors
    /// [`Error::Shape`] if the cochleagram does not fit.
    fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> Result<Tensor>;

    /// The state before the first frame, for `batch` streams.
    ///
    /// # Errors
    /// [`Error::Tensor`] if it cannot be allocated.
    fn init_state(&self, batch: usize) -> Result<State>;

    /// One frame `(B, 1, F)` to the rates of its bin `(B, N)`, advancing the state.
    ///
    /// Implement this or [`chunk`](Self::chunk), each of which runs the other unless overridden. A chunk of one bin may lay
    /// out all weights for it; [`Stream`](crate::Stream) and [`RealTime`](crate::RealTime) lay them out once.
    ///
    /// # Errors
    /// [`Error::Shape`] for a wrong frame, [`Error::State`] for a state of
    /// another model.
    fn step(&self, frame: &Tensor, state: &mut State) -> Result<Tensor> {
        let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(self.n_bands())];
        expect_shape("frame", frame.dims(), &expected)?;
        let chunk = frame.unsqueeze(3).during("reading a frame")?;
        self.chunk(&chunk, state)?.squeeze(2).during("returning a bin")
    }

    /// The next frames of a stream, `(B, 1, F, T)` to `(B, N, T)`, advancing the state.
    ///
    /// Chunks of any sizes give what [`forward`](Self::forward) gives on their concatenation, to 1e-5 in f32. Unless
    /// overridden it takes one [`step`](Self::step) per frame. Rates have no graph unless the state
    /// [keeps it](State::keeping_graph).
    ///
    /// # Errors
    /// As [`step`](Self::step); [`Error::NoStep`] for a model that implements neither.
    fn chunk(&self, cochleagram: &Tensor, state: &mut State) -> Result<Tensor> {
        let (_, _, _, n_bins) = cochleagram.dims4().during("reading a chunk")?;
        let step = |state: &mut State, t: usize| {
            let frame = cochleagram.narrow(3, t, 1).and_then(|f| f.squeeze(3)).during("slicing a frame")?;
            self.step(&frame, state)
        };
        if !state.begin_steps() {
            return Err(Error::NoStep { model: self.config().slug() });
        }
        let rates = (0..n_bins).map(|t| step(state, t)).collect::<Result<Vec<_>>>();
        state.end_steps();
        Tensor::stack(&rates?, 2).during("stacking the rates of a chunk")
    }

    /// Advances the state by the next frames of a stream without computing their rates.
    ///
    /// The state ends as [`chunk`](Self::chunk) leaves it, which is what runs unless overridden.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn advance(&self, cochleagram: &Tensor, state: &mut State) -> Result<()> {
        self.chunk(cochleagram, state).map(drop)
    }

    /// The model as a sequence of single-frame steps in f32, with a copy of its present weights: what
    /// [`RealTime`](crate::RealTime) and [`Stream`](crate::Stream) run. `None` unless overridden.
    ///
    /// The first takes a frame (F), the last gives the rates (N). The numbers of their states, one after the other, are
    /// those of [`init_state`](Self::init_state) for one stream, flattened in order.
    ///
    /// # Errors
    /// [`Error::Kernel`] if a step cannot be made.
    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        Ok(None)
    }

    /// A copy whose parameters autograd does not track: gradients with respect to the stimulus cost less. Later changes of
    /// this model's parameters do not show in it. `None` unless overridden.
    ///
    /// # Errors
    /// [`Error::Tensor`] if there is no memory for it.
    fn frozen(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        Ok(None)
    }

    /// The description from which this model was built: rebuilding it and loading the parameters gives it again.
    fn config(&self) -> ModelConfig;

    /// The named parameters and buffers.
    fn params(&self) -> &ParamStore;

    /// Neurons N.
    fn n_neurons(&self) -> usize;

    /// Frequency bands F; samples of a bin for a model that hears.
    fn n_bands(&self) -> usize;

    /// How far back the response can depend on the stimulus.
    fn memory(&self) -> Memory;

    /// What a model that hears makes of whole sounds before it scales bands, `(B, 1, hop, T)` to `(B, 1, F, T)`. `None`, unless
    /// overridden, for a model without a front end.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn cochleagram(&self, sound: &Tensor) -> Result<Option<Tensor>> {
        let _ = sound;
        Ok(None)
    }

    /// A copy of the stages of a model that hears behind its front end: a model of the cochleagrams that the front end makes.
    /// `None`, unless overridden, for a model without a front end.
    ///
    /// # Errors
    /// [`Error::Tensor`] if there is no memory for it.
    fn behind_front_end(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        Ok(None)
    }

    /// A model of other neurons that hears as this one does: all before the readout has the parameters of this model, as buffers that no fit
    /// changes, and the readout is new, with first values from a seed. `axes` are those of the recording of these neurons. `None`, unless
    /// overridden, for a model without a readout of its own.
    ///
    /// A fit of it needs few sounds, since only the readout is learned (Pennington & David 2023). It keeps the [scaling](Self::input_scaling)
    /// of its bands. Saved and loaded it is a model like any other, all of which can be trained.
    ///
    /// ```
    /// use candle_core::Device;
    /// use statenet_core::{Axes, Seed, TimeBin};
    /// use statenet_models::{ResponseModel, zoo};
    ///
    /// let dt = TimeBin::whole_millis::<5>();
    /// let fitted = zoo::statenet_gru(&Axes::new(34, 50, dt)).build(Seed::new(0), &Device::Cpu)?;
    /// let of_three = fitted.with_new_readout(&Axes::new(34, 3, dt), Seed::new(1))?.unwrap();
    /// assert!(of_three.params().trained().all(|param| param.name.starts_with("readout.")));
    /// # Ok::<(), statenet_models::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] for axes of other bands or another dt.
    fn with_new_readout(&self, axes: &Axes, seed: Seed) -> Result<Option<Box<dyn ResponseModel>>> {
        let _ = (axes, seed);
        Ok(None)
    }

    /// Whether all before the readout is kept as it is, as in a model [with a new readout](Self::with_new_readout). A fitter then leaves the
    /// scaling of bands alone.
    fn keeps_core(&self) -> bool {
        false
    }

    /// The mean and deviation by which the model scales each band before anything else sees it: those of the cochleagram that it
    /// is given or, in a model that hears, that its front end makes. `None`, unless overridden, for a model that does not scale.
    ///
    /// A model that overrides this overrides [`scale_input`](Self::scale_input), [`forward_scaled`](Self::forward_scaled) and
    /// [`frozen`](Self::frozen) too.
    ///
    /// # Errors
    /// [`Error::Tensor`] if they cannot be read.
    fn input_scaling(&self) -> Result<Option<Standardization>> {
        Ok(None)
    }

    /// Sets the mean and deviation by which the model scales each band. A fitter does this once, before the first step, from
    /// training sounds; whatever takes the model after that gives it sound as recorded. Does nothing unless overridden.
    ///
    /// # Errors
    /// [`Error::Config`] for another number of bands.
    fn scale_input(&mut self, scaling: &Standardization) -> Result<()> {
        let _ = scaling;
        Ok(())
    }

    /// Rates of whole stimuli whose bands were scaled already as the model scales them, `(B, 1, F, T)` to `(B, N, T)`: what
    /// [`forward`](Self::forward) gives for the sounds as recorded. A fit scales its recording once, and has a front end without
    /// parameters do its part once. Unless overridden it is `forward`, as in a model that does not scale.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn forward_scaled(&self, scaled: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.forward(scaled, mode)
    }

    /// The receptive field of every neuron, `(N, F, K)` in f64, last column lag 0, of a model whose drive is a weighted
    /// sum over the bands and lags of its scaled (and prefiltered) input: the drive that one standard deviation of a band adds.
    ///
    /// Normalisation of the drive is part of the weights, and so is the scaling of continuous responses; channels of a prefilter are summed. Bands are those of the front end
    /// in a model that hears. `None`, unless overridden, for every other model.
    ///
    /// # Errors
    /// [`Error::Tensor`] if they cannot be computed.
    fn receptive_fields(&self) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// Sets the mean and deviation of each neuron's response (N), for a model of continuous responses, whose output is scaled by them. A fitter
    /// does this once, before the first step, from training responses. Does nothing unless overridden, and for spike counts.
    ///
    /// # Errors
    /// [`Error::Config`] for another number of neurons.
    fn scale_output(&mut self, scaling: &Standardization) -> Result<()> {
        let _ = scaling;
        Ok(())
    }

    /// Moves the start of a fit to the neurons' mean rates (N), spikes per bin or in the unit of the responses, so that the first steps are not spent
    /// on finding them; an output curve that starts far above them can stay flat for good ("mean collapse").
    ///
    /// Called by fitters before the first step, with rates of the training stimuli. Does nothing unless overridden.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one rate per neuron.
    fn init_to_mean_rates(&mut self, mean_rates: &[f64]) -> Result<()> {
        let _ = mean_rates;
        Ok(())
    }

    /// Where the parameters live.
    fn device(&self) -> &Device {
        self.params().device()
    }

    /// The precision of the parameters: f32 or f64.
    fn dtype(&self) -> DType {
        self.params().dtype()
    }
}

/// A boxed model is a model.
impl<M: ResponseModel + ?Sized> ResponseModel for Box<M> {
    fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        (**self).forward(cochleagram, mode)
    }

    fn init_state(&self, batch: usize) -> Result<State> {
        (**self).init_state(batch)
    }

    fn step(&self, frame: &Tensor, state: &mut State) -> Result<Tensor> {
        (**self).step(frame, state)
    }

    fn chunk(&self, cochleagram: &Tensor, state: &mut State) -> Result<Tensor> {
        (**self).chunk(cochleagram, state)
    }

    fn advance(&self, cochleagram: &Tensor, state: &mut State) -> Result<()> {
        (**self).advance(cochleagram, state)
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        (**self).steps()
    }

    fn frozen(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        (**self).frozen()
    }

    fn config(&self) -> ModelConfig {
        (**self).config()
    }

    fn params(&self) -> &ParamStore {
        (**self).params()
    }

    fn n_neurons(&self) -> usize {
        (**self).n_neurons()
    }

    fn n_bands(&self) -> usize {
        (**self).n_bands()
    }

    fn memory(&self) -> Memory {
        (**self).memory()
    }

    fn cochleagram(&self, sound: &Tensor) -> Result<Option<Tensor>> {
        (**self).cochleagram(sound)
    }

    fn behind_front_end(&self) -> Result<Option<Box<dyn ResponseModel>>> {
        (**self).behind_front_end()
    }

    fn with_new_readout(&self, axes: &Axes, seed: Seed) -> Result<Option<Box<dyn ResponseModel>>> {
        (**self).with_new_readout(axes, seed)
    }

    fn keeps_core(&self) -> bool {
        (**self).keeps_core()
    }

    fn input_scaling(&self) -> Result<Option<Standardization>> {
        (**self).input_scaling()
    }

    fn scale_input(&mut self, scaling: &Standardization) -> Result<()> {
        (**self).scale_input(scaling)
    }

    fn forward_scaled(&self, scaled: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        (**self).forward_scaled(scaled, mode)
    }

    fn receptive_fields(&self) -> Result<Option<Tensor>> {
        (**self).receptive_fields()
    }

    fn scale_output(&mut self, scaling: &Standardization) -> Result<()> {
        (**self).scale_output(scaling)
    }

    fn init_to_mean_rates(&mut self, mean_rates: &[f64]) -> Result<()> {
        (**self).init_to_mean_rates(mean_rates)
    }

    fn device(&self) -> &Device {
        (**self).device()
    }

    fn dtype(&self) -> DType {
        (**self).dtype()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo;
    use statenet_core::TimeBin;

    /// A model that says nothing of streams but how they begin.
    struct Unfinished(Box<dyn ResponseModel>);

    impl ResponseModel for Unfinished {
        fn forward(&self, cochleagram: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
            self.0.forward(cochleagram, mode)
        }

        fn init_state(&self, batch: usize) -> Result<State> {
            self.0.init_state(batch)
        }

        fn config(&self) -> ModelConfig {
            self.0.config()
        }

        fn params(&self) -> &ParamStore {
            self.0.params()
        }

        fn n_neurons(&self) -> usize {
            self.0.n_neurons()
        }

        fn n_bands(&self) -> usize {
            self.0.n_bands()
        }

        fn memory(&self) -> Memory {
            self.0.memory()
        }
    }

    #[test]
    fn a_model_with_neither_step_nor_chunk_is_an_error_and_no_endless_loop() {
        let axes = Axes::new(8, 2, TimeBin::whole_millis::<5>());
        let model = Unfinished(zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu).unwrap());
        let frame = Tensor::zeros((1, 1, 8), DType::F32, &Device::Cpu).unwrap();
        let mut state = model.init_state(1).unwrap();
        for _ in 0..20 {
            let error = model.step(&frame, &mut state).unwrap_err().to_string();
            assert_eq!(error, "statenet-gru-h7 has no stream: it implements neither step nor chunk");
        }
    }
}
