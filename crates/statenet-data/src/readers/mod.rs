//! Readers of recordings as labs and releases keep them, each into a [`RawRecording`](crate::RawRecording).
//!
//! | from | module |
//! |---|---|
//! | releases: NS1; aa-1, aa-2 and ac-1 of CRCNS | [`ns1`], [`aa1`], [`ac1`] |
//! | recordings of NEMS, its release NAT4 | [`nems`], [`nems::nat4`] |
//! | sounds and spike times | [`table`], [`phy`], [`pynapple`], [`nwb`], [`pprox`] |
//! | variables of a MATLAB file, arrays of NumPy, datasets of an HDF5 file | [`mat`], [`mod@array`], [`hdf5`] |
//!
//! [`raw_of_arrays`] makes a raw recording of arrays whose axes are in any order; [`AxisOrder`] is such an order.

pub mod aa1;
pub mod ac1;
pub mod array;
pub(crate) mod arrays;
mod axes;
mod canonical;
mod clock;
pub(crate) mod fields;
pub mod hdf5;
pub mod mat;
mod mat73;
pub mod nems;
pub mod ns1;
pub mod nwb;
mod of_arrays;
mod order;
pub mod phy;
pub mod pprox;
pub mod pynapple;
mod responses;
mod sound_folder;
mod sounds;
pub mod table;
mod trials;

pub use axes::AxisOrder;
pub(crate) use canonical::{FILE, FORMAT, VERSION};
pub(crate) use fields::shortened;
pub use of_arrays::{ArrayOptions, NamedArrays, raw_of_arrays};
pub(crate) use responses::ResponseBytes;
pub use sound_folder::with_sounds;
