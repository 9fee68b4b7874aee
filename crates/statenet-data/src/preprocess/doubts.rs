//! Doubts about the scale of bands: constant ones, and sounds far outside what a model was trained on.

use ndarray::{ArrayView1, ArrayView2, Axis};
use statenet_core::{Input, Standardization, Warning};

use super::standardize::{is_constant, range};
use crate::{
    error::{Result, some_of},
    recording::Recording,
    split::Split,
};

/// A sound is far outside the training range if it leaves that by more than this many times its width.
const FAR: f64 = 3.0;
/// As many standard deviations of the training sounds away from their mean, a sound is in another unit.
const FAR_DEVIATIONS: f32 = 20.0;
/// A sound whose bands all vary by less, in standard deviations of the training sounds, is in another unit.
const HARDLY: f64 = 0.01;

impl Recording {
    /// Doubts about bands, given which stimuli train a model: bands that are constant over the training sounds, and validation or
    /// test sounds in which a band is far outside its training range. None for a recording of sound, whose bands a front end makes.
    ///
    /// # Errors
    /// [`Error::StimulusOutOfRange`](crate::Error::StimulusOutOfRange).
    pub fn band_doubts(&self, split: &Split) -> Result<Vec<Warning>> {
        if self.input() == Input::Sound {
            return Ok(Vec::new());
        }
        let training = self.cochleagrams(split.train())?;
        let held_out: Vec<usize> = [split.val(), split.test()].concat();
        let mut constant = Vec::new();
        // Of each sound: how far it leaves the range of a band, in widths, and which band that is.
        let mut farthest: Vec<Option<(f64, usize)>> = vec![None; held_out.len()];
        for band in 0..self.n_bands() {
            let (low, high) = range(training.iter().map(|c| c.index_axis(Axis(0), band)));
            let flat = is_constant(low, high);
            if flat {
                constant.push(band);
            }
            for (far, &s) in farthest.iter_mut().zip(&held_out) {
                let sound = self.stimulus(s)?.cochleagram();
                let (lowest, highest) = range(std::iter::once(sound.index_axis(Axis(0), band)));
                let beyond = (low - lowest).max(highest - high);
                // A constant band has a range of one value: what differs from it by more than rounding leaves it far.
                let widths = match flat {
                    true if is_constant(low.min(lowest), high.max(highest)) => 0.0,
                    true => f64::INFINITY,
                    false => beyond / (high - low),
                };
                if widths > FAR && far.is_none_or(|(most, _)| widths > most) {
                    *far = Some((widths, band));
                }
            }
        }
        let mut doubts = Vec::new();
        if !constant.is_empty() {
            let bands = constant.iter().map(|&band| self.band_name(band)).collect::<Vec<_>>();
            let message = format!(
                "constant over the training sounds, but for rounding: {}; models learn nothing from them",
                some_of(&bands)
            );
            doubts.push(Warning::new("constant_band", message, self.name()));
        }
        for (far, &s) in farthest.iter().zip(&held_out) {
            let Some((widths, band)) = far else { continue };
            let by = if widths.is_finite() {
                format!("leaves its range over the training sounds by {widths:.0} times the width of that")
            } else {
                "varies, but is constant over the training sounds".to_owned()
            };
            let message = format!("{} {by}: predictions for this sound are guesses", self.band_name(*band));
            doubts.push(Warning::new(
                "outside_training",
                message,
                format!("stimulus {}", self.stimulus(s)?.name()),
            ));
        }
        Ok(doubts)
    }

    /// A band with its frequency, where that is known.
    fn band_name(&self, band: usize) -> String {
        match self.bands().get(band) {
            Some(center) => format!("band {band} ({} Hz)", center.hz()),
            None => format!("band {band}"),
        }
    }
}

/// A doubt about a sound `(F, T)` that a model is to hear, given how the model scales bands: a band that is more than 20 standard deviations
/// of the training sounds away from their mean, or a sound that hardly varies compared with them. Both come from another unit.
///
/// ```
/// use ndarray::array;
/// use statenet_core::Standardization;
///
/// let scaling = Standardization::new(vec![50.0], vec![10.0])?;
/// assert!(statenet_data::scale_doubt(&scaling, "song", array![[30.0, 65.0, 80.0]].view()).is_none());
/// let amplitude = statenet_data::scale_doubt(&scaling, "song", array![[1e-3, 2e-3, 1e-2]].view()).unwrap();
/// assert_eq!(amplitude.code, "outside_training");
/// # Ok::<(), statenet_core::Error>(())
/// ```
#[must_use]
pub fn scale_doubt(scaling: &Standardization, name: &str, sound: ArrayView2<'_, f32>) -> Option<Warning> {
    let scaled = scaling.apply(&sound).ok()?;
    let doubt = |message: String| Some(Warning::new("outside_training", message, format!("stimulus {name}")));
    let far = |(band, row): (usize, ArrayView1<'_, f32>)| {
        let most = row.iter().fold(0f32, |most, z| most.max(z.abs()));
        (most > FAR_DEVIATIONS).then_some((band, most))
    };
    if let Some((band, most)) = scaled.outer_iter().enumerate().find_map(far) {
        return doubt(format!(
            "band {band} is {most:.0} standard deviations of the training sounds away from their mean: is the cochleagram in the same unit?"
        ));
    }
    let varies = |row: ArrayView1<'_, f32>| {
        let (low, high) = range(std::iter::once(row));
        high - low > HARDLY
    };
    if sound.ncols() > 1 && !scaled.outer_iter().any(varies) {
        return doubt(
            "hardly varies compared with the training sounds: is the cochleagram in the same unit?"
                .to_owned(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, array};
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Neuron, Responses, Stimulus};

    #[test]
    fn constant_and_exploding_bands_are_named() {
        let sounds: [Array2<f32>; 4] = [
            array![[0.0, 1.0, 2.0], [7.0, 7.0, 7.0]],
            array![[1.0, 2.5, 2.0], [7.0, 7.0, 7.0]],
            array![[1.0, 20.0, 2.0], [7.0, 7.0, 7.0]],
            array![[1.0, 2.0, 2.0], [7.0, 7.0, 7.1]],
        ];
        let stimulus = |(i, c): (usize, Array2<f32>)| {
            let silent = Responses::from_nan(Array3::zeros((1, 1, 3))).unwrap();
            Stimulus::new(format!("s{i}"), c, silent).unwrap()
        };
        let stimuli = sounds.into_iter().enumerate().map(stimulus).collect();
        let about = Description { name: "mine".into(), ..Description::default() };
        let dt = TimeBin::whole_millis::<5>();
        let r = Recording::new(about, dt, vec![], vec![Neuron::new("u")], stimuli).unwrap();
        let split = Split::new(vec![0], vec![1], vec![2, 3]).unwrap();
        let doubts: Vec<String> = r.band_doubts(&split).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            doubts,
            [
                "mine: constant over the training sounds, but for rounding: band 1; models learn nothing from them",
                "stimulus s2: band 0 leaves its range over the training sounds by 9 times the width of that: predictions for \
                 this sound are guesses",
                "stimulus s3: band 1 varies, but is constant over the training sounds: predictions for this sound are guesses",
            ]
        );
    }
}
