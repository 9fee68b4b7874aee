//! Complete patterns of a population: what all its neurons have in common.

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    observation::{Recorded, n_neurons},
    undefined::{Source, Undefined},
};

/// What a measure of the whole population is made of.
///
/// A pattern needs a number of each neuron. So neurons that lack a stimulus are left out; of each stimulus as many repeats are used as
/// the neuron with the fewest has of the stimulus with the fewest, the first ones of each neuron; and a bin counts if every
/// neuron has it in all of them. Repeats of neurons that were not recorded simultaneously are put together in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JointCounts {
    /// Neurons that were recorded in every stimulus.
    pub n_neurons: usize,
    /// Repeats of every stimulus that all of them have.
    pub n_repeats: usize,
    /// Conditions: bins, windows or stimuli in which nothing is missing.
    pub n_conditions: usize,
}

/// Responses of the neurons, repeats and bins in which nothing is missing.
pub(super) struct Joint {
    /// Indices of the neurons.
    pub(super) neurons: Vec<usize>,
    /// R of `(N, bins)`.
    pub(super) repeats: Vec<Array2<f64>>,
    /// Of each bin, its stimulus and its index there.
    pub(super) bins: Vec<(usize, usize)>,
}

impl Joint {
    /// The joint responses, or the reason why there are none.
    pub(super) fn of(recorded: &[Recorded<'_>], n_repeats: usize) -> Result<Result<Self, Undefined>> {
        let n = n_neurons(recorded)?;
        let kept: Vec<Vec<Vec<usize>>> = recorded
            .iter()
            .map(|stimulus| (0..n).map(|neuron| repeats_of(stimulus, neuron)).collect())
            .collect();
        let neurons: Vec<usize> = (0..n).filter(|&i| kept.iter().all(|of| !of[i].is_empty())).collect();
        if neurons.is_empty() {
            return Ok(Err(Undefined::TooFewNeurons { neurons: 0, needed: 1 }));
        }
        let counts = kept.iter().flat_map(|of| neurons.iter().map(|&i| of[i].len()));
        let used = counts.min().unwrap_or(0);
        if used < n_repeats {
            return Ok(Err(Undefined::TooFewJointRepeats { repeats: used, needed: n_repeats }));
        }
        let mut bins = Vec::new();
        for (b, (stimulus, kept)) in recorded.iter().zip(&kept).enumerate() {
            let mask = stimulus.mask().view();
            let has = |t: usize| neurons.iter().all(|&i| kept[i][..used].iter().all(|&r| mask[[i, r, t]]));
            bins.extend((0..stimulus.n_bins()).filter(|&t| has(t)).map(|t| (b, t)));
        }
        if bins.len() < 2 {
            return Ok(Err(Undefined::TooFewConditions { conditions: bins.len(), needed: 2 }));
        }
        let repeat = |k: usize| {
            Array2::from_shape_fn((neurons.len(), bins.len()), |(i, c)| {
                let (neuron, (b, t)) = (neurons[i], bins[c]);
                recorded[b].responses()[[neuron, kept[b][neuron][k], t]]
            })
        };
        let repeats: Vec<Array2<f64>> = (0..used).map(repeat).collect();
        if !repeats.iter().flatten().all(|y| y.is_finite()) {
            return Ok(Err(Undefined::NotFinite(Source::Response)));
        }
        Ok(Ok(Self { neurons, repeats, bins }))
    }

    /// The mean over some repeats, each neuron minus its mean over bins.
    pub(super) fn centred_mean(&self, repeats: &[usize]) -> Array2<f64> {
        let mut mean = Array2::zeros((self.neurons.len(), self.bins.len()));
        repeats.iter().for_each(|&r| mean += &self.repeats[r]);
        mean /= repeats.len().max(1) as f64;
        centre(mean)
    }

    pub(super) fn counts(&self) -> JointCounts {
        JointCounts {
            n_neurons: self.neurons.len(),
            n_repeats: self.repeats.len(),
            n_conditions: self.bins.len(),
        }
    }
}

/// Each row minus its mean.
pub(super) fn centre(mut x: Array2<f64>) -> Array2<f64> {
    for mut row in x.axis_iter_mut(Axis(0)) {
        let mean = crate::moments::mean(&row.to_vec());
        row -= mean;
    }
    x
}

/// The repeats of which a neuron has at least one bin.
fn repeats_of(stimulus: &Recorded<'_>, neuron: usize) -> Vec<usize> {
    let mask = stimulus.mask().view();
    let mask = mask.index_axis(Axis(0), neuron);
    (0..mask.nrows()).filter(|&r| mask.row(r).iter().any(|&v| v)).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::ResponseMask;

    use super::*;

    #[test]
    fn what_all_have_is_used_and_the_rest_left_out() {
        // Neuron 2 lacks stimulus 1; neuron 1 lacks repeat 0 of stimulus 0, and bin 3 of its last repeat.
        let y = Array3::from_shape_fn((3, 3, 5), |(n, r, t)| (100 * n + 10 * r + t) as f64);
        let mut valid = Array3::from_elem((3, 3, 5), true);
        for t in 0..5 {
            valid[[1, 0, t]] = false;
        }
        valid[[1, 2, 3]] = false;
        let first = ResponseMask::new(valid);
        let mut valid = Array3::from_elem((3, 3, 5), true);
        for (r, t) in (0..3).flat_map(|r| (0..5).map(move |t| (r, t))) {
            valid[[2, r, t]] = false;
        }
        let second = ResponseMask::new(valid);
        let recorded = [Recorded::new(y.view(), &first).unwrap(), Recorded::new(y.view(), &second).unwrap()];
        let joint = Joint::of(&recorded, 2).unwrap().unwrap();
        assert_eq!(joint.counts(), JointCounts { n_neurons: 2, n_repeats: 2, n_conditions: 9 });
        assert_eq!(joint.bins[..5], [(0, 0), (0, 1), (0, 2), (0, 4), (1, 0)]);
        // The first repeat of neuron 1 that was recorded of stimulus 0 is repeat 1.
        assert_eq!((joint.repeats[0][[0, 0]], joint.repeats[0][[1, 0]]), (0.0, 110.0));
        let few = Joint::of(&recorded, 3).unwrap().err();
        assert_eq!(few, Some(Undefined::TooFewJointRepeats { repeats: 2, needed: 3 }));
    }
}
