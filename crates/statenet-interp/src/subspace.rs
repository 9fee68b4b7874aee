//! The subspace that dynamic STRFs span, its dimensionality, and the separability of a receptive field.
//!
//! ```text
//! D (T, F L) = U S V^T        rows of V^T are fields        share_i = s_i^2 / sum s^2
//! dimensionality = (sum s^2)^2 / sum s^4                    the participation ratio (Gao et al. 2017)
//! separability(m) = s_1^2 / sum s^2 of m (F, L)             1 for a product of bands and lags (Depireux et al. 2001)
//! ```
//! The mean field is not subtracted: all maps of a linear neuron are the same field, and the dimensionality is 1.

use faer::{Mat, Side};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3};
use statenet_core::Need;

use crate::error::{Error, Result};

/// Orthonormal fields that span a set of receptive fields, in order of explained power.
#[derive(Clone, Debug, PartialEq)]
pub struct Subspace {
    /// `(C, F, L)`, each of norm 1, C the number asked for or the rank if that is less. The sign of each is chosen such that
    /// its weights do not sum to less than 0.
    pub fields: Array3<f64>,
    /// Singular values of all directions, largest first.
    pub singular_values: Vec<f64>,
}

impl Subspace {
    /// The share of the maps' power (sum of squares) that each direction explains; empty if all maps are zero.
    #[must_use]
    pub fn shares(&self) -> Vec<f64> {
        let total: f64 = self.singular_values.iter().map(|s| s * s).sum();
        if total > 0.0 { self.singular_values.iter().map(|s| s * s / total).collect() } else { Vec::new() }
    }

    /// The participation ratio of the shares: 1 for a single direction, C for C directions of equal power. `None` if all
    /// maps are zero.
    #[must_use]
    pub fn dimensionality(&self) -> Option<f64> {
        let squares: f64 = self.shares().iter().map(|share| share * share).sum();
        (squares > 0.0).then(|| 1.0 / squares)
    }

    /// How many directions are needed to explain a share of the power, above 0 and at most 1. `None` if all maps are zero.
    #[must_use]
    pub fn n_for(&self, share: f64) -> Option<usize> {
        let mut explained = 0.0;
        let enough = self.shares().iter().position(|s| {
            explained += s;
            explained >= share * (1.0 - 1e-12)
        });
        enough.map(|i| i + 1)
    }
}

/// The subspace of maps `(T, F, L)`, with its first `n_fields` directions as fields.
///
/// Singular values are the square roots of the eigenvalues of the smaller Gram matrix, so that values below 1e-8 of the
/// largest are rounding errors.
///
/// # Errors
/// [`Error::Decomposition`] for numbers that are not finite.
pub fn subspace(maps: ArrayView3<'_, f64>, n_fields: usize) -> Result<Subspace> {
    let (n_bins, n_bands, n_lags) = maps.dim();
    let each = n_bands * n_lags;
    // The maps twice, and the matrix of their products with its eigenvectors.
    let n_products = n_bins.min(each);
    Need::of_values(&[n_bins, each, 2], 8).and(Need::of_values(&[n_products, n_products, 3], 8)).ensure(
        format!("the subspace of {n_bins} maps of {n_bands} bands and {n_lags} lags"),
        "use maps of fewer bins, bands or lags",
    )?;
    let values: Vec<f64> = maps.iter().copied().collect();
    if !values.iter().all(|x| x.is_finite()) {
        return Err(Error::Decomposition { what: "maps" });
    }
    let d = Mat::from_fn(n_bins, each, |t, i| values[t * each + i]);
    let wide = n_bins <= each;
    let gram = if wide { &d * d.transpose() } else { d.transpose() * &d };
    let eigen = gram.self_adjoint_eigen(Side::Lower).map_err(|_| Error::Decomposition { what: "maps" })?;
    // faer returns eigenvalues in increasing order.
    let n = gram.nrows();
    let singular_values: Vec<f64> = (0..n).rev().map(|i| eigen.S()[i].max(0.0).sqrt()).collect();
    let floor = singular_values.first().copied().unwrap_or(0.0) * 1e-8;
    let n_fields = singular_values.iter().take(n_fields).filter(|&&s| s > floor).count();
    let vectors = eigen.U();
    let mut fields = Array3::zeros((n_fields, n_bands, n_lags));
    for (c, mut field) in fields.outer_iter_mut().enumerate() {
        let vector = vectors.col(n - 1 - c);
        let direction: Vec<f64> = if wide {
            let across = d.transpose() * vector;
            (0..each).map(|i| across[i] / singular_values[c]).collect()
        } else {
            (0..each).map(|i| vector[i]).collect()
        };
        let sign = if direction.iter().sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
        for (there, x) in field.iter_mut().zip(direction) {
            *there = sign * x;
        }
    }
    Ok(Subspace { fields, singular_values })
}

