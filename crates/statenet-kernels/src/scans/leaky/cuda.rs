//! Leaky integrators and adaptation on a CUDA device: `cuda.cu` has the loops over time, Candle the sums over stimuli.

use candle_core::{Storage, Tensor};

use super::{Sizes, cpu::Leaky};
use crate::{
    Layout,
    cuda::{Argument, Forward, Launch, MAX_THREADS, Machine, OnDevice, Saved, Text, outputs, tensor},
    tensor::custom_op::Kernel,
};

static TEXT: Text = Text::new("leaky", include_str!("cuda.cu"));

impl<const PAST: bool> Leaky<PAST> {
    /// The sizes as a kernel takes them.
    fn sizes(&self) -> [Argument<'static>; 6] {
        let Sizes { batch, channels, time, layout } = self.0;
        let (stride, step) = match layout {
            Layout::ChannelsFirst => (time, 1),
            Layout::TimeFirst => (1, channels),
        };
        [batch, channels, time, stride, step, usize::from(PAST)].map(Argument::Size)
    }

    fn launch(
        &self,
        machine: &dyn Machine,
        kernel: &'static str,
        arguments: &[Argument<'_>],
    ) -> candle_core::Result<Vec<Storage>> {
        let Sizes { batch, channels, .. } = self.0;
        let arguments = &[arguments, &self.sizes()].concat();
        let threads = MAX_THREADS.min(channels);
        machine.launch(&Launch { text: &TEXT, kernel, blocks: batch, threads, on_chip: 0, arguments })
    }
}

impl<const PAST: bool> OnDevice<2> for Leaky<PAST> {
    fn on_chip(&self) -> usize {
        0
    }

    fn forward(
        &self,
        machine: &dyn Machine,
        [x, packed]: &[Tensor; 2],
        keep: bool,
    ) -> candle_core::Result<Forward> {
        let [decay, gain, z0] = self.packing().tensors(packed)?;
        let [output] = outputs(self.launch(
            machine,
            "leaky_forward",
            &[
                Argument::In(x),
                Argument::In(&decay),
                Argument::In(&gain),
                Argument::In(&z0),
                Argument::Out(self.shape().elem_count()),
            ],
        )?)?;
        // Input and result are all that the backward pass reads.
        Ok(Forward { output, tape: keep.then(|| x.clone()) })
    }

    fn backward(
        &self,
        machine: &dyn Machine,
        saved: Saved<'_, 2>,
        _: [bool; 2],
    ) -> candle_core::Result<[Option<Tensor>; 2]> {
        let Sizes { batch, channels, .. } = self.0;
        let [x, packed] = saved.inputs;
        let [decay, gain, z0] = self.packing().tensors(packed)?;
        let (bins, states) = (x.elem_count(), batch * channels);
        let [x_grad, decay_grad, gain_grad, z0_grad] = outputs(self.launch(
            machine,
            "leaky_backward",
            &[
                Argument::In(x),
                Argument::In(&decay),
                Argument::In(&gain),
                Argument::In(&z0),
                Argument::In(saved.output),
                Argument::In(saved.grad),
                Argument::Out(bins),
                Argument::Out(states),
                Argument::Out(states),
                Argument::Out(states),
            ],
        )?)?;
        let over_stimuli = |storage| tensor(storage, states).reshape((batch, channels))?.sum(0);
        let packed_grad =
            Tensor::cat(&[over_stimuli(decay_grad)?, over_stimuli(gain_grad)?, tensor(z0_grad, states)], 0)?;
        Ok([Some(tensor(x_grad, bins)), Some(packed_grad)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::host::{assert_same_as_cpu, scattered};

    fn check<const PAST: bool>() {
        for layout in [Layout::ChannelsFirst, Layout::TimeFirst] {
            for (seed, [batch, channels, time]) in
                [[1, 1, 1], [1, 1, 5], [2, 3, 1], [3, 7, 6], [2, 11, 40]].into_iter().enumerate()
            {
                let x = scattered(seed as u32, layout.shape(batch, channels, time));
                let packed = scattered(seed as u32 + 99, (2 + batch) * channels);
                let sizes = Sizes { batch, channels, time, layout };
                assert_same_as_cpu(|| Leaky::<PAST>(sizes), &[x, packed]);
            }
        }
    }

    #[test]
    fn the_leaky_integrator_is_that_of_the_cpu() {
        check::<false>();
    }

    #[test]
    fn the_adaptation_is_that_of_the_cpu() {
        check::<true>();
    }
}
