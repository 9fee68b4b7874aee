//! How dreams are made: direction, bins that count, length, starts, steps and constraints.

use candle_core::{Device, Tensor, WithDType};
use ndarray::Array2;
use statenet_core::{Dim, Seed, expect_shape};

use super::constraint::Constraint;
use crate::{
    error::{During, Result},
    frozen_model::{FrozenModel, of_model},
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
    /// Size of the first step, in standard deviations of a band, above 0. Default 0.02.
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
    /// The mean of each band over the training sounds; silence for a model that hears.
    Null,
    /// A constant spectrum (F), such as that of a recorded sound.
    Spectrum(Vec<f64>),
    /// Normal noise around that, of this many standard deviations of a band, drawn anew for each start and target.
    Noise(f64),
    /// A given sound `(F, T)`, such as a recorded one.
    Sound(Array2<f32>),
}

impl Start {
    /// The sound `(1, 1, F, T)`, scaled, in the dtype of the model and on its device; `name` picks its random numbers.
    pub(super) fn sound(&self, frozen: &FrozenModel<'_>, config: &DreamConfig, name: &str) -> Result<Tensor> {
        let model = frozen.model();
        let (n_bands, n_bins) = (model.n_bands(), config.n_bins);
        fn start<T: WithDType>(values: Vec<T>, shape: (usize, usize)) -> Result<Tensor> {
            Tensor::from_vec(values, (1, 1, shape.0, shape.1), &Device::Cpu)
                .during("making the start of a dream")
        }
        let values: Vec<f64> = match self {
            Self::Null => vec![0.0; n_bands * n_bins],
            Self::Spectrum(levels) => {
                expect_shape("spectrum", &[levels.len()], &[Dim::Is(n_bands)])?;
                let levels = frozen.scaled_levels(levels);
                levels.into_iter().flat_map(|level| std::iter::repeat_n(level, n_bins)).collect()
            }
            Self::Noise(deviation) => {
                let mut stream = config.seed.stream(name);
                (0..n_bands * n_bins).map(|_| deviation * stream.normal()).collect()
            }
            Self::Sound(sound) => {
                expect_shape("start", sound.shape(), &[Dim::Is(n_bands), Dim::Is(n_bins)])?;
                let sound: Vec<f32> = sound.iter().copied().collect();
                return frozen.scaled(&start(sound, (n_bands, n_bins))?);
            }
        };
        of_model(model, &start(values, (n_bands, n_bins))?)
    }
}
