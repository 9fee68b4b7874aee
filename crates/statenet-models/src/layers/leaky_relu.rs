//! Leaky rectifier, max(x, x/10) (Maas, Hannun & Ng 2013).

use statenet_kernels::{Step, Then};

use crate::layers::steps::Map;

const SLOPE: f64 = 0.1;

/// As what follows an operation of the kernels.
pub(crate) const LEAKY_RELU: Then = Then::LeakyRelu { slope: SLOPE };

/// The same for a frame of `n` numbers.
pub(crate) fn step(n: usize) -> Box<dyn Step> {
    Box::new(Map::new(n, |x| x.max(SLOPE as f32 * x)))
}
