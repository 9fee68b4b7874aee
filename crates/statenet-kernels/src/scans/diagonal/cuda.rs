//! The diagonal scan on a CUDA device: `cuda.cu` has the loops over time, Candle the sums over stimuli.

use candle_core::{Storage, Tensor};

use super::{Sizes, cpu::Scan};
use crate::{
    cuda::{Argument, Forward, Launch, MAX_THREADS, Machine, OnDevice, Saved, Text, outputs, tensor},
    tensor::custom_op::Kernel,
};

static TEXT: Text = Text::new("diagonal_scan", include_str!("cuda.cu"));

/// Channels of a block, as in the text.
const TILE: usize = 4;
/// Bins from one kept state to the next, as in the text.
const CHUNK: usize = 8;

impl<const LOW_RANK: bool> Scan<LOW_RANK> {
    /// Numbers of each stimulus' states.
    fn states(&self) -> usize {
        self.0.channels * self.0.pairs * 2
    }

    fn launch(
        &self,
        machine: &dyn Machine,
        kernel: &'static str,
        on_chip: usize,
        arguments: &[Argument<'_>],
    ) -> candle_core::Result<Vec<Storage>> {
        let Sizes { batch, channels, pairs, .. } = self.0;
        let blocks = batch * channels.div_ceil(TILE);
        let threads = MAX_THREADS.min(TILE * pairs);
        machine.launch(&Launch { text: &TEXT, kernel, blocks, threads, on_chip, arguments })
    }
}

impl<const LOW_RANK: bool> OnDevice<3> for Scan<LOW_RANK> {
    fn on_chip(&self) -> usize {
        let pairs = self.0.pairs;
        TILE * (2 * CHUNK * pairs + CHUNK * (pairs + 1) + 8 * pairs)
    }

    fn forward(
        &self,
        machine: &dyn Machine,
        [u, weights, s0]: &[Tensor; 3],
        keep: bool,
    ) -> candle_core::Result<Forward> {
        let Sizes { batch, time, channels, pairs } = self.0;
        let kept = if keep { batch * time.div_ceil(CHUNK) * self.states() } else { 1 };
        let [output, tape] = outputs(self.launch(
            machine,
            "diagonal_forward",
            TILE * (2 * pairs + CHUNK * (pairs + 1)),
            &[
                Argument::In(u),
                Argument::In(weights),
                Argument::In(s0),
                Argument::Out(self.shape().elem_count()),
                Argument::Out(kept),
                Argument::Size(batch),
                Argument::Size(channels),
                Argument::Size(pairs),
                Argument::Size(time),
                Argument::Size(keep.into()),
            ],
        )?)?;
        Ok(Forward { output, tape: keep.then(|| tensor(tape, kept)) })
    }

    fn backward(
        &self,
        machine: &dyn Machine,
        saved: Saved<'_, 3>,
        _: [bool; 3],
    ) -> candle_core::Result<[Option<Tensor>; 3]> {
        let Sizes { batch, time, channels, pairs } = self.0;
        let [u, weights, _] = saved.inputs;
        let (bins, states) = (u.elem_count(), batch * self.states());
        let [u_grad, weights_grad, s0_grad] = outputs(self.launch(
            machine,
            "diagonal_backward",
            self.on_chip(),
            &[
                Argument::In(u),
                Argument::In(weights),
                Argument::In(saved.tape),
                Argument::In(saved.grad),
                Argument::Out(bins),
                Argument::Out(3 * states),
                Argument::Out(states),
                Argument::Size(batch),
                Argument::Size(channels),
                Argument::Size(pairs),
                Argument::Size(time),
            ],
        )?)?;
        let weights_grad = tensor(weights_grad, 3 * states).reshape((batch, 3 * self.states()))?.sum(0)?;
        Ok([Some(tensor(u_grad, bins)), Some(weights_grad), Some(tensor(s0_grad, states))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::host::{assert_same_as_cpu, scattered};

    #[test]
    fn the_scan_is_that_of_the_cpu() {
        for (seed, [batch, time, channels, pairs]) in
            [[1, 1, 1, 1], [2, 8, 4, 3], [1, 9, 5, 2], [3, 7, 3, 1], [2, 30, 9, 6]].into_iter().enumerate()
        {
            let u = scattered(seed as u32, (batch, time, channels));
            // States that fade: parts of A within (-0.7, 0.7).
            let a = (scattered(seed as u32 + 99, channels * pairs * 2) * 0.7).unwrap();
            let b_and_c = scattered(seed as u32 + 199, 2 * channels * pairs * 2);
            let s0 = scattered(seed as u32 + 299, (batch, channels, pairs, 2));
            let weights = Tensor::cat(&[a, b_and_c], 0).unwrap();
            assert_same_as_cpu(|| Scan::<false>(Sizes { batch, time, channels, pairs }), &[u, weights, s0]);
        }
    }
}
