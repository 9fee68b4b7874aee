//! Operations on single values or on the channels of one bin: normalisation, curves, gates, losses.

pub(crate) mod channel_norm;
pub(crate) mod dropout;
pub(crate) mod losses;
pub(crate) mod output_curves;
pub(crate) mod silu_gate;
pub(crate) mod softplus;
pub(crate) mod then;
