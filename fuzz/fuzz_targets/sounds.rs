//! See `targets/sounds.rs`.

#![no_main]

statenet_fuzz::driver!(sounds);
