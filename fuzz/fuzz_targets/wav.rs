//! See `targets/wav.rs`.

#![no_main]

statenet_fuzz::driver!(wav);
