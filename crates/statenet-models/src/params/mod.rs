//! The parameter store, which is also a backend of candle-nn's `VarBuilder`, and the first values of parameters.

pub mod init;
pub(crate) mod softplus;
pub mod store;
pub(crate) mod time_constant;
