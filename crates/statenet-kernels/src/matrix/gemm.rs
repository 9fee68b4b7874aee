//! Matrix products on slices with strides, single-threaded, so that their bits depend on sizes only.

use gemm::Parallelism;

use crate::simd::{float::Real, uninit::Slot};

/// A matrix inside a slice: where its first element lies and how far apart rows and columns are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) offset: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl View {
    /// Rows that follow each other, `width` apart, from the start of the slice.
    pub(crate) const fn rows(width: usize) -> Self {
        Self { offset: 0, row: width, column: 1 }
    }

    /// The same matrix transposed.
    pub(crate) const fn t(self) -> Self {
        Self { offset: self.offset, row: self.column, column: self.row }
    }

    /// The same matrix from element `offset` on.
    pub(crate) const fn at(self, offset: usize) -> Self {
        Self { offset, ..self }
    }

    /// One more than the index of the last element of `rows` by `columns`, if it can be counted.
    fn end(self, rows: usize, columns: usize) -> Option<usize> {
        let last_row = rows.checked_sub(1)?.checked_mul(self.row)?;
        let last_column = columns.checked_sub(1)?.checked_mul(self.column)?;
        self.offset.checked_add(last_row)?.checked_add(last_column)?.checked_add(1)
    }

    fn fits(self, rows: usize, columns: usize, len: usize) -> bool {
        self.end(rows, columns).is_some_and(|end| end <= len)
    }
}

/// c += a b, where a is (m, k), b is (k, n) and c is (m, n).
///
/// The elements of a and of b may overlap each other (a view of a sliding window); those of c do not.
/// A view that does not fit into its slice is a defect of this crate and stops the program before anything
/// outside the slice is touched.
pub(crate) fn add_product<F: Real>(
    [m, k, n]: [usize; 3],
    (a, va): (&[F], View),
    (b, vb): (&[F], View),
    (c, vc): (&mut [F], View),
) {
    let len = c.len();
    // SAFETY: a slice is a pointer to its length of numbers, borrowed mutably.
    #[allow(unsafe_code, reason = "gemm takes pointers")]
    unsafe {
        product([m, k, n], (a, va), (b, vb), (c.as_mut_ptr(), len, vc), true);
    }
}

/// c = a b, into memory that was not written before; otherwise like [`add_product`], k at least 1.
pub(crate) fn write_product<F: Real>(
    [m, k, n]: [usize; 3],
    (a, va): (&[F], View),
    (b, vb): (&[F], View),
    (c, vc): (&mut [Slot<F>], View),
) {
    debug_assert!(k > 0, "an empty product writes nothing");
    let len = c.len();
    // SAFETY: a slice is a pointer to its length of slots, borrowed mutably; what c holds is not read.
    #[allow(unsafe_code, reason = "gemm takes pointers")]
    unsafe {
        product([m, k, n], (a, va), (b, vb), (c.as_mut_ptr().cast(), len, vc), false);
    }
}

/// c = a b, plus c if `add`, where c is `len` numbers from a pointer on.
///
/// # Safety
/// The `len` numbers are this call's alone, and written before if `add`.
#[allow(unsafe_code, reason = "gemm takes pointers")]
unsafe fn product<F: Real>(
    [m, k, n]: [usize; 3],
    (a, va): (&[F], View),
    (b, vb): (&[F], View),
    (c, len, vc): (*mut F, usize, View),
    add: bool,
) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    let fits = va.fits(m, k, a.len()) && vb.fits(k, n, b.len()) && vc.fits(m, n, len);
    assert!(fits, "a matrix lies outside its slice: {va:?} {vb:?} {vc:?} of {m} {k} {n}");
    // SAFETY: all three views were just checked to lie within their slices; strides are below isize::MAX
    // because the slices are. c is this call's alone. `Real` is f32 or f64, the types gemm computes with;
    // without `add` it does not read c.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.add(vc.offset),
            vc.column as isize,
            vc.row as isize,
            add,
            a.as_ptr().add(va.offset),
            va.column as isize,
            va.row as isize,
            b.as_ptr().add(vb.offset),
            vb.column as isize,
            vb.row as isize,
            F::ONE,
            F::ONE,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_added_through_strides_and_offsets() {
        let a = [9.0, 1.0, 2.0, 3.0, 4.0]; // [[1, 2], [3, 4]] after one stranger
        let b = [1.0, 10.0, 100.0, 1000.0]; // [[1, 100], [10, 1000]] as columns
        let mut c = [1.0, 1.0, 1.0, 1.0];
        add_product([2, 2, 2], (&a, View::rows(2).at(1)), (&b, View::rows(2).t()), (&mut c, View::rows(2)));
        assert_eq!(c, [22.0, 2101.0, 44.0, 4301.0]);
    }

    #[test]
    fn rows_of_a_sliding_window_may_overlap() {
        let x = [1f32, 2.0, 3.0]; // [[1, 2], [2, 3]]
        let mut c = [0f32; 2];
        add_product(
            [2, 2, 1],
            (&x, View::rows(1).at(0)),
            (&[1.0, 10.0], View::rows(1)),
            (&mut c, View::rows(1)),
        );
        assert_eq!(c, [21.0, 32.0]);
    }
}
