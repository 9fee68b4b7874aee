//! Running a model over sound as it comes: tensors in chunks ([`Stream`](stream::Stream)), slices frame by frame
//! ([`RealTime`](real_time::RealTime)).

mod plan;
pub(crate) mod real_time;
mod sample_buffer;
pub(crate) mod sample_stream;
pub(crate) mod stream;
