//! Optimisers whose state is named and saved, behind candle-nn's `Optimizer`.

mod adamw;

pub use adamw::{AdamW, AdamWConfig, Moments};
