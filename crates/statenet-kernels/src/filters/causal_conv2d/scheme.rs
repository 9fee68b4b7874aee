//! How rows along frequency are combined, so that convolutions along time alone make up the whole.

use crate::simd::float::Real;

/// Rows of a tile with their factors.
pub(super) type Mix<F> = Vec<(usize, F)>;

/// One convolution along time: of a mix of input rows, with a mix of the filter's bands, added to some rows of
/// the result.
pub(super) struct Plane<F> {
    pub(super) input: Mix<F>,
    /// A factor for each band of the filter.
    pub(super) filter: Vec<F>,
    pub(super) output: Mix<F>,
}

/// The planes that make a tile of `step` rows of the result from as many input rows and Kf - 1 more.
pub(super) struct Scheme<F> {
    pub(super) step: usize,
    pub(super) planes: Vec<Plane<F>>,
}

impl<F: Real> Scheme<F> {
    pub(super) fn new(width: usize) -> Self {
        if width == 3 { Self::three() } else { Self::direct(width) }
    }

    /// A plane for each band of the filter.
    fn direct(width: usize) -> Self {
        let planes = (0..width).map(|k| {
            let mut filter = vec![F::ZERO; width];
            filter[k] = F::ONE;
            Plane { input: vec![(k, F::ONE)], filter, output: vec![(0, F::ONE)] }
        });
        Self { step: 1, planes: planes.collect() }
    }

    /// Winograd's F(2, 3): four planes for two rows.
    fn three() -> Self {
        let (one, minus, half, zero) = (F::ONE, -F::ONE, F::of(0.5), F::ZERO);
        let plane = |input: [(usize, F); 2], filter: [F; 3], output: &[(usize, F)]| Plane {
            input: input.to_vec(),
            filter: filter.to_vec(),
            output: output.to_vec(),
        };
        let planes = vec![
            plane([(0, one), (2, minus)], [one, zero, zero], &[(0, one)]),
            plane([(1, one), (2, one)], [half, half, half], &[(0, one), (1, one)]),
            plane([(2, one), (1, minus)], [half, -half, half], &[(0, one), (1, minus)]),
            plane([(1, one), (3, minus)], [zero, zero, one], &[(1, minus)]),
        ];
        Self { step: 2, planes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row a of a tile is the sum over k of filter[k] times input row a + k, whatever the scheme.
    #[test]
    fn every_scheme_is_a_convolution() {
        for width in 1..6 {
            let Scheme { step, planes } = Scheme::<f64>::new(width);
            for row in 0..step {
                for k in 0..width {
                    for r in 0..step + width - 1 {
                        let factor = |mix: &Mix<f64>, row: usize| {
                            mix.iter().filter(|(r, _)| *r == row).map(|(_, f)| f).sum::<f64>()
                        };
                        let products = planes.iter();
                        let sum: f64 = products
                            .map(|p| factor(&p.output, row) * p.filter[k] * factor(&p.input, r))
                            .sum();
                        assert_eq!(sum, f64::from(u8::from(r == row + k)), "{width} {row} {k} {r}");
                    }
                }
            }
        }
    }
}
