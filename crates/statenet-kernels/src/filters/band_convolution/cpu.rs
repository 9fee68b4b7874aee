//! The band convolution on slices: filters whose weights all positions share.

use candle_core::Shape;

use super::OP;
use crate::{
    filters::frequency_taps::{Filters, Sizes},
    simd::float::Real,
    tensor::custom_op::{Backward, Kernel},
};

/// Inputs: x (B, Ci, F, T), weight (C, Ci, K), bias (C). Result: (B, C, L, T). No tape.
pub(crate) struct BandConvolution(pub(crate) Sizes);

/// The filters of a checked call.
pub(super) fn filters(sizes: Sizes) -> Filters {
    Filters { sizes, weight: [sizes.inputs * sizes.width, 1, 0], bias: [1, 0] }
}

impl Kernel<3> for BandConvolution {
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
