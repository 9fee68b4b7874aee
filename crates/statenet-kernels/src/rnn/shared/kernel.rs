//! A gated recurrence as a kernel on slices: what is packed in its inputs, and how stimuli are shared out.

use std::{marker::PhantomData, mem::MaybeUninit};

use candle_core::Shape;

use super::{
    backward::{DriveSink, Kept, Sinks, Sums, backward_group},
    cell::{Cell, Return, Sizes},
    forward::{Drive, Group, forward_rows},
    projection::Projection,
    weights::{Weights, add_unpadded, transposed},
};
use crate::{
    cuda::OnDevice,
    matrix::packed::{MAX_ROWS, for_sizes, groups},
    parallel::{self, take, take_mut},
    rnn::identical_rows::are_identical,
    simd::{float::Real, uninit::vector, vector::padded},
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: gates (B, T, G H), or x as the projection has it; weight_hh, bias_hh, h0, where there is one c0, and where there is
/// a projection weight_ih and bias_ih, packed.
/// Result: states (B, T, H); where there is a cell state, flat, with the last of it (B, H) behind them. Or the last state and,
/// where there is one, the last cell state, (1 or 2, B, H).
/// Tape: group by group (T, rows, KEPT, padded H); of one stimulus where those of a layer are identical. Behind it the states, if
/// they are not in the result.
pub(crate) struct Recurrence<C> {
    cell: PhantomData<C>,
    pub(super) sizes: Sizes,
    /// The input's projection to the gates, if it is computed inside.
    projection: Option<Projection>,
    returns: Return,
}

/// The arguments in the second input.
#[derive(Clone, Copy)]
struct Parameters<'a, F> {
    weight_hh: &'a [F],
    bias_hh: &'a [F],
    h0: &'a [F],
    c0: &'a [F],
    weight_ih: &'a [F],
    bias_ih: &'a [F],
}

impl<C: Cell> Recurrence<C> {
    /// Of gates whose input part is given.
    pub(crate) const fn new(sizes: Sizes) -> Self {
        Self { cell: PhantomData, sizes, projection: None, returns: Return::Sequences }
    }

    /// Of the input itself.
    pub(super) const fn of_input(sizes: Sizes, projection: Projection, returns: Return) -> Self {
        Self { cell: PhantomData, sizes, projection: Some(projection), returns }
    }

    /// weight_hh, bias_hh, h0, c0, weight_ih, bias_ih; the last three may be absent.
    pub(super) fn packing(&self) -> Packing<6> {
        let Sizes { batch, hidden, .. } = self.sizes;
        let (rows, state) = (C::GATES * hidden, batch * hidden);
        let [inputs, input_rows] = self.projection.map_or([0, 0], |p| [p.inputs, rows]);
        let cells = if C::HAS_CELL { state } else { 0 };
        Packing([rows * hidden, rows, state, cells, rows * inputs, input_rows])
    }

