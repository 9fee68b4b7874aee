//! A gated recurrence on a CUDA device: `cuda.cu` has the loops over time, Candle the sums over all bins.

use candle_core::Tensor;

use super::{
    cell::{Cell, Sizes},
    kernel::Recurrence,
};
use crate::cuda::{Argument, Forward, Launch, MAX_THREADS, Machine, OnDevice, Saved, outputs, tensor};

impl<C: Cell> Recurrence<C> {
    /// The state before each bin, (B T, H).
    fn before(&self, states: &Tensor, h0: &Tensor) -> candle_core::Result<Tensor> {
        let Sizes { batch, time, hidden } = self.sizes;
        let first = h0.reshape((batch, 1, hidden))?;
        let all = if time == 1 {
            first
        } else {
            let states = states.flatten_all()?.narrow(0, 0, batch * time * hidden)?;
            let states = states.reshape((batch, time, hidden))?;
            Tensor::cat(&[&first, &states.narrow(1, 0, time - 1)?], 1)?
        };
        all.reshape((batch * time, hidden))
    }

    fn threads(&self) -> usize {
        MAX_THREADS.min(C::GATES * self.sizes.hidden)
    }
}

impl<C: Cell> OnDevice<2> for Recurrence<C> {
    fn on_chip(&self) -> usize {
        let hidden = self.sizes.hidden;
        (C::GATES * hidden + 3 * C::GATES + C::KEPT + 5) * hidden
    }

    fn forward(
        &self,
        machine: &dyn Machine,
        [gates, packed]: &[Tensor; 2],
        keep: bool,
    ) -> candle_core::Result<Forward> {
        let Sizes { batch, time, hidden } = self.sizes;
        let [weight, bias, h0, c0, ..] = self.packing().tensors(packed)?;
        // Where there is no cell state, nobody reads it.
        let c0 = if C::HAS_CELL { c0 } else { h0.clone() };
        let kept = if keep { (batch * time * C::KEPT * hidden).max(1) } else { 1 };
        let [output, tape] = outputs(machine.launch(&Launch {
            text: C::text(),
            kernel: "recurrent_forward",
            blocks: batch,
            threads: self.threads(),
            on_chip: (C::GATES * hidden + 3 * C::GATES + 2) * hidden,
            arguments: &[
                Argument::In(gates),
                Argument::In(&weight),
                Argument::In(&bias),
                Argument::In(&h0),
                Argument::In(&c0),
                Argument::Out(batch * (time + usize::from(C::HAS_CELL)) * hidden),
                Argument::Out(kept),
                Argument::Size(batch),
                Argument::Size(batch),
                Argument::Size(time),
                Argument::Size(hidden),
                Argument::Size(keep.into()),
            ],
        })?)?;
        Ok(Forward { output, tape: keep.then(|| tensor(tape, kept)) })
    }

    fn backward(
        &self,
        machine: &dyn Machine,
        saved: Saved<'_, 2>,
        [_, wants_packed]: [bool; 2],
    ) -> candle_core::Result<[Option<Tensor>; 2]> {
        let Sizes { batch, time, hidden } = self.sizes;
        let [_, packed] = saved.inputs;
        let [weight, _, h0, ..] = self.packing().tensors(packed)?;
        let (bins, columns) = (batch * time, C::GATES * hidden);
        let (for_weight, for_cell) =
            (if wants_packed { bins * columns } else { 1 }, if C::HAS_CELL { batch * hidden } else { 1 });
        let [gates_grad, gq, h0_grad, c0_grad] = outputs(machine.launch(&Launch {
            text: C::text(),
            kernel: "recurrent_backward",
            blocks: batch,
            threads: self.threads(),
            on_chip: (C::GATES * hidden + 2 * C::GATES + C::KEPT + 5) * hidden,
            arguments: &[
                Argument::In(&weight),
                Argument::In(&h0),
                Argument::In(saved.output),
                Argument::In(saved.tape),
                Argument::In(saved.grad),
                Argument::Out(bins * columns),
                Argument::Out(for_weight),
                Argument::Out(batch * hidden),
                Argument::Out(for_cell),
                Argument::Size(batch),
                Argument::Size(batch),
                Argument::Size(time),
                Argument::Size(hidden),
                Argument::Size(wants_packed.into()),
            ],
        })?)?;
        let gates_grad = tensor(gates_grad, bins * columns);
        if !wants_packed {
            return Ok([Some(gates_grad), None]);
        }
        let gq = tensor(gq, bins * columns).reshape((bins, columns))?;
        let weight_grad = gq.t()?.contiguous()?.matmul(&self.before(saved.output, &h0)?)?;
        let mut parts = vec![weight_grad.flatten_all()?, gq.sum(0)?, tensor(h0_grad, batch * hidden)];
        if C::HAS_CELL {
            parts.push(tensor(c0_grad, batch * hidden));
        }
        Ok([Some(gates_grad), Some(Tensor::cat(&parts, 0)?)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cuda::host::{assert_same_as_cpu, scattered},
        rnn::{elman::Elman, gru::Gru, lstm::Lstm, sublstm::SubLstm},
    };

    fn check<C: Cell>() {
        for (seed, [batch, time, hidden]) in
            [[1, 1, 1], [1, 5, 1], [2, 1, 3], [3, 7, 5], [1, 40, 8], [2, 3, 33]].into_iter().enumerate()
        {
            let (columns, states) = (C::GATES * hidden, 1 + usize::from(C::HAS_CELL));
            let gates = scattered(seed as u32, (batch, time, columns));
            let packed = scattered(seed as u32 + 99, columns * hidden + columns + states * batch * hidden);
            assert_same_as_cpu(|| Recurrence::<C>::new(Sizes { batch, time, hidden }), &[gates, packed]);
        }
    }

    #[test]
    fn the_gru_is_that_of_the_cpu() {
        check::<Gru>();
    }

    #[test]
    fn the_lstm_is_that_of_the_cpu() {
        check::<Lstm>();
    }

    #[test]
    fn the_elman_network_is_that_of_the_cpu() {
        check::<Elman>();
    }

    #[test]
    fn the_sublstm_is_that_of_the_cpu() {
        check::<SubLstm>();
    }
}
