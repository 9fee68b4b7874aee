//! What a recording's responses look like before any model: silent neurons, duplicates, drift, bins that are full.

mod duplicates;

use serde::Serialize;
use statenet_core::Warning;

use crate::{
    error::{Result, some_of},
    recording::{Recording, Responses},
};

/// How a neuron's responses look.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NeuronQuality {
    /// The id.
    pub id: String,
    /// The mean of all recorded bins, in the unit of the responses, such as spikes per bin; `None` if nothing was recorded.
    pub mean: Option<f64>,
    /// The fewest and the most repeats of a stimulus that it heard.
    pub repeats: Option<[usize; 2]>,
    /// Its mean in the last third of the repeats over that in the first third; `None` for fewer than three repeats or a silent first third,
    /// and for continuous responses, whose 0 has no meaning.
    pub drift: Option<f64>,
    /// Whether it never responded: no spike, or a continuous response that is constant.
    pub is_silent: bool,
    /// An earlier neuron whose single trials are the same, or nearly (correlation above .9): one unit twice.
    pub duplicate_of: Option<String>,
    /// The share of bins that hold the largest count or value, if these are many: they were cut off there.
    pub saturated: Option<f64>,
}

/// Looks at each neuron, at one stimulus after the other.
///
/// # Errors
/// As [`Stimulus::responses`](crate::Stimulus::responses).
pub fn quality(recording: &Recording) -> Result<Vec<NeuronQuality>> {
    let duplicates = duplicates::of(recording)?;
    let mut sums = vec![Sums::default(); recording.n_neurons()];
    for stimulus in recording.stimuli() {
        let responses = stimulus.responses()?;
        sums.iter_mut().enumerate().for_each(|(neuron, sums)| sums.add_stimulus(&responses, neuron));
    }
    let is_spikes = recording.response_unit().is_spikes();
    let neurons = recording.neurons().iter().zip(sums).enumerate();
    Ok(neurons
        .map(|(n, (neuron, sums))| NeuronQuality {
            id: neuron.id().to_owned(),
            mean: sums.mean(),
            repeats: sums.repeats,
            drift: sums.drift().filter(|_| is_spikes),
            is_silent: sums.n > 0 && sums.largest == sums.smallest && (!is_spikes || sums.largest == 0.0),
            duplicate_of: duplicates
                .get(n)
                .copied()
                .flatten()
                .and_then(|other| recording.neurons().get(other).map(|other| other.id().to_owned())),
            saturated: if is_spikes { sums.saturated() } else { sums.clipped() },
        })
        .collect())
}

/// Doubts about neurons: those that are silent, one unit twice, or have counts that were cut off. `place` is what the warnings are about.
#[must_use]
pub fn quality_doubts(neurons: &[NeuronQuality], place: &str) -> Vec<Warning> {
    let ids = |which: &dyn Fn(&NeuronQuality) -> bool| -> Vec<String> {
        neurons.iter().filter(|neuron| which(neuron)).map(|neuron| neuron.id.clone()).collect()
    };
    let mut doubts = Vec::new();
    let mut add = |code: &str, found: &[String], what: &str| {
        if !found.is_empty() {
            doubts.push(Warning::new(code, format!("{what}: {}", some_of(found)), place));
        }
    };
    add("silent_neurons", &ids(&|neuron| neuron.is_silent), "neurons without any response");
    let pairs: Vec<String> = neurons
        .iter()
        .filter_map(|neuron| Some(format!("{} and {}", neuron.duplicate_of.as_ref()?, neuron.id)))
        .collect();
    add("duplicate_neurons", &pairs, "neurons with the same single trials, one unit twice?");
    add(
        "saturated_bins",
        &ids(&|neuron| neuron.saturated.is_some()),
        "neurons many of whose bins hold the same largest count or value, as if it was cut off there",
    );
    doubts
}

/// Sums over the recorded bins of a neuron.
#[derive(Clone)]
struct Sums {
    n: u64,
    sum: f64,
    smallest: f32,
    largest: f32,
    n_largest: u64,
    repeats: Option<[usize; 2]>,
    /// Sum and number of bins in the first and in the last third of the repeats.
    thirds: [(f64, u64); 2],
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            n: 0,
            sum: 0.0,
            smallest: f32::INFINITY,
            largest: f32::NEG_INFINITY,
            n_largest: 0,
            repeats: None,
            thirds: [(0.0, 0); 2],
        }
    }
}

impl Sums {
    /// Adds the responses of a neuron to one stimulus.
    fn add_stimulus(&mut self, responses: &Responses, neuron: usize) {
        let (values, mask) = (responses.values(), responses.mask().view());
        let (Some(values), Some(mask)) = (values.outer_iter().nth(neuron), mask.outer_iter().nth(neuron))
        else {
            return;
        };
        let recorded: Vec<_> = values
            .outer_iter()
            .zip(mask.outer_iter())
            .filter(|(_, mask)| mask.iter().any(|&valid| valid))
            .collect();
        let n_repeats = recorded.len();
        if n_repeats > 0 {
            let [fewest, most] = self.repeats.unwrap_or([n_repeats; 2]);
            self.repeats = Some([fewest.min(n_repeats), most.max(n_repeats)]);
        }
        for (repeat, (values, mask)) in recorded.into_iter().enumerate() {
            let third = match n_repeats / 3 {
                0 => None,
                third if repeat < third => Some(0),
                third if repeat >= n_repeats - third => Some(1),
                _ => None,
            };
            for value in values.iter().zip(mask).filter(|&(_, &valid)| valid).map(|(&value, _)| value) {
                self.add(value);
                if let Some((sum, n)) = third.and_then(|third: usize| self.thirds.get_mut(third)) {
                    *sum += f64::from(value);
                    *n += 1;
                }
            }
        }
    }

