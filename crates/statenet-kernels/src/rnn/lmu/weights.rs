//! The weights of the Legendre memory unit: as they are packed, and in the layout of its products.

use super::Sizes;
use crate::{matrix::packed::PackedMatrix, simd::float::Real};

/// The arguments in the second and third inputs.
#[derive(Clone, Copy)]
pub(super) struct Parameters<'a, F> {
    pub(super) w_h: &'a [F],
    pub(super) e_h: &'a [F],
    pub(super) w_m: &'a [F],
    pub(super) e_m: &'a [F],
    pub(super) h0: &'a [F],
    pub(super) m0: &'a [F],
    pub(super) ad: &'a [F],
    pub(super) bd: &'a [F],
}

/// For products of the memory with Ad and e_m (column M), of the units with W_h and e_h (column H), and of the
/// new memory with W_m, as wide as the second.
pub(super) fn forward_panels<F: Real>(
    rows: usize,
    [hidden, memory]: [usize; 2],
    [w_h, e_h, w_m, e_m, ad]: [&[F]; 5],
) -> [PackedMatrix<F>; 3] {
    [
        PackedMatrix::new(
            memory,
            memory + 1,
            rows,
            |k, j| if j < memory { ad[j * memory + k] } else { e_m[k] },
        ),
        PackedMatrix::new(
            hidden,
            hidden + 1,
            rows,
            |k, j| if j < hidden { w_h[j * hidden + k] } else { e_h[k] },
        ),
        PackedMatrix::new(
            memory,
            hidden + 1,
            rows,
            |k, j| if j < hidden { w_m[j * memory + k] } else { F::ZERO },
        ),
    ]
}

/// For products of the units' gradient with W_m and with W_h, and of the memory's gradient with Ad and Bd
/// (column M).
pub(super) fn backward_panels<F: Real>(
    rows: usize,
    Sizes { hidden, memory, .. }: Sizes,
    Parameters { w_h, w_m, ad, bd, .. }: Parameters<'_, F>,
) -> [PackedMatrix<F>; 3] {
    [
        PackedMatrix::new(
            hidden,
            memory + 1,
            rows,
            |k, j| if j < memory { w_m[k * memory + j] } else { F::ZERO },
        ),
        PackedMatrix::new(hidden, hidden, rows, |k, j| w_h[k * hidden + j]),
        PackedMatrix::new(
            memory,
            memory + 1,
            rows,
            |k, j| if j < memory { ad[k * memory + j] } else { bd[k] },
        ),
    ]
}
