//! Sign-flip permutation test of paired differences.

use rayon::prelude::*;

use super::{Resampling, at_least, expect_finite};
use crate::undefined::{Score, Undefined};

/// Up to this many differences, all combinations of signs are tried.
const EXACT_UP_TO: usize = 16;

/// Two-sided p value of the hypothesis that paired differences are symmetric about 0, from their mean.
///
/// Up to 16 differences all 2^n combinations of signs are tried, and p is exact (at least 2^(1 - n)). For more differences
/// `n_draws` random combinations are tried, and p = (1 + draws at least as extreme) / (1 + draws), which is valid and never
/// 0 (Phipson and Smyth 2010). Differences of 0 do not affect the result.
///
/// # Errors
/// [`Undefined::TooFewValues`] without differences; [`Undefined::NotFinite`].
///
/// # Examples
/// ```
/// use statenet_metrics::resampling::{Resampling, sign_flip};
/// // Of the 16 combinations of signs, only all plus and all minus are as extreme.
/// assert_eq!(sign_flip(&[0.1, 0.4, 0.2, 0.3], &Resampling::default()), Ok(2.0 / 16.0));
/// ```
pub fn sign_flip(differences: &[f64], resampling: &Resampling) -> Score {
    let n = differences.len();
    if n == 0 {
        return Err(Undefined::TooFewValues { n, needed: 1 });
    }
    expect_finite(differences)?;
    let observed: f64 = differences.iter().sum();
    if n <= EXACT_UP_TO {
        let signed = |signs: u32| -> f64 {
            differences.iter().enumerate().map(|(i, d)| if signs >> i & 1 == 1 { -d } else { *d }).sum()
        };
        let all = 1_u32 << n;
        let extreme = (0..all).filter(|&signs| at_least(signed(signs), observed)).count();
        return Ok(extreme as f64 / f64::from(all));
    }
    let extreme = (0..resampling.n_draws)
        .into_par_iter()
        .filter(|draw| {
            let mut stream = resampling.seed.stream(&format!("sign-flip/{draw}"));
            let mut bits = 0;
            let mut sum = 0.0;
            for (i, d) in differences.iter().enumerate() {
                if i % 64 == 0 {
                    bits = stream.next_u64();
                }
                sum += if bits >> (i % 64) & 1 == 1 { -d } else { *d };
            }
            at_least(sum, observed)
        })
        .count();
    Ok((extreme as f64 + 1.0) / (resampling.n_draws as f64 + 1.0))
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::*;

    #[test]
    fn no_difference_gives_1() {
        assert_eq!(sign_flip(&[0.0; 5], &Resampling::default()), Ok(1.0));
        assert_eq!(sign_flip(&[0.0; 50], &Resampling::default()), Ok(1.0));
        assert_eq!(sign_flip(&[], &Resampling::default()), Err(Undefined::TooFewValues { n: 0, needed: 1 }));
    }

    #[test]
    fn draws_agree_with_the_exact_test() {
        let mut stream = Seed::new(1).stream("differences");
        let few: Vec<f64> = (0..EXACT_UP_TO).map(|_| stream.normal() + 0.5).collect();
        let exact = sign_flip(&few, &Resampling::default()).unwrap();
        // A difference of 0 changes no sum, so that the exact answer of 17 is that of 16.
        let padded: Vec<f64> = few.iter().copied().chain([0.0]).collect();
        let drawn = sign_flip(&padded, &Resampling::default()).unwrap();
        assert!((drawn - exact).abs() < 5.0 * (exact / 10_000.0).sqrt(), "{drawn} for {exact}");
    }
}
