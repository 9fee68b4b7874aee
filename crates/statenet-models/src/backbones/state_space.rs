//! What S4 and S4D share: a linear state space per unit, and the block around it.
//!
//! ```text
//! y[h,t] = (state space of unit h)(x[h,.])[t] + D[h] x[h,t]
//! v[., t] = W gelu(y[., t]) + b                               2 H numbers
//! out[h,t] = v[h,t] sigmoid(v[H+h,t])
//! ```
//! In (B, H, T) or (B, T, H), out (B, H, T). Memory: unbounded. Before t = 0: zeros.
//! Parameters beside those of the state spaces: H (D) + 2 H H + 2 H.

use candle_core::{DType, Device, Tensor};
use statenet_core::RandomStream;
use statenet_kernels::steps::values;
use statenet_kernels::{Layout, Step, steps};

use crate::{
    error::{During, Result, config_error},
    layers::steps::{Around, Glu, Map, gelu},
    model::{
        memory::Memory,
        stage::{Stage, Units},
        state::State,
    },
    params::{init::Init, store::Scope},
};

/// H linear state spaces, each of N conjugate pairs of states.
pub(crate) trait Spaces: Send + Sync {
    /// Pairs N.
    fn pairs(&self) -> usize;

    /// u (B, T, H) from states (B, H, N, 2), to y (B, T, H) and the last states.
    fn scan(&self, u: &Tensor, before: &Tensor) -> Result<(Tensor, Tensor)>;

    /// One bin, (H) to (H).
    fn step(&self) -> Result<Box<dyn Step>>;
}

pub(crate) struct StateSpace<S> {
    spaces: S,
    skip: Tensor,
    weight: Tensor,
    bias: Tensor,
    hidden: usize,
    /// How the input lies.
    layout: Layout,
    dtype: DType,
    device: Device,
    state_name: String,
}

impl<S: Spaces> StateSpace<S> {
    /// D comes first, then what `spaces` makes in `kernel`, then W and b in `output_linear`.
    pub(crate) fn new(
        input: Units,
        scope: &mut Scope<'_>,
        spaces: impl FnOnce(&mut Scope<'_>) -> Result<S>,
    ) -> Result<Self> {
        let Units { n: hidden, layout } = input;
        let skip = scope.parameter("D", hidden, Init::Normal { mean: 0.0, std: 1.0 })?;
        let spaces = spaces(&mut scope.enter("kernel"))?;
        let mut output = scope.enter("output_linear");
        let init = Init::fan_in(hidden);
        let weight = output.parameter("weight", (2 * hidden, hidden), init)?;
        let bias = output.parameter("bias", 2 * hidden, init)?;
        let (dtype, device) = (weight.dtype(), weight.device().clone());
        Ok(Self { spaces, skip, weight, bias, hidden, layout, dtype, device, state_name: scope.name("s") })
    }

    fn follow(&self, u: &Tensor, scanned: &Tensor) -> Result<Tensor> {
        let shaped = u.broadcast_mul(&self.skip).and_then(|skipped| (scanned + skipped)?.gelu_erf());
        let shaped = shaped.during("applying GELU")?;
        let v = statenet_kernels::affine(
            &shaped,
            Layout::TimeFirst,
            &self.weight,
            Some(&self.bias),
            Layout::ChannelsFirst,
        )?;
        let half = |from| v.narrow(1, from, self.hidden);
        let gated = || half(0)? * candle_nn::ops::sigmoid(&half(self.hidden)?)?;
        gated().during("applying a gated linear unit")
    }
}

impl<S: Spaces> Stage for StateSpace<S> {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let shape = [batch, self.hidden, self.spaces.pairs(), 2];
        state.set_zeros(&self.state_name, &shape, self.dtype, &self.device)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let before = state.get(&self.state_name, &[batch, self.hidden, self.spaces.pairs(), 2])?;
        let u = match self.layout {
            Layout::ChannelsFirst => x.transpose(1, 2).and_then(|u| u.contiguous()),
            Layout::TimeFirst => Ok(x.clone()),
        };
        let u = u.during("putting time first")?;
        let (scanned, last) = self.spaces.scan(&u, before)?;
        let y = self.follow(&u, &scanned)?;
        state.set(&self.state_name, &last);
        Ok(y)
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let skip = values("state space", &self.skip)?;
        Ok(Some(vec![
            Box::new(Around::new(vec![self.spaces.step()?], skip)?),
            Box::new(Map::new(self.hidden, gelu)),
            Box::new(steps::Affine::new(&self.weight, Some(&self.bias))?),
            Box::new(Glu(self.hidden)),
        ]))
    }
}

/// Checks what both kinds of state space have in their configs.
pub(super) fn validate(states: usize, (dt_min, dt_max): (f64, f64), field: &str) -> Result<()> {
    if !(2..=256).contains(&states) || states % 2 == 1 {
        return Err(config_error(&format!("{field}.states"), states, "an even number from 2 to 256"));
    }
    if !(dt_min.is_finite() && dt_min > 0.0) {
        return Err(config_error(&format!("{field}.dt_min"), dt_min, "a step above 0"));
    }
    if !(dt_max.is_finite() && dt_max >= dt_min) {
        return Err(config_error(&format!("{field}.dt_max"), dt_max, format!("{dt_min} (dt_min) or more")));
    }
    Ok(())
}

/// ln dt per unit, dt log-uniform.
pub(super) fn log_steps(
    hidden: usize,
    (dt_min, dt_max): (f64, f64),
) -> impl FnOnce(&mut RandomStream) -> Vec<f64> {
    let (low, high) = (libm::log(dt_min), libm::log(dt_max));
    move |stream| (0..hidden).map(|_| stream.uniform(low, high)).collect()
}

/// Complex normal numbers of variance 1: how C starts.
pub(super) const COMPLEX_NORMAL: Init = Init::Normal { mean: 0.0, std: std::f64::consts::FRAC_1_SQRT_2 };