/// The separable field nearest to a field `(F, L)`: the product of its first singular vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Separable {
    /// The share of the field's power in this product, 1 for a separable field.
    pub index: f64,
    /// The weights of the bands (F), of norm 1.
    pub bands: Vec<f64>,
    /// The weights of the lags (L), scaled so that bands times lags is the nearest separable field.
    pub lags: Vec<f64>,
}

/// How separable a field `(F, L)` is in frequency and time; `None` if it is zero.
///
/// The sign is chosen such that the weights of the bands do not sum to less than 0.
///
/// # Errors
/// [`Error::Decomposition`] for numbers that are not finite.
pub fn separable(field: ArrayView2<'_, f64>) -> Result<Option<Separable>> {
    let of_field = field.insert_axis(ndarray::Axis(2));
    let space = subspace(of_field.view(), 1)?;
    let Some(index) = space.shares().first().copied() else { return Ok(None) };
    let Some(lags) = space.fields.outer_iter().next() else { return Ok(None) };
    let lags: Vec<f64> = lags.iter().copied().collect();
    let bands: Vec<f64> =
        field.outer_iter().map(|band| band.iter().zip(&lags).map(|(x, y)| x * y).sum()).collect();
    let norm = bands.iter().map(|x| x * x).sum::<f64>().sqrt();
    let scale = if bands.iter().sum::<f64>() < 0.0 { -norm } else { norm };
    Ok(Some(Separable {
        index,
        bands: bands.iter().map(|x| x / scale).collect(),
        lags: lags.iter().map(|x| x * scale).collect(),
    }))
}

impl Separable {
    /// The product of bands and lags, `(F, L)`.
    #[must_use]
    pub fn field(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.bands.len(), self.lags.len()), |(f, k)| self.bands[f] * self.lags[k])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn two_fields_in_turn_are_two_dimensions() {
        // Maps 3 a, 3 a, 3 b, 3 b with a and b orthonormal: two equal directions.
        let maps = Array3::from_shape_fn((4, 2, 1), |(t, f, _)| if (t < 2) == (f == 0) { 3.0 } else { 0.0 });
        let space = subspace(maps.view(), 5).unwrap();
        assert!((space.dimensionality().unwrap() - 2.0).abs() < 1e-12);
        assert_eq!((space.n_for(0.5), space.n_for(0.51), space.n_for(1.0)), (Some(1), Some(2), Some(2)));
        assert!((space.singular_values[0] - 18f64.sqrt()).abs() < 1e-12);
        assert_eq!(space.fields.dim(), (2, 2, 1));
        // The same through the other Gram matrix.
        let turned = maps.permuted_axes([1, 0, 2]);
        let of_turned = subspace(turned.view(), 1).unwrap();
        assert!((of_turned.dimensionality().unwrap() - 2.0).abs() < 1e-12);
    }

    #[test]
    fn one_field_at_many_gains_is_one_dimension_and_is_found() {
        let field = [0.6, 0.0, -0.8, 0.0];
        let maps = Array3::from_shape_fn((9, 2, 2), |(t, f, k)| (t as f64 - 3.0) * field[2 * f + k]);
        let space = subspace(maps.view(), 3).unwrap();
        assert!((space.dimensionality().unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(space.fields.dim(), (1, 2, 2));
        // The sign with a positive sum.
        for (got, expected) in space.fields.iter().zip(field.map(|x| -x)) {
            assert!((got - expected).abs() < 1e-9, "{got} {expected}");
        }
    }

    #[test]
    fn a_silent_neuron_has_no_dimensions() {
        let space = subspace(Array3::zeros((3, 2, 2)).view(), 2).unwrap();
        assert_eq!((space.dimensionality(), space.n_for(0.9), space.fields.dim().0), (None, None, 0));
        assert_eq!(separable(Array2::zeros((2, 3)).view()).unwrap(), None);
        let error = subspace(Array3::from_elem((1, 1, 1), f64::NAN).view(), 1).unwrap_err();
        assert_eq!(error.to_string(), "maps cannot be decomposed, expected finite numbers");
    }

    #[test]
    fn bands_times_lags_are_separable_and_a_diagonal_is_not() {
        let outer = arr2(&[[2.0, -1.0, 0.5], [4.0, -2.0, 1.0]]);
        let found = separable(outer.view()).unwrap().unwrap();
        assert!((found.index - 1.0).abs() < 1e-12);
        assert!((found.bands[1] - 2.0 * found.bands[0]).abs() < 1e-12 && found.bands[0] > 0.0);
        for (a, b) in found.field().iter().zip(&outer) {
            assert!((a - b).abs() < 1e-12);
        }
        let sweep = arr2(&[[1.0, 0.0], [0.0, 1.0]]);
        assert!((separable(sweep.view()).unwrap().unwrap().index - 0.5).abs() < 1e-12);
    }
}
