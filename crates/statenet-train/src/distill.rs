//! Distillation: one network learns what a better one, such as an ensemble, makes of sounds.

use std::collections::BTreeMap;

use candle_core::Tensor;
use ndarray::{Array2, Array3, Axis, Zip};
use serde::{Deserialize, Serialize};
use statenet_core::{Dim, ResponseMask, expect_shape};
use statenet_data::{Place, Recording, Responses, Split, Stimulus};
use statenet_models::{Mode, ResponseModel};

use crate::{
    error::{During, Error, Result},
    evaluate::{predict, rates_of},
};

/// How a teacher's rates become targets (Hinton, Vinyals & Dean 2015).
///
/// ```text
/// target = share rate of the teacher + (1 - share) recorded PSTH        training stimuli, bins that were recorded
/// target = rate of the teacher                                          bins without a recording, and unlabelled sounds
/// ```
/// Recorded PSTHs carry the noise of few repeats, which the mean of several networks has less of; the teacher carries what its members
/// got wrong together, which the PSTH corrects.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Distillation {
    /// Weight of the teacher at recorded bins, 0 to 1. Default 0.7.
    pub share: f64,
}

impl Default for Distillation {
    fn default() -> Self {
        Self { share: 0.7 }
    }
}

impl Distillation {
    /// The recording and the split to fit a pupil to: targets of the training stimuli changed, and `unlabelled` sounds (name, cochleagram `(F, T)` in
    /// bins of the recording's dt, not scaled) appended to recording and training part, with the teacher's rates as targets. Validation and test
    /// stimuli are as they were.
    ///
    /// The recording is [smoothed](Recording::smoothed), and so are the results: fit them as they are.
    ///
    /// ```
    /// use candle_core::Device;
    /// use statenet_core::Seed;
    /// use statenet_data::{SimulationConfig, SplitPlan};
    /// use statenet_models::{ensemble_of, zoo};
    /// use statenet_train::{Distillation, FitConfig, Fitter};
    ///
    /// let recording = SimulationConfig::small().simulate()?.recording;
    /// let split = SplitPlan::Demo.resolve(&recording)?;
    /// let config = FitConfig { max_epochs: 2, ..FitConfig::default() };
    /// let fitted = |seed: u64| -> Result<_, Box<dyn std::error::Error>> {
    ///     let mut model = zoo::statenet_gru(&recording.axes()).build(Seed::new(seed), &Device::Cpu)?;
    ///     Fitter::new(FitConfig { seed: Seed::new(seed), ..config.clone() }).fit(&mut model, &recording, &split)?;
    ///     Ok(model)
    /// };
    /// let teacher = ensemble_of(vec![fitted(0)?, fitted(1)?])?;
    /// let (lesson, parts) = Distillation::default().lesson(&*teacher, &recording, &split, vec![])?;
    /// let mut pupil = zoo::statenet_gru(&recording.axes()).build(Seed::new(2), &Device::Cpu)?;
    /// Fitter::new(config).fit(&mut pupil, &lesson, &parts)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] for a share outside 0 to 1; as [`predict`](crate::predict); [`Error::Data`] for an unlabelled sound with the name of a
    /// stimulus or other bands, and for one that is, or holds a part of, a validation or test stimulus.
    pub fn lesson(
        &self,
        teacher: &dyn ResponseModel,
        recording: &Recording,
        split: &Split,
        unlabelled: Vec<(String, Array2<f32>)>,
    ) -> Result<(Recording, Split)> {
        if !(0.0..=1.0).contains(&self.share) {
            let got = self.share.to_string();
            return Err(Error::Setting { setting: "share of the teacher", got, expected: "0 to 1" });
        }
        let recording = recording.smoothed().into_owned();
        let taught = predict(teacher, &recording, split.train())?;
        let mut replaced = BTreeMap::new();
        for &index in split.train() {
            let stimulus = recording.stimulus(index)?;
            let rates = taught.of_stimulus(stimulus.name())?;
            let (mut target, recorded) = stimulus.responses()?.psth();
            let share = self.share as f32;
            Zip::from(&mut target).and(&recorded).and(rates).for_each(|target, &recorded, &rate| {
                *target = if recorded { share * rate + (1.0 - share) * *target } else { rate };
            });
            replaced.insert(index, as_responses(target, &recording)?);
        }
        let mut more = Vec::with_capacity(unlabelled.len());
        for (name, sound) in unlabelled {
            let target = as_responses(rates_for(teacher, &name, &sound)?, &recording)?;
            more.push(Stimulus::new(name, sound, target)?);
        }
        let n = recording.n_stimuli();
        let parts = split.with_training(n..n + more.len())?;
        let lesson = recording.with_targets(replaced, more)?;
        parts.check(&lesson)?;
        Ok((lesson, parts))
    }
}

