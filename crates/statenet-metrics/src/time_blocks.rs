//! Blocks of time: the units in which the bins of a stimulus are resampled.

/// The default length of a block in bins: 500 ms at a dt of 5 ms.
pub(crate) const DEFAULT_BINS: usize = 100;

/// The number of blocks of a stimulus, at least one; blocks have nearly equal lengths close to `block_bins`.
pub(crate) fn n_blocks(n_bins: usize, block_bins: usize) -> usize {
    ((n_bins as f64 / block_bins as f64).round() as usize).max(1)
}

/// The block of bin t.
pub(crate) fn block_of(t: usize, n_bins: usize, n_blocks: usize) -> usize {
    (t * n_blocks / n_bins).min(n_blocks - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_of_nearly_one_length() {
        assert_eq!((n_blocks(999, 100), n_blocks(40, 100), n_blocks(350, 100)), (10, 1, 4));
        let mut sizes = [0; 10];
        for t in 0..999 {
            sizes[block_of(t, 999, 10)] += 1;
        }
        assert!(sizes.iter().all(|&n| n == 99 || n == 100));
    }
}
