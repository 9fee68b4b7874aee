//! See `targets/split.rs`.

#![no_main]

statenet_fuzz::driver!(split);
