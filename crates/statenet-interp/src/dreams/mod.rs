//! Dreams: sounds that a target answers to most, or least, made by going up the gradient of its response (Rançon et al.
//! 2025; Simonyan et al. 2014 for images).
//!
//! ```text
//! x <- x + step of Adam along d/dx [ response(x) - sum penalties(x) ],  then onto each limit in turn
//! response = r(T)  transient        mean over t of r(t)  sustained
//! ```
//! In evaluation mode, from the model's initial state. The step falls in a straight line to 0, so that the response
//! settles. Every (target, start) is a row of a batch that knows nothing of the others; the same seed gives the same
//! dreams whatever the number of threads.
//!
//! What a network is told to like without limits is noise that no ear hears; a dream says as much as its
//! [constraints](Constraint), which belong beside its figure, and the [best recorded sound](best_recorded) beside it.

mod cluster;
mod constraint;
mod listen;
mod recorded;
mod waveform;

use candle_core::{Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use ndarray::{Array2, Array3, Axis};
use statenet_core::{Dim, Seed, expect_shape};
use statenet_models::ResponseModel;

use self::constraint::Prepared;
pub use self::{
    cluster::clusters,
    constraint::{Constraint, ModulationBand},
    listen::{Carrier, Level, Listen},
    recorded::{BestRecorded, best_recorded},
    waveform::{WaveformDream, WaveformDreamConfig, dream_waveform},
};
use crate::{
    batched_gradients::{Still, hear, in_parallel, no_gradient, numbers, of_model},
    error::{During, Error, Result},
    target::{self, Objective, Target},
};

/// How dreams are made.
#[derive(Clone, Debug)]
pub struct DreamConfig {
    /// Up or down the response. Default up.
    pub direction: Direction,
    /// Which bins of the response count. Default the last.
    pub when: When,
    /// Bins T of the sound, at least 1. Default 100.
    pub n_bins: usize,
    /// Where dreams begin, one for each target and start. Default the null stimulus.
    pub starts: Vec<Start>,
    /// Steps, at least 1. Default 1500.
    pub steps: usize,
    /// The first step's size, in units of the model's input, above 0. Default 0.02.
    pub step_size: f64,
    /// Limits and penalties, in the order in which they are applied. Default none.
    pub constraints: Vec<Constraint>,
    /// Where noise at the start grows from. Default 0.
    pub seed: Seed,
}

impl Default for DreamConfig {
    fn default() -> Self {
        Self {
            direction: Direction::Maximize,
            when: When::Last,
            n_bins: 100,
            starts: vec![Start::Null],
            steps: 1500,
            step_size: 0.02,
            constraints: Vec::new(),
            seed: Seed::new(0),
        }
    }
}

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the largest response.
    Maximize,
    /// To the smallest.
    Minimize,
}

/// Which bins of the response count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The last: what a sound leads up to.
    Last,
    /// All, their mean: what keeps a neuron going. Not for hidden units, which are known at the end of a sound only.
    All,
}

/// Where a dream begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Zeros, the mean sound for a model of standardised bands.
    Null,
    /// A spectrum (F) that lasts, such as the mean of the recorded sounds.
    Spectrum(Vec<f64>),
    /// Normal noise of a deviation, another for every start and target.
    Noise(f64),
    /// A sound `(F, T)`, such as a recorded one.
    Sound(Array2<f32>),
}

/// One dream.
#[derive(Clone, Debug, PartialEq)]
pub struct Dream {
    /// What was asked to answer.
    pub target: Target,
    /// Which of the starts it came from.
    pub start: usize,
    /// `(F, T)`, in the scale of the model's input.
    pub sound: Array2<f32>,
    /// What the target answers to it.
    pub response: f64,
    /// What it answered before each step.
    pub course: Vec<f64>,
}

impl Dream {
    /// The moving average of the course over `width` steps: one value for every `width` steps in a row.
    #[must_use]
    pub fn moving_average(&self, width: usize) -> Vec<f64> {
        self.course.windows(width.max(1)).map(|w| w.iter().sum::<f64>() / w.len() as f64).collect()
    }
}

