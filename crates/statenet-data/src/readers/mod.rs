//! Readers: from files to recordings and arrays.

pub mod aa1;
mod arrays;
mod canonical;
mod clock;
pub(crate) mod fields;
mod order;
pub mod phy;
pub mod pynapple;
mod sound_folder;
mod sounds;
pub mod table;

pub use arrays::{read_cochleagram, read_npy_2d};
pub(crate) use canonical::{FILE, FORMAT, UNIT, VERSION};
pub(crate) use fields::shortened;
