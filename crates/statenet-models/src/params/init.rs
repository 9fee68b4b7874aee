//! First values of parameters, equal in distribution to PyTorch's for the same modules.

use statenet_core::Seed;

/// The distribution of a parameter's first values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// The same number everywhere.
    Constant(f64),
    /// Uniform on `[low, high)`.
    Uniform {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
}

impl Init {
    /// Zeros.
    pub const ZEROS: Self = Self::Constant(0.0);
    /// Ones.
    pub const ONES: Self = Self::Constant(1.0);

    /// Uniform on `[-bound, bound)`.
    #[must_use]
    pub const fn within(bound: f64) -> Self {
        Self::Uniform { low: -bound, high: bound }
    }

    /// Uniform within 1/sqrt(fan-in): PyTorch's default for weights and biases of linear and convolutional layers.
    #[must_use]
    pub fn fan_in(fan_in: usize) -> Self {
        Self::within(1.0 / (fan_in.max(1) as f64).sqrt())
    }

    /// The values of a parameter, from the seed and its full name only.
    #[must_use]
    pub fn draw(self, seed: Seed, name: &str, n: usize) -> Vec<f64> {
        let mut stream = seed.stream(name);
        match self {
            Self::Constant(value) => vec![value; n],
            Self::Uniform { low, high } => (0..n).map(|_| stream.uniform(low, high)).collect(),
            Self::Normal { mean, std } => (0..n).map(|_| mean + std * stream.normal()).collect(),
        }
    }
}

/// The initialiser that a candle-nn layer asks for, for a parameter of a shape.
pub(crate) fn from_candle(init: candle_nn::Init, shape: &candle_core::Shape) -> Init {
    use candle_nn::init::{Init as Theirs, NormalOrUniform};
    match init {
        Theirs::Const(value) => Init::Constant(value),
        Theirs::Randn { mean, stdev } => Init::Normal { mean, std: stdev },
        Theirs::Uniform { lo, up } => Init::Uniform { low: lo, high: up },
        Theirs::Kaiming { dist, fan, non_linearity } => {
            let std = gain(non_linearity) / (fan.for_shape(shape).max(1) as f64).sqrt();
            match dist {
                NormalOrUniform::Normal => Init::Normal { mean: 0.0, std },
                NormalOrUniform::Uniform => Init::within(3f64.sqrt() * std),
            }
        }
    }
}

fn gain(non_linearity: candle_nn::init::NonLinearity) -> f64 {
    use candle_nn::init::NonLinearity;
    match non_linearity {
        NonLinearity::ReLU => 2f64.sqrt(),
        NonLinearity::Tanh => 5.0 / 3.0,
        NonLinearity::Linear | NonLinearity::Sigmoid => 1.0,
        NonLinearity::SELU => 0.75,
        NonLinearity::ExplicitGain(gain) => gain,
    }
}