    fn unpack<'a, F>(&self, packed: &'a [F]) -> Parameters<'a, F> {
        let [weight_hh, bias_hh, h0, c0, weight_ih, bias_ih] = self.packing().slices(packed);
        Parameters { weight_hh, bias_hh, h0, c0, weight_ih, bias_ih }
    }

    /// Length of one stimulus in the first input: of its input, or of its gates' input part.
    fn drive_each(&self) -> usize {
        self.sizes.time * self.projection.map_or(C::GATES * self.sizes.hidden, |p| p.inputs)
    }

    /// Numbers of the tape for each stimulus.
    fn kept_each(&self) -> usize {
        self.sizes.time * C::KEPT * padded(self.sizes.hidden)
    }

    /// Stimuli to compute: all, or one where those of a layer are identical.
    fn computed<F: Real>(&self, drive: &[F], Parameters { h0, c0, .. }: Parameters<'_, F>) -> usize {
        let batch = self.sizes.batch;
        if self.projection.is_some() && are_identical(batch, &[drive, h0, c0]) { 1 } else { batch }
    }

    /// The forward pass of the first `batch` stimuli into slots that it fills.
    fn fill<F: Real>(
        &self,
        batch: usize,
        drive: &[F],
        parameters: Parameters<'_, F>,
        states: &mut [MaybeUninit<F>],
        cells: &mut [MaybeUninit<F>],
        kept: &mut [MaybeUninit<F>],
    ) {
        let Sizes { time, hidden, .. } = self.sizes;
        let Parameters { weight_hh, bias_hh, h0, c0, weight_ih, bias_ih } = parameters;
        let laid_out = for_sizes(batch, |rows| Weights::new::<C>(hidden, hidden, weight_hh, bias_hh, rows));
        let into_gates =
            self.projection.map(|p| (p, Weights::new::<C>(hidden, p.inputs, weight_ih, bias_ih, MAX_ROWS)));
        let per_row = if kept.is_empty() { 0 } else { self.kept_each() };
        let (mut drive, mut h0, mut c0) = (drive, h0, c0);
        let (mut states, mut cells, mut kept) = (states, cells, kept);
        let mut tasks = Vec::new();
        for rows in groups(batch) {
            let cell_rows = if C::HAS_CELL { rows * hidden } else { 0 };
            let drive = take(&mut drive, rows * self.drive_each());
            let group = Group {
                drive: match &into_gates {
                    None => Drive::Gates(drive),
                    Some((projection, weights)) => Drive::Input(drive, *projection, weights),
                },
                h0: take(&mut h0, rows * hidden),
                c0: take(&mut c0, cell_rows),
                states: take_mut(&mut states, rows * time * hidden),
                cells: take_mut(&mut cells, cell_rows),
                tape: take_mut(&mut kept, rows * per_row),
            };
            tasks.push((rows, group));
        }
        parallel::for_each(tasks, |(rows, group)| {
            let Some((_, weights)) = laid_out.iter().find(|(r, _)| *r == rows) else { return };
            forward_rows::<F, C>(self.sizes, rows, weights, group);
        });
    }

    /// Adds the gradients of a group, in padded rows, to those of the packed parameters.
    fn add_sums<F: Real>(&self, packed_grad: &mut [F], sums: &Sums<F>) {
        let hidden = self.sizes.hidden;
        let Sums { weight_hh, bias_hh, weight_ih, bias_ih } = sums;
        let bias_ih = if C::SPLITS { bias_ih } else { bias_hh };
        let [of_hh, of_bias_hh, _, _, of_ih, of_bias_ih] = self.packing().slices_mut(packed_grad);
        add_unpadded::<F, C>(of_hh, hidden, hidden, weight_hh, padded(hidden));
        add_unpadded::<F, C>(of_bias_hh, hidden, 1, bias_hh, 1);
        let Some(Projection { inputs, .. }) = self.projection else { return };
        add_unpadded::<F, C>(of_ih, hidden, inputs, weight_ih, padded(inputs));
        add_unpadded::<F, C>(of_bias_ih, hidden, 1, bias_ih, 1);
    }
}

impl<C: Cell> Kernel<2> for Recurrence<C> {
    const NAME: &'static str = C::NAME;

    fn shape(&self) -> Shape {
        let Sizes { batch, time, hidden } = self.sizes;
        match self.returns {
            Return::Last => (1 + usize::from(C::HAS_CELL), batch, hidden).into(),
            Return::Sequences if C::HAS_CELL => (batch * (time + 1) * hidden).into(),
            Return::Sequences => (batch, time, hidden).into(),
        }
    }

