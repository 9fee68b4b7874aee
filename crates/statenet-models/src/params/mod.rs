//! The parameter store, also behind candle-nn's `VarBuilder`, and first values.

pub mod init;
pub(crate) mod softplus;
pub mod store;
pub(crate) mod time_constant;
