//! Combining recordings, and checking that a recording fits a model.

use ndarray::{Array3, s};
use statenet_core::{Axes, ResponseMask, ResponseUnit};

use super::{Description, Recording, Responses, Stimulus};
use crate::error::{Error, Result};

impl Recording {
    /// Checks that this recording can be the input of a model with these axes: same dt, same number of bands and, where both
    /// are known, same band centres.
    ///
    /// # Errors
    /// [`Error::Dt`], [`Error::Axis`] or [`Error::BandCenters`].
    pub fn expect_input(&self, axes: &Axes) -> Result<()> {
        let recording = || self.name().to_owned();
        if !nearly(self.dt().ms(), axes.dt.ms()) {
            return Err(Error::Dt { recording: recording(), got: self.dt(), expected: axes.dt });
        }
        if self.n_bands() != axes.n_bands {
            let (got, expected) = (self.n_bands(), axes.n_bands);
            return Err(Error::Axis { recording: recording(), axis: "n_bands", got, expected });
        }
        for (band, (&got, &expected)) in self.bands().iter().zip(&axes.band_centers).enumerate() {
            if !nearly(got.hz(), expected.hz()) {
                return Err(Error::BandCenters { recording: recording(), band, got, expected });
            }
        }
        Ok(())
    }

    /// Checks as [`expect_input`](Self::expect_input), and that the numbers of neurons are equal.
    ///
    /// # Errors
    /// As [`expect_input`](Self::expect_input), and [`Error::Axis`] for another number of neurons.
    pub fn expect_axes(&self, axes: &Axes) -> Result<()> {
        self.expect_input(axes)?;
        if self.n_neurons() == axes.n_neurons {
            return Ok(());
        }
        let (got, expected) = (self.n_neurons(), axes.n_neurons);
        Err(Error::Axis { recording: self.name().to_owned(), axis: "n_neurons", got, expected })
    }

    /// Combines this recording with the neurons and stimuli of another.
    ///
    /// Stimuli with the same name are merged and must have the same cochleagram, bit for bit. The responses of a neuron to
    /// stimuli that it was not tested with are missing. Neurons and stimuli of `self` come first. The description is that
    /// of `self` with a new name.
    ///
    /// # Errors
    /// As [`expect_input`](Self::expect_input); [`Error::StimulusDiffers`]; [`Error::ResponseUnit`] for responses in
    /// different units; [`Error::Smoothing`] if the two were smoothed differently; [`Error::Duplicate`] for a neuron id in both.
    pub fn concat(&self, other: &Self, name: impl Into<String>) -> Result<Self> {
        other.expect_input(&self.axes())?;
        if self.input() != other.input() {
            let (got, expected) = (other.input(), self.input());
            return Err(Error::Input { recording: other.name().to_owned(), got, expected });
        }
        if self.response_unit() != other.response_unit() {
            let (got, expected) = (other.response_unit().clone(), self.response_unit().clone());
            return Err(Error::ResponseUnit { holder: format!("recording {}", other.name()), got, expected });
        }
        if self.smoothing() != other.smoothing() {
            return Err(Error::smoothing(other, self.smoothing()));
        }
        let (here, there) = (self.n_neurons(), other.n_neurons());
        let mut stimuli = Vec::new();
        for stimulus in self.stimuli() {
            let partner = other.stimuli().iter().find(|s| s.name() == stimulus.name());
            if partner.is_some_and(|partner| partner.cochleagram() != stimulus.cochleagram()) {
                let stimulus = stimulus.name().to_owned();
                return Err(Error::StimulusDiffers { stimulus, recording: other.name().to_owned() });
            }
            let (above, below) = (stimulus.responses()?, partner.map(Stimulus::responses).transpose()?);
            let both = stacked((Some(&above), here), (below.as_deref(), there))?;
            stimuli.push(stimulus.with_responses(both));
        }
        for stimulus in other.stimuli() {
            if !self.stimuli().iter().any(|s| s.name() == stimulus.name()) {
                let below = stimulus.responses()?;
                stimuli.push(stimulus.with_responses(stacked((None, here), (Some(&below), there))?));
            }
        }
        let neurons = [self.neurons(), other.neurons()].concat();
        let description = Description { name: name.into(), ..self.description().clone() };
        let bands = if self.bands().is_empty() { other.bands() } else { self.bands() };
        let combined = Self::new(description, self.dt(), bands.to_vec(), neurons, stimuli)?;
        Ok(Self { smoothing: self.smoothing(), ..combined })
    }
}