    fn add(&mut self, value: f32) {
        self.n += 1;
        self.sum += f64::from(value);
        self.smallest = self.smallest.min(value);
        if value > self.largest {
            (self.largest, self.n_largest) = (value, 0);
        }
        self.n_largest += u64::from(value == self.largest);
    }

    fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }

    fn drift(&self) -> Option<f64> {
        let [(first, n_first), (last, n_last)] = self.thirds;
        (first > 0.0 && n_last > 0).then(|| (last / n_last as f64) / (first / n_first as f64))
    }

    /// Continuous responses of which one in a hundred is exactly the largest were cut off there.
    fn clipped(&self) -> Option<f64> {
        let share = self.n_largest as f64 / self.n.max(1) as f64;
        (self.largest > self.smallest && share > 0.01 && self.n_largest > 1).then_some(share)
    }

    /// Counts of which one in a hundred is the largest, and that is 3 or more, were cut off; so were those of 255 and 65,535.
    fn saturated(&self) -> Option<f64> {
        let share = self.n_largest as f64 / self.n.max(1) as f64;
        let full = [f32::from(u8::MAX), f32::from(u16::MAX)].contains(&self.largest);
        (full || (self.largest >= 3.0 && self.smallest >= 0.0 && share > 0.01)).then_some(share)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::Stimulus;
    use crate::recording::{Description, Neuron, Responses};

    /// Four neurons and six repeats of 400 bins: one drifts, one is silent, one is the first again, one is cut off at 3.
    fn recording() -> Recording {
        let counts = Array3::from_shape_fn((4, 6, 400), |(n, r, t)| match n {
            0 | 2 => f32::from(u8::from((7 * t + 13 * r) % (10 + 10 * r) == 0)),
            1 => 0.0,
            _ => ((t * t + r) % 11).min(3) as f32,
        });
        let responses = Responses::from_nan(counts).unwrap();
        let stimulus = Stimulus::new("a", Array2::zeros((1, 400)), responses).unwrap();
        let neurons = ["drifts", "silent", "again", "cut"].map(Neuron::new).to_vec();
        let dt = TimeBin::whole_millis::<5>();
        Recording::new(Description::default(), dt, Vec::new(), neurons, vec![stimulus]).unwrap()
    }

    #[test]
    fn each_fault_is_found_in_its_neuron() {
        let neurons = quality(&recording()).unwrap();
        let drift = neurons[0].drift.unwrap();
        assert!((0.2..0.5).contains(&drift), "{drift}");
        assert_eq!(neurons[0].repeats, Some([6, 6]));
        let silent: Vec<bool> = neurons.iter().map(|neuron| neuron.is_silent).collect();
        assert_eq!(silent, [false, true, false, false]);
        let twice: Vec<Option<&str>> = neurons.iter().map(|neuron| neuron.duplicate_of.as_deref()).collect();
        assert_eq!(twice, [None, None, Some("drifts"), None]);
        let cut: Vec<bool> = neurons.iter().map(|neuron| neuron.saturated.is_some()).collect();
        assert_eq!(cut, [false, false, false, true]);
        let codes: Vec<String> = quality_doubts(&neurons, "x").into_iter().map(|doubt| doubt.code).collect();
        assert_eq!(codes, ["silent_neurons", "duplicate_neurons", "saturated_bins"]);
    }

    #[test]
    fn potentials_with_common_gaps_are_not_the_same_and_a_constant_one_is_silent() {
        let values = Array3::from_shape_fn((4, 3, 400), |(n, r, t)| {
            let noise = ((t * (2 * n + 3) + 7 * r) * 2_654_435_761 % 1000) as f32 / 100.0;
            match n {
                // The gap is common to all.
                _ if (100..200).contains(&t) => f32::NAN,
                2 => -70.0,
                3 => noise.min(7.0) - 60.0,
                _ => noise - 65.0,
            }
        });
        let responses = Responses::from_nan_in(values, "mV".parse().unwrap()).unwrap();
        let stimulus = Stimulus::new("a", Array2::zeros((1, 400)), responses).unwrap();
        let neurons = ["one", "other", "flat", "clipped"].map(Neuron::new).to_vec();
        let dt = TimeBin::whole_millis::<5>();
        let recording =
            Recording::new(Description::default(), dt, Vec::new(), neurons, vec![stimulus]).unwrap();
        let found = quality(&recording).unwrap();
        assert!(
            found.iter().all(|neuron| neuron.duplicate_of.is_none() && neuron.drift.is_none()),
            "{found:?}"
        );
        assert_eq!(
            found.iter().map(|neuron| neuron.is_silent).collect::<Vec<_>>(),
            [false, false, true, false]
        );
        let saturated: Vec<bool> = found.iter().map(|neuron| neuron.saturated.is_some()).collect();
        assert_eq!(saturated, [false, false, false, true], "{found:?}");
        assert!((found[0].mean.unwrap() + 60.0).abs() < 1.0);
    }
}
