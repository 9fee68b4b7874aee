//! Mean squared error.

use crate::{
    error::Result,
    observation::Observation,
    scores::{Concatenated, per_neuron},
    undefined::{Score, finite},
};

/// Mean squared error of the rate against the PSTH, (spikes/bin)^2, over all recorded bins of all stimuli.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. Undefined only without data.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, responses) = (arr2(&[[1., 2.]]), arr3(&[[[0., 2.], [0., 6.]]]));
/// let mask = ResponseMask::all(1, 2, 2);
/// let mse = scores::mse(&[Observation::new(rate.view(), responses.view(), &mask)?])?;
/// assert_eq!(mse, [Ok((1.0 + 4.0) / 2.0)]);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn mse(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        let sum: f64 = rate.iter().zip(&psth).map(|(p, y)| (p - y) * (p - y)).sum();
        finite(sum / psth.len() as f64)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::ResponseMask;

    use super::*;
    use crate::undefined::Undefined;

    #[test]
    fn a_neuron_that_was_not_recorded_is_reported() {
        let (rate, y) = (Array2::zeros((2, 3)), Array3::zeros((2, 1, 3)));
        let mask = ResponseMask::new(Array3::from_shape_fn((2, 1, 3), |(n, _, _)| n == 0));
        let scores = mse(&[Observation::new(rate.view(), y.view(), &mask).unwrap()]).unwrap();
        assert_eq!(scores, [Ok(0.0), Err(Undefined::NoData)]);
    }
}
