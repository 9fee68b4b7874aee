//! The locally connected encoder on slices: filters whose weights lie apart for every position.

use candle_core::Shape;

use super::OP;
use crate::{
    filters::frequency_taps::{Filters, Sizes},
    simd::float::Real,
    tensor::custom_op::{Backward, Kernel},
};

/// Inputs: x (B, Ci, F, T), weights (C, Ci K, L), biases (C, L). Result: (B, C, L, T). No tape.
pub(crate) struct LocallyConnected(pub(crate) Sizes);

/// The filters of a checked call.
pub(super) fn filters(sizes: Sizes) -> Filters {
    let Sizes { inputs, width, positions, .. } = sizes;
    Filters { sizes, weight: [inputs * width * positions, positions, 1], bias: [positions, 1] }
}

impl Kernel<3> for LocallyConnected {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.0.batch, self.0.channels, self.0.positions, self.0.time).into()
    }

    fn forward<F: Real>(&self, [x, weight, bias]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        filters(self.0).forward(x, weight, bias)
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        filters(self.0).backward(&call, wanted)
    }
}
