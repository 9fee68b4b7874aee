//! What travels through a model's stages, and what all stages are.

pub(crate) mod memory;
pub(crate) mod mode;
pub(crate) mod stage;
pub(crate) mod state;
