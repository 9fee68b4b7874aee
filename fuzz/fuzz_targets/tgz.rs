//! See `targets/tgz.rs`.

#![no_main]

statenet_fuzz::driver!(tgz);