    fn forward<F: Real>(&self, [drive, packed]: [&[F]; 2], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { time, hidden, .. } = self.sizes;
        let parameters = self.unpack(packed);
        let batch = self.computed(drive, parameters);
        let n_kept = if tape.is_some() { batch * self.kept_each() } else { 0 };
        let n_states = batch * time * hidden;
        let n_cells = if C::HAS_CELL { batch * hidden } else { 0 };
        let mut output = Vec::new();
        // SAFETY: the groups cover what is computed, and `forward_rows` writes every bin of every row of its group, to the states
        // and, where there is one, to the tape, and the last cell state of every row.
        #[allow(unsafe_code, reason = "results are written once")]
        let kept = unsafe {
            vector(n_kept, |kept| {
                output = vector(n_states + n_cells, |output| {
                    let (states, cells) = output.split_at_mut(n_states);
                    self.fill(batch, drive, parameters, states, cells, kept);
                });
            })
        };
        let (states, cells) = output.split_at(n_states);
        if let Some(tape) = tape {
            *tape = kept;
            if self.returns == Return::Last {
                tape.extend_from_slice(states);
            }
        }
        if self.returns == Return::Sequences && batch == self.sizes.batch {
            return output;
        }
        let given: Vec<&[F]> = match self.returns {
            Return::Sequences => vec![states],
            Return::Last => {
                states.chunks_exact(time * hidden).map(|of_one| &of_one[(time - 1) * hidden..]).collect()
            }
        };
        // Identical stimuli share the one that was computed.
        let times = self.sizes.batch / batch;
        [given.concat().repeat(times), cells.repeat(times)].concat()
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 2>, wanted: [bool; 2]) -> [Vec<F>; 2] {
        let Sizes { batch, time, hidden } = self.sizes;
        let [drive, packed] = call.inputs;
        let parameters = self.unpack(packed);
        let Parameters { weight_hh, h0, c0, weight_ih, .. } = parameters;
        let panels = for_sizes(batch, |rows| transposed::<F, C>(hidden, hidden, weight_hh, rows));
        let to_input =
            self.projection.map(|p| (p, transposed::<F, C>(hidden, p.inputs, weight_ih, MAX_ROWS)));
        let states_each = time * hidden;
        let computed = self.computed(drive, parameters);
        let (tape, states) = match self.returns {
            Return::Sequences => (call.tape, call.output),
            Return::Last => call.tape.split_at(computed * self.kept_each()),
        };
        let identical = computed < batch;
        let [wants_drive, wants_packed] = wanted;
        // The gradients of gates are computed in any case; those of an input take one more product.
        let grad_each = if self.projection.is_none() || wants_drive { self.drive_each() } else { 0 };

        let (mut h0_grad, mut c0_grad) = (vec![F::ZERO; h0.len()], vec![F::ZERO; c0.len()]);
        let mut of_groups = Vec::new();
        let fill = |drive_grad: &mut [MaybeUninit<F>]| {
            let grads_each = if self.returns == Return::Sequences { states_each } else { hidden };
            let (mut grad, mut cell_grad) = call.grad.split_at(batch * grads_each);
            let (mut h0, mut states, mut tape) = (h0, states, tape);
            let (mut drive, mut drive_grad) = (drive, drive_grad);
            let (mut h0_grad, mut c0_grad) = (&mut h0_grad[..], &mut c0_grad[..]);
            let mut tasks = Vec::new();
            for rows in groups(batch) {
                let cell_rows = if C::HAS_CELL { rows * hidden } else { 0 };
                let n_kept = rows * self.kept_each();
                let kept = Kept {
                    computed: if identical { 1 } else { rows },
                    states: if identical { states } else { take(&mut states, rows * states_each) },
                    h0: take(&mut h0, rows * hidden),
                    tape: if identical { tape } else { take(&mut tape, n_kept) },
                    grad: take(&mut grad, rows * grads_each),
                    cell_grad: take(&mut cell_grad, cell_rows),
                };
                let x = take(&mut drive, rows * self.drive_each());
                let grad = take_mut(&mut drive_grad, rows * grad_each);
                let sinks = Sinks {
                    drive: match &to_input {
                        None => DriveSink::Gates(grad),
                        Some((projection, panels)) => {
                            DriveSink::Input { x, grad, projection: *projection, panels }
                        }
                    },
                    h0: take_mut(&mut h0_grad, rows * hidden),
                    c0: take_mut(&mut c0_grad, cell_rows),
                };
                tasks.push((rows, kept, sinks));
            }
            of_groups = parallel::map(tasks, |(rows, kept, sinks)| {
                let (_, panels) = panels.iter().find(|(r, _)| *r == rows)?;
                Some(backward_group::<F, C>(self.sizes, rows, panels, kept, sinks, wants_packed))
            });
        };
        // SAFETY: the groups cover the batch, and `backward_group` writes every bin of every row of its group, where that
        // is wanted.
        #[allow(unsafe_code, reason = "results are written once")]
        let drive_grad = unsafe { vector(batch * grad_each, fill) };

        let mut packed_grad = vec![F::ZERO; packed.len()];
        for sums in of_groups.iter().flatten().filter(|_| wants_packed) {
            self.add_sums(&mut packed_grad, sums);
        }
        let [_, _, of_h0, of_c0, ..] = self.packing().slices_mut(&mut packed_grad);
        of_h0.copy_from_slice(&h0_grad);
        of_c0.copy_from_slice(&c0_grad);
        [drive_grad, packed_grad]
    }

    fn on_device(&self) -> Option<&dyn OnDevice<2>> {
        self.projection.is_none().then_some(self)
    }
}
