//! What dreams climb: the response of a target to a whole sound.

use candle_core::Tensor;
use statenet_models::ResponseModel;

use super::config::When;
use crate::{
    batched_gradients::run_from,
    error::{During, Result},
    target::Objective,
};

/// The response of each row's target to a whole sound, run from the model's initial state.
pub(super) struct SoundResponse<'a> {
    model: &'a dyn ResponseModel,
    objective: &'a Objective,
    when: Tensor,
    n_read: usize,
}

impl<'a> SoundResponse<'a> {
    pub(super) fn new(
        model: &'a dyn ResponseModel,
        objective: &'a Objective,
        when: When,
        n_bins: usize,
    ) -> Result<Self> {
        let n_read = match when {
            When::Last => 1,
            When::All => n_bins,
        };
        let when = Tensor::full(1.0 / n_read as f64, (1, n_read), model.device())
            .and_then(|w| w.to_dtype(model.dtype()));
        Ok(Self { model, objective, when: when.during("choosing bins")?, n_read })
    }

    /// The responses (R) to sounds (R, 1, F, T), with their graph.
    pub(super) fn of(&self, sounds: &Tensor) -> Result<Tensor> {
        let state = self.model.init_state(sounds.dim(0).during("reading sounds")?)?;
        let output = run_from(self.model, state, sounds, self.n_read)?;
        self.objective.values(&output.rates, &output.state, &self.when)
    }
}