/// Dreams of targets, for each target one from every start, the best first.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_interp::{Constraint, DreamConfig, Target, dream};
/// use statenet_models::zoo;
///
/// // Within a box, the dream of an LN neuron is loud where its receptive field is positive and soft elsewhere.
/// let axes = Axes::new(4, 1, TimeBin::from_millis(5.0)?);
/// let model = zoo::ln(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let limits = Constraint::Box { lowest: vec![-1.0; 4], highest: vec![1.0; 4] };
/// let config = DreamConfig { n_bins: 40, steps: 120, step_size: 0.05, constraints: vec![limits], ..Default::default() };
/// let dreams = dream(&*model, &[Target::Neuron(0)], &config)?;
/// assert!(dreams[0][0].response > dreams[0][0].course[0]);
/// assert!(dreams[0][0].sound.iter().all(|x| x.abs() <= 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] for a start or limit of other sizes, [`Error::OutOfRange`] for a target that the model does not have,
/// for no bins, steps or starts, [`Error::Weight`] for a step or penalty that is not above 0,
/// [`Error::SustainedHidden`] for hidden units at all bins, [`Error::NoGradient`] if an operation in the model's
/// streaming form cuts the graph.
pub fn dream(model: &dyn ResponseModel, targets: &[Target], config: &DreamConfig) -> Result<Vec<Vec<Dream>>> {
    let counts = [("dream of bins", config.n_bins), ("number of steps", config.steps)];
    for (what, n) in counts.into_iter().chain([("number of starts", config.starts.len())]) {
        if n == 0 {
            return Err(Error::OutOfRange { what, got: 0, n });
        }
    }
    if !(config.step_size.is_finite() && config.step_size > 0.0) {
        return Err(Error::Weight { constraint: "a step", got: config.step_size });
    }
    target::check(model, targets)?;
    if config.when == When::All && targets.iter().any(Target::is_hidden) {
        return Err(Error::SustainedHidden);
    }
    let prepared = Prepared::all(&config.constraints, model, config.n_bins)?;
    let starts = (0..targets.len()).flat_map(|target| (0..config.starts.len()).map(move |s| (target, s)));
    let rows: Vec<(usize, usize)> = starts.collect();
    // Rows of a pass share the model's weights; passes share nothing and run side by side.
    const PASS_ROWS: usize = 8;
    let passes: Vec<&[(usize, usize)]> = rows.chunks(PASS_ROWS).collect();
    let still = Still::new(model)?;
    let of_passes = in_parallel(passes, |pass| dream_rows(still.model(), targets, config, &prepared, pass))?;
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

/// The dreams of some rows, (target, start) each.
fn dream_rows(
    model: &dyn ResponseModel,
    targets: &[Target],
    config: &DreamConfig,
    constraints: &[Prepared],
    rows: &[(usize, usize)],
) -> Result<Vec<Dream>> {
    let of_rows: Vec<&Target> = rows.iter().filter_map(|&(target, _)| targets.get(target)).collect();
    let objective = Objective::new(model, &of_rows)?;
    let ear = Ear::new(model, &objective, config.when, config.n_bins)?;
    let starts = rows
        .iter()
        .filter_map(|&(target, start)| Some((target, start, config.starts.get(start)?)))
        .map(|(target, start, from)| from.sound(model, config, &format!("dream {target} from {start}")))
        .collect::<Result<Vec<_>>>()?;
    let begun = Tensor::cat(&starts, 0).during("beginning dreams")?;
    let begun = limited(&begun, constraints)?;
    let sound = Var::from_tensor(&begun).during("making a sound a variable")?;
    let adam = ParamsAdamW { lr: config.step_size, weight_decay: 0.0, ..ParamsAdamW::default() };
    let mut adam = AdamW::new(vec![sound.clone()], adam).during("preparing Adam")?;
    let sign = match config.direction {
        Direction::Maximize => -1.0,
        Direction::Minimize => 1.0,
    };
    let mut courses: Vec<Vec<f64>> = rows.iter().map(|_| Vec::with_capacity(config.steps)).collect();
    for step in 0..config.steps {
        let values = ear.hear(sound.as_tensor())?;
        for (course, value) in courses.iter_mut().zip(numbers(&values)?) {
            course.push(value);
        }
        let mut loss = values.sum_all().and_then(|v| v * sign).during("judging a dream")?;
        for constraint in constraints {
            if let Some(penalty) = constraint.penalty(sound.as_tensor()).during("penalising a dream")? {
                loss = (loss + penalty).during("penalising a dream")?;
            }
        }
        let mut grads = loss.backward().during("backward")?;
        let gradient = grads.remove(sound.as_tensor()).ok_or_else(|| no_gradient(model))?;
        let there = sound.as_detached_tensor();
        let along = constraints.iter().try_fold(gradient, |g, constraint| constraint.along(&there, &g));
        grads.insert(sound.as_tensor(), along.during("limiting a step")?);
        adam.set_learning_rate(config.step_size * (1.0 - step as f64 / config.steps as f64));
        adam.step(&grads).during("a step of Adam")?;
        if constraints.iter().any(Prepared::limits) {
            let within = limited(&sound.as_detached_tensor(), constraints)?;
            sound.set(&within).during("limiting a dream")?;
        }
    }
    let last = sound.as_detached_tensor();
    let responses = numbers(&ear.hear(&last)?)?;
    let shape = (rows.len(), model.n_bands(), config.n_bins);
    let sounds: Vec<f32> = numbers(&last)?.into_iter().map(|x| x as f32).collect();
    let sounds = Array3::from_shape_vec(shape, sounds).unwrap_or_else(|_| Array3::zeros(shape));
    let found = rows.iter().zip(of_rows).zip(sounds.axis_iter(Axis(0))).zip(responses).zip(courses);
    Ok(found
        .map(|((((&(_, start), target), sound), response), course)| Dream {
            target: target.clone(),
            start,
            sound: sound.to_owned(),
            response,
            course,
        })
        .collect())
}

fn limited(sound: &Tensor, constraints: &[Prepared]) -> Result<Tensor> {
    constraints
        .iter()
        .try_fold(sound.clone(), |sound, constraint| constraint.limit(&sound))
        .during("limiting a dream")
}

/// What rows answer to whole sounds, from the model's initial state.
struct Ear<'a> {
    model: &'a dyn ResponseModel,
    objective: &'a Objective,
    when: Tensor,
    n_read: usize,
}

