//! A model frame by frame on slices, without the heap: for closed loops and for microphones.

use super::plan::Plan;
use crate::{
    build::response_model::ResponseModel,
    error::{Error, Result},
    model::state::State,
};

/// A fitted model and the state of one stream, ready for frames.
///
/// Weights are copied into the order in which they are read; a later change of the model's parameters does not show. A
/// frame allocates nothing, takes no lock and always costs the same. Numbers are f32 and equal those of
/// [`ResponseModel::step`] to 1e-5. [`Stream`](crate::Stream) is the same for tensors and for several streams.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_models::{RealTime, zoo};
///
/// let axes = Axes::new(34, 2, TimeBin::from_millis(5.0)?);
/// let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let mut live = RealTime::new(&*model)?;
/// let (frame, mut rates) = ([0.0; 34], [0.0; 2]);
/// live.frame(&frame, &mut rates)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RealTime {
    plan: Plan,
    numbers: Vec<f32>,
    initial: Vec<f32>,
}

impl RealTime {
    /// A model in its initial state.
    ///
    /// # Errors
    /// [`Error::NoRealTime`] for a model without a single-frame form: [`ResponseModel::steps`] gives `None`, or steps
    /// whose state is not the model's.
    pub fn new(model: &dyn ResponseModel) -> Result<Self> {
        let plan = Plan::new(model)?.ok_or_else(|| Error::NoRealTime {
            model: model.config().slug(),
            reason: "it has no steps".to_owned(),
        })?;
        let initial = plan.numbers(&model.init_state(1)?, 1)?;
        Ok(Self { plan, numbers: initial.clone(), initial })
    }

    /// The rates (N) of the bin that a frame (F) ends.
    ///
    /// # Errors
    /// [`Error::Kernel`] for a slice of another length; nothing has changed then.
    pub fn frame(&mut self, frame: &[f32], rates: &mut [f32]) -> Result<()> {
        self.plan.step(frame, &mut self.numbers, rates)
    }

    /// Back to the state before the first frame.
    pub fn reset(&mut self) {
        self.numbers.copy_from_slice(&self.initial);
    }

    /// A copy of the state, as the model itself would have it for one stream.
    ///
    /// # Errors
    /// [`Error::Tensor`] if it cannot be allocated.
    pub fn state(&self) -> Result<State> {
        self.plan.state(&self.numbers, 1)
    }

    /// Goes on from a state of the model for one stream.
    ///
    /// # Errors
    /// [`Error::State`] for a state of another model or of several streams; nothing has changed then.
    pub fn set_state(&mut self, state: &State) -> Result<()> {
        self.numbers = self.plan.numbers(state, 1)?;
        Ok(())
    }
}
