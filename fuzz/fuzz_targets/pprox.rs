//! See `targets/pprox.rs`.

#![no_main]

statenet_fuzz::driver!(pprox);
