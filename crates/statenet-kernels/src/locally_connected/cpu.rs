//! The locally connected encoder on slices: filters whose weights lie apart for every position.

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    bands::Filters,
    op::{Backward, Kernel},
    real::Real,
};

/// Inputs: x (B, Ci, F, T), weights (C, Ci K, L), biases (C, L). Result: (B, C, L, T). No tape.
pub(crate) struct LocallyConnected(pub(crate) Sizes);

impl LocallyConnected {
    fn filters(&self) -> Filters {
        let Sizes { inputs, width, positions, .. } = self.0;
        Filters { sizes: self.0, weight: [inputs * width * positions, positions, 1], bias: [positions, 1] }
    }
}

impl Kernel for LocallyConnected {
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
