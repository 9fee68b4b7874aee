//! Inputs that the benches share: the sizes of the NS1 recording (34 bands, 999 bins of 5 ms, 119 neurons) and numbers
//! from a seed. Names of benches end in their sizes: `op/implementation/B1_T999_H70`. `peers/run` measures us
//! beside PyTorch.
//!
//! ```text
//! cargo bench -p statenet-benches --bench kernels
//! ```

mod allocator;

use candle_core::{Device, Result, Tensor};
use statenet::core::Seed;

pub use self::allocator::allocations;

/// Bands of NS1.
pub const N_BANDS: usize = 34;
/// Bins of an NS1 stimulus.
pub const N_BINS: usize = 999;
/// Neurons of the whole NS1 release.
pub const N_NEURONS: usize = 119;

/// Standard normal numbers of a shape, the same in every run.
///
/// # Errors
/// If there is no memory for them.
pub fn normal(name: &str, shape: &[usize]) -> Result<Tensor> {
    let mut stream = Seed::new(0).stream(name);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal() as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
}
