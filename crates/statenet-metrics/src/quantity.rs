//! Numbers that are easily taken for each other, as types: r, r squared, a reliability and its root.
//!
//! | type | is | of |
//! |---|---|---|
//! | [`Correlation`] | r | CCraw, CCnorm |
//! | [`RSquared`] | r^2, a share of variance | r2_ER |
//! | [`Reliability`] | the correlation of two measurements of the same response | TTRC; rho of two halves |
//! | [`Ceiling`] | its root: the correlation of the true rate with a measurement | CCmax |
//!
//! A ceiling of r is the root of a reliability, and the ceiling of r squared is the reliability itself; dividing r by a reliability, or
//! r squared by a ceiling, is the usual mistake. Here it does not compile: [`Correlation::over`] takes a ceiling, and [`RSquared::over`] a
//! reliability. All numbers are estimates and may lie outside [-1, 1] by noise. In JSON each is a plain number.

use serde::{Deserialize, Serialize};

use crate::undefined::Score;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// This number, known to be such a quantity.
            #[must_use]
            pub fn new(value: f64) -> Self {
                Self(value)
            }

            /// The number alone.
            #[must_use]
            pub fn value(self) -> f64 {
                self.0
            }
        }

        impl From<$name> for f64 {
            fn from(quantity: $name) -> Self {
                quantity.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

quantity! {
    /// A correlation r of a prediction with a response, corrected for noise or not.
    Correlation
}

quantity! {
    /// The square of a correlation: a share of variance. An unbiased estimate of one can be negative.
    RSquared
}

quantity! {
    /// The expected correlation of two independent measurements of the same response, for example of the PSTHs of two halves of the
    /// repeats: the share of a measurement's variance that is signal.
    Reliability
}

quantity! {
    /// The expected correlation of the true rate with a measurement, which is the root of the measurement's reliability: the highest
    /// correlation that a model can be expected to reach.
    Ceiling
}

impl Correlation {
    /// r squared. The sign is lost.
    #[must_use]
    pub fn squared(self) -> RSquared {
        RSquared(self.0 * self.0)
    }

    /// The correlation relative to a ceiling; `None` if that is not above 0.
    ///
    /// ```
    /// use statenet_metrics::{Correlation, Reliability};
    /// let ceiling = Reliability::new(0.64).root();
    /// assert_eq!(ceiling.and_then(|c| Correlation::new(0.4).over(c)), Some(Correlation::new(0.5)));
    /// ```
    #[must_use]
    pub fn over(self, ceiling: Ceiling) -> Option<Self> {
        (ceiling.0 > 0.0).then(|| Self(self.0 / ceiling.0))
    }
}

impl RSquared {
    /// The correlation, taken to be positive; `None` below 0.
    #[must_use]
    pub fn root(self) -> Option<Correlation> {
        (self.0 >= 0.0).then(|| Correlation(self.0.sqrt()))
    }

    /// The share of the variance that can be explained; `None` if the reliability is not above 0.
    #[must_use]
    pub fn over(self, reliability: Reliability) -> Option<Self> {
        (reliability.0 > 0.0).then(|| Self(self.0 / reliability.0))
    }
}

impl Reliability {
    /// The ceiling of a correlation; `None` if the reliability is below 0.
    #[must_use]
    pub fn root(self) -> Option<Ceiling> {
        (self.0 >= 0.0).then(|| Ceiling(self.0.sqrt()))
    }

    /// The reliability of a measurement with `factor` times as many repeats: f rho / (1 + (f - 1) rho) (Spearman 1910, Brown 1910).
    ///
    /// ```
    /// use statenet_metrics::Reliability;
    /// assert_eq!(Reliability::new(0.5).with_repeats_times(2.0), Reliability::new(1.0 / 1.5));
    /// ```
    #[must_use]
    pub fn with_repeats_times(self, factor: f64) -> Self {
        Self(factor * self.0 / (1.0 + (factor - 1.0) * self.0))
    }
}

impl Ceiling {
    /// The reliability that it is the root of.
    #[must_use]
    pub fn squared(self) -> Reliability {
        Reliability(self.0 * self.0)
    }
}

/// Scores as plain numbers, for tables and sums in which it is clear what they are.
#[must_use]
pub fn numbers<T: Into<f64>>(scores: Vec<Score<T>>) -> Vec<Score> {
    scores.into_iter().map(|score| score.map(Into::into)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_squares_are_inverse_and_negative_estimates_have_no_root() {
        let reliability = Reliability::new(0.49);
        assert!((reliability.root().unwrap().squared().value() - 0.49).abs() < 1e-15);
        assert_eq!(Reliability::new(-0.1).root(), None);
        assert_eq!(RSquared::new(-0.1).root(), None);
        assert_eq!(Correlation::new(-0.5).squared(), RSquared::new(0.25));
        assert_eq!(Correlation::new(0.5).over(Ceiling::new(0.0)), None);
        // r / CCmax squared is r squared / reliability.
        let r = Correlation::new(0.3);
        let normalized = r.over(reliability.root().unwrap()).unwrap().squared().value();
        assert!((normalized - r.squared().over(reliability).unwrap().value()).abs() < 1e-15);
    }

    #[test]
    fn in_json_they_are_numbers() {
        assert_eq!(serde_json::to_string(&Ceiling::new(0.75)).unwrap(), "0.75");
        assert_eq!(serde_json::from_str::<RSquared>("-0.5").unwrap(), RSquared::new(-0.5));
        assert_eq!(Correlation::new(0.5).to_string(), "0.5");
    }

    #[test]
    fn repeats_add_up() {
        // Twice twice as many is four times as many.
        let rho = Reliability::new(0.2);
        let twice = rho.with_repeats_times(2.0).with_repeats_times(2.0).value();
        assert!((twice - rho.with_repeats_times(4.0).value()).abs() < 1e-15);
    }
}
