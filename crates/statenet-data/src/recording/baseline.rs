//! Responses about a baseline, for measures in which a missing bin, which is stored as 0, must not differ from the others by much.

use std::borrow::Cow;

use ndarray::{Array3, Zip};

use super::{Recording, Responses};
use crate::error::Result;

impl Recording {
    /// The baseline of each neuron (N): 0 for spike counts, the mean over recorded bins for continuous responses, whose 0 has no meaning.
    ///
    /// # Errors
    /// As [`Stimulus::responses`](super::Stimulus::responses).
    pub(crate) fn baselines(&self) -> Result<Vec<f32>> {
        let mut sums = vec![(0.0_f64, 0_u64); self.n_neurons()];
        if !self.response_unit().is_spikes() {
            for stimulus in self.stimuli() {
                let responses = stimulus.responses()?;
                let (values, mask) = (responses.values(), responses.mask().view());
                for ((values, mask), (sum, n)) in
                    values.outer_iter().zip(mask.outer_iter()).zip(sums.iter_mut())
                {
                    for (&value, _) in values.iter().zip(mask).filter(|(_, valid)| **valid) {
                        *sum += f64::from(value);
                        *n += 1;
                    }
                }
            }
        }
        Ok(sums.into_iter().map(|(sum, n)| (sum / n.max(1) as f64) as f32).collect())
    }
}

impl Responses {
    /// What was recorded less the baseline of each neuron (N), `(N, R, T)`; 0 where nothing was recorded.
    pub(crate) fn about(&self, baselines: &[f32]) -> Cow<'_, Array3<f32>> {
        if baselines.iter().all(|&baseline| baseline == 0.0) {
            return Cow::Borrowed(self.stored());
        }
        let mut about = self.values().to_owned();
        for ((mut of_neuron, mask), baseline) in
            about.outer_iter_mut().zip(self.mask().view().outer_iter()).zip(baselines)
        {
            Zip::from(&mut of_neuron).and(&mask).for_each(|value, &valid| {
                if valid {
                    *value -= baseline;
                }
            });
        }
        Cow::Owned(about)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use statenet_core::TimeBin;

    use super::super::{Description, Neuron, Stimulus};
    use super::*;

    #[test]
    fn continuous_responses_are_about_their_mean_and_counts_about_0() {
        let of = |unit: &str| {
            let values = array![[[-60.0, f32::NAN, -64.0]], [[3.0, 3.0, 3.0]]].mapv(f32::abs);
            let responses = Responses::from_nan_in(values, unit.parse().unwrap()).unwrap();
            let stimulus = Stimulus::new("s", Array2::zeros((1, 3)), responses).unwrap();
            let neurons = ["u", "v"].map(Neuron::new).to_vec();
            let dt = TimeBin::whole_millis::<5>();
            Recording::new(Description::default(), dt, vec![], neurons, vec![stimulus]).unwrap()
        };
        let recording = of("mV");
        assert_eq!(recording.baselines().unwrap(), [62.0, 3.0]);
        let about =
            recording.stimuli()[0].responses().unwrap().about(&recording.baselines().unwrap()).into_owned();
        assert_eq!(about, array![[[-2.0, 0.0, 2.0]], [[0.0, 0.0, 0.0]]]);
        assert_eq!(of("spikes/bin").baselines().unwrap(), [0.0, 0.0]);
    }
}
