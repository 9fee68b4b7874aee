//! See `targets/npy.rs`.

#![no_main]

statenet_fuzz::driver!(npy);
