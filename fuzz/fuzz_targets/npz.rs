//! See `targets/npz.rs`.

#![no_main]

statenet_fuzz::driver!(npz);
