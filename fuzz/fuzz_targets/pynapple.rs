//! See `targets/pynapple.rs`.

#![no_main]

statenet_fuzz::driver!(pynapple);
