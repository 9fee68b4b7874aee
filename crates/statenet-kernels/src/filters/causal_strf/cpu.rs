//! Causal receptive fields on slices: work on each stimulus, and sums over stimuli.
//!
//! Responses are computed in tiles from rows of contiguous time, the gradient of the weights from frames, and the gradient
//! of the stimulus by a matrix product.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::{
    OP, Sizes,
    gradient::WeightSums,
    phases::{self, LEAST_LAGS},
    stimulus::Reversed,
    tiles,
};
use crate::{
    matrix::{packed::groups, transpose::transpose},
    parallel::{self, take},
    simd::{float::Real, reduce::rows, uninit::vector, vector},
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: x (B, D, T); weight (O, D, K) and perhaps bias (O) packed; context (B, D, K-1) or nothing.
/// Result: (B, O, T). No tape.
pub(crate) struct CausalStrf {
    pub(crate) sizes: Sizes,
    pub(crate) has_bias: bool,
}

impl CausalStrf {
    /// Weight (O, D, K) and bias (O), if there is one.
    const fn packing(&self) -> Packing<2> {
        let Sizes { outputs, lags, .. } = self.sizes;
        Packing([outputs * self.sizes.depth() * lags, if self.has_bias { outputs } else { 0 }])
    }

    /// The frames before stimulus b, (D, K-1), if there are any.
    fn context_of<'a, F>(&self, context: &'a [F], b: usize) -> Option<&'a [F]> {
        let size = self.sizes.depth() * (self.sizes.lags - 1);
        context.get(b * size..(b + 1) * size).filter(|_| !context.is_empty())
    }
}

/// The weights in the layout of the direct or of the two-phase form.
enum Filter<F> {
    Direct(tiles::Packed<F>),
    Phases(Box<phases::Filters<F>>),
}

impl<F: Real> Filter<F> {
    fn new(sizes: Sizes, weight: &[F], bias: &[F]) -> Self {
        if sizes.lags < LEAST_LAGS {
            Self::Direct(tiles::Packed::new(sizes, weight, bias))
        } else {
            Self::Phases(Box::new(phases::Filters::new(sizes, weight, bias)))
        }
    }

    /// One stimulus: writes y (O, T).
    fn responses(&self, sizes: Sizes, x: &[F], context: Option<&[F]>, y: &mut [MaybeUninit<F>]) {
        match self {
            Self::Direct(packed) => {
                tiles::responses(sizes, packed, &tiles::rows(sizes, x, context), y);
            }
            Self::Phases(filters) => filters.responses(sizes, x, context, y),
        }
    }
}

/// The sums of the weights' gradient in the direct or in the two-phase form.
enum FilterGradient<F> {
    Direct(Sizes, WeightSums<F>),
    Phases(Box<phases::Gradients<F>>),
}

impl<F: Real> FilterGradient<F> {
    fn new(sizes: Sizes) -> Self {
        if sizes.lags < LEAST_LAGS {
            Self::Direct(sizes, WeightSums::new(sizes))
        } else {
            Self::Phases(Box::new(phases::Gradients::new(sizes)))
        }
    }

    /// Adds one stimulus, by the gradient of its responses (O, T).
    fn add(&mut self, x: &[F], context: Option<&[F]>, grad: &[F]) {
        match self {
            Self::Direct(sizes, sums) => {
                let mut padded = grad.to_vec();
                padded.resize(vector::padded(sizes.outputs) * sizes.time, F::ZERO);
                sums.add(&tiles::rows(*sizes, x, context), &padded);
            }
            Self::Phases(gradients) => gradients.add(x, context, grad),
        }
    }

    /// Adds the sums to gW (O, D, K).
    fn give(&self, weight_grad: &mut [F]) {
        match self {
            Self::Direct(sizes, sums) => {
                let (depth, lags) = (sizes.depth(), sizes.lags);
                for (i, g) in weight_grad.iter_mut().enumerate() {
                    *g += sums.at(i / lags / depth, i / lags % depth, i % lags);
                }
            }
            Self::Phases(gradients) => gradients.give(weight_grad),
        }
    }
}

impl Kernel<3> for CausalStrf {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.sizes.batch, self.sizes.outputs, self.sizes.time).into()
    }

    fn forward<F: Real>(&self, [x, packed, context]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, outputs, .. } = self.sizes;
        let depth = self.sizes.depth();
        let [weight, bias] = self.packing().slices(packed);
        let filter = Filter::new(self.sizes, weight, bias);
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work = y.chunks_exact_mut(outputs * time).zip(x.chunks_exact(depth * time)).enumerate();
            parallel::for_each(work.collect(), |(b, (y, x))| {
                filter.responses(self.sizes, x, self.context_of(context, b), y);
            });
        };
        // SAFETY: the stimuli cover y, and `responses` writes all O T numbers of each.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(batch * outputs * time, fill) };
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { batch, time, outputs, lags, .. } = self.sizes;
        let [x, packed, context] = call.inputs;
        let [wants_x, wants_weight, wants_context] = wanted;
        let depth = self.sizes.depth();
        let [weight, _] = self.packing().slices(packed);

        let mut packed_grad = vec![F::ZERO; packed.len()];
        if wants_weight {
            let mut tasks = Vec::new();
            let (mut first, mut x, mut grad) = (0, x, call.grad);
            for count in groups(batch) {
                tasks.push((
                    first,
                    take(&mut x, count * depth * time),
                    take(&mut grad, count * outputs * time),
                ));
                first += count;
            }
            let of_groups = parallel::map(tasks, |(first, x, grad)| {
                let mut sums = vec![F::ZERO; packed.len()];
                let [weight_grad, bias_grad] = self.packing().slices_mut(&mut sums);
                let mut gradient = FilterGradient::new(self.sizes);
                let stimuli = x.chunks_exact(depth * time).zip(grad.chunks_exact(outputs * time));
                for (i, (x, grad)) in stimuli.enumerate() {
                    gradient.add(x, self.context_of(context, first + i), grad);
                    if self.has_bias {
                        rows(grad, bias_grad);
                    }
                }
                gradient.give(weight_grad);
                sums
            });
            for of_group in of_groups {
                packed_grad.iter_mut().zip(of_group).for_each(|(sum, g)| *sum += g);
            }
        }

        let mut x_grad = vec![F::ZERO; if wants_x { x.len() } else { 0 }];
        let mut context_grad = vec![F::ZERO; if wants_context { batch * (lags - 1) * depth } else { 0 }];
        if wants_x || wants_context {
            let reversed = Reversed::new(self.sizes, weight);
            let work: Vec<_> = call.grad.chunks_exact(outputs * time).collect();
            let frames = parallel::map(work, |grad| reversed.frames(grad));
            let before = (lags - 1) * depth;
            for (frames, x_grad) in frames.iter().zip(x_grad.chunks_exact_mut(depth * time)) {
                transpose(&frames[before..], time, depth, x_grad);
            }
            for (frames, context_grad) in frames.iter().zip(context_grad.chunks_exact_mut(before.max(1))) {
                transpose(&frames[..before], lags - 1, depth, context_grad);
            }
        }
        [x_grad, packed_grad, context_grad]
    }
}
