//! See `targets/nems.rs`.

#![no_main]

statenet_fuzz::driver!(nems);
