//! The trait of every model, the config of a whole model, and how the one is built from the other.

pub mod frame_model;
pub mod model_config;
pub(crate) mod pipeline;
pub mod registry;
pub mod response_model;
