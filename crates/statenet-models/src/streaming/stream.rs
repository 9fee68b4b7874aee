//! Running a model over sound as it comes, in chunks of any size.

use candle_core::{DType, Tensor};

use super::plan::Plan;
use crate::{
    build::response_model::ResponseModel,
    error::{During, Result, config_error},
    model::state::State,
};

/// A model and the state of one or more streams.
///
/// Single frames run on weights that were laid out once, when the stream was made; longer chunks run as
/// [`ResponseModel::chunk`] does. Both give the same to 1e-5. After a change of the model's parameters make the stream
/// anew. On a GPU, in f64, and for a model without [`steps`](ResponseModel::steps), single frames are chunks of one bin.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_models::{Stream, zoo};
///
/// let axes = Axes::new(34, 2, TimeBin::from_millis(5.0)?);
/// let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let sound = Tensor::zeros((1, 1, 34, 20), DType::F32, &Device::Cpu)?;
///
/// let mut stream = Stream::new(&*model, 1)?;
/// let first = stream.push(&sound.narrow(3, 0, 13)?)?;
/// let rest = stream.push(&sound.narrow(3, 13, 7)?)?;
/// assert_eq!((first.dims(), rest.dims()), (&[1, 2, 13][..], &[1, 2, 7][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream<'a> {
    model: &'a dyn ResponseModel,
    plan: Option<Plan>,
    held: Held,
    batch: usize,
}

/// What the streams remember, in the form in which the last chunk left it.
enum Held {
    Tensors(State),
    /// Stream by stream, as the plan has them.
    Numbers(Vec<f32>),
}

impl<'a> Stream<'a> {
    /// `batch` streams from silence.
    ///
    /// # Errors
    /// As [`ResponseModel::init_state`]; [`Error::NoRealTime`](crate::Error::NoRealTime) if the model's
    /// [`steps`](ResponseModel::steps) do not fit the model.
    pub fn new(model: &'a dyn ResponseModel, batch: usize) -> Result<Self> {
        let laid_out = model.dtype() == DType::F32 && model.device().is_cpu();
        let plan = if laid_out { Plan::new(model)? } else { None };
        Ok(Self { model, plan, held: Held::Tensors(model.init_state(batch)?), batch })
    }

    /// The next frames, `(B, 1, F, T)` to `(B, N, T)`.
    ///
    /// # Errors
    /// As [`ResponseModel::chunk`].
    pub fn push(&mut self, cochleagram: &Tensor) -> Result<Tensor> {
        if let Some(rates) = self.frame(cochleagram)? {
            return Ok(rates);
        }
        let mut state = self.state()?;
        let rates = self.model.chunk(cochleagram, &mut state)?;
        self.held = Held::Tensors(state);
        Ok(rates)
    }

    /// A copy of what the model remembers now.
    ///
    /// # Errors
    /// [`Error::Tensor`](crate::Error::Tensor) if it cannot be allocated.
    pub fn state(&self) -> Result<State> {
        match (&self.held, &self.plan) {
            (Held::Numbers(numbers), Some(plan)) => plan.state(numbers, self.batch),
            (Held::Tensors(state), _) => Ok(state.clone()),
            (Held::Numbers(_), None) => self.model.init_state(self.batch),
        }
    }

    /// Goes on from a state saved earlier.
    pub fn resume(&mut self, state: State) {
        self.held = Held::Tensors(state);
    }

    /// Forgets everything: the next frame is the first.
    ///
    /// # Errors
    /// As [`ResponseModel::init_state`].
    pub fn reset(&mut self) -> Result<()> {
        self.held = Held::Tensors(self.model.init_state(self.batch)?);
        Ok(())
    }

    /// A single frame of every stream, `(B, 1, F, 1)`, on the plan; `None` for everything else.
    fn frame(&mut self, frame: &Tensor) -> Result<Option<Tensor>> {
        let Some(plan) = &mut self.plan else { return Ok(None) };
        let single = frame.dims() == [self.batch, 1, plan.n_bands(), 1] && frame.dtype() == DType::F32;
        if !single {
            return Ok(None);
        }
        if let Held::Tensors(state) = &self.held {
            if state.keeps_graph() {
                return Ok(None);
            }
            self.held = Held::Numbers(plan.numbers(state, self.batch)?);
        }
        let Held::Numbers(numbers) = &mut self.held else { return Ok(None) };
        let frames = frame.flatten_all().and_then(|f| f.to_vec1::<f32>()).during("reading a frame")?;
        let (n_bands, n_neurons, n_state) = (plan.n_bands(), plan.n_neurons(), plan.n_state());
        let mut rates = vec![0.0; self.batch * n_neurons];
        for (i, rates) in rates.chunks_exact_mut(n_neurons).enumerate() {
            plan.step(&frames[i * n_bands..][..n_bands], &mut numbers[i * n_state..][..n_state], rates)?;
        }
        let shape = (self.batch, n_neurons, 1);
        Tensor::from_vec(rates, shape, frame.device()).during("returning a bin").map(Some)
    }
}

