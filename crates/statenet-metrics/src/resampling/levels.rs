//! The quantile levels of the expanded percentile interval (Hesterberg 2015).
//!
//! Of n units, a percentile interval is too narrow by sqrt((n - 1) / n), as the variance with denominator n is, and its levels are
//! those of a normal distribution where they should be of Student's t:
//!
//! ```text
//! level = Phi(-+ sqrt(n / df) t),      t the quantile of Student's distribution with df degrees of freedom
//! ```
//!
//! df is n - 1, or n less the number of strata if units are drawn within strata.

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

/// The probability that Student's t of `df` degrees of freedom is `t` or more.
pub(crate) fn student_upper_tail(t: f64, df: f64) -> Result<f64, Undefined> {
    let student = StudentsT::new(0.0, 1.0, df).map_err(|_| Undefined::TooFewValues { n: 1, needed: 2 })?;
    Ok(student.sf(t))
}

/// The two levels for `n` units with `df` degrees of freedom.
pub(crate) fn expanded_levels(confidence: f64, n: f64, df: f64) -> Result<[f64; 2], Undefined> {
    let z = (n / df).sqrt() * student_t(confidence, df)?;
    let normal = Normal::standard();
    Ok([normal.cdf(-z), normal.cdf(z)])
}

/// The expanded percentile interval from the statistics of `draws` draws, of which those that exist are given; at least half must exist.
pub(crate) fn expanded(
    mut drawn: Vec<f64>,
    draws: usize,
    confidence: f64,
    n: f64,
    df: f64,
) -> Result<[f64; 2], Undefined> {
    let unstable = Undefined::Unstable { defined: drawn.len(), draws };
    if 2 * drawn.len() < draws {
        return Err(unstable);
    }
    drawn.sort_by(f64::total_cmp);
    match expanded_levels(confidence, n, df)?.map(|level| quantile(&drawn, level)) {
        [Some(lower), Some(upper)] => Ok([lower, upper]),
        _ => Err(unstable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_ten_units_by_table_and_of_many_by_the_normal_distribution() {
        // t of 9 degrees of freedom is 2.262; sqrt(10 / 9) 2.262 = 2.384; Phi(-2.384) = .00856.
        let [low, high] = expanded_levels(0.95, 10.0, 9.0).unwrap();
        assert!((low - 0.00856).abs() < 2e-5 && (low + high - 1.0).abs() < 1e-12, "{low}");
        let [low, _] = expanded_levels(0.95, 1e9, 1e9).unwrap();
        assert!((low - 0.025).abs() < 1e-6);
        assert!(expanded_levels(0.95, 1.0, 0.0).is_err());
    }
}
