//! Inputs of the benches: the sizes of the NS1 recording (34 bands, 999 bins of 5 ms, 119 neurons) and seeded random numbers.
//! Names of benches end with the sizes: `op/implementation/B1_T999_H70`. `peers/run` compares with PyTorch.
//!
//! ```text
//! cargo bench -p statenet-benches --bench kernels
//! ```

mod allocator;
mod fit;
mod large;

use candle_core::{Device, Result, Tensor};
use statenet::core::Seed;

pub use self::{
    allocator::{allocations, peak_bytes},
    fit::Fit,
    large::{Large, LargeFit, LargeModel, most_memory},
};

/// Number of bands of NS1.
pub const N_BANDS: usize = 34;
/// Number of bins of a stimulus of NS1.
pub const N_BINS: usize = 999;
/// Number of neurons of the whole NS1 release.
pub const N_NEURONS: usize = 119;

/// A tensor of standard normal numbers, the same in every run.
///
/// # Errors
/// If the tensor cannot be created.
pub fn normal(name: &str, shape: &[usize]) -> Result<Tensor> {
    let mut stream = Seed::new(0).stream(name);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal() as f32).collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
}
