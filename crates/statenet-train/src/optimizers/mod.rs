//! Optimisers whose state is named and saved, behind candle-nn's `Optimizer`.

mod adamw;
mod on_cpu;
mod on_device;
mod rule;

pub use adamw::{AdamW, AdamWConfig, Decayed, Moments};
pub(crate) use on_device::precision;
