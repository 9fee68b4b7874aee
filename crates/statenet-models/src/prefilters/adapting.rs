//! Bands compared with a running average of their own past: what the adaptation prefilters have in common.
//!
//! ```text
//! e[t+1] = a e[t] + (1 - a) x[t]        y[t] = relu(p x[t] + q e[t])        per band and output channel
//! ```
//! In (B, 1, F, T), out (B, C, F, T). Memory: unbounded. Before t = 0: as if x\[0\] had lasted for ever, e = x\[0\].

use candle_core::{DType, Device, Tensor};
use statenet_kernels::steps::values;
use statenet_kernels::{Layout, Step, StepSizes};

use crate::{
    error::{During, Result},
    layers::hold_first::{HoldFirst, is_first},
    model::{memory::Memory, stage::Stage, state::State},
};

/// The coefficients of one output channel: a, p and q, each (F).
pub(super) struct Channel {
    pub(super) decay: Tensor,
    pub(super) of_sound: Tensor,
    pub(super) of_average: Tensor,
}

/// The output channels of a prefilter, which is all in which the prefilters differ.
pub(super) trait Channels: Send + Sync {
    /// Output channels C.
    const N: usize;

    /// The coefficients of every output channel, computed from the prefilter's parameters.
    fn channels(&self) -> candle_core::Result<Vec<Channel>>;
}

pub(super) struct Adapting<A> {
    channels: A,
    n_bands: usize,
    dtype: DType,
    device: Device,
    hold_first: HoldFirst,
    average_name: String,
}

impl<A: Channels> Adapting<A> {
    /// `like` is of the parameters' precision and device.
    pub(super) fn new(channels: A, n_bands: usize, like: &Tensor, name: impl Fn(&str) -> String) -> Self {
        let (dtype, device) = (like.dtype(), like.device().clone());
        let hold_first = HoldFirst::new(name("started"), 3);
        Self { channels, n_bands, dtype, device, hold_first, average_name: name("average") }
    }
}

impl<A: Channels> Stage for Adapting<A> {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.hold_first.init_state(batch, (self.dtype, &self.device), state)?;
        state.set_zeros(&self.average_name, &[batch, A::N, self.n_bands], self.dtype, &self.device)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let begun = self.hold_first.begun(batch, state)?;
        let before = state.get(&self.average_name, &[batch, A::N, self.n_bands])?.clone();
        let channels = self.channels.channels().during("computing adaptation")?;
        let x = x.squeeze(1).and_then(|x| x.contiguous()).during("reading a cochleagram")?;
        let (mut outputs, mut averages) = (Vec::with_capacity(A::N), Vec::with_capacity(A::N));
        for (c, Channel { decay, of_sound, of_average }) in channels.iter().enumerate() {
            let start = || -> candle_core::Result<Tensor> {
                let first = x.narrow(2, 0, 1)?.squeeze(2)?;
                begun.choose(&before.narrow(1, c, 1)?.squeeze(1)?, &first)
            };
            let start = start().during("starting to adapt")?;
            let (average, next) = statenet_kernels::adaptation(&x, Layout::ChannelsFirst, decay, &start)?;
            let compare = || -> candle_core::Result<Tensor> {
                let sound = x.broadcast_mul(&of_sound.unsqueeze(1)?)?;
                (sound + average.broadcast_mul(&of_average.unsqueeze(1)?)?)?.relu()
            };
            outputs.push(compare().during("comparing with the average")?);
            averages.push(next);
        }
        self.hold_first.advance(&begun, state)?;
        state.set(&self.average_name, &Tensor::stack(&averages, 1).during("stacking averages")?);
        Tensor::stack(&outputs, 1).during("stacking channels")
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let channels = self.channels.channels().during("computing adaptation")?;
        let mut numbers = Vec::with_capacity(A::N * self.n_bands);
        for channel in &channels {
            let read = |t: &Tensor| values(OP, t);
            let (a, p, q) = (read(&channel.decay)?, read(&channel.of_sound)?, read(&channel.of_average)?);
            numbers.extend(a.into_iter().zip(p).zip(q).map(|((a, p), q)| [a, p, q]));
        }
        Ok(Some(vec![Box::new(AdaptingStep { numbers, n_bands: self.n_bands })]))
    }
}

const OP: &str = "adapting bands";

/// One frame. The state is whether the first frame has come (0 or 1), then e (C, F).
struct AdaptingStep {
    /// a, p and q, (C, F).
    numbers: Vec<[f32; 3]>,
    n_bands: usize,
}

impl Step for AdaptingStep {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.n_bands, state: 1 + self.numbers.len(), outputs: self.numbers.len() }
    }

    fn multiplications(&self) -> u64 {
        4 * self.numbers.len() as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let (begun, averages) = state.split_at_mut(1);
        let first = is_first(&mut begun[0]);
        let bands = input.iter().cycle();
        for (((e, y), [a, p, q]), x) in averages.iter_mut().zip(output).zip(&self.numbers).zip(bands) {
            if first {
                *e = *x;
            }
            *y = (p * x + q * *e).max(0.0);
            *e = a * *e + (1.0 - a) * x;
        }
    }
}