/// The rates `(N, T)` of a teacher for a cochleagram `(F, T)`.
fn rates_for(teacher: &dyn ResponseModel, name: &str, sound: &Array2<f32>) -> Result<Array2<f32>> {
    let (bands, bins) = sound.dim();
    let expected = [teacher.n_bands().into(), Dim::Any("T")];
    let in_order = |shape| statenet_data::Error::Shape { place: Place::Stimulus(name.to_owned()), shape };
    expect_shape("cochleagram", &[bands, bins], &expected).map_err(in_order)?;
    let values: Vec<f32> = sound.iter().copied().collect();
    let tensor = Tensor::from_vec(values, (1, 1, bands, bins), teacher.device());
    let tensor = tensor.and_then(|tensor| tensor.to_dtype(teacher.dtype())).during("copying a sound")?;
    rates_of(&teacher.forward(&tensor, Mode::Eval)?)
}

/// Targets `(N, T)` as one repeat of a recording's responses.
fn as_responses(target: Array2<f32>, recording: &Recording) -> Result<Responses> {
    let (n, t) = target.dim();
    let values: Array3<f32> = target.insert_axis(Axis(1));
    Ok(Responses::new_in(values, &ResponseMask::all(n, 1, t), recording.response_unit().clone())?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::Seed;
    use statenet_data::{SimulationConfig, SplitPlan};
    use statenet_models::zoo;

    use super::*;

    fn recording() -> (Recording, Split) {
        let recording = SimulationConfig::small().simulate().unwrap().recording.smoothed().into_owned();
        let split = SplitPlan::Demo.resolve(&recording).unwrap();
        (recording, split)
    }

    fn teacher(recording: &Recording) -> Box<dyn ResponseModel> {
        zoo::ln(&recording.axes()).build(Seed::new(4), &Device::Cpu).unwrap()
    }

    fn target(lesson: &Recording, index: usize) -> Array2<f32> {
        lesson.stimulus(index).unwrap().responses().unwrap().psth().0
    }

    #[test]
    fn targets_lie_between_the_teacher_and_the_recorded_psth() {
        let (recording, split) = recording();
        let teacher = teacher(&recording);
        let taught = predict(&*teacher, &recording, split.train()).unwrap();
        let index = split.train()[1];
        let name = recording.stimulus(index).unwrap().name();
        let rate = taught.of_stimulus(name).unwrap();
        for share in [0.0, 0.25, 1.0] {
            let (lesson, parts) =
                Distillation { share }.lesson(&*teacher, &recording, &split, vec![]).unwrap();
            assert_eq!(parts, split);
            let (got, psth) = (target(&lesson, index), target(&recording, index));
            for ((got, psth), rate) in got.iter().zip(&psth).zip(rate) {
                let expected = share as f32 * rate + (1.0 - share as f32) * psth;
                assert!((got - expected).abs() < 1e-5, "{got} {expected}");
            }
            for &kept in split.val().iter().chain(split.test()) {
                assert_eq!(lesson.stimulus(kept).unwrap(), recording.stimulus(kept).unwrap());
            }
        }
    }

    #[test]
    fn unlabelled_sounds_join_the_training_part_with_the_rates_of_the_teacher() {
        let (recording, split) = recording();
        let teacher = teacher(&recording);
        let mut sound = recording.stimulus(split.train()[0]).unwrap().cochleagram().to_owned();
        sound.invert_axis(Axis(1));
        let unlabelled = vec![("backwards".to_owned(), sound.clone())];
        let lesson = Distillation::default().lesson(&*teacher, &recording, &split, unlabelled);
        let (lesson, parts) = lesson.unwrap();
        let n = recording.n_stimuli();
        assert_eq!(parts.train().last(), Some(&n));
        assert_eq!(target(&lesson, n), rates_for(&*teacher, "backwards", &sound).unwrap());
    }

    #[test]
    fn a_test_sound_is_no_unlabelled_sound() {
        let (recording, split) = recording();
        let teacher = teacher(&recording);
        for held_out in [split.val()[0], split.test()[0]] {
            let sound = recording.stimulus(held_out).unwrap().cochleagram().to_owned();
            let lesson = Distillation::default().lesson(
                &*teacher,
                &recording,
                &split,
                vec![("another".to_owned(), sound)],
            );
            let error = lesson.unwrap_err().to_string();
            assert!(error.contains("another"), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (recording, split) = recording();
        let teacher = teacher(&recording);
        let narrow = vec![("narrow".to_owned(), Array2::ones((2, 50)))];
        let lesson = Distillation::default().lesson(&*teacher, &recording, &split, narrow);
        let error = lesson.unwrap_err().to_string();
        assert!(error.starts_with("stimulus narrow: cochleagram has shape (2, 50)"), "{error}");
        let lesson = Distillation { share: 1.5 }.lesson(&*teacher, &recording, &split, vec![]);
        assert!(lesson.unwrap_err().to_string().contains("share of the teacher is 1.5"));
    }
}
