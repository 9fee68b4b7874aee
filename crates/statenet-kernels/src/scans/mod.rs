//! Recurrences that are linear in their state: leaky integrators, adaptation, synaptic plasticity, state-space models.

pub(crate) mod adaptation;
pub(crate) mod diagonal;
pub(crate) mod dplr;
pub(crate) mod leaky;
pub(crate) mod plasticity;
pub(crate) mod selective;
