//! Stimuli of a batch that are the same: what one gives, all give.
//!
//! Many gradients of one response are taken in one backward pass with a row of a batch for each: rows that hear the same,
//! and whose gradients differ. A kernel that sees it computes the first row for all. Rows of different sounds differ in
//! their first numbers, so that asking costs nothing.

/// Whether all `batch` rows of each input are equal, number for number.
pub(crate) fn all_alike<F: PartialEq>(batch: usize, inputs: &[&[F]]) -> bool {
    batch > 1 && inputs.iter().all(|rows| rows_alike(batch, rows))
}

fn rows_alike<F: PartialEq>(batch: usize, rows: &[F]) -> bool {
    let each = rows.len() / batch.max(1);
    // Equal to the row before it, each.
    rows.get(each..).is_none_or(|rest| rest == &rows[..rest.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_alike_if_all_numbers_are() {
        assert!(all_alike(3, &[&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0], &[5.0, 5.0, 5.0], &[]]));
        assert!(!all_alike(3, &[&[1.0, 2.0, 1.0, 2.0, 1.0, 3.0]]));
        assert!(!all_alike(2, &[&[1.0, 1.0], &[0.0, 1.0]]));
        assert!(!all_alike(2, &[&[f64::NAN, f64::NAN]]));
        assert!(!all_alike(1, &[&[1.0]]), "one row has nothing to share");
    }
}
