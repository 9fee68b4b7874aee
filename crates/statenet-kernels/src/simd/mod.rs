//! Loops over numbers for several instruction sets: dispatch, float types, elementary functions, vectors, sums.

pub(crate) mod dispatch;
mod double;
pub(crate) mod float;
pub(crate) mod math;
pub(crate) mod reduce;
mod single;
pub(crate) mod uninit;
pub(crate) mod vector;
