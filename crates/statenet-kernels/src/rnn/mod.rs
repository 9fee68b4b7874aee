//! Recurrent layers: gated cells, which share one loop over time, and the Legendre memory unit.

pub(crate) mod elman;
pub(crate) mod gated;
pub(crate) mod gru;
pub(crate) mod identical_rows;
pub(crate) mod lmu;
pub(crate) mod lstm;
pub(crate) mod shared;
pub(crate) mod sublstm;
