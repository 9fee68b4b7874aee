//! Trial-to-trial response correlation.

use crate::{
    ceilings::per_neuron,
    error::Result,
    observation::Recorded,
    quantity::Reliability,
    responses::{NeuronRecorded, StimulusRecorded},
    undefined::{Score, Undefined, finite},
};

/// Mean Pearson correlation between single repeats, of each neuron (TTRC).
///
/// The mean over all pairs of repeats of a stimulus, each over the bins that both have; stimuli have the weight T_b - 1. A
/// pair with a constant repeat (for example one without spikes) has no correlation and is left out, which biases the mean
/// upwards for sparse responses. A mean of correlations is below SP / (SP + NP) of the pooled powers where stimuli differ in
/// signal power: by up to .08 for simulated stimuli of 20 bins. Since both repeats of a pair are noisy, TTRC is far below
/// [`cc_max_half_split`](crate::ceilings::cc_max_half_split).
///
/// # Errors
/// As [`signal_power`](crate::ceilings::signal_power); [`Undefined::ConstantResponse`] if no pair has a correlation.
pub fn ttrc(recorded: &[Recorded<'_>]) -> Result<Vec<Score<Reliability>>> {
    per_neuron(recorded, |neuron| {
        let neuron = NeuronRecorded::of(recorded, neuron)?;
        let (mut sum, mut weight) = (0.0, 0.0);
        for StimulusRecorded { psth, repeats, .. } in neuron.stimuli() {
            if let Some(r) = repeats.mean_correlation() {
                let w = psth.n_bins().saturating_sub(1) as f64;
                (sum, weight) = (sum + w * r, weight + w);
            }
        }
        if weight > 0.0 {
            return finite(sum / weight).map(Reliability::new);
        }
        neuron.expect_two_repeats()?;
        match neuron.most_bins() {
            1 => Err(Undefined::TooFewBins { bins: 1 }),
            _ => Err(Undefined::ConstantResponse),
        }
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::ResponseMask;

    use super::*;

    #[test]
    fn a_silent_repeat_is_left_out() {
        let y = Array3::from_shape_vec((1, 3, 3), vec![0., 1., 2., 0., 2., 1., 0., 0., 0.]).unwrap();
        let mask = ResponseMask::all(1, 3, 3);
        let r = ttrc(&[Recorded::new(y.view(), &mask).unwrap()]).unwrap()[0].unwrap();
        assert!((r.value() - 0.5).abs() < 1e-15);
    }

    #[test]
    fn silence_has_no_correlation() {
        let y = Array3::zeros((1, 3, 3));
        let mask = ResponseMask::all(1, 3, 3);
        let r = ttrc(&[Recorded::new(y.view(), &mask).unwrap()]).unwrap();
        assert_eq!(r, [Err(Undefined::ConstantResponse)]);
    }
}
