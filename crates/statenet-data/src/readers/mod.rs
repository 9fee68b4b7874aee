//! Readers of recordings as labs and releases keep them, each into a [`RawRecording`](crate::RawRecording).
//!
//! [`AxisOrder`] cuts one large array into the responses to each stimulus.

pub mod aa1;
pub(crate) mod arrays;
mod axes;
mod canonical;
mod clock;
pub(crate) mod fields;
mod order;
pub mod phy;
pub mod pynapple;
mod sound_folder;
mod sounds;
pub mod table;

pub use axes::AxisOrder;
pub(crate) use canonical::{FILE, FORMAT, UNIT, VERSION};
pub(crate) use fields::shortened;
