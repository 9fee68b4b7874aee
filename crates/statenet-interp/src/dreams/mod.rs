//! Dreams: sounds that maximize or minimize a target's response, found by gradient ascent (Rançon et al. 2025; Simonyan et
//! al. 2014 for images).
//!
//! ```text
//! x <- x + step of Adam along d/dx [ response(x) - sum penalties(x) ],  then projected onto each limit in turn
//! response = r(T)  transient        mean over t of r(t)  sustained
//! ```
//! x counts in standard deviations of a band over the training sounds: energies, penalties, steps and noise too. Starts, boxes
//! and dreams are sounds as recorded.
//!
//! Computed in evaluation mode, from the model's initial state. The step size falls linearly to 0, so that the response
//! converges. Every (target, start) is an independent row of a batch; the same seed gives the same dreams whatever the
//! number of threads.
//!
//! For a model that hears the sound is its samples, in bins `(hop, T)`: the gradient goes through the front end. Start from noise,
//! since silence has no direction, and hold the loudness by [`Constraint::Energy`], the root mean square of the samples: without
//! it louder would be better.
//!
//! Without limits gradient ascent finds noise that resembles no natural sound. A dream means little without its
//! [constraints](Constraint): report them with the figure, and compare with the [best recorded sound](best_recorded).

mod cluster;
mod config;
mod constraint;
mod recorded;
mod response;
mod sonification;

