//! The parameter store, which is also a backend of candle-nn's `VarBuilder`, and the first values of parameters.

pub(crate) mod init;
mod kind;
pub(crate) mod softplus;
pub(crate) mod store;
pub(crate) mod time_constant;
