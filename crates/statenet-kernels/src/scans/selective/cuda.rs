//! The selective scan on a CUDA device: `cuda.cu` has the loops over time, Candle the sums over stimuli and tiles.

use candle_core::{Storage, Tensor};

use super::{Sizes, cpu::SelectiveScan};
use crate::{
    cuda::{Argument, Forward, Launch, MAX_THREADS, Machine, OnDevice, Saved, Text, outputs, tensor},
    tensor::custom_op::Kernel,
};

static TEXT: Text = Text::new("selective_scan", include_str!("cuda.cu"));

/// Channels of a block, as in the text.
const TILE: usize = 8;
/// Bins from one kept state to the next, as in the text.
const CHUNK: usize = 8;

impl SelectiveScan {
    fn launch(
        &self,
        machine: &dyn Machine,
        kernel: &'static str,
        on_chip: usize,
        arguments: &[Argument<'_>],
    ) -> candle_core::Result<Vec<Storage>> {
        let Sizes { batch, channels, states, .. } = self.0;
        let blocks = batch * channels.div_ceil(TILE);
        let threads = MAX_THREADS.min(TILE * states);
        machine.launch(&Launch { text: &TEXT, kernel, blocks, threads, on_chip, arguments })
    }
}

impl OnDevice<3> for SelectiveScan {
    fn on_chip(&self) -> usize {
        let states = self.0.states;
        TILE * (CHUNK * states + 4 * CHUNK * (states + 1) + 2 * states)
    }

    fn forward(
        &self,
        machine: &dyn Machine,
        [x, delta, packed]: &[Tensor; 3],
        keep: bool,
    ) -> candle_core::Result<Forward> {
        let Sizes { batch, time, channels, states } = self.0;
        let [a, b, c, d, h0] = self.packing().tensors(packed)?;
        let kept = if keep { batch * time.div_ceil(CHUNK) * channels * states } else { 1 };
        let [output, tape] = outputs(self.launch(
            machine,
            "selective_forward",
            TILE * (states + CHUNK * (states + 1)),
            &[
                Argument::In(x),
                Argument::In(delta),
                Argument::In(&a),
                Argument::In(&b),
                Argument::In(&c),
                Argument::In(&d),
                Argument::In(&h0),
                Argument::Out(self.shape().elem_count()),
                Argument::Out(kept),
                Argument::Size(batch),
                Argument::Size(channels),
                Argument::Size(states),
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
        let Sizes { batch, time, channels, states } = self.0;
        let [x, delta, packed] = saved.inputs;
        let [a, b, c, d, _] = self.packing().tensors(packed)?;
        let (bins, weights, state) = (x.elem_count(), batch * time * states, batch * channels * states);
        let tiles = channels.div_ceil(TILE);
        let [x_grad, delta_grad, a_grad, b_grad, c_grad, h0_grad] = outputs(self.launch(
            machine,
            "selective_backward",
            self.on_chip(),
            &[
                Argument::In(x),
                Argument::In(delta),
                Argument::In(&a),
                Argument::In(&b),
                Argument::In(&c),
                Argument::In(&d),
                Argument::In(saved.tape),
                Argument::In(saved.grad),
                Argument::Out(bins),
                Argument::Out(bins),
                Argument::Out(state),
                Argument::Out(tiles * weights),
                Argument::Out(tiles * weights),
                Argument::Out(state),
                Argument::Size(batch),
                Argument::Size(channels),
                Argument::Size(states),
                Argument::Size(time),
            ],
        )?)?;
        let sum = |storage, rows: usize, n| tensor(storage, rows * n).reshape((rows, n))?.sum(0);
        let grad = saved.grad.narrow(0, 0, bins)?;
        let d_grad = (grad * x.flatten_all()?)?.reshape((batch * time, channels))?.sum(0)?;
        let packed_grad = Tensor::cat(
            &[
                sum(a_grad, batch, channels * states)?,
                sum(b_grad, tiles, weights)?,
                sum(c_grad, tiles, weights)?,
                d_grad,
                tensor(h0_grad, state),
            ],
            0,
        )?;
        Ok([Some(tensor(x_grad, bins)), Some(tensor(delta_grad, bins)), Some(packed_grad)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::host::{assert_same_as_cpu, scattered};

    #[test]
    fn the_scan_is_that_of_the_cpu() {
        for (seed, [batch, time, channels, states]) in
            [[1, 1, 1, 1], [2, 8, 8, 3], [1, 9, 9, 2], [3, 7, 3, 1], [2, 30, 17, 5]].into_iter().enumerate()
        {
            let seed = seed as u32;
            let x = scattered(seed, (batch, time, channels));
            // Steps are positive and rates negative, so that states fade.
            let delta = (scattered(seed + 99, (batch, time, channels)).abs().unwrap() + 0.02).unwrap();
            let a = (scattered(seed + 199, channels * states).abs().unwrap() * -2.0).unwrap();
            let rest = 2 * batch * time * states + channels + batch * channels * states;
            let packed = Tensor::cat(&[a, scattered(seed + 299, rest)], 0).unwrap();
            let sizes = Sizes { batch, time, channels, states };
            assert_same_as_cpu(|| SelectiveScan(sizes), &[x, delta, packed]);
        }
    }
}
