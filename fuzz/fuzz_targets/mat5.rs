//! See `targets/mat5.rs`.

#![no_main]

statenet_fuzz::driver!(mat5);
