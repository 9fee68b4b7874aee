//! Results that are written once: memory that is not set to zero before.
//!
//! At batch 14 the results of a training step are tens of megabytes, and writing them twice costs as much as
//! computing them.

use std::mem::MaybeUninit;

use crate::simd::float::Real;

/// A place for one number that is still to be written.
pub(crate) type Slot<F> = MaybeUninit<F>;

/// A vector of `n` numbers, all of which `write` writes.
///
/// Debug builds hand out NaN, so that a number that was not written shows in every test.
///
/// # Safety
/// `write` must write every slot.
#[allow(unsafe_code, reason = "memory that is written exactly once")]
pub(crate) unsafe fn vector<F: Real>(n: usize, write: impl FnOnce(&mut [Slot<F>])) -> Vec<F> {
    let mut numbers = Vec::with_capacity(n);
    let slots = &mut numbers.spare_capacity_mut()[..n];
    if cfg!(debug_assertions) {
        slots.fill(MaybeUninit::new(F::of(f64::NAN)));
    }
    write(slots);
    // SAFETY: the capacity is at least n, and the caller promises that all n numbers were written.
    unsafe { numbers.set_len(n) };
    numbers
}

/// Writes f of each element of `from`.
#[inline(always)]
pub(crate) fn map<F: Real>(to: &mut [Slot<F>], from: &[F], f: impl Fn(F) -> F) {
    for (to, from) in to.iter_mut().zip(from) {
        to.write(f(*from));
    }
}

/// Writes a copy of `from`.
#[inline(always)]
pub(crate) fn copy<F: Real>(to: &mut [Slot<F>], from: &[F]) {
    map(to, from, |x| x);
}

/// Writes each of `values` along one of the rows that follow each other in `to`.
pub(crate) fn fill_rows<F: Real>(to: &mut [Slot<F>], values: &[F]) {
    let width = to.len() / values.len().max(1);
    for (row, value) in to.chunks_exact_mut(width.max(1)).zip(values) {
        row.fill(Slot::new(*value));
    }
}

/// Slots as the numbers that they hold.
///
/// # Safety
/// All of them were written.
#[allow(unsafe_code, reason = "memory that is written before it is added to")]
pub(crate) unsafe fn written<F: Real>(slots: &mut [Slot<F>]) -> &mut [F] {
    // SAFETY: a slot has the layout of its number, and the caller promises that each holds one.
    unsafe { &mut *(std::ptr::from_mut(slots) as *mut [F]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_there() {
        // SAFETY: copy writes all three slots.
        #[allow(unsafe_code, reason = "as above")]
        let numbers = unsafe { vector(3, |slots| copy(slots, &[1f32, 2.0, 3.0])) };
        assert_eq!(numbers, [1.0, 2.0, 3.0]);
    }
}
