//! Detects batches whose rows are identical, so that the forward pass runs once.
//!
//! Many gradients of one response are taken in one backward pass over a batch that holds the same sound in every row, with
//! another gradient in each. A kernel that detects this computes the first row and copies it. Rows of different sounds
//! differ in their first numbers, so that the comparison ends early.

/// Whether all `batch` rows of each input are equal, number for number.
pub(crate) fn are_identical<F: PartialEq>(batch: usize, inputs: &[&[F]]) -> bool {
    batch > 1 && inputs.iter().all(|rows| rows_are_identical(batch, rows))
}

fn rows_are_identical<F: PartialEq>(batch: usize, rows: &[F]) -> bool {
    let each = rows.len() / batch.max(1);
    // Equal to the row before it, each.
    rows.get(each..).is_none_or(|rest| rest == &rows[..rest.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_identical_if_all_numbers_are() {
        assert!(are_identical(3, &[&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0], &[5.0, 5.0, 5.0], &[]]));
        assert!(!are_identical(3, &[&[1.0, 2.0, 1.0, 2.0, 1.0, 3.0]]));
        assert!(!are_identical(2, &[&[1.0, 1.0], &[0.0, 1.0]]));
        assert!(!are_identical(2, &[&[f64::NAN, f64::NAN]]));
        assert!(!are_identical(1, &[&[1.0]]), "one row has nothing to share");
    }
}
