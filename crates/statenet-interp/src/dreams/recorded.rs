//! The recorded sound with the largest response, for comparison with a dream.

use candle_core::Tensor;
use ndarray::{Array2, ArrayView2, s};
use statenet_core::{Dim, expect_shape};
use statenet_models::ResponseModel;

use super::{
    config::{Direction, DreamConfig, When},
    response::SoundResponse,
};
use crate::{
    batched_gradients::{in_parallel, numbers, rows_of_pass},
    error::{During, Error, Result, out_of_range},
    frozen_model::FrozenModel,
    target::{self, Objective, Target},
};

/// The stretch of recorded sound with a target's largest (or smallest) response.
#[derive(Clone, Debug, PartialEq)]
pub struct BestRecorded {
    /// Whose response was compared.
    pub target: Target,
    /// Index of the sound.
    pub sound: usize,
    /// The first bin of the stretch.
    pub start: usize,
    /// The stretch `(F, T)`.
    pub cochleagram: Array2<f32>,
    /// The target's response to the stretch alone, run from the model's initial state as for a dream.
    pub response: f64,
}

/// For each target the best stretch of [`n_bins`](DreamConfig::n_bins) bins in recorded cochleagrams `(F, T)`, trying a
/// stretch every `hop` bins. `direction` and `when` are those of the dream's config.
///
/// # Errors
/// [`Error::Shape`] for sounds with the wrong number of bands, [`Error::Setting`] if no sound is long enough or `hop` is
/// 0, [`Error::OutOfRange`] for a target that the model does not have, [`Error::SustainedHidden`] for hidden units with
/// [`When::All`].
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
        return Err(out_of_range("hop in bins", 0, "1 or more"));
    }
    let n = config.n_bins;
    let starts = |sound: &ArrayView2<'_, f32>| (0..(sound.ncols() + 1).saturating_sub(n)).step_by(hop);
    let places: Vec<(usize, usize)> =
        cochleagrams.iter().enumerate().flat_map(|(s, sound)| starts(sound).map(move |t| (s, t))).collect();
    if places.is_empty() || n == 0 {
        let longest = cochleagrams.iter().map(ArrayView2::ncols).max().unwrap_or(0);
        let expected = format!("1 to {longest}, the length of the longest sound");
        return Err(out_of_range("n_bins", n, expected));
    }
    // A frozen model stores nothing for a backward pass, which is not needed here.
    let frozen = FrozenModel::new(model)?;
    let model = frozen.model();
    let passes: Vec<&[(usize, usize)]> = places.chunks(rows_of_pass(n)).collect();
    // For each pass and target the responses at the places of the pass.
    let of_passes = in_parallel(passes, |pass| {
        let stretches =
            pass.iter().flat_map(|&(s, t)| cochleagrams[s].slice(s![.., t..t + n]).into_iter().copied());
        let shape = (pass.len(), 1, model.n_bands(), n);
        let sounds = Tensor::from_vec(stretches.collect::<Vec<f32>>(), shape, &candle_core::Device::Cpu);
        let sounds = frozen.scaled(&sounds.during("cutting sounds")?)?;
        targets
            .iter()
            .map(|target| {
                let objective = Objective::new(model, &vec![target; pass.len()])?;
                numbers(&SoundResponse::new(model, &objective, config.when, n)?.of(&sounds)?)
            })
            .collect::<Result<Vec<_>>>()
    })?;
    let better = |a: f64, b: f64| match config.direction {
        Direction::Maximize => a > b,
        Direction::Minimize => a < b,
    };
    let best = |(t, target): (usize, &Target)| {
        let responses = of_passes.iter().flat_map(|of_targets| of_targets.get(t).into_iter().flatten());
        let mut best: Option<(f64, (usize, usize))> = None;
        for (&response, &place) in responses.zip(&places) {
            if best.is_none_or(|(so_far, _)| better(response, so_far)) {
                best = Some((response, place));
            }
        }
        let (response, (sound, start)) = best?;
        let cochleagram = cochleagrams[sound].slice(s![.., start..start + n]).to_owned();
        Some(BestRecorded { target: target.clone(), sound, start, cochleagram, response })
    };
    Ok(targets.iter().enumerate().filter_map(best).collect())
}
