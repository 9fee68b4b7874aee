//! Small untrained models of the zoo, and sounds for them.

use candle_core::{DType, Device, Tensor};
use statenet_core::{Axes, Seed, TimeBin};
use statenet_models::{Registry, ResponseModel, laws::strategies, zoo};

pub(crate) const N_BANDS: usize = 8;
pub(crate) const N_NEURONS: usize = 3;

/// A model of the zoo in f64.
pub(crate) fn of_zoo(entry: &zoo::Entry) -> Box<dyn ResponseModel> {
    let axes = Axes::new(N_BANDS, N_NEURONS, TimeBin::whole_millis::<5>());
    Registry::new().build(&(entry.config)(&axes), Seed::new(7), DType::F64, &Device::Cpu).unwrap()
}

/// A model of the zoo by name, in f64.
pub(crate) fn by_name(name: &str) -> Box<dyn ResponseModel> {
    of_zoo(zoo::ALL.iter().find(|entry| entry.name == name).unwrap())
}

/// A normal sound `(batch, 1, F, n_bins)`.
pub(crate) fn sound(seed: u64, batch: usize, n_bins: usize) -> Tensor {
    strategies::cochleagram(Seed::new(seed), (batch, N_BANDS, n_bins), DType::F64).unwrap()
}
