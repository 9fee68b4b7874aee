//! The one trait of every model, and what travels through it.

pub mod mode;
pub mod response_model;
pub(crate) mod stage;
pub mod state;
