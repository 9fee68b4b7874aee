//! See `targets/hdf5.rs`.

#![no_main]

statenet_fuzz::driver!(hdf5);
