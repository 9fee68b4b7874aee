//! The best of what was recorded: what a dream is compared with.

use candle_core::Tensor;
use ndarray::{Array2, ArrayView2, s};
use statenet_core::{Dim, expect_shape};
use statenet_models::ResponseModel;

use super::{Direction, DreamConfig, Ear, When};
use crate::{
    batched_gradients::{Still, in_parallel, numbers, of_model, rows_of_pass},
    error::{During, Error, Result},
    target::{self, Objective, Target},
};

/// The stretch of recorded sound that a target answers to most, or least.
#[derive(Clone, Debug, PartialEq)]
pub struct BestRecorded {
    /// What was asked to answer.
    pub target: Target,
    /// Which of the sounds.
    pub sound: usize,
    /// The first bin of the stretch.
    pub start: usize,
    /// The stretch `(F, T)`.
    pub cochleagram: Array2<f32>,
    /// What the target answers to it alone, from the model's initial state as a dream.
    pub response: f64,
}

/// For each target the best stretch of [`n_bins`](DreamConfig::n_bins) of recorded cochleagrams `(F, T)`, at every
/// `hop` bins, in the direction and at the bins of a dream's config.
///
/// # Errors
/// [`Error::Shape`] for sounds of other bands, [`Error::OutOfRange`] if no sound is long enough, for a hop of 0 and for
/// a target that the model does not have, [`Error::SustainedHidden`] for hidden units at all bins.
pub fn best_recorded(
    model: &dyn ResponseModel,
    cochleagrams: &[ArrayView2<'_, f32>],
    targets: &[Target],
    config: &DreamConfig,
    hop: usize,
) -> Result<Vec<BestRecorded>> {
    for sound in cochleagrams {
        expect_shape("cochleagram", sound.shape(), &[Dim::Is(model.n_bands()), Dim::Any("T")])?;
    }
    target::check(model, targets)?;
    if config.when == When::All && targets.iter().any(Target::is_hidden) {
        return Err(Error::SustainedHidden);
    }
    if hop == 0 {
        return Err(Error::OutOfRange { what: "hop of bins", got: 0, n: 0 });
    }
    let n = config.n_bins;
    let starts = |sound: &ArrayView2<'_, f32>| (0..(sound.ncols() + 1).saturating_sub(n)).step_by(hop);
    let places: Vec<(usize, usize)> =
        cochleagrams.iter().enumerate().flat_map(|(s, sound)| starts(sound).map(move |t| (s, t))).collect();
    if places.is_empty() || n == 0 {
        let longest = cochleagrams.iter().map(ArrayView2::ncols).max().unwrap_or(0);
        return Err(Error::OutOfRange { what: "stretch of bins", got: n, n: longest });
    }
    // Nothing is differentiated, and a frozen model keeps nothing for it.
    let still = Still::new(model)?;
    let model = still.model();
    let passes: Vec<&[(usize, usize)]> = places.chunks(rows_of_pass(n)).collect();
    // Every target of every place of the pass, target by target.
    let of_passes = in_parallel(passes, |pass| {
        let stretches =
            pass.iter().flat_map(|&(s, t)| cochleagrams[s].slice(s![.., t..t + n]).into_iter().copied());
        let shape = (pass.len(), 1, model.n_bands(), n);
        let sounds = Tensor::from_vec(stretches.collect::<Vec<f32>>(), shape, &candle_core::Device::Cpu);
        let sounds = of_model(model, &sounds.during("cutting sounds")?)?;
        targets
            .iter()
            .map(|target| {
                let objective = Objective::new(model, &vec![target; pass.len()])?;
                numbers(&Ear::new(model, &objective, config.when, n)?.hear(&sounds)?)
            })
            .collect::<Result<Vec<_>>>()
    })?;
    let better = |a: f64, b: f64| match config.direction {
        Direction::Maximize => a > b,
        Direction::Minimize => a < b,
    };
    let best = |(t, target): (usize, &Target)| {
        let answers = of_passes.iter().flat_map(|of_targets| of_targets.get(t).into_iter().flatten());
        let mut best: Option<(f64, (usize, usize))> = None;
        for (&answer, &place) in answers.zip(&places) {
            if best.is_none_or(|(there, _)| better(answer, there)) {
                best = Some((answer, place));
            }
        }
        let (response, (sound, start)) = best?;
        let cochleagram = cochleagrams[sound].slice(s![.., start..start + n]).to_owned();
        Some(BestRecorded { target: target.clone(), sound, start, cochleagram, response })
    };
    Ok(targets.iter().enumerate().filter_map(best).collect())
}
