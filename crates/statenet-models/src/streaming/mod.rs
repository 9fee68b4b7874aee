//! Running a model over sound as it comes.

pub mod real_time;
pub mod stream;
