//! Noise ceiling of the correlation from the signal power (Schoppe et al. 2016).

use crate::{
    ceilings::{enough, per_neuron},
    error::Result,
    moments::CrossSums,
    observation::Recorded,
    quantity::Ceiling,
    responses::{NeuronRecorded, StimulusRecorded},
    time_blocks,
    undefined::{Score, finite},
};

/// CCmax of each neuron from its signal power: CCmax = sqrt(SP / var(y)), y the mean over repeats.
///
/// The expected correlation of the true rate with the PSTH, and so the highest that a model can be expected to reach. SP and
/// var(y) are pooled over the same stimuli with the same weights. Deterministic. The ratio and the root cause a bias of
/// order 1 / bins, below .01 in simulations where SP is five times its standard error; where the estimated noise power is negative, CCmax is above 1.
///
/// # Errors
/// As [`signal_power`](crate::ceilings::signal_power); undefined if SP is not above 0.
pub fn cc_max_signal_power(recorded: &[Recorded<'_>]) -> Result<Vec<Score<Ceiling>>> {
    per_neuron(recorded, |neuron| {
        let neuron = NeuronRecorded::of(recorded, neuron)?;
        let pooled = neuron.powers()?;
        let mut sums = CrossSums::default();
        for StimulusRecorded { psth, .. } in neuron.stimuli().iter().filter(|s| s.powers.is_some()) {
            sums.add(&CrossSums::of(psth.mean(), psth.mean()));
        }
        sums.expect_y_varies()?;
        let signal = pooled
            .positive_signal()
            .map_err(|reason| reason.with_enough(|| enough(&neuron, time_blocks::DEFAULT_BINS)))?;
        finite((signal / (sums.yy / sums.dof as f64)).sqrt()).map(Ceiling::new)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::ResponseMask;

    use super::*;
    use crate::undefined::Undefined;

    fn ceiling(values: Vec<f64>, n_repeats: usize, n_bins: usize) -> Score {
        let y = Array3::from_shape_vec((1, n_repeats, n_bins), values).unwrap();
        let mask = ResponseMask::all(1, n_repeats, n_bins);
        cc_max_signal_power(&[Recorded::new(y.view(), &mask).unwrap()]).unwrap()[0].map(f64::from)
    }

    #[test]
    fn two_repeats_by_hand() {
        // SP = 0.5; the mean (0, 1.5, 1.5) has variance 0.75.
        let cc_max = ceiling(vec![0.0, 1.0, 2.0, 0.0, 2.0, 1.0], 2, 3).unwrap();
        assert!((cc_max - (0.5_f64 / 0.75).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn repeats_without_noise_allow_1_and_opposite_ones_nothing() {
        assert!((ceiling(vec![0.0, 1.0, 3.0, 0.0, 1.0, 3.0], 2, 3).unwrap() - 1.0).abs() < 1e-15);
        assert_eq!(ceiling(vec![0.0; 6], 2, 3), Err(Undefined::ConstantResponse));
        let opposite = ceiling(vec![0.0, 1.0, 2.0, 2.0, 1.0, 1.0], 2, 3);
        assert!(matches!(opposite, Err(Undefined::NoSignal { signal_power, .. }) if signal_power < 0.0));
    }
}