/// A whole cochleagram `(B, 1, F, T)` in chunks of `size` bins (the last may be shorter), joined to `(B, N, T)`.
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) if `size` is 0; else as [`ResponseModel::chunk`].
pub fn in_chunks(model: &dyn ResponseModel, cochleagram: &Tensor, size: usize) -> Result<Tensor> {
    if size == 0 {
        return Err(config_error("chunk size", size, "1 or more bins"));
    }
    let (batch, _, _, n_bins) = cochleagram.dims4().during("reading a cochleagram")?;
    let mut stream = Stream::new(model, batch)?;
    let rates = (0..n_bins)
        .step_by(size)
        .map(|start| {
            let chunk = cochleagram.narrow(3, start, size.min(n_bins - start)).during("slicing a chunk")?;
            stream.push(&chunk)
        })
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&rates, 2).during("concatenating chunks")
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::{Axes, Seed, TimeBin};

    use super::*;
    use crate::zoo;

    fn model() -> Box<dyn ResponseModel> {
        let axes = Axes::new(8, 2, TimeBin::whole_millis::<5>());
        zoo::statenet_gru_adaptrans(&axes).build(Seed::new(0), &Device::Cpu).unwrap()
    }

    /// (2, 1, F, T).
    fn sounds(n_bins: usize) -> Tensor {
        let values: Vec<f32> = (0..2 * 8 * n_bins).map(|i| (i as f32 * 0.7).sin()).collect();
        Tensor::from_vec(values, (2, 1, 8, n_bins), &Device::Cpu).unwrap()
    }

    fn rates(tensors: &[Tensor]) -> Vec<f32> {
        Tensor::cat(tensors, 2).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn single_frames_and_chunks_of_several_streams_take_turns() {
        let (model, sounds) = (model(), sounds(12));
        let whole = model.chunk(&sounds, &mut model.init_state(2).unwrap()).unwrap();
        let mut stream = Stream::new(&*model, 2).unwrap();
        let mut start = 0;
        let pushed = [1, 4, 1, 1, 3, 1, 1].map(|n| {
            start += n;
            stream.push(&sounds.narrow(3, start - n, n).unwrap()).unwrap()
        });
        for (a, b) in rates(&pushed).into_iter().zip(rates(&[whole])) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        let mut resumed = Stream::new(&*model, 2).unwrap();
        resumed.resume(stream.state().unwrap());
        let next = sounds.narrow(3, 0, 1).unwrap();
        assert_eq!(rates(&[stream.push(&next).unwrap()]), rates(&[resumed.push(&next).unwrap()]));
    }

    #[test]
    fn single_frames_have_the_weights_with_which_the_stream_was_made() {
        let (model, sounds) = (model(), sounds(1));
        let mut stream = Stream::new(&*model, 2).unwrap();
        let first = rates(&[stream.push(&sounds).unwrap()]);
        for param in model.params().trained() {
            param.var.set(&param.var.zeros_like().unwrap()).unwrap();
        }
        stream.reset().unwrap();
        assert_eq!(rates(&[stream.push(&sounds).unwrap()]), first);
        assert_ne!(rates(&[Stream::new(&*model, 2).unwrap().push(&sounds).unwrap()]), first);
    }

    #[test]
    fn a_state_that_keeps_its_graph_keeps_it_for_single_frames() {
        let (model, sounds) = (model(), sounds(1));
        let sounds = candle_core::Var::from_tensor(&sounds).unwrap();
        let mut stream = Stream::new(&*model, 2).unwrap();
        stream.resume(model.init_state(2).unwrap().keeping_graph());
        let rates = stream.push(sounds.as_tensor()).unwrap();
        assert!(rates.sum_all().unwrap().backward().unwrap().get(sounds.as_tensor()).is_some());
    }
}
