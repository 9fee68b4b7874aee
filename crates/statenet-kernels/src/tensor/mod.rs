//! The border to Candle: custom operations, checks of arguments, the order of axes in memory.

pub(crate) mod arguments;
pub(crate) mod custom_op;
pub(crate) mod layout;
