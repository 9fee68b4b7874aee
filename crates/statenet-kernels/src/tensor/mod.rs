//! The border to Candle: checks of arguments, how operations run, custom operations, the order of axes in memory.

pub(crate) mod arguments;
pub(crate) mod array;
pub(crate) mod custom_op;
pub(crate) mod driver;
pub(crate) mod layout;
pub(crate) mod packing;
