//! Kernels for CUDA devices: what they are, how one is launched, and which devices there are.
//!
//! Every bin of a recurrence waits for the one before, so the latency of a bin sets the speed on a GPU: one block of
//! threads computes one stimulus, and its weights stay in shared memory for the whole clip. Channels of a scan do not
//! wait for each other: a block computes a few channels of one stimulus and sums over its states chunk by chunk.
//!
//! A kernel is source text, compiled at its first use, so that building this crate needs no CUDA tool: the feature
//! `cuda` only brings Candle's devices. All kernels compute in f32. Gradients of weights are Candle's matrix products
//! over numbers that a kernel wrote for every bin; no sum uses atomics, so that results are the same in every run.
//!
//! A [`Machine`] runs kernels: a GPU ([`machine`]), or in the tests the host, which runs the same source with threads
//! and sanitizers. So everything but the launch itself is tested without a GPU.

#[cfg(not(feature = "cuda"))]
#[path = "disabled.rs"]
mod gpu;
#[cfg(feature = "cuda")]
#[path = "enabled.rs"]
mod gpu;
#[cfg(test)]
pub(crate) mod host;

use std::sync::{Arc, OnceLock};

use candle_core::{Storage, Tensor, bail, op::BackpropOp};

pub(crate) use gpu::machine;

use crate::tensor::array::collect;

/// The source of one operation's kernels.
pub(crate) struct Text {
    /// The operation.
    pub(crate) name: &'static str,
    /// Its kernels, without the functions that all operations share.
    pub(crate) kernels: &'static str,
    ptx: OnceLock<Result<String, String>>,
}

impl Text {
    pub(crate) const fn new(name: &'static str, kernels: &'static str) -> Self {
        Self { name, kernels, ptx: OnceLock::new() }
    }

    /// The whole source, with the shared functions in front.
    pub(crate) fn whole(&self) -> String {
        [include_str!("functions.cu"), self.kernels].concat()
    }
}

/// The most threads that a block may have.
pub(crate) const MAX_THREADS: usize = 1024;

/// One argument of a kernel.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    /// A contiguous f32 tensor that it reads.
    In(&'a Tensor),
    /// An output of so many numbers, all of which the kernel writes.
    Out(usize),
    /// An integer.
    Size(usize),
}

/// One launch of a kernel.
pub(crate) struct Launch<'a> {
    pub(crate) text: &'static Text,
    pub(crate) kernel: &'static str,
    /// Blocks, each of `threads` threads with `on_chip` numbers of memory.
    pub(crate) blocks: usize,
    pub(crate) threads: usize,
    pub(crate) on_chip: usize,
    pub(crate) arguments: &'a [Argument<'a>],
}

/// A device that runs kernels.
pub(crate) trait Machine: Send + Sync {
    /// How many f32 of shared memory a block may have.
    fn on_chip(&self) -> usize;

    /// Runs a kernel; returns its outputs in order.
    fn launch(&self, launch: &Launch<'_>) -> candle_core::Result<Vec<Storage>>;
}

/// The result of a forward pass and, if it was asked for, the tape.
pub(crate) struct Forward {
    pub(crate) output: Storage,
    pub(crate) tape: Option<Tensor>,
}

/// The arguments of a backward pass: those of [`Backward`](crate::tensor::custom_op::Backward), as tensors that are contiguous and
/// belong to no graph.
pub(crate) struct Saved<'a, const N: usize> {
    pub(crate) inputs: &'a [Tensor; N],
    pub(crate) output: &'a Tensor,
    pub(crate) tape: &'a Tensor,
    pub(crate) grad: &'a Tensor,
}

/// An operation's form on a CUDA device: the same inputs, result and gradients as its
/// [`Kernel`](crate::tensor::custom_op::Kernel), in f32.
pub(crate) trait OnDevice<const N: usize>: Send + Sync {
    /// How many f32 of shared memory its larger kernel needs.
    fn on_chip(&self) -> usize;

    /// The result from inputs that are contiguous and belong to no graph.
    fn forward(
        &self,
        machine: &dyn Machine,
        inputs: &[Tensor; N],
        keep: bool,
    ) -> candle_core::Result<Forward>;

    /// The gradients of the inputs, in order and of their sizes; `None` is allowed where `wanted` is false.
    fn backward(
        &self,
        machine: &dyn Machine,
        saved: Saved<'_, N>,
        wanted: [bool; N],
    ) -> candle_core::Result<[Option<Tensor>; N]>;
}

/// One call on a device: its result and its tape.
pub(crate) struct Call {
    machine: Arc<dyn Machine>,
    /// The result, until Candle asks for it.
    output: std::sync::Mutex<Option<Storage>>,
    tape: Option<Tensor>,
}

impl Call {
    /// Runs the forward pass; `inputs` are contiguous.
    pub(crate) fn new<const N: usize>(
        machine: Arc<dyn Machine>,
        op: &dyn OnDevice<N>,
        inputs: &[Tensor; N],
        keep: bool,
    ) -> candle_core::Result<Self> {
        let inputs = inputs.each_ref().map(Tensor::detach);
        let Forward { output, tape } = op.forward(&*machine, &inputs, keep)?;
        Ok(Self { machine, output: Some(output).into(), tape })
    }

    /// The result; `None` the second time.
    pub(crate) fn take(&self) -> Option<Storage> {
        self.output.lock().ok()?.take()
    }

    /// The gradients of those inputs that are tracked.
    pub(crate) fn backward<const N: usize>(
        &self,
        op: &dyn OnDevice<N>,
        inputs: [&Tensor; N],
        output: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<[Option<Tensor>; N]> {
        let Some(tape) = &self.tape else { bail!("nothing was kept for the backward pass") };
        let wanted = inputs.map(Tensor::track_op);
        let plain = inputs.map(Tensor::detach);
        let (output, grad) = (output.detach(), grad.detach().contiguous()?);
        let saved = Saved { inputs: &plain, output: &output, tape, grad: &grad };
        let gradients = op.backward(&*self.machine, saved, wanted)?;
        let of_tracked = gradients.into_iter().zip(wanted).map(|(g, wanted)| g.filter(|_| wanted));
        collect(inputs.into_iter().zip(of_tracked).map(|(x, g)| g.map(|g| g.reshape(x.shape())).transpose()))
    }
}

/// A kernel's output as a tensor of one axis.
pub(crate) fn tensor(storage: Storage, len: usize) -> Tensor {
    Tensor::from_storage(storage, len, BackpropOp::none(), false)
}

/// The outputs of a kernel that has N of them.
pub(crate) fn outputs<const N: usize>(storages: Vec<Storage>) -> candle_core::Result<[Storage; N]> {
    collect(storages.into_iter().map(Ok))
}
