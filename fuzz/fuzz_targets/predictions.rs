//! See `targets/predictions.rs`.

#![no_main]

statenet_fuzz::driver!(predictions);
