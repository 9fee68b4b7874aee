//! Fraction of variance explained.

use crate::{
    error::Result,
    moments::CrossSums,
    observation::Observation,
    scores::{Concatenated, per_neuron},
    undefined::{Score, Undefined, finite},
};

/// Fraction of the PSTH's variance that the rate explains, over all recorded bins of all stimuli together.
///
/// FVE = 1 - sum (p - y)^2 / sum (y - mean y)^2, y the PSTH. At most 1; 0 for the constant mean rate, negative for worse
/// predictions. Scale and offset of the rate matter: a prediction in other units has a bad score. The noise of the PSTH is
/// part of the denominator, so that even the true rate scores below 1.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. Undefined in the same cases as
/// [`cc_raw`](crate::scores::cc_raw), except that a constant rate has an FVE.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, responses) = (arr2(&[[0., 2., 3.]]), arr3(&[[[0., 1., 5.]]]));
/// let mask = ResponseMask::all(1, 1, 3);
/// let fve = scores::fve(&[Observation::new(rate.view(), responses.view(), &mask)?])?;
/// assert_eq!(fve, [Ok(1.0 - 5.0 / 14.0)]);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn fve(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        fve_of(&rate, &psth)
    })
}

/// FVE of two series of the same length.
pub(crate) fn fve_of(rate: &[f64], psth: &[f64]) -> Score {
    if psth.len() < 2 {
        return Err(Undefined::TooFewBins { bins: psth.len() });
    }
    let total = CrossSums::of(rate, psth);
    total.expect_y_varies()?;
    let residual: f64 = rate.iter().zip(psth).map(|(p, y)| (p - y) * (p - y)).sum();
    finite(1.0 - residual / total.yy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_explains_all_and_its_mean_nothing() {
        let y = [0.0, 1.0, 5.0];
        assert_eq!(fve_of(&y, &y), Ok(1.0));
        assert!(fve_of(&[2.0; 3], &y).unwrap().abs() < 1e-15);
        assert_eq!(fve_of(&y, &[2.0; 3]), Err(Undefined::ConstantResponse));
    }
}