use candle_core::{Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use ndarray::{Array2, Array3, Axis};
use statenet_models::ResponseModel;

pub use self::{
    cluster::clusters,
    config::{Direction, DreamConfig, Start, When},
    constraint::{Constraint, ModulationBand},
    recorded::{BestRecorded, best_recorded},
    sonification::{BandCarrier, Level, Sonification},
};
use self::{constraint::Prepared, response::SoundResponse};
use crate::{
    batched_gradients::{in_parallel, no_gradient, numbers},
    error::{During, Error, Result, out_of_range},
    frozen_model::FrozenModel,
    target::{self, Objective, Target},
};

/// One dream.
#[derive(Clone, Debug, PartialEq)]
pub struct Dream {
    /// Whose response is maximized.
    pub target: Target,
    /// Index of the start in [`DreamConfig::starts`].
    pub start: usize,
    /// The sound `(F, T)` as it would have been recorded; bins of samples for a model that hears.
    pub sound: Array2<f32>,
    /// The target's response to it.
    pub response: f64,
    /// The response before each step.
    pub response_by_step: Vec<f64>,
}

impl Dream {
    /// The samples of a dream of a model that hears, one after the other, at the rate of its sampling.
    #[must_use]
    pub fn samples(&self) -> Vec<f32> {
        self.sound.t().iter().copied().collect()
    }

    /// The response averaged over every `width` consecutive steps.
    #[must_use]
    pub fn moving_average(&self, width: usize) -> Vec<f64> {
        self.response_by_step.windows(width.max(1)).map(|w| w.iter().sum::<f64>() / w.len() as f64).collect()
    }
}

/// Dreams of each target, one from every start, the best first.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_interp::{Target, dreams::{Constraint, DreamConfig, dream}};
/// use statenet_models::zoo;
///
/// // Within a box, the dream of an LN neuron is loud where its receptive field is positive and soft where it is negative.
/// let axes = Axes::new(4, 1, TimeBin::from_millis(5.0)?);
/// let model = zoo::ln(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let limits = Constraint::Box { lowest: vec![-1.0; 4], highest: vec![1.0; 4] };
/// let config = DreamConfig { n_bins: 40, steps: 120, step_size: 0.05, constraints: vec![limits], ..Default::default() };
/// let dreams = dream(&*model, &[Target::Neuron(0)], &config)?;
/// assert!(dreams[0][0].response > dreams[0][0].response_by_step[0]);
/// assert!(dreams[0][0].sound.iter().all(|x| x.abs() <= 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] for a start or limit of the wrong shape, [`Error::OutOfRange`] for a target that the model does not
/// have, [`Error::Setting`] for no bins, steps or starts and for a step size or weight that is not above 0,
/// [`Error::SustainedHidden`] for hidden units with [`When::All`], [`Error::NoGradient`] if an operation in the model's
/// streaming form has no backward pass.
pub fn dream(model: &dyn ResponseModel, targets: &[Target], config: &DreamConfig) -> Result<Vec<Vec<Dream>>> {
    let counts =
        [("n_bins", config.n_bins), ("steps", config.steps), ("number of starts", config.starts.len())];
    if let Some((setting, _)) = counts.into_iter().find(|(_, n)| *n == 0) {
        return Err(out_of_range(setting, 0, "1 or more"));
    }
    if !(config.step_size.is_finite() && config.step_size > 0.0) {
        return Err(out_of_range("step_size", config.step_size, "a finite number above 0"));
    }
    target::check(model, targets)?;
    if config.when == When::All && targets.iter().any(Target::is_hidden) {
        return Err(Error::SustainedHidden);
    }
    let frozen = FrozenModel::new(model)?;
    let prepared = Prepared::all(&config.constraints, &frozen, config.n_bins)?;
    let starts = (0..targets.len()).flat_map(|target| (0..config.starts.len()).map(move |s| (target, s)));
    let rows: Vec<(usize, usize)> = starts.collect();
    // A pass of several rows loads the weights once; passes are independent and run in parallel.
    const PASS_ROWS: usize = 8;
    let passes: Vec<&[(usize, usize)]> = rows.chunks(PASS_ROWS).collect();
    let of_passes = in_parallel(passes, |pass| dream_rows(&frozen, targets, config, &prepared, pass))?;
    let mut dreams: Vec<Vec<Dream>> = targets.iter().map(|_| Vec::new()).collect();
    for (&(target, _), dream) in rows.iter().zip(of_passes.into_iter().flatten()) {
        if let Some(of_target) = dreams.get_mut(target) {
            of_target.push(dream);
        }
    }
    for of_target in &mut dreams {
        of_target.sort_by(|a, b| match config.direction {
            Direction::Maximize => b.response.total_cmp(&a.response),
            Direction::Minimize => a.response.total_cmp(&b.response),
        });
    }
    Ok(dreams)
}

/// The dreams of some rows, each a (target, start).
fn dream_rows(
    frozen: &FrozenModel<'_>,
    targets: &[Target],
    config: &DreamConfig,
    constraints: &[Prepared],
    rows: &[(usize, usize)],
) -> Result<Vec<Dream>> {
    let model = frozen.model();
    let of_rows: Vec<&Target> = rows.iter().filter_map(|&(target, _)| targets.get(target)).collect();
    let objective = Objective::new(model, &of_rows)?;
    let response = SoundResponse::new(model, &objective, config.when, config.n_bins)?;
    let starts = rows
        .iter()
        .filter_map(|&(target, start)| Some((target, start, config.starts.get(start)?)))
        .map(|(target, start, from)| from.sound(frozen, config, &format!("dream {target} from {start}")))
        .collect::<Result<Vec<_>>>()?;
    let first = Tensor::cat(&starts, 0).during("joining the starts of dreams")?;
    let first = limited(&first, constraints)?;
    let sound = Var::from_tensor(&first).during("copying a sound into a variable")?;
    let adam = ParamsAdamW { lr: config.step_size, weight_decay: 0.0, ..ParamsAdamW::default() };
    let mut adam = AdamW::new(vec![sound.clone()], adam).during("preparing Adam")?;
    let sign = match config.direction {
        Direction::Maximize => -1.0,
        Direction::Minimize => 1.0,
    };
    let mut by_step: Vec<Vec<f64>> = rows.iter().map(|_| Vec::with_capacity(config.steps)).collect();
    for step in 0..config.steps {
        let values = response.of(sound.as_tensor())?;
        for (of_row, value) in by_step.iter_mut().zip(numbers(&values)?) {
            of_row.push(value);
        }
        let mut loss = values.sum_all().and_then(|v| v * sign).during("summing responses")?;
        for constraint in constraints {
            if let Some(penalty) = constraint.penalty(sound.as_tensor()).during("adding a penalty")? {
                loss = (loss + penalty).during("adding a penalty")?;
            }
        }
        let mut grads = loss.backward().during("backward pass")?;
        let gradient = grads.remove(sound.as_tensor()).ok_or_else(|| no_gradient(model))?;
        let at = sound.as_detached_tensor();
        let tangent = constraints.iter().try_fold(gradient, |g, constraint| constraint.tangent(&at, &g));
        grads.insert(sound.as_tensor(), tangent.during("projecting a gradient onto a limit")?);
        adam.set_learning_rate(config.step_size * (1.0 - step as f64 / config.steps as f64));
        adam.step(&grads).during("a step of Adam")?;
        if constraints.iter().any(Prepared::limits) {
            let within = limited(&sound.as_detached_tensor(), constraints)?;
            sound.set(&within).during("projecting a sound onto a limit")?;
        }
    }
    let last = sound.as_detached_tensor();
    let responses = numbers(&response.of(&last)?)?;
    let shape = (rows.len(), model.n_bands(), config.n_bins);
    let sounds: Vec<f32> = numbers(&last)?.into_iter().map(|x| x as f32).collect();
    let sounds = Array3::from_shape_vec(shape, sounds).unwrap_or_else(|_| Array3::zeros(shape));
    let found = rows.iter().zip(of_rows).zip(sounds.axis_iter(Axis(0))).zip(responses).zip(by_step);
    found
        .map(|((((&(_, start), target), sound), response), response_by_step)| {
            let (target, sound) = (target.clone(), frozen.as_recorded(sound)?);
            Ok(Dream { target, start, sound, response, response_by_step })
        })
        .collect()
}

/// Projects sounds onto each limit in turn.
fn limited(sound: &Tensor, constraints: &[Prepared]) -> Result<Tensor> {
    constraints
        .iter()
        .try_fold(sound.clone(), |sound, constraint| constraint.limit(&sound))
        .during("projecting a sound onto a limit")
}
