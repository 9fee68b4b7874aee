//! Permutation test of two independent groups.

use rayon::prelude::*;

use super::{Resampling, at_least, expect_finite};
use crate::{
    moments::mean,
    undefined::{Score, Undefined},
};

/// Two-sided p value of the hypothesis that two independent groups have the same distribution, from the difference of their
/// means.
///
/// Group labels are shuffled `n_draws` times; p = (1 + draws at least as extreme) / (1 + draws), which is valid and never 0
/// (Phipson and Smyth 2010). For paired values use [`sign_flip`](super::sign_flip).
///
/// # Errors
/// [`Undefined::TooFewValues`] if a group is empty or both have a single value; [`Undefined::NotFinite`].
///
/// # Examples
/// ```
/// use statenet_metrics::resampling::{Resampling, two_samples};
/// let p = two_samples(&[1.0, 1.1, 0.9, 1.2], &[3.0, 3.1, 2.9, 3.3], &Resampling::default())?;
/// assert!((p - 2.0 / 70.0).abs() < 0.01); // 2 of the 70 ways to divide 8 values are as extreme
/// # Ok::<(), statenet_metrics::Undefined>(())
/// ```
pub fn two_samples(a: &[f64], b: &[f64], resampling: &Resampling) -> Score {
    let n = a.len() + b.len();
    if a.is_empty() || b.is_empty() || n < 3 {
        return Err(Undefined::TooFewValues { n, needed: 3 });
    }
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    expect_finite(&all)?;
    let difference = |values: &[f64]| mean(&values[..a.len()]) - mean(&values[a.len()..]);
    let observed = difference(&all);
    let extreme = (0..resampling.n_draws)
        .into_par_iter()
        .filter(|draw| {
            let mut shuffled = all.clone();
            resampling.seed.stream(&format!("permutation/{draw}")).shuffle(&mut shuffled);
            at_least(difference(&shuffled), observed)
        })
        .count();
    Ok((extreme as f64 + 1.0) / (resampling.n_draws as f64 + 1.0))
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::*;

    #[test]
    fn equal_groups_are_not_told_apart_and_p_is_uniform_under_the_null() {
        let same = [1.0, 2.0, 3.0];
        assert_eq!(two_samples(&same, &same, &Resampling::default()), Ok(1.0));
        let resampling = Resampling::new(Seed::new(0), 199).unwrap();
        let rejected = (0..400)
            .filter(|set| {
                let mut stream = Seed::new(5).stream(&format!("null/{set}"));
                let mut draw = |n: usize| (0..n).map(|_| stream.normal()).collect::<Vec<_>>();
                let (a, b) = (draw(8), draw(12));
                two_samples(&a, &b, &resampling).unwrap() <= 0.1
            })
            .count();
        // 40 expected; four standard errors.
        assert!((16..=64).contains(&rejected), "{rejected}");
    }

    #[test]
    fn an_empty_group_has_a_reason() {
        assert_eq!(
            two_samples(&[], &[1.0, 2.0, 3.0], &Resampling::default()),
            Err(Undefined::TooFewValues { n: 3, needed: 3 })
        );
    }
}
