//! How dreams are made: direction, bins that count, length, starts, steps and constraints.

use candle_core::Tensor;
use ndarray::Array2;
use statenet_core::{Dim, Seed, expect_shape};
use statenet_models::ResponseModel;

use super::constraint::Constraint;
use crate::{
    batched_gradients::of_model,
    error::{During, Result},
};

/// How dreams are made.
#[derive(Clone, Debug)]
pub struct DreamConfig {
    /// Whether the response is maximized or minimized. Default maximized.
    pub direction: Direction,
    /// Whether the response at the last bin counts or its mean over all bins. Default the last bin.
    pub when: When,
    /// Bins T of the sound, at least 1. Default 100.
    pub n_bins: usize,
    /// The sounds to start from; each target has one dream from each. Default the null stimulus alone.
    pub starts: Vec<Start>,
    /// Steps of gradient ascent, at least 1. Default 1500.
    pub steps: usize,
    /// Size of the first step, in units of the model's input, above 0. Default 0.02.
    pub step_size: f64,
    /// Limits and penalties, in the order in which they are applied. Default none.
    pub constraints: Vec<Constraint>,
    /// Seed of the noise in [`Start::Noise`]. Default 0.
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

/// Whether a response is maximized or minimized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Find the largest response.
    Maximize,
    /// Find the smallest response.
    Minimize,
}

/// Which bins count as the response to a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The last bin: a transient response.
    Last,
    /// The mean over all bins: a sustained response. Not for hidden units, whose value is known at the last bin only.
    All,
}

/// The sound from which a dream starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Zeros: the mean sound if the model's input is standardised.
    Null,
    /// A constant spectrum (F), such as the mean of the recorded sounds.
    Spectrum(Vec<f64>),
    /// Normal noise of this standard deviation, drawn anew for each start and target.
    Noise(f64),
    /// A given sound `(F, T)`, such as a recorded one.
    Sound(Array2<f32>),
}

impl Start {
    /// The sound `(1, 1, F, T)`, in the dtype of the model and on its device; `name` picks its random numbers.
    pub(super) fn sound(
        &self,
        model: &dyn ResponseModel,
        config: &DreamConfig,
        name: &str,
    ) -> Result<Tensor> {
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
        of_model(model, &sound.during("making the start of a dream")?)
    }
}
