//! Distinct splits of repeats into halves.

use std::collections::BTreeSet;

use statenet_core::Seed;

/// Two disjoint groups of repeats of the same size; of an odd number of repeats one is in neither.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HalfSplit {
    pub(crate) first: Vec<usize>,
    pub(crate) second: Vec<usize>,
}

impl HalfSplit {
    /// Splits a list into its first and second half, both sorted and in a fixed order.
    fn canonical(order: &[usize], half: usize) -> Self {
        let (mut first, mut second) = (order[..half].to_vec(), order[half..2 * half].to_vec());
        first.sort_unstable();
        second.sort_unstable();
        if second < first {
            std::mem::swap(&mut first, &mut second);
        }
        Self { first, second }
    }
}

/// Distinct half splits of `n_repeats` repeats: all of them if there are at most `n_splits`, else that many at random.
///
/// The splits depend on the seed and the number of repeats only, so that they are the same for all neurons and stimuli.
pub(crate) fn half_splits(n_repeats: usize, n_splits: usize, seed: Seed) -> Vec<HalfSplit> {
    let half = n_repeats / 2;
    if half == 0 || n_splits == 0 {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    if count(n_repeats) <= n_splits as u128 {
        for dropped in if n_repeats % 2 == 1 { 0..n_repeats } else { n_repeats..n_repeats + 1 } {
            let kept: Vec<usize> = (0..n_repeats).filter(|&r| r != dropped).collect();
            for choice in choices(kept.len(), half) {
                let second = (0..kept.len()).filter(|i| !choice.contains(i));
                let order: Vec<usize> = choice.iter().copied().chain(second).map(|i| kept[i]).collect();
                found.insert(HalfSplit::canonical(&order, half));
            }
        }
        return found.into_iter().collect();
    }
    let mut stream = seed.stream(&format!("half-splits/{n_repeats}"));
    let mut order: Vec<usize> = (0..n_repeats).collect();
    let mut drawn = Vec::with_capacity(n_splits);
    while drawn.len() < n_splits {
        stream.shuffle(&mut order);
        let split = HalfSplit::canonical(&order, half);
        if found.insert(split.clone()) {
            drawn.push(split);
        }
    }
    drawn
}

/// The number of distinct half splits, or `u128::MAX` if it is larger.
fn count(n_repeats: usize) -> u128 {
    let (even, dropped) = if n_repeats % 2 == 1 { (n_repeats - 1, n_repeats) } else { (n_repeats, 1) };
    let mut choices: u128 = 1;
    for i in 0..even / 2 {
        let Some(product) = choices.checked_mul((even - i) as u128) else {
            return u128::MAX;
        };
        choices = product / (i as u128 + 1);
    }
    (choices / 2).saturating_mul(dropped as u128)
}

/// All choices of `k` numbers from `0..n`, in lexicographic order.
pub(crate) fn choices(n: usize, k: usize) -> impl Iterator<Item = Vec<usize>> {
    let first = (k <= n).then(|| (0..k).collect::<Vec<usize>>());
    std::iter::successors(first, move |choice| {
        // Increment the last entry that can grow, and set the entries after it to consecutive numbers.
        let i = (0..k).rev().find(|&i| choice[i] < n - k + i)?;
        let mut next = choice[..i].to_vec();
        next.extend((0..k - i).map(|step| choice[i] + 1 + step));
        Some(next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_repeats_are_split_in_all_ways() {
        let counts = [(1, 0), (2, 1), (3, 3), (4, 3), (5, 15), (6, 10), (8, 35), (10, 126)];
        for (n_repeats, expected) in counts {
            let splits = half_splits(n_repeats, 126, Seed::new(0));
            assert_eq!(splits.len(), expected, "{n_repeats} repeats");
            assert_eq!(splits.iter().collect::<BTreeSet<_>>().len(), expected);
            if n_repeats > 1 {
                assert_eq!(count(n_repeats), expected as u128);
            }
        }
    }

    #[test]
    fn choices_come_in_lexicographic_order() {
        let found: Vec<_> = choices(4, 2).collect();
        assert_eq!(found, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
        assert_eq!((choices(3, 0).count(), choices(3, 3).count(), choices(2, 3).count()), (1, 1, 0));
    }

    #[test]
    fn many_repeats_are_split_at_random_distinctly_and_evenly() {
        let splits = half_splits(20, 126, Seed::new(1));
        assert_eq!(splits, half_splits(20, 126, Seed::new(1)));
        assert_ne!(splits, half_splits(20, 126, Seed::new(2)));
        assert_eq!(splits.iter().collect::<BTreeSet<_>>().len(), 126);
        // Repeat 19 is in the half of repeat 0 with probability 9/19; five standard errors.
        let together =
            splits.iter().filter(|s| s.first.contains(&0) == s.first.contains(&19)).count() as f64 / 126.0;
        assert!((together - 9.0 / 19.0).abs() < 5.0 * 0.5 / 126.0_f64.sqrt(), "{together}");
    }

    #[test]
    fn an_odd_repeat_stands_aside() {
        for split in half_splits(7, 40, Seed::new(0)) {
            assert_eq!((split.first.len(), split.second.len()), (3, 3));
            assert!(split.first.iter().all(|r| !split.second.contains(r)));
        }
    }

    #[test]
    fn huge_counts_do_not_overflow() {
        assert_eq!(count(200), u128::MAX);
        assert_eq!(half_splits(200, 5, Seed::new(0)).len(), 5);
    }
}
