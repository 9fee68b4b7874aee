//! From the description of a whole model to the model.

pub mod frame_model;
pub mod model_config;
pub(crate) mod pipeline;
pub mod registry;
