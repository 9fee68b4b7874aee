//! The trait of every model, the config of a whole model, and how the one is built from the other.

pub(crate) mod architecture;
pub(crate) mod ensemble;
pub(crate) mod frame_model;
pub(crate) mod model_config;
pub(crate) mod pipeline;
pub(crate) mod registry;
pub(crate) mod response_model;
