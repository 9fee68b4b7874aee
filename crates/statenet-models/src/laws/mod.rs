//! The laws that every model must obey, as functions on `&dyn ResponseModel`.
//!
//! Each returns what it broke as an [`Error::Law`](crate::Error::Law) that says where and by how much. Run them on a model of your own:
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_core::{Axes, Seed, TimeBin};
//! use statenet_models::{laws, zoo};
//!
//! let axes = Axes::new(8, 2, TimeBin::from_millis(5.0)?);
//! let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
//! let sound = Tensor::ones((2, 1, 8, 20), DType::F32, &Device::Cpu)?;
//! laws::causal(&*model, &sound, 11)?;
//! laws::streaming(&*model, &sound, &[1, 7, 20])?;
//! laws::batch_independent(&*model, &sound)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algebra;
pub(crate) mod compare;
pub(crate) mod gradients;
mod persistence;
#[cfg(feature = "proptest")]
pub mod strategies;
mod time;

pub use self::{
    algebra::{batch_independent, neurons_independent, parameter_names_unique, pure, scales_as_it_says},
    compare::tolerance,
    gradients::{every_parameter_learns, gradients_match_differences},
    persistence::{checkpoint_round_trip, config_round_trip, same_seed_same_weights, state_round_trip},
    time::{causal, forgets, prefix_stable, real_time, reset_is_new, streaming},
};
