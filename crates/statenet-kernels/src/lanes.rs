//! Whole vectors out of and into rows whose length is no multiple of a vector.

use crate::real::{LANES, Real};

/// Elements j to j + 8 of a row; zeros beyond its end.
#[inline(always)]
pub(crate) fn load<F: Real>(row: &[F], j: usize) -> [F; LANES] {
    let rest = row.get(j..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk::<LANES>() {
        *whole
    } else {
        let mut part = [F::ZERO; LANES];
        part.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        part
    }
}

/// Writes elements j to j + 8 of a row as far as it reaches.
#[inline(always)]
pub(crate) fn store<F: Real>(row: &mut [F], j: usize, values: [F; LANES]) {
    let rest = row.get_mut(j..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk_mut::<LANES>() {
        *whole = values;
    } else {
        rest.iter_mut().zip(values).for_each(|(to, from)| *to = from);
    }
}

/// A vector computed lane by lane.
#[inline(always)]
pub(crate) fn each<F: Real>(f: impl Fn(usize) -> F) -> [F; LANES] {
    let mut values = [F::ZERO; LANES];
    for (l, value) in values.iter_mut().enumerate() {
        *value = f(l);
    }
    values
}

/// n rounded up to whole vectors.
pub(crate) const fn padded(n: usize) -> usize {
    n.next_multiple_of(LANES)
}