impl<'a> Ear<'a> {
    fn new(
        model: &'a dyn ResponseModel,
        objective: &'a Objective,
        when: When,
        n_bins: usize,
    ) -> Result<Self> {
        let n_read = match when {
            When::Last => 1,
            When::All => n_bins,
        };
        let when = Tensor::full(1.0 / n_read as f64, (1, n_read), model.device())
            .and_then(|w| w.to_dtype(model.dtype()));
        Ok(Self { model, objective, when: when.during("choosing bins")?, n_read })
    }

    /// (R), with its graph, from sounds (R, 1, F, T).
    fn hear(&self, sounds: &Tensor) -> Result<Tensor> {
        let state = self.model.init_state(sounds.dim(0).during("reading sounds")?)?;
        let heard = hear(self.model, state, sounds, self.n_read)?;
        self.objective.values(&heard.rates, &heard.state, &self.when)
    }
}

impl Start {
    /// `(1, 1, F, T)`, in the precision of the model and on its device.
    fn sound(&self, model: &dyn ResponseModel, config: &DreamConfig, name: &str) -> Result<Tensor> {
        let (n_bands, n_bins) = (model.n_bands(), config.n_bins);
        let values: Vec<f64> = match self {
            Self::Null => vec![0.0; n_bands * n_bins],
            Self::Spectrum(levels) => {
                expect_shape("spectrum", &[levels.len()], &[Dim::Is(n_bands)])?;
                levels.iter().flat_map(|&level| std::iter::repeat_n(level, n_bins)).collect()
            }
            Self::Noise(deviation) => {
                let mut stream = config.seed.stream(name);
                (0..n_bands * n_bins).map(|_| deviation * stream.normal()).collect()
            }
            Self::Sound(sound) => {
                expect_shape("start", sound.shape(), &[Dim::Is(n_bands), Dim::Is(n_bins)])?;
                sound.iter().map(|&x| f64::from(x)).collect()
            }
        };
        let sound = Tensor::from_vec(values, (1, 1, n_bands, n_bins), &candle_core::Device::Cpu);
        of_model(model, &sound.during("beginning a dream")?)
    }
}
