//! The band convolution on slices: filters whose weights all positions share.

use candle_core::Shape;

use super::OP;
use crate::{
    bands::Filters,
    locally_connected::Sizes,
    op::{Backward, Kernel},
    real::Real,
};

/// Inputs: x (B, Ci, F, T), weight (C, Ci, K), bias (C). Result: (B, C, L, T). No tape.
pub(crate) struct BandConvolution(pub(crate) Sizes);

impl BandConvolution {
    fn filters(&self) -> Filters {
        Filters { sizes: self.0, weight: [self.0.inputs * self.0.width, 1, 0], bias: [1, 0] }
    }
}

impl Kernel for BandConvolution {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.0.batch, self.0.channels, self.0.positions, self.0.time).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], _: Option<&mut Vec<F>>) -> Vec<F> {
        let &[x, weight, bias] = inputs else { return Vec::new() };
        self.filters().forward(x, weight, bias)
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, wanted: &[bool]) -> Vec<Vec<F>> {
        self.filters().backward(&call, wanted)
    }
}