/// Equal up to rounding, as after a conversion to text or to another unit.
fn nearly(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs()
}

/// Stacks the responses of two groups of neurons to one stimulus; those of a group without responses are missing.
fn stacked(above: (Option<&Responses>, usize), below: (Option<&Responses>, usize)) -> Result<Responses> {
    let recorded = || [above.0, below.0].into_iter().flatten();
    let n_repeats = recorded().map(Responses::n_repeats).max().unwrap_or(0);
    let n_bins = recorded().map(Responses::n_bins).max().unwrap_or(0);
    let shape = (above.1 + below.1, n_repeats, n_bins);
    let unit = recorded().next().map_or(ResponseUnit::SpikesPerBin, |group| group.unit().clone());
    let mut values = Array3::zeros(shape);
    let mut mask = Array3::from_elem(shape, false);
    for (group, first) in [(above.0, 0), (below.0, above.1)] {
        if let Some(group) = group {
            let part = s![first..first + group.n_neurons(), ..group.n_repeats(), ..];
            values.slice_mut(part).assign(&group.values());
            mask.slice_mut(part).assign(&group.mask().view());
        }
    }
    Responses::new_in(values, &ResponseMask::new(mask), unit)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use statenet_core::{Hertz, TimeBin};

    use super::*;
    use crate::recording::Neuron;

    fn recording(name: &str, neuron: &str, sounds: &[(&str, f32)], dt_ms: f64) -> Recording {
        let stimuli = sounds
            .iter()
            .map(|&(sound, level)| {
                let responses = Responses::from_nan(Array3::from_elem((1, 2, 3), level)).unwrap();
                Stimulus::new(sound, Array2::from_elem((2, 3), level), responses).unwrap()
            })
            .collect();
        let about = Description { name: name.into(), ..Description::default() };
        let bands = [500.0, 1000.0].map(|hz| Hertz::new(hz).unwrap()).to_vec();
        let dt = TimeBin::from_millis(dt_ms).unwrap();
        Recording::new(about, dt, bands, vec![Neuron::new(neuron)], stimuli).unwrap()
    }

    #[test]
    fn a_neuron_is_missing_where_it_did_not_hear() {
        let a = recording("a", "u1", &[("x", 1.0), ("y", 2.0)], 5.0);
        let b = recording("b", "u2", &[("y", 2.0), ("z", 3.0)], 5.0);
        let both = a.concat(&b, "both").unwrap();
        let names: Vec<_> = both.stimuli().iter().map(Stimulus::name).collect();
        assert_eq!((both.name(), names), ("both", vec!["x", "y", "z"]));
        let repeats = |s: usize| [0, 1].map(|n| both.stimuli()[s].n_repeats_of(n));
        assert_eq!([repeats(0), repeats(1), repeats(2)], [[2, 0], [2, 2], [0, 2]]);
    }

    #[test]
    fn recordings_of_different_dt_do_not_combine() {
        let a = recording("a", "u1", &[("x", 1.0)], 5.0);
        let b = recording("b", "u2", &[("x", 1.0)], 10.0);
        assert_eq!(a.concat(&b, "both").unwrap_err().to_string(), "recording b: dt is 10 ms, expected 5 ms");
    }

    #[test]
    fn recordings_in_different_units_do_not_combine() {
        let in_mv = |recording: &Recording| {
            let values = Array3::from_elem((1, 2, 3), -65.0);
            let responses = || Responses::from_nan_in(values.clone(), "mV".parse().unwrap()).unwrap();
            recording.with_stimuli(
                recording.stimuli().iter().map(|stimulus| stimulus.with_responses(responses())).collect(),
            )
        };
        let a = recording("a", "u1", &[("x", 1.0), ("y", 2.0)], 5.0);
        let b = in_mv(&recording("b", "u2", &[("y", 2.0)], 5.0));
        let error = a.concat(&b, "both").unwrap_err();
        assert_eq!(error.to_string(), "recording b: responses are in mV, expected spikes/bin");
        let both = in_mv(&a).concat(&b, "both").unwrap();
        assert_eq!(both.response_unit().to_string(), "mV");
        assert_eq!(both.stimuli()[1].responses().unwrap().values()[[1, 0, 0]], -65.0);
        let mixed = vec![a.stimuli()[0].clone(), b.stimuli()[0].clone()];
        let one = vec![Neuron::new("u1")];
        let error = Recording::new(Description::default(), a.dt(), vec![], one, mixed).unwrap_err();
        assert_eq!(error.to_string(), "stimulus y: responses are in mV, expected spikes/bin");
    }

    #[test]
    fn one_name_for_two_sounds_is_an_error() {
        let a = recording("a", "u1", &[("x", 1.0)], 5.0);
        let b = recording("b", "u2", &[("x", 2.0)], 5.0);
        assert_eq!(
            a.concat(&b, "both").unwrap_err().to_string(),
            "stimulus x has a different cochleagram in recording b, expected the same values"
        );
        let error = a.concat(&a, "both").unwrap_err();
        assert_eq!(error.to_string(), "neuron u1 occurs twice, expected unique names");
    }

    #[test]
    fn a_model_of_other_axes_does_not_fit() {
        let a = recording("a", "u1", &[("x", 1.0)], 5.0);
        let message = |axes: &Axes| a.expect_axes(axes).unwrap_err().to_string();
        let good = a.axes();
        a.expect_axes(&good).unwrap();
        let bands = Axes { n_bands: 34, band_centers: vec![], ..good.clone() };
        assert_eq!(message(&bands), "recording a: n_bands is 2, expected 34");
        let neurons = Axes { n_neurons: 53, ..good.clone() };
        assert_eq!(message(&neurons), "recording a: n_neurons is 1, expected 53");
        a.expect_input(&neurons).unwrap();
        let mut centers = good;
        centers.band_centers[1] = Hertz::new(1100.0).unwrap();
        assert_eq!(message(&centers), "recording a: band 1 is centred at 1000 Hz, expected 1100 Hz");
    }

    #[test]
    fn other_neurons_or_bands_in_one_stimulus_are_named() {
        let a = recording("a", "u1", &[("x", 1.0)], 5.0);
        let two = vec![Neuron::new("u1"), Neuron::new("u2")];
        let stimuli = a.stimuli().to_vec();
        let error = Recording::new(Description::default(), a.dt(), vec![], two, stimuli.clone()).unwrap_err();
        assert_eq!(error.to_string(), "stimulus x: counts has shape (1, 2, 3), expected (2, 2, 3)");
        let one = vec![Hertz::new(500.0).unwrap()];
        let error =
            Recording::new(Description::default(), a.dt(), one, a.neurons().to_vec(), stimuli).unwrap_err();
        assert_eq!(error.to_string(), "stimulus x: cochleagram has shape (2, 3), expected (1, 3)");
        let falling = a.bands().iter().copied().rev().collect();
        let error = Recording::new(
            Description::default(),
            a.dt(),
            falling,
            a.neurons().to_vec(),
            vec![a.stimuli()[0].clone()],
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "centre frequency is 500 Hz after 1000 Hz, expected increasing frequencies"
        );
    }

    #[test]
    fn nothing_or_the_same_twice_is_no_recording() {
        let a = recording("a", "u1", &[("x", 1.0)], 5.0);
        let new = |neurons: &[Neuron], stimuli: &[Stimulus]| {
            Recording::new(Description::default(), a.dt(), vec![], neurons.to_vec(), stimuli.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(new(&[], a.stimuli()), "recording has no neurons, expected at least one");
        assert_eq!(new(a.neurons(), &[]), "recording has no stimuli, expected at least one");
        let twice = [a.stimuli(), a.stimuli()].concat();
        assert_eq!(new(a.neurons(), &twice), "stimulus x occurs twice, expected unique names");
    }
}
