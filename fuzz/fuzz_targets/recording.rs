//! See `targets/recording.rs`.

#![no_main]

statenet_fuzz::driver!(recording);
