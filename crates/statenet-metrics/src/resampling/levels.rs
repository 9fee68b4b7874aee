//! The quantile levels of the expanded percentile interval (Hesterberg 2015).
//!
//! Of n units, a percentile interval is too narrow by sqrt((n - 1) / n), as the variance with denominator n is, and its levels are
//! those of a normal distribution where they should be of Student's t:
//!
//! ```text
//! level = Phi(-+ sqrt(n / df) t),      t the quantile of Student's distribution with df' degrees of freedom
//! ```
//!
//! df is n - 1, or n less the number of strata if units are drawn within strata. df' is less where a few units dominate the variance,
//! which is then known less well: with e_i what unit i moves the statistic and G2 the unbiased excess kurtosis of these, by Satterthwaite's
//! formula (1946) for a variance whose own variance is s^4 (2 / df + G2 / n),
//!
//! ```text
//! 1 / df' = 1 / df + max(G2, 0) / (2 n)          at least 2; df if there are fewer than 8 units, too few for a kurtosis
//! ```

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::{moments::quantile, undefined::Undefined};

/// The upper quantile of Student's t distribution that leaves `(1 - confidence) / 2` above.
pub(crate) fn student_t(confidence: f64, df: f64) -> Result<f64, Undefined> {
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    if df.is_nan() || df <= 0.0 {
        return Err(Undefined::TooFewValues { n: 1, needed: 2 });
    }
    // Beyond this, t is normal.
    let t = if df > 1e6 {
        Normal::standard().inverse_cdf(1.0 - tail)
    } else {
        StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |t| t.inverse_cdf(1.0 - tail))
    };
    Ok(t)
}

/// Fewest units with a kurtosis.
const ENOUGH: usize = 8;

/// df': the degrees of freedom of a variance that is estimated from what each unit moves a statistic, `effects` (less the mean of their
/// stratum).
pub(crate) fn degrees_of_freedom(effects: &[f64], df: f64) -> f64 {
    let n = effects.len() as f64;
    let moment = |power: i32| effects.iter().map(|e| e.powi(power)).sum::<f64>() / n;
    let kurtosis = moment(4) / moment(2).powi(2) - 3.0;
    let unbiased = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * kurtosis + 6.0);
    if effects.len() < ENOUGH || !unbiased.is_finite() {
        return df;
    }
    f64::max((df.recip() + unbiased.max(0.0) / (2.0 * n)).recip(), 2.0).min(df)
}

/// The probability that Student's t of `df` degrees of freedom is `t` or more.
pub(crate) fn student_upper_tail(t: f64, df: f64) -> Result<f64, Undefined> {
    let student = StudentsT::new(0.0, 1.0, df).map_err(|_| Undefined::TooFewValues { n: 1, needed: 2 })?;
    Ok(student.sf(t))
}

/// The two levels; `narrow` is n / df, by which draws vary too little.
pub(crate) fn expanded_levels(confidence: f64, narrow: f64, df: f64) -> Result<[f64; 2], Undefined> {
    let z = narrow.sqrt() * student_t(confidence, df)?;
    let normal = Normal::standard();
    Ok([normal.cdf(-z), normal.cdf(z)])
}

/// The expanded percentile interval from the statistics of `draws` draws, of which those that exist are given; at least half must exist.
/// `narrow` and `df` as for [`expanded_levels`].
pub(crate) fn expanded(
    mut drawn: Vec<f64>,
    draws: usize,
    confidence: f64,
    narrow: f64,
    df: f64,
) -> Result<[f64; 2], Undefined> {
    let unstable = Undefined::Unstable { defined: drawn.len(), draws };
    if 2 * drawn.len() < draws {
        return Err(unstable);
    }
    drawn.sort_by(f64::total_cmp);
    match expanded_levels(confidence, narrow, df)?.map(|level| quantile(&drawn, level)) {
        [Some(lower), Some(upper)] => Ok([lower, upper]),
        _ => Err(unstable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_dominates_costs_degrees_of_freedom() {
        let even: Vec<f64> = (0..10).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert_eq!(degrees_of_freedom(&even, 9.0), 9.0);
        // Kurtosis of nine units at -1 and one at 9: (9 + 6561) / 10 / 81 - 3 = 5.111; G2 = 9/56 (11 * 5.111 + 6) = 10.
        let one: Vec<f64> = (0..10).map(|i| if i == 0 { 9.0 } else { -1.0 }).collect();
        assert!((degrees_of_freedom(&one, 9.0) - 2.0).abs() < 1e-12);
        let two: Vec<f64> = (0..10).map(|i| if i < 2 { 4.0 } else { -1.0 }).collect();
        // Kurtosis (2 * 256 + 8) / 10 / 16 - 3 = .25; G2 = 9/56 (2.75 + 6) = 1.40625; 1 / (1/9 + .0703125).
        assert!((degrees_of_freedom(&two, 9.0) - 1.0 / (1.0 / 9.0 + 0.070_312_5)).abs() < 1e-12);
        assert_eq!(degrees_of_freedom(&[0.0; 9], 8.0), 8.0);
        assert_eq!(degrees_of_freedom(&one[..7], 6.0), 6.0);
    }

    #[test]
    fn levels_of_ten_units_by_table_and_of_many_by_the_normal_distribution() {
        // t of 9 degrees of freedom is 2.262; sqrt(10 / 9) 2.262 = 2.384; Phi(-2.384) = .00856.
        let [low, high] = expanded_levels(0.95, 10.0 / 9.0, 9.0).unwrap();
        assert!((low - 0.00856).abs() < 2e-5 && (low + high - 1.0).abs() < 1e-12, "{low}");
        let [low, _] = expanded_levels(0.95, 1.0, 1e9).unwrap();
        assert!((low - 0.025).abs() < 1e-6);
        assert!(expanded_levels(0.95, 1.0, 0.0).is_err());
    }
}
