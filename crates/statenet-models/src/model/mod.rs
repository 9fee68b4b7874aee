//! What travels through a model's stages, and what all stages are.

pub mod memory;
pub mod mode;
pub(crate) mod stage;
pub mod state;
