//! See `targets/checkpoint.rs`.

#![no_main]

statenet_fuzz::driver!(checkpoint);
